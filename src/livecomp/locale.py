"""The language and time zone of a page: as its request had them, and as a token or a snapshot names them."""

import contextlib
import datetime
import functools
import logging
import zoneinfo
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import trans_real

logger = logging.getLogger("livecomp")


_SETTLED = contextlib.nullcontext()


def override(language: str, zone_name: str) -> contextlib.AbstractContextManager[None]:
    """Activate both. Costs next to nothing where they are active already."""
    if translation.get_language() == language and timezone.get_current_timezone() is zone(zone_name):
        return _SETTLED
    return _override(language, zone_name)


@contextlib.contextmanager
def _override(language: str, zone_name: str) -> Iterator[None]:
    with translation.override(language), timezone.override(zone(zone_name)):
        yield


@functools.lru_cache(2048)  # a visitor may be asked for the name: there are 600 zones, and offsets without end
def zone(name: str) -> datetime.tzinfo:
    """The one object of a time zone: comparing it is much cheaper than asking for the name of the current zone.

    ``name`` is that of a zone, or an offset, ``"+02:00"``. Raises ValueError or `zoneinfo.ZoneInfoNotFoundError`.
    """
    if name[:1] in ("+", "-"):
        offset = datetime.datetime.fromisoformat(f"2000-01-01T00:00{name}").tzinfo
        assert offset is not None
        return offset
    return zoneinfo.ZoneInfo(name)


def current_language() -> str:
    """The active language, else the project's."""
    return translation.get_language() or settings.LANGUAGE_CODE


def current_zone() -> str:
    """A name of the active time zone, for `zone`."""
    current = timezone.get_current_timezone()
    if isinstance(current, datetime.timezone):
        return "UTC" if current == datetime.UTC else datetime.datetime(2000, 1, 1, tzinfo=current).isoformat()[19:]
    name = timezone.get_current_timezone_name()
    if not _is_zone(name):
        _warn_once(
            f"The time zone {current!r} has no name that it could be found by again, so pages are in {settings.TIME_ZONE}."
        )
        return settings.TIME_ZONE
    return name


def usable_language(code: str, request: HttpRequest) -> str:
    """This language if the project still has it, else the nearest that it has, else that of the request. ``""``: the
    project's own."""
    if not code or code == settings.LANGUAGE_CODE or code in trans_real.get_languages():
        return code or settings.LANGUAGE_CODE
    try:
        return translation.get_supported_language_variant(code)
    except LookupError:
        return translation.get_language_from_request(request)


def usable_zone(name: str) -> str:
    """This time zone if it is known here, else the project's. ``""``: the project's own."""
    if not name or not _is_zone(name):
        if name:
            _warn_once(f"The time zone {name!r} is not known here, so its pages are in {settings.TIME_ZONE}.")
        return settings.TIME_ZONE
    return name


def _is_zone(name: str) -> bool:
    try:
        zone(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@functools.lru_cache(512)
def _warn_once(message: str) -> None:
    logger.warning(message)
