"""The app in projects of all sorts."""

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings


def test_a_project_without_users_is_told_what_is_missing() -> None:
    few = [name for name in settings.INSTALLED_APPS if name == "livecomp"]
    with (
        pytest.raises(ImproperlyConfigured, match=r"add 'django\.contrib\.auth'"),
        override_settings(INSTALLED_APPS=few),
    ):
        pass
