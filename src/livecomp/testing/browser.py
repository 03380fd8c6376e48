"""The browser side of a test page: DOM, controls and connection, and the checks after every step."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.signals import got_request_exception
from lxml.etree import _Element as Element

from livecomp import resume
from livecomp.conf import settings
from livecomp.testing.bindings import Bindings, Done, component_of, values
from livecomp.testing.compare import difference
from livecomp.testing.controls import Controls, Held
from livecomp.testing.dom import Dom
from livecomp.testing.driver import Clock, PageDriver
from livecomp.testing.html_tree import context_of, parse_fragment
from livecomp.testing.selectors import describe
from livecomp.testing.wire import Effect, LiveClosed, LiveError, Patches, Wire

if TYPE_CHECKING:
    from livecomp.testing.client import LiveClient

MAX_ROUNDS = 1000
_POLL = re.compile(r"(?:(\S+)\s+)?([\d.]+)(ms|s)?")
_UNITS = {"ms": 0.001, "s": 1.0, None: 1.0}


class PushedEvent(NamedTuple):
    """What `push_event` gave to the browser. `component` is the id of the component that pushed it."""

    name: str
    payload: Any
    component: str


class Flash(NamedTuple):
    """A message for the user."""

    level: str
    text: str


class Browser:
    """One page in one browser tab."""

    def __init__(self, client: LiveClient, dom: Dom, url: str) -> None:
        self.client = client
        self.dom = dom
        self.url = url
        """Path and query string, as the address bar shows them."""
        self.history = [url]
        self.pushed: list[PushedEvent] = []
        self.flashes: list[Flash] = []
        self.redirects: list[str] = []
        """Where the server sent the browser. The page stays as it is, to be looked at."""
        self.reloads = 0
        self.doubts = 0
        self.errors: list[LiveError] = []
        """Every error reply, expected or not."""
        self.closed_with: list[int] = []
        """The codes that the server closed connections with, expected or not."""
        self.is_checking = True
        self.holds_tasks = False
        """True: tasks wait for `run_tasks`, so that a test can look at the page before they are done."""
        self.controls = Controls()
        self.dom.changed = self.controls.server_says
        self.bindings = Bindings(dom.root, self.controls, self)
        self.clock = Clock()
        self.wire = Wire(self, self.clock)
        self._expected: list[str | int] = []
        self._exceptions: list[BaseException] = []
        self._asked: set[str] = set()
        self._missed: list[str] = []
        self._noticed: set[Element] = set()
        self._seen_errors = 0
        self._is_stepping = False
        self._value_at_focus: Held = ""

    # -- the connection ----------------------------------------------------------------------

    @property
    def driver(self) -> PageDriver:
        """What drives the page on the server's side; `driver.page` is its `LivePage`."""
        driver = self.wire.driver
        assert driver is not None, "The page was never joined."
        return driver

    @property
    def is_connected(self) -> bool:
        """Whether the page has a live connection."""
        return self.wire.is_joined

    def _join(self) -> None:
        tokens = [element.get("lc-token") for element in self.dom.root.xpath("//*[@lc-token]")]
        self._asked.clear()
        self.wire.join(self.client.handshake(), tokens, self.url)
        self._notice()

    def _leave(self) -> None:
        """What happens on the server when the socket is gone; nothing of the page may go on after it."""
        driver = self.driver
        if driver.page.is_live and settings.snapshot != "off":
            resume.save(driver.page, clean=True)
        driver.close()
        self.wire.cut()
        left = [*sorted(driver.timers), *sorted(driver.topics), *driver.tasks]
        if left:
            raise AssertionError(
                f"The page is closed, and these timers, subscriptions or tasks are left: {', '.join(left)}."
            )

    def close(self) -> None:
        """The tab is closed."""
        if self.is_connected:
            self.step(self._leave)
        self.clock.stop_all()

    # -- steps -------------------------------------------------------------------------------

    def step(self, act: Callable[[], object]) -> None:
        """Does something, lets the server do what follows from it, and checks the page."""
        self.settle()
        self._step(act)
        self.settle()

    def _step(self, act: Callable[[], object]) -> None:
        if self._is_stepping:
            act()
            return
        self._is_stepping = True
        got_request_exception.connect(self._note_exception)
        try:
            act()
            self._follow_up()
        finally:
            got_request_exception.disconnect(self._note_exception)
            self._is_stepping = False
        self._check()

    def _follow_up(self) -> None:
        """Background tasks, and what the step published to the page itself, until there is no more of it."""
        for _ in range(MAX_ROUNDS):
            if self.is_connected and self.client.world.work_shared(self):
                continue
            if self.is_connected and self.driver.has_news:
                self.wire.run(self.driver.deliver)
            elif not (self.is_connected and not self.holds_tasks and self.driver.run_task()):
                return
        raise AssertionError("The page publishes to itself, or starts tasks, round and round.")

    def settle(self) -> None:
        """Brings in what was published meanwhile, here and on the other open pages."""
        if not self._is_stepping:
            self.client.deliver()

    def deliver(self) -> bool:
        """Gives the page what was published to its topics. False when there was nothing."""
        if self._is_stepping or not self.is_connected or not self.driver.has_news:
            return False
        self._step(lambda: self.wire.run(self.driver.deliver))
        return True

    def deliver_shared(self, driver: PageDriver) -> None:
        """A shared component on this page gets what was published to its topics, and its other viewers see it."""
        self._step(driver.deliver)

    def look(self) -> None:
        """Checks the page after something else changed it."""
        if not self._is_stepping:
            self._check()

    def _note_exception(self, **kwargs: Any) -> None:
        # A task's exception is reported when the task is over, so it is not the one being handled.
        error = sys.exc_info()[1] or self.driver.task_error
        if error is not None:
            self._exceptions.append(error)

    # -- checks ------------------------------------------------------------------------------

    def _check(self) -> None:
        self._check_errors()
        if self.wire.driver is None or not self.is_connected:
            return
        unanswered = [entry.message for entry in self.wire.entries]
        if unanswered:
            raise AssertionError(f"The server did not answer {unanswered}.")
        if self.is_checking:
            self._check_missed()
            self._check_dom()

    def _check_errors(self) -> None:
        new = self.errors[self._seen_errors :]
        self._seen_errors = len(self.errors)
        exceptions, self._exceptions = self._exceptions, []
        unexpected = [error for error in new if not self._is_expected(error.code)]
        closed = self.driver.closed if self.wire.driver else None
        if closed is not None:
            self.closed_with.append(closed.code)
            self.driver.closed = None
            self._leave()
        is_failure = any(error.code in ("failed", "timeout") for error in unexpected)
        if exceptions and (is_failure or (not new and not self._is_expected("failed"))):
            raise exceptions[0]
        if unexpected:
            raise unexpected[0]
        if closed is not None and not self._is_expected(closed.code):
            raise LiveClosed(closed.code, closed.reason)

    def _is_expected(self, code: str | int) -> bool:
        return code in self._expected

    def _check_missed(self) -> None:
        missed, self._missed = self._missed, []
        if missed:
            raise AssertionError(
                f"Patches of {', '.join(missed)} found no place, so a browser asks for the whole component again and "
                "again. Does the template nest elements as HTML allows it? (A <div> in a <p>, a form in a table row "
                "or markup in <noscript> end up elsewhere.)"
            )

    def _check_dom(self) -> None:
        page = self.driver.page
        skipped = {mounted.id for mounted in page.tree.values() if mounted.is_stale}
        components = self.dom.components()
        for component, html in page.fresh_html().items():
            if skipped and not skipped.isdisjoint(_family(page, component)):
                continue
            name = page.shared[component].key.name if component in page.shared else page.tree[component].component.name
            live = components.get(component)
            if live is None:
                raise AssertionError(f"Component {name!r} ({component}) is not on the page any more.")
            diff = difference(live, _parsed(html, live))
            if diff is not None:  # is the component itself to blame, because no two renders of it are the same?
                diff = difference(live, _parsed(html, live), _parsed(page.fresh_html()[component], live))
            if diff is not None:
                raise AssertionError(
                    f"The page shows something else than {name!r} would render now. Does it show data that changed "
                    f"without its being told? Then publish a topic, or watch the model.\n{diff}"
                )

    @contextmanager
    def unchecked(self) -> Iterator[None]:
        """Within it the page may differ from a fresh render."""
        was, self.is_checking = self.is_checking, False
        try:
            yield
        finally:
            self.is_checking = was
            self._missed.clear()

    @contextmanager
    def expect_error(self, *codes: str | int) -> Iterator[list[LiveError]]:
        """Within it the server has to answer with each of these error codes, or close with this close code.

        Gives the list that the errors come into.
        """
        errors: list[LiveError] = []
        start = len(self.errors)
        closes = len(self.closed_with)
        self._expected, before = [*self._expected, *codes], self._expected
        try:
            yield errors
        finally:
            self._expected = before
            errors.extend(self.errors[start:])
        came = [*(error.code for error in errors), *self.closed_with[closes:]]
        for code in codes:
            if code not in came:
                raise AssertionError(f"Expected the error {code!r}, but got {came or 'none'}.")

    # -- what the server says (see wire.Receiver) --------------------------------------------

    def apply(self, patches: Patches) -> None:
        missed = self.dom.apply(patches)
        self._missed += missed
        for address, _ in patches:
            if address not in missed:
                self._asked.discard(address.removesuffix(".0"))
        if self.controls.focused is not None and not self._has(self.controls.focused):
            self.controls.focused = None
        for address in missed:
            self._ask(address.partition(".")[0])
        self._notice()

    def _ask(self, component: str) -> None:
        what = component if self.dom.target(f"{component}.0") is not None else ""
        if what in self._asked:
            raise AssertionError(f"Component {component!r} was rendered again, and its patches still find no place.")
        self._asked.add(what)
        self.wire.transmit(["render", what])

    def carry_out(self, effect: Effect) -> None:
        kind, *fields = effect
        action = getattr(self, f"_on_{kind}", None)
        if action is None:
            raise AssertionError(f"The server asked for an effect that no browser knows: {effect!r}.")
        action(*fields)

    def refused(self, error: LiveError) -> None:
        self.errors.append(error)

    def _on_doubt(self, is_older: bool) -> None:
        self.doubts += 1

    def _on_push(self, name: str, payload: Any, component: str) -> None:
        self.pushed.append(PushedEvent(name, payload, component))

    def _on_redirect(self, url: str) -> None:
        self.redirects.append(url)

    _on_navigate = _on_redirect

    def _on_url(self, how: str, url: str) -> None:
        self.url = url
        if how == "push":
            self.history.append(url)
        else:
            self.history[-1] = url

    def _on_title(self, title: str) -> None:
        for element in self.dom.root.iter("title"):
            element.text = title

    def _on_reload(self) -> None:
        self.reloads += 1

    def _on_flash(self, level: str, text: str) -> None:
        self.flashes.append(Flash(level, text))

    # -- what the page says (see bindings.Sender) --------------------------------------------

    def post(self, kind: str, *fields: Any, done: Done | None = None) -> None:
        self.wire.post(kind, *fields, done=done)

    def follow(self, link: Element) -> None:
        self._on_url("push", self.client.path_of(link.get("href", ""), self.url))
        self.post("url", self.url)

    def _notice(self) -> None:
        """`live-init` and `live-poll` of elements that are new on the page."""
        for element in self.dom.root.xpath("//*[@live-init or @live-poll]"):
            if element not in self._noticed:
                self._noticed.add(element)
                if name := element.get("live-init"):
                    self.bindings.call(element, name)
                if element.get("live-poll") is not None:
                    self._poll(element)

    def _poll(self, element: Element) -> None:
        match = _POLL.fullmatch(element.get("live-poll", "").strip())
        if match is None:
            raise AssertionError(f"{describe(element)}: live-poll wants a time as in '5s' or 'event 500ms'.")
        name, amount, unit = match.groups()
        self.clock.start(f"live-poll {id(element)}", float(amount) * _UNITS[unit], lambda: self._polled(element, name))

    def _polled(self, element: Element, name: str | None) -> None:
        if not self._has(element):
            return
        if self.is_connected:
            component = component_of(element)
            if name:
                self.post("event", component, name, values(element), {})
            elif component:
                self.post("set", component, {})
        self._poll(element)

    def _has(self, element: Element) -> bool:
        return element is self.dom.root or any(each is self.dom.root for each in element.iterancestors("html"))


def _parsed(html: str, live: Element) -> Element:
    """A fresh render, parsed as it would be in place of `live`."""
    parent = live.getparent()
    return next(parse_fragment(html, "html" if parent is None else context_of(parent)).iterchildren("*"))


def _family(page: Any, component: str) -> Iterator[str]:
    """A component's id and those of everything in it."""
    yield component
    if component in page.tree:
        for child in page.tree[component].children.values():
            yield from _family(page, child)
