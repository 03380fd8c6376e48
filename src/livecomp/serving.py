"""A page's components in its first HTML, over HTTP: each root element carries a token to join it by."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied

from livecomp import auth, registry, rendering, resume, shared, tokens
from livecomp.component import LiveComponent
from livecomp.constants import ADDRESS, TOKEN
from livecomp.exceptions import Refused
from livecomp.templating.opaque import leftovers

if TYPE_CHECKING:
    from livecomp.page import LivePage


def render_root(page: "LivePage", name: str, kwargs: dict[str, Any], fills: Any) -> str:
    """Mount a component for the page and render it. Exceptions come through, a refusal as `PermissionDenied`."""
    cls = registry.get(name)
    kwargs = tokens.as_data(kwargs)
    before = leftovers.set([])
    try:
        render = _shared_root if cls.shared else _own_root
        id, html, arguments = render(page, cls, kwargs, fills)
        rest = "".join(leftovers.get() or ())
    except Refused as refused:
        raise PermissionDenied(str(refused)) from None
    finally:
        leftovers.reset(before)
    claims = tokens.Claims(page.id, id, cls.name, arguments, rendering.digest(html))
    token = tokens.issue(claims, page.request)
    page.forget_output()
    resume.save_root(page, id)
    address = f' {ADDRESS}="{id}.0"'
    return html.replace(address, f'{address} {TOKEN}="{token}"', 1) + rest


def _own_root(
    page: "LivePage", cls: type[LiveComponent], kwargs: dict[str, Any], fills: Any
) -> tuple[str, str, dict[str, Any] | None]:
    kwargs.pop("key", None)
    mounted = page.add(cls, None, ("root", page.number))
    mounted.fills = fills
    auth.check(mounted.component, page.request)
    page.read_url(mounted)
    mounted.component.mount(**kwargs)
    html = rendering.first_render(mounted)
    mounted.html = None
    return mounted.id, html, kwargs if not fills else None


def _shared_root(
    page: "LivePage", cls: type[LiveComponent], kwargs: dict[str, Any], fills: Any
) -> tuple[str, str, dict[str, Any] | None]:
    shared.refuse_fills(cls, fills)
    id = page.place_shared(cls, ("root", len(page.shared)), kwargs)
    return id, page.shared_html(id), kwargs
