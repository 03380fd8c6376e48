"""`TestPage`: what a test does with a page, and what it can see of it."""

from __future__ import annotations

from typing import Any, Self

from livecomp.component import LiveComponent
from livecomp.testing.bindings import component_of
from livecomp.testing.driver import Message
from livecomp.testing.elements import PageElement
from livecomp.testing.finding import missing, the_one
from livecomp.testing.forms import Forms
from livecomp.testing.gestures import Target
from livecomp.testing.html_text import outer_html
from livecomp.testing.selectors import select, visible_text


class TestPage(Forms):
    """A page with live components, as a user has it in a browser.

    Every step is checked: the server must answer, an error that the test did not expect is raised (that of a handler
    as it is), and afterwards the patched page must equal a fresh render.
    """

    __test__ = False  # for pytest: this is no test class

    # -- looking -----------------------------------------------------------------------------

    def all(self, selector: str) -> list[PageElement]:
        """The elements that match the CSS selector, in document order."""
        self.settle()
        return [self._element(node) for node in select(self.dom.root, selector)]

    def one(self, selector: str) -> PageElement:
        """The element that matches. Raises AssertionError unless there is exactly one."""
        found = self.all(selector)
        if not found:
            missing(self.dom.root, selector)
        return self.only(selector, found)

    def only(self, selector: str, found: list[PageElement]) -> PageElement:
        """The only element of a list. Raises AssertionError unless there is exactly one."""
        return self._element(the_one(selector, [element.node for element in found]))

    def has(self, selector: str) -> bool:
        """Whether any element matches."""
        return bool(self.all(selector))

    @property
    def text(self) -> str:
        """All that a person can read on the page."""
        self.settle()
        return visible_text(self.dom.root)

    @property
    def html(self) -> str:
        """The page's HTML as it is now."""
        self.settle()
        return outer_html(self.dom.root)

    @property
    def title(self) -> str:
        """The document's title."""
        self.settle()
        return " ".join("".join(self.dom.root.xpath("//title[1]//text()")).split())

    @property
    def redirect(self) -> str | None:
        """Where the server sent the browser last."""
        self.settle()
        return self.redirects[-1] if self.redirects else None

    @property
    def received(self) -> list[Message]:
        """Every message of the server so far, as the browser got it."""
        self.settle()
        return self.wire.received

    @property
    def sent(self) -> list[Message]:
        """Every message to the server so far, as it went over the wire."""
        self.settle()
        return self.wire.sent

    @property
    def focused(self) -> PageElement | None:
        """The element that has the focus."""
        node = self.controls.focused
        return self._element(node) if node is not None else None

    def fresh_html(self) -> dict[str, str]:
        """What a render would give now, by component id."""
        return self.driver.page.fresh_html()

    def component(self, which: Target | None = None) -> LiveComponent:
        """The component itself, on the server: the page's own if there is one, or by id, name or an element in it."""
        return self.driver.page.tree[self._component(which)].component

    # -- past the template -------------------------------------------------------------------

    def call(self, event: str, which: Target | None = None, /, **arguments: Any) -> Self:
        """Calls an event without an element, as a program could.

        `which`: the component, by id, by name, or by an element in it. Not needed where the page places only one.
        """
        component = self._component(which)
        self.step(lambda: self.post("event", component, event, arguments))
        return self

    def set(self, which: Target | None = None, /, **fields: Any) -> Self:
        """Writes fields without an element, as a program could."""
        component = self._component(which)
        self.step(lambda: self.post("set", component, fields))
        return self

    def send(self, message: list[Any] | str) -> list[Message]:
        """Sends any message, or any text, over the connection; gives what the server answered."""
        self.settle()
        before = len(self.wire.received)
        self.step(lambda: self.wire.transmit(message))
        return self.wire.received[before:]

    # -- time, connection, history -----------------------------------------------------------

    def tick(self, seconds: float | None = None) -> Self:
        """Lets time pass: timers of the server and `live-poll`. Without a number, up to the next one."""
        until = self.clock.next_due if seconds is None else self.clock.now + seconds
        fired = True
        while fired:
            outcome: list[bool] = []
            self.step(lambda: outcome.append(self.clock.fire_next(until)))  # noqa: B023
            fired = outcome[0]
        return self

    def run_tasks(self) -> Self:
        """Runs the background tasks that wait because of `holds_tasks`."""
        self.step(lambda: all(iter(self.driver.run_task, False)))
        return self

    def disconnect(self) -> Self:
        """The connection breaks. The page can still be used: what the user does is sent after `reconnect`."""
        if not self.is_connected:
            raise AssertionError("The page is not connected.")
        self.step(self._leave)
        return self

    def reconnect(self) -> Self:
        """The browser is back: the page resumes, and what waited is sent."""
        if self.is_connected:
            raise AssertionError("The page is connected; call disconnect() first.")
        self.step(self._join)
        return self

    def back(self) -> Self:
        """The browser's back button, to the URL before."""
        if len(self.tab.entries) < 2:
            raise AssertionError("There is no earlier URL to go back to.")
        if answered := self.tab.back():
            self.step(lambda: self._tell_url(answered))
        return self

    def visit(self, url: str) -> Self:
        """A `live-patch` link to another URL of the same page."""
        self.step(lambda: self.go(url))
        return self

    def _component(self, which: Target | None) -> str:
        tree = self.driver.page.tree
        if isinstance(which, str) and which in tree:
            return which
        roots = which is None
        named = [each.id for each in tree.values() if (each.parent is None if roots else each.component.name == which)]
        if len(named) == 1:
            return named[0]
        if which is None or named:
            known = ", ".join(f"{mounted.id} ({mounted.component.name})" for mounted in tree.values())
            raise AssertionError(f"Which component? Say it by id, by name or by an element in it. There are: {known}.")
        found = component_of(self._node(which, "on the page", lambda element: True))
        if found is None:
            raise AssertionError(f"{which!r} is in no component.")
        return found
