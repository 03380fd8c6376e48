"""`{% cache %}` around live components: what is cached holds their places, and each visitor gets components of their own.

A component's HTML carries a token that is good for one visitor and one page. So within `{% cache %}` a signed comment with
the component's name and arguments stands for it, and is replaced whenever the fragment is shown.
"""

import inspect
import re
from collections.abc import Mapping
from contextvars import ContextVar
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


def _filled(html: str, context: Context) -> str:
    """The HTML with components in their places. All arguments are read before anything is mounted."""
    parts = _PLACE.split(html)
    if len(parts) == 1:
        return html
    described = [_described(part) for part in parts[1::2]]
    for number, place in enumerate(described):
        parts[2 * number + 1] = f"<!--livecomp {parts[2 * number + 1]}-->" if place is None else _shown(*place, context)
    return "".join(parts)


def _described(signed: str) -> tuple[str, dict[str, Any], dict[str, str] | None] | None:
    """What a place holds; None when it is not of our making."""
    try:
        name, packed, fills = msgspec.json.decode(signing.b64_decode(_signer().unsign(signed).encode()))
    except signing.BadSignature:
        return None
    if not name:
        return name, {}, fills
    try:
        kwargs = packing.unpacked(name, packed)
        inspect.signature(registry.get(name).mount).bind(None, **{key: kwargs[key] for key in kwargs.keys() - {"key"}})
    except (ObjectDoesNotExist, LookupError, TypeError) as error:  # LookupError: no such component, or no such model
        raise _Outdated from error
    return name, kwargs, fills


def _shown(name: str, kwargs: dict[str, Any], fills: dict[str, str] | None, context: Context) -> str:
    from livecomp.host import host_for
    from livecomp.serving import render_scripts

    if name == _SCRIPTS:
        return render_scripts(context)
    shown = {key: SafeString(_filled(html, context)) for key, html in (fills or {}).items()}
    html: str = host_for(context).render_root(name, kwargs, shown or None, context)
    return html


def _signer() -> signing.Signer:
    return signing.Signer(salt="livecomp.fragment")
