"""Signed tokens: what a page carries so that its WebSocket can be joined to its components, and to nothing else.

Signed, not secret: the visitor can read a token's arguments, not change them.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.conf import settings as django_settings
from django.core import signing
from django.http import HttpRequest

from livecomp import auth
from livecomp.conf import settings
from livecomp.exceptions import TokenRefused
from livecomp.packing import Arguments, packed

logger = logging.getLogger("livecomp.security")

SALT = "livecomp.page"
OUT_OF_DATE = "This page is out of date; load it again."


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says: this component, at this place of this page, with these arguments."""

    page: str
    component: str
    name: str
    arguments: Mapping[str, Any] | None  # None: they have no form here, so only the snapshot can bring it back
    digest: str  # of the HTML that the page got
    is_current: bool = True  # of the present code, and not too old to mount anything from
    language: str = ""  # of the page; empty: the project's own
    timezone: str = ""
    fills: Mapping[str, list[str]] | None = None  # only where no snapshot can be counted on, see `Marks.split`
    holder: str = ""  # id of the component that shows it in a fill: it is good only together with that one's
    issued: int = field(default=0, compare=False)


def issue(claims: Claims, request: HttpRequest) -> str:
    """A token for these claims, bound to the visitor of ``request``, the code's version and the time."""
    locale, fills = _locale_text(claims), packed(claims.fills)
    payload = (
        claims.page,
        claims.component,
        claims.name,
        packed(claims.arguments),
        claims.digest,
        settings.version,
        auth.visitor_bindings(request)[0],
        int(time.time()),
        *((locale, fills, claims.holder) if fills or claims.holder else (locale,) if locale else ()),
    )
    body = signing.b64_encode(msgspec.json.encode(payload)).decode()
    return _signer().sign(body)


def verify(token: str, request: HttpRequest, *, resuming: bool = False) -> Claims:
    """The claims of a token. Raises `TokenRefused`, with one message whatever the cause, so that it tells nothing; the
    cause is in the log. The database is not asked: see `Arguments`.

    ``resuming``: a page that was joined before may come with a token that is not current, for its state is newer. Nor does
    a clock that was set back since then end a page.
    """
    try:
        payload = msgspec.json.decode(signing.b64_decode(_signer().unsign(token).encode()))
        page, component, name, arguments, digest, version, binding, issued, *rest = payload
        language, _, timezone = (rest[0] if rest else "").partition(" ")
        carried, holder = rest[1:3] if len(rest) > 2 else (None, "")
        fills = {name: [str(part) for part in parts] for name, parts in carried.items()} if carried else None
    except (signing.BadSignature, ValueError, TypeError, AttributeError, msgspec.DecodeError):
        raise _refused("it is not one of this site's") from None
    age = time.time() - issued
    is_current = age <= settings.token_max_age and version == settings.version
    if age < -settings.clock_skew and not resuming:
        raise _refused("it is from the future", component)
    if not (is_current or resuming):
        raise _refused(f"it is {age:.0f} seconds old, and of version {version!r}", component)
    if not auth.is_bound_to(binding, request):
        raise _refused("it was made for another visitor, or before a sign-in; was the HTML kept by a cache?", component)
    usable = is_current and arguments is not None
    found = Arguments(name, arguments) if usable else None
    fills = fills if is_current else None
    return Claims(page, component, name, found, digest, is_current, language, timezone, fills, holder, issued)


def _locale_text(claims: Claims) -> str:
    language = "" if claims.language == django_settings.LANGUAGE_CODE else claims.language
    timezone = "" if claims.timezone == django_settings.TIME_ZONE else claims.timezone
    return f"{language} {timezone}" if timezone else language


def _refused(reason: str, component: str = "") -> TokenRefused:
    level = logging.WARNING if django_settings.DEBUG else logging.INFO
    logger.log(level, "A page's token was refused: %s.", reason)
    return TokenRefused(OUT_OF_DATE, component=component)


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)
