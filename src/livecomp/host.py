"""What places the components of a template: the live component whose template it is, or the page of the HTTP request."""

from typing import Any

from django.http import HttpRequest

from livecomp.exceptions import ComponentError
from livecomp.page import LivePage


def page_for(request: HttpRequest) -> LivePage:
    """The page that is being rendered for this HTTP request."""
    page: LivePage | None = getattr(request, "_livecomp_page", None)
    if page is None:
        page = request._livecomp_page = LivePage(request)  # type: ignore[attr-defined]
    return page


def host_for(context: Any) -> Any:
    """What places components in this context: a live component, or the page of the request."""
    host = getattr(context, "live_host", None)
    if host is not None:
        return host
    request = getattr(context, "request", None) or context.get("request")
    if request is None:
        raise ComponentError(
            "{% live_component %} needs the request in the template's context: render with render(request, …), and keep "
            "'django.template.context_processors.request' in the context processors."
        )
    return page_for(request)
