"""The Django app: finds the components of every installed app and registers the system checks."""

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import autodiscover_modules


class LivecompConfig(AppConfig):
    name = "livecomp"
    verbose_name = "Live components"

    def ready(self) -> None:
        if not apps.is_installed("django.contrib.auth"):  # not a system check: it could not even be imported
            raise ImproperlyConfigured(
                "livecomp tells visitors apart by Django's users and sessions: add 'django.contrib.auth', "
                "'django.contrib.contenttypes' and 'django.contrib.sessions' to INSTALLED_APPS."
            )
        from livecomp import checks, fragments, signout, watching  # noqa: F401 (registers the checks)

        autodiscover_modules("live")
        watching.connect()
        if apps.is_installed("django_components"):
            from livecomp import components

            components.connect()
        fragments.connect()
        signout.connect()
