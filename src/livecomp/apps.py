"""The Django app: finds the components of every installed app and registers the system checks."""

from django.apps import AppConfig, apps
from django.utils.module_loading import autodiscover_modules


class LivecompConfig(AppConfig):
    name = "livecomp"
    verbose_name = "Live components"

    def ready(self) -> None:
        from livecomp import checks, watching  # noqa: F401 (registers the checks)

        autodiscover_modules("live")
        watching.connect()
        if apps.is_installed("django_components"):
            from livecomp import components

            components.connect()
        if apps.is_installed("django.contrib.auth"):
            from livecomp import signout

            signout.connect()
