"""What all pages of the demo share."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.generic import TemplateView

from . import pages
from .source import source


class SiteView(TemplateView):
    """A page in the demo's frame, with the navigation beside it."""

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        return super().get_context_data(groups=pages.groups(), **kwargs)


class IndexView(SiteView):
    template_name = "demo/index.html"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        return super().get_context_data(clock_source=source("demosite/live.py"), **kwargs)


class DemoView(SiteView):
    """The page of one app: its texts come from `pages`, its template is `<slug>/page.html`."""

    slug = ""

    def get_template_names(self) -> list[str]:
        return [f"{self.slug}/page.html"]

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        page = pages.BY_SLUG[self.slug]
        return super().get_context_data(page=page, sources=[source(path) for path in page.sources], **kwargs)


def healthz(request: HttpRequest) -> HttpResponse:
    """200 once the site answers and its database does."""
    connection.ensure_connection()
    return HttpResponse("ok\n", content_type="text/plain")
