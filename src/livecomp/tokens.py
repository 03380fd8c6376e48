"""Signed tokens: what a page carries so that its WebSocket can be joined to its components, and to nothing else.

Signed, not secret: the visitor can read a token's arguments, not change them.
"""

import time
from dataclasses import dataclass
from typing import Any

import msgspec
from django.apps import apps
from django.core import signing
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString

from livecomp import auth
from livecomp.conf import settings
from livecomp.exceptions import TokenRefused

SALT = "livecomp.page"
_MODEL = "\x00model"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says: this component, at this place of this page, with these arguments."""

    page: str
    component: str
    name: str
    arguments: dict[str, Any] | None  # None: they cannot be sent through JSON, so only the snapshot can bring it back
    digest: str  # of the HTML that the page got
    is_current: bool = True  # of the present code, and not too old to mount anything from


def issue(claims: Claims, request: HttpRequest) -> str:
    """A token for these claims, bound to the visitor of ``request``, the code's version and the time."""
    payload = (
        claims.page,
        claims.component,
        claims.name,
        packed(claims.arguments),
        claims.digest,
        settings.version,
        auth.visitor_bindings(request)[0],
        int(time.time()),
    )
    body = signing.b64_encode(msgspec.json.encode(payload)).decode()
    return _signer().sign(body)


def verify(token: str, request: HttpRequest, *, resuming: bool = False) -> Claims:
    """The claims of a token. Raises `TokenRefused`, with one message whatever the cause, so that it tells nothing.

    ``resuming``: a page that was joined before may come with a token that is not current, for its state is newer.
    """
    try:
        payload = msgspec.json.decode(signing.b64_decode(_signer().unsign(token).encode()))
        page, component, name, arguments, digest, version, binding, issued = payload
    except (signing.BadSignature, ValueError, TypeError, msgspec.DecodeError):
        raise _refused() from None
    age = time.time() - issued
    is_current = age <= settings.token_max_age and version == settings.version
    if age < -settings.clock_skew or not (is_current or resuming):
        raise _refused()
    if not auth.is_bound_to(binding, request):
        raise _refused()
    return Claims(page, component, name, unpacked(arguments) if is_current else None, digest, is_current)


def _refused() -> TokenRefused:
    return TokenRefused("This page is out of date; load it again.")


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)


def packed(arguments: dict[str, Any] | None) -> Any:
    """Arguments in a form that goes through JSON, models as their primary keys; None when there is no such form."""
    if arguments is None:
        return None
    try:
        plain = {name: _pack(value) for name, value in arguments.items()}
        msgspec.json.encode(plain)
    except (TypeError, ValueError):
        return None
    return plain


def _pack(value: Any) -> Any:
    if isinstance(value, models.Model):
        if value.pk is None:
            raise TypeError("an unsaved instance")
        return {_MODEL: [value._meta.label_lower, str(value.pk)]}
    if isinstance(value, str):
        return str.__str__(value) if type(value) is str else "".join(value)  # a SafeString's mark ends here
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_pack(item) for item in value]
    if isinstance(value, dict) and all(type(key) is str and key != _MODEL for key in value):
        return {key: _pack(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def as_data(value: Any) -> Any:
    """A page's arguments as they would come back from its token: text that was marked safe is text like any other."""
    kind = type(value)
    if kind is SafeString:
        return "".join(value)
    if kind is list or kind is tuple:
        return kind(map(as_data, value))
    if kind is dict:
        return {as_data(key): as_data(item) for key, item in value.items()}
    return value


def unpacked(value: Any) -> Any:
    """Undo `packed`. Reads models from the database."""
    if isinstance(value, list):
        return [unpacked(item) for item in value]
    if isinstance(value, dict):
        if _MODEL in value:
            label, pk = value[_MODEL]
            return apps.get_model(label)._default_manager.get(pk=pk)
        return {key: unpacked(item) for key, item in value.items()}
    return value
