"""Language and time zone of a page, while it is at work."""

import contextlib
import functools
import zoneinfo
from collections.abc import Iterator
from datetime import tzinfo

from django.conf import settings
from django.utils import timezone, translation

_SETTLED = contextlib.nullcontext()


def override(language: str, zone: str) -> contextlib.AbstractContextManager[None]:
    """Activate both. Costs next to nothing where they are active already."""
    if translation.get_language() == language and timezone.get_current_timezone() is zone_of(zone):
        return _SETTLED
    return _override(language, zone)


@contextlib.contextmanager
def _override(language: str, zone: str) -> Iterator[None]:
    with translation.override(language), timezone.override(zone_of(zone)):
        yield


@functools.cache
def zone_of(name: str) -> tzinfo:
    """The one object of a time zone: comparing it is much cheaper than asking for the name of the current zone."""
    return zoneinfo.ZoneInfo(name)


def current_zone_name() -> str:
    """The active time zone, by a name that a snapshot can hold: a fixed offset has none, so it is the project's zone."""
    name = timezone.get_current_timezone_name()
    try:
        zone_of(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return settings.TIME_ZONE
    return name
