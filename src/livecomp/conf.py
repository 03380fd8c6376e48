"""The ``LIVECOMP`` settings dict, with defaults. ``from livecomp.conf import settings`` and read ``settings.max_message_bytes``."""

import difflib
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

DEFAULTS: dict[str, Any] = {
    "PATH": "livecomp/ws",  # of the WebSocket, below the script prefix
    "ALLOWED_ORIGINS": [],  # "https://example.com" beside the page's own
    "VERSION": "",  # of the project's code; pages of another version reload
    "MAX_MESSAGE_BYTES": 64 * 1024,
    "MAX_JSON_DEPTH": 16,
    "MAX_EVENTS_PER_MESSAGE": 50,
    "MAX_PROTOCOL_ERRORS": 5,  # in one connection, then it is closed
    "MAX_COMPONENTS": 2000,  # on one page
    "MAX_NESTING": 20,
    "MAX_STATE_BYTES": 4 * 1024 * 1024,  # of one snapshot
    "RATE_LIMIT": (20, 40),  # messages a second, burst; of one user or session
    "ACCEPT_RATE": (200, 1000),  # connections a second, burst; of all visitors of a process
    "MAX_CONNECTIONS_PER_USER": 20,
    "MAX_CONNECTIONS_PER_ADDRESS": 0,  # no limit: behind a proxy all visitors may seem to have its address
    "QUEUE_SIZE": 100,
    "MAX_UNACKED_RENDERS": 10,
    "SEND_TIMEOUT": 10.0,  # seconds, as all below
    "HANDLER_TIMEOUT": 30.0,
    "JOIN_TIMEOUT": 10.0,
    "HEARTBEAT": 25.0,
    "SHUTDOWN_TIMEOUT": 10.0,
    "TOKEN_MAX_AGE": 24 * 3600.0,
    "CLOCK_SKEW": 60.0,
    "REVALIDATE_SESSION": 60.0,
    "COALESCE": 0.05,
    "SLOW_EVENT": 0.5,
    "THREADS": 32,
    "THREADS_PER_USER": 2,
    "SNAPSHOT": "event",  # or "disconnect", "off"
    "SNAPSHOT_CACHE": "default",
    "CACHE_TIMEOUT": 3.0,  # of one call to the cache of snapshots
    "SNAPSHOT_MAX_AGE": 3600.0,
    "SNAPSHOT_DELAY": 0.5,
    "ONCE_MAX_AGE": 7 * 24 * 3600.0,
}


class Settings:
    """Reads ``LIVECOMP`` once; every key is an attribute in lower case. Tests' ``override_settings`` is followed."""

    def __init__(self) -> None:
        setting_changed.connect(self._forget)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name.upper() not in DEFAULTS:
            raise AttributeError(name)
        self.__dict__.update(_merged(getattr(django_settings, "LIVECOMP", {})))
        return self.__dict__[name]

    def _forget(self, *, setting: str, **kwargs: Any) -> None:
        if setting == "LIVECOMP":
            self.__dict__.clear()


def _merged(given: dict[str, Any]) -> dict[str, Any]:
    for key in given:
        if key not in DEFAULTS:
            near = difflib.get_close_matches(key, DEFAULTS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known keys: {', '.join(sorted(DEFAULTS))}."
            raise ImproperlyConfigured(f"LIVECOMP has an unknown key {key!r}.{hint}")
    return {key.lower(): given.get(key, default) for key, default in DEFAULTS.items()}


settings = Settings()
