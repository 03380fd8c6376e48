"""`{% cache %}` around live components: what is cached holds their places, and each visitor gets components of their own.

A component's HTML carries a token that is good for one visitor and one page. So within `{% cache %}` a signed comment with
the component's name and arguments stands for it, and is replaced whenever the fragment is shown.
"""

import inspect
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import msgspec
from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.templatetags import cache
from django.utils.safestring import SafeString

from livecomp import packing, registry
from livecomp.exceptions import ComponentError

_PLACE = re.compile(r"<!--livecomp ([\w:-]+)-->")
_SCRIPTS = ""  # in place of a component's name

_inside: ContextVar[bool] = ContextVar("livecomp_inside_fragment", default=False)


class Fragment(cache.CacheNode):
    """Django's `{% cache %}`, with live components in it."""

    def render(self, context: Context) -> SafeString:
        before = _inside.set(True)
        try:
            html = SafeString(super().render(context))
        finally:
            _inside.reset(before)
        if is_inside():
            return html
        try:
            return SafeString(_filled(html, context))
        except _Outdated:
            return self.nodelist.render(context)


class _Cached(NodeList):
    """What is cached: nothing that belongs to one page."""

    def render(self, context: Context) -> SafeString:
        html = super().render(context)
        marks = getattr(getattr(context, "live_host", None), "marks", None)
        if marks is not None and any(marks.children_in(html)):
            raise ComponentError(
                "{% cache %} stands around {{ fills.… }} that holds a live component. That belongs to one visitor's page, and "
                "a cached fragment to all. Show the fill outside of {% cache %}."
            )
        return html


class _Outdated(Exception):
    """A row that an argument names, the component or its argument is gone since the fragment was cached."""


def connect() -> None:
    """Have `{% cache %}` make fragments that may hold live components."""
    cache.register.tag("cache", _compile)


def _compile(parser: Parser, token: Token) -> cache.CacheNode:
    node = cache.do_cache(parser, token)
    node.__class__ = Fragment
    node.nodelist = _Cached(node.nodelist)
    return node


def is_inside() -> bool:
    """Whether what is rendered now is going to be cached for all visitors."""
    return _inside.get()


def place(name: str, kwargs: dict[str, Any], fills: Mapping[str, Any] | None) -> SafeString:
    """What stands for a component in a cached fragment. Raises `ComponentError` for arguments that cannot be kept."""
    packed = packing.packed(kwargs)
    if packed is None:
        raise ComponentError(
            f"{name!r} stands within {{% cache %}}, so its arguments are kept in the cache: text, numbers, dates, saved "
            f"model instances, lists and dicts of these. {packing.reason_against(kwargs)}. Place it outside, or pass a "
            "primary key."
        )
    return _comment(["".join(name), packed, packing.packed(fills)])


def place_scripts() -> SafeString:
    """What stands for the client's script tag, whose nonce is another for each response."""
    return _comment([_SCRIPTS, {}, None])


def _comment(described: list[Any]) -> SafeString:
    text = signing.b64_encode(msgspec.json.encode(described)).decode()
    return SafeString(f"<!--livecomp {_signer().sign(text)}-->")


@dataclass(slots=True)
class _Place:
    """A component's place in a fragment, with all that is needed to mount it."""

    name: str
    kwargs: dict[str, Any]
    fills: dict[str, list[Any]]


def _filled(html: str, context: Context) -> str:
    """The HTML with components in their places. All arguments, those in fills too, are read before anything is mounted."""
    return _shown_all(_parts(html), context)


def _parts(html: str) -> list[Any]:
    """The HTML in pieces: text, and places."""
    parts: list[Any] = _PLACE.split(html)
    parts[1::2] = map(_place_or_text, parts[1::2])
    return parts


def _place_or_text(signed: str) -> "_Place | str":
    """What a place holds; its text when it is not of our making."""
    try:
        name, packed, fills = msgspec.json.decode(signing.b64_decode(_signer().unsign(signed).encode()))
    except signing.BadSignature:
        return f"<!--livecomp {signed}-->"
    kwargs: dict[str, Any] = {}
    if name:
        try:
            kwargs = packing.unpacked(name, packed)
            arguments = {key: kwargs[key] for key in kwargs.keys() - {"key"}}
            inspect.signature(registry.get(name).mount).bind(None, **arguments)
        except (
            ObjectDoesNotExist,
            LookupError,
            TypeError,
        ) as error:  # LookupError: no such component, or no such model
            raise _Outdated from error
    return _Place(name, kwargs, {key: _parts(html) for key, html in (fills or {}).items()})


def _shown_all(parts: list[Any], context: Context) -> str:
    return "".join([_shown(part, context) if isinstance(part, _Place) else part for part in parts])


def _shown(place: _Place, context: Context) -> str:
    from livecomp.host import host_for
    from livecomp.serving import render_scripts

    if place.name == _SCRIPTS:
        return render_scripts(context)
    fills = {key: SafeString(_shown_all(parts, context)) for key, parts in place.fills.items()}
    html: str = host_for(context).render_root(place.name, place.kwargs, fills or None, context)
    return html


def _signer() -> signing.Signer:
    return signing.Signer(salt="livecomp.fragment")
