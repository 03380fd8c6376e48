"""The address of a page: what the browser shows, the ``url=`` fields that are mirrored in it, and who looks at it."""

import functools
import logging
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, QueryDict

from livecomp import navigation, protocol
from livecomp.mounted import Mounted
from livecomp.outbox import Outbox
from livecomp.request import is_page_url, set_page_url
from livecomp.state import MISSING

logger = logging.getLogger("livecomp")


class Address(Outbox):
    """The part of a page that knows its URL."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__()
        self.request = request
        self.url = self.shown_url = request.get_full_path()  # shown_url: what the browser shows, or is told to show
        self.tree: dict[str, Mounted] = {}
        self.dirty: set[str] = set()  # ids of the components to be rendered

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]

    @property
    def query(self) -> QueryDict:
        return QueryDict(self.url.partition("?")[2])

    def read_url(self, mounted: Mounted, arguments: Mapping[str, Any] | None = None) -> None:
        """Set the ``url=`` fields from the address. Before mount(): ``arguments`` are what it is going to get, for
        ``get_queryset()`` and the like to look at in the fields of their names."""
        component = mounted.component
        seen = {name: each for name, each in (arguments or {}).items() if name in component.fields}
        before = {name: component.__dict__.get(name, MISSING) for name in seen}
        component.__dict__.update(seen)
        try:
            values = navigation.fields_from_query(component, self.query)
        finally:
            mounted.put_back(before)
        for name, value in values.items():
            setattr(component, name, value)

    def follow_url_fields(self, ids: set[str] | None = None) -> bool:
        """Make the page's URL say what the ``url=`` fields do, before anybody renders with it. Whether it changed."""
        before = self.url
        for id in sorted(self.dirty) if ids is None else sorted(ids):
            mounted = self.tree.get(id)
            if mounted is not None and mounted.component.url_fields and not mounted.is_refused:
                url = navigation.url_with_fields(mounted.component, self.path, self.query)
                if is_page_url(url):
                    self.set_url(url)
                else:
                    logger.warning("%s: its url= fields make no address (%.100r).", mounted.component.name, url)
        return self.url != before

    def set_url(self, url: str) -> None:
        """The page has this URL. What was rendered with another is rendered again."""
        if url == self.url:
            return
        self.url = url
        set_page_url(self.request, url)
        self.dirty.update(mounted.id for mounted in self.tree.values() if mounted.reads_request)

    def visit(self, url: str) -> None:
        """The browser shows this URL."""
        self.set_url(url)
        self.shown_url = url

    def show_url(self, history: str, url: str) -> None:
        """Have the browser show another URL of this site."""
        url = protocol.plain_text(url, f"{history}_url(…): the address")
        if not is_page_url(url):
            raise ValueError(f"{url!r} is not a path of this site.")
        self.on_undo(functools.partial(self.set_url, self.url))
        self.visit(url)
        self.effect("url", history, url)
