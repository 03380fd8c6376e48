"""A page's components in its first HTML, over HTTP: each root element carries a token to join it by."""

import dataclasses
import functools
import logging
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.messages.constants import DEFAULT_LEVELS
from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.core.exceptions import PermissionDenied
from django.template import Context
from django.templatetags.static import static
from django.urls import get_script_prefix
from django.utils.html import format_html
from django.utils.safestring import SafeString

from livecomp import lifecycle, notices, packing, protocol, registry, rendering, resume, shared, tokens
from livecomp.component import LiveComponent
from livecomp.conf import settings
from livecomp.constants import ADDRESS, CLIENT_EXTRAS, TOKEN
from livecomp.exceptions import Refused
from livecomp.outbox import count_own_calls
from livecomp.response import LiveResponse
from livecomp.spelling import as_attribute
from livecomp.templating.opaque import leftovers

if TYPE_CHECKING:
    from livecomp.page import LivePage

logger = logging.getLogger("livecomp")


def render_root(page: "LivePage", name: str, kwargs: dict[str, Any], fills: Any) -> str:
    """Mount a component for the page and render it. Exceptions come through, a refusal as `PermissionDenied`.

    When it asks for a redirect, nothing of it is in the HTML that is given, only the way on.
    """
    _keep_from_caches(page)
    if page.leaving:
        return _way_on(page)
    cls = registry.get(name)
    kwargs = packing.as_data(kwargs)
    before = leftovers.set([])
    known = {*page.tree, *page.shared}
    try:
        render = _shared_root if cls.shared else _own_root
        id, html = render(page, cls, kwargs, fills)
        rest = "".join(leftovers.get() or ())
    except (Refused, PermissionDenied) as refused:
        if page.leaving:
            return _leave(page, known)
        _take_out(page, known)
        raise PermissionDenied(str(refused)) from None
    finally:
        leftovers.reset(before)
    if page.leaving:
        return _leave(page, known)
    page.claims[id] = _claims(page, id, cls, kwargs, rendering.digest(html))
    page.forget_output()
    if id in page.tree:
        page.tree[id].effects += page.take_effects()
        page.tree[id].own_calls = count_own_calls(html)
    resume.save_root(page, id)
    html = html.replace(f' {ADDRESS}="{id}.0"', _attributes(page, id), 1) + rest
    page.first_html[id] = html
    return html


def with_marks(page: "LivePage", text: str) -> str:
    """A fill of the page, with marks in place of the components in it: they go on changing by themselves."""
    for id, html in page.first_html.items() if f" {TOKEN}=" in text else ():
        text = text.replace(html, page.marks.mark(id))
    return SafeString(text)


def _own_root(page: "LivePage", cls: type[LiveComponent], kwargs: dict[str, Any], fills: Any) -> tuple[str, str]:
    kwargs.pop("key", None)
    mounted = page.add(cls, None, ("root", page.number))
    mounted.take_fills(fills and {name: with_marks(page, text) for name, text in fills.items()})
    for id in mounted.given:
        _bind_to(page, id, mounted.id)
    lifecycle.mount(mounted, kwargs)
    html = "" if page.leaving else rendering.first_render(mounted)
    mounted.html = None
    return mounted.id, html


def _bind_to(page: "LivePage", id: str, holder: str) -> None:
    """Have the token of a component in a fill say so: it is good only together with what shows the fill."""
    if id in page.first_html and not page.claims[id].holder:
        page.claims[id] = dataclasses.replace(page.claims[id], holder=holder)
        start, _, rest = page.first_html[id].partition(f' {ADDRESS}="{id}.0" {TOKEN}="')
        page.first_html[id] = start + _attributes(page, id) + rest.partition('"')[2]


def _attributes(page: "LivePage", id: str) -> str:
    return f' {ADDRESS}="{id}.0" {TOKEN}="{tokens.issue(page.claims[id], page.request)}"'


def _shared_root(page: "LivePage", cls: type[LiveComponent], kwargs: dict[str, Any], fills: Any) -> tuple[str, str]:
    shared.refuse_fills(cls, fills)
    id = page.place_shared(cls, ("root", len(page.shared)), kwargs)
    return id, page.shared_html(id)


def _keep_from_caches(page: "LivePage") -> None:
    """The tokens in the page are this visitor's: neither Django's cache of whole pages nor any other may give it to others."""
    page.request._cache_update_cache = False  # type: ignore[attr-defined]
    if (response := LiveResponse.of(page.request)) is not None:
        response.mark()


# What the token says


def _claims(page: "LivePage", id: str, cls: type[LiveComponent], kwargs: dict[str, Any], digest: str) -> tokens.Claims:
    fills = page.tree[id].fills if id in page.tree else None
    reason = packing.reason_against(kwargs)
    carried = None
    if fills and (settings.snapshot == "off" or keeps_nothing()):
        page.carried += sum(map(len, fills.values()))
        if page.carried <= settings.max_message_bytes // 4:  # the tokens of a page come back in one message
            carried = {name: page.marks.split(text) for name, text in fills.items()}
        else:
            reason = reason or "the page's fills are too long for its tokens"
    if reason:
        _warn_once(cls.name, reason)
    arguments = None if reason or (fills and not carried) else kwargs
    return tokens.Claims(
        page.id, id, cls.name, arguments, digest, language=page.language, timezone=page.timezone, fills=carried
    )


def keeps_nothing() -> bool:
    """Whether there is no cache of snapshots at all: to load a page again does not help then."""
    return isinstance(caches[settings.snapshot_cache], DummyCache)


@functools.cache
def _warn_once(name: str, reason: str) -> None:
    logger.warning(
        "%r can be brought to life only from its snapshot in the cache, and is lost without it, because %s. "
        "Pass a primary key or plain values instead.",
        name,
        reason,
    )


# A redirect


def _leave(page: "LivePage", known: set[str]) -> str:
    """Take out of the page what asked for a redirect, and give the way on. ``known``: ids of what was there before."""
    for kind, *details in _take_out(page, known):
        if kind == "flash":
            _flash_later(page, *details)
    return _way_on(page)


def _take_out(page: "LivePage", known: set[str]) -> protocol.Effects:
    """Have nothing of a component, and of all that it has, be left on the page. Gives what it asked the browser for."""
    effects = [effect for id in list(page.tree) if id not in known for effect in page.tree.pop(id).effects]
    for id in page.shared.keys() - known:
        del page.shared[id]
    page.dirty &= page.tree.keys()
    page.forget_output()
    return [*effects, *page.take_effects()]


def _way_on(page: "LivePage") -> str:
    """HTML that goes to the redirect's URL, with and without JavaScript, where the response itself is out of reach."""
    if (response := LiveResponse.of(page.request)) is not None:
        response.mark(page.leaving)
    return format_html('<meta http-equiv="refresh" content="0;url={0}"><p><a href="{0}">{0}</a></p>', page.leaving)


def _flash_later(page: "LivePage", level: str, text: str) -> None:
    """Have the next page show a message."""
    if not hasattr(page.request, "_messages"):
        logger.warning("flash() before a redirect needs django.contrib.messages; %r is not shown.", text)
        return
    number = DEFAULT_LEVELS.get(level.upper())
    if number is None:
        messages.add_message(page.request, messages.INFO, text, extra_tags=level)
    else:
        messages.add_message(page.request, number, text)


# The client


def render_scripts(context: Context) -> SafeString:
    """The script tag of the client."""
    nonce = _nonce(context)
    return format_html(
        '<script type="module" src="{}" data-livecomp-url="{}" data-livecomp-frame="{}" '
        "data-livecomp-extras='{}' data-livecomp-texts='{}'{}></script>",
        static("livecomp/livecomp.js"),
        get_script_prefix() + settings.path,
        settings.max_message_bytes,
        as_attribute({name: static(f"livecomp/extras/{name}.js") for name in CLIENT_EXTRAS}),
        notices.client_texts(),
        format_html(' nonce="{}"', nonce) if nonce else "",
    )


def _nonce(context: Context) -> str:
    """The nonce of the page's Content-Security-Policy: of Django 6, or of django-csp.

    Both make it when it is first read as text, and say that they are false until then.
    """
    request = getattr(context, "request", None) or context.get("request")
    found = (context.get("csp_nonce"), getattr(request, "csp_nonce", None), getattr(request, "_csp_nonce", None))
    return next((str(nonce) for nonce in found if nonce is not None and str(nonce)), "")
