"""livecomp.conf: the LIVECOMP settings dict."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from livecomp.conf import DEFAULTS, settings


def test_every_key_has_a_default_and_can_be_set() -> None:
    assert {key.lower(): getattr(settings, key.lower()) for key in DEFAULTS} == {
        k.lower(): v for k, v in DEFAULTS.items()
    }
    with override_settings(LIVECOMP={"QUEUE_SIZE": 3}):
        assert settings.queue_size == 3
    assert settings.queue_size == DEFAULTS["QUEUE_SIZE"]


def test_an_unknown_key_is_an_error_with_a_suggestion() -> None:
    with override_settings(LIVECOMP={"QUEU_SIZE": 3}):
        with pytest.raises(ImproperlyConfigured, match=r"unknown key 'QUEU_SIZE'. Did you mean 'QUEUE_SIZE'\?"):
            _ = settings.queue_size


def test_a_name_that_is_no_setting_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = settings.nonsense
