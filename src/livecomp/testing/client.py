"""`LiveClient`: opens pages, as visitors do."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.template import engines
from django.test import Client

from livecomp import topics
from livecomp.component import LiveComponent
from livecomp.host import page_for
from livecomp.request import build_request, set_page_url
from livecomp.testing import shared
from livecomp.testing.browser import Browser
from livecomp.testing.commits import Commits
from livecomp.testing.dom import Dom
from livecomp.testing.page import TestPage

HOST = "testserver"
MAX_DELIVERIES = 100


class World:
    """All the pages of a test, of all its visitors, and what is published to them."""

    def __init__(self) -> None:
        self.pages: list[TestPage] = []
        self._lock = threading.Lock()
        self._is_delivering = False
        self._changed: set[TestPage] = set()
        """Pages that a shared component has changed in another page's step."""
        topics.add_listener(self)
        Commits.start()

    def deliver_soon(self, topic: str, messages: list[Any], origin: object) -> None:
        """Notes messages for the pages that subscribe (see `livecomp.topics.Listener`)."""
        with self._lock:
            for page in self.pages:
                if page.is_connected and topic in page.driver.topics and page.driver is not origin:
                    page.driver.mark(topic, messages)
            for driver in shared.at_work.values():
                if topic in driver.topics and driver is not origin:
                    driver.mark(topic, messages)

    def control_soon(self, kind: str, value: Any) -> None:
        """Word to all connections (see `livecomp.topics.Listener`)."""
        with self._lock:
            for page in self.pages:
                if page.is_connected:
                    page.driver.control(kind, value)

    def deliver(self) -> None:
        """Gives every page what was published to it."""
        if self._is_delivering:
            return
        self._is_delivering = True
        try:
            for _ in range(MAX_DELIVERIES):
                delivered = [page.deliver() for page in self.pages]
                delivered += [self._deliver_shared(driver) for driver in tuple(shared.at_work.values())]
                if not any(delivered):
                    break
            else:
                raise AssertionError("The pages publish to each other round and round.")
            while self._changed:
                self._changed.pop().look()
        finally:
            self._is_delivering = False

    def _deliver_shared(self, driver: shared.SharedDriver) -> bool:
        viewers = self._viewers(driver)
        if not driver.has_news or not viewers:
            return False
        viewers[0].deliver_shared(driver)
        self._changed.update(viewers[1:])
        return True

    def work_shared(self, page: Browser) -> bool:
        """Lets the shared components on a page deal with what was published in its step. False when there was nothing."""
        for driver in shared.at_work.values():
            viewers = self._viewers(driver)
            if driver.has_news and page in viewers:
                driver.deliver()
                self._changed.update(each for each in viewers if each is not page)
                return True
        return False

    def _viewers(self, driver: shared.SharedDriver) -> list[TestPage]:
        return [page for page in self.pages if page.is_connected and page.driver in driver.viewers]

    def close(self) -> None:
        """Closes every page."""
        try:
            self.deliver()
            for page in self.pages:
                page.close()
        finally:
            topics.remove_listener(self)
            Commits.stop()


class LiveClient:
    """A visitor. `client` is the visitor's `django.test.Client`, with cookies and session.

    Anonymous at first; `as_user` gives another visitor of the same test.
    """

    def __init__(self, world: World | None = None, client: Client | None = None, url: str = "/") -> None:
        self.world = world if world is not None else World()
        self.client = client if client is not None else Client()
        self.url = url

    # -- visitors ----------------------------------------------------------------------------

    def as_user(self, user: Any) -> LiveClient:
        """A visitor who is signed in as this user. Needs the database."""
        client = Client()
        client.force_login(user)
        return LiveClient(self.world, client, self.url)

    def at(self, url: str) -> LiveClient:
        """The same visitor at another URL: for `mount` and `render`."""
        return LiveClient(self.world, self.client, url)

    # -- pages -------------------------------------------------------------------------------

    def get(self, path: str, **options: Any) -> TestPage:
        """Opens a page of the site, through Django's test client, and joins it. `options` go to `Client.get`.

        Raises AssertionError when the answer is not a page, or has no live component on it.
        """
        response = self.client.get(path, **options)
        if response.status_code != 200:
            to = f", to {response['Location']}" if "Location" in response else ""
            raise AssertionError(f"GET {path} gave status {response.status_code}{to}.")
        url = response.request["PATH_INFO"]
        query = response.request.get("QUERY_STRING", "")
        return self._open(Dom.from_page(response.content.decode(response.charset)), f"{url}?{query}" if query else url)

    def mount(self, component: str | type[LiveComponent], /, **arguments: Any) -> TestPage:
        """A page with one component on it, by name or class, mounted with these arguments."""
        name = component if isinstance(component, str) else component.name
        request = self._request()
        page = page_for(request)
        html = page.render_root(name, arguments)
        if page.leaving:
            raise AssertionError(f"{name!r} asked for a redirect to {page.leaving}, so there is no page of it.")
        self._keep_session(request)
        return self._open(Dom.from_fragment(html), self.url)

    def render(self, template: str, context: dict[str, Any] | None = None) -> TestPage:
        """A page made of a template's source; `{% load livecomp %}` is not needed."""
        request = self._request()
        source: Any = engines["django"].from_string("{% load livecomp %}" + template)
        html = source.render(context or {}, request)
        self._keep_session(request)
        return self._open(Dom.from_page(html), self.url)

    def _open(self, dom: Dom, url: str) -> TestPage:
        if not dom.root.xpath("//*[@lc-token]"):
            raise AssertionError(f"The page at {url} has no live component on it.")
        page = TestPage(self, dom, url)
        self.world.pages.append(page)
        page.step(page._join)
        return page

    # -- requests ----------------------------------------------------------------------------

    def handshake(self) -> HttpRequest:
        """The request that a page on a new connection of this visitor starts with."""
        return build_request(self._scope("/livecomp/ws", "websocket", "ws"))

    def _request(self) -> HttpRequest:
        request = build_request(self._scope(urlsplit(self.url).path, "http", "http"))
        set_page_url(request, self.url)
        return request

    def _scope(self, path: str, kind: str, scheme: str) -> dict[str, Any]:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self.client.cookies.items())
        headers = [(b"host", HOST.encode()), (b"origin", f"http://{HOST}".encode()), (b"cookie", cookies.encode())]
        return {
            "type": kind,
            "scheme": scheme,
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": headers if cookies else headers[:-1],
            "server": (HOST, 80),
            "client": ("127.0.0.1", 50_000),
        }

    def _keep_session(self, request: HttpRequest) -> None:
        """What the session middleware does after a view."""
        session = getattr(request, "session", None)
        if session is not None and session.modified and not session.is_empty():
            session.save()
            self.client.cookies[django_settings.SESSION_COOKIE_NAME] = session.session_key

    def is_own(self, href: str) -> bool:
        """Whether a link leads to this site."""
        return urlsplit(urljoin(f"http://{HOST}/", href)).netloc == HOST

    def path_of(self, href: str, base: str) -> str:
        """Path and query string of a link on this site."""
        if href[:1] == "?":  # an empty query string too, which urljoin() takes for none
            base = base.partition("?")[0] + href
            href = ""
        if not self.is_own(href):
            raise AssertionError(f"{href!r} leads to another site.")
        parts = urlsplit(urljoin(f"http://{HOST}{base}", href))
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def deliver(self) -> None:
        """Gives every page of the test what was published to it."""
        self.world.deliver()

    def close(self) -> None:
        """Ends the test: closes every page, and checks that nothing of them is left."""
        self.world.close()
