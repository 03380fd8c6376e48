"""The page that a shared component lives in: one in each process, without a visitor, rendered once for all viewers."""

import threading
from typing import Any

from django.http import HttpRequest, QueryDict

from livecomp import auth, inputs, lifecycle, locale, protocol, registry, rendering
from livecomp.component import LiveComponent
from livecomp.effects import Output, Postpone, Rendered, Save, Send, Step
from livecomp.exceptions import ComponentError
from livecomp.mounted import Mounted, Slot
from livecomp.page import LivePage, Steps
from livecomp.request import build_request
from livecomp.shared import Key, no_visitor
from livecomp.this_process import after_fork
from livecomp.topics import running_loop
from livecomp.whole import whole

PATIENCE = 1.0  # seconds that an HTTP request waits for a handler of the shared component

living: dict[str, "SharedPage"] = {}
after_fork(living.clear)
"""The shared components at work in this process, by id."""


def html_of(key: Key) -> str:
    """The shared component's HTML for a page that is being made: of the one at work here, else of one mounted for this."""
    page = living.get(key.id)
    html = page.peek() if page is not None else None
    return html if html is not None else SharedPage(key).html_alone()


def html_now(key: Key) -> str:
    """The shared component's HTML as a first render of its present state would give it."""
    page = living.get(key.id)
    return page.fresh_html()[key.id] if page is not None else SharedPage(key).html_alone()


class SharedPage(LivePage):
    """One shared component with its children.

    What it sends are patches for all viewers. `Rendered` gives the HTML that these patches go on from: the two always
    fit, because the HTML of a version is made in the same step in which its changes are found.
    """

    is_shared = True

    def __init__(self, key: Key) -> None:
        super().__init__(build_request(_NOBODY), key.id)
        self.key = key
        self.language = locale.usable_language(key.language, self.request)
        self.timezone = locale.usable_zone(key.timezone)
        self.last: Rendered | None = None
        self._lock = threading.RLock()  # HTTP requests look at the page from their own threads

    # As any page, but for nobody in particular

    def add(self, cls: type[LiveComponent], parent: Mounted | None, slot: Slot, id: str = "") -> Mounted:
        _refuse_visitors(cls)
        return super().add(cls, parent, slot, id)

    def id_of(self, number: int) -> str:
        return f"{self.key.id}-{number}"

    def place_shared(self, cls: type[LiveComponent], slot: Slot, kwargs: dict[str, Any], parent: str = "") -> str:
        raise ComponentError(
            f"{cls.name!r} is shared and stands in {self.key.name!r}, which is shared too. Place it beside."
        )

    def output(self, output: Output) -> None:
        if type(output) is not Save:  # there is nothing to resume: the next viewer's arguments mount it again
            super().output(output)

    def send_render(self, patches: protocol.Patches) -> bool:
        if patches:
            self.version += 1
            self.output(Send(protocol.shared(self.key.id, self.version, patches)))
        if effects := self.take_effects():
            self.output(Send(protocol.ack(0, effects)))
        return bool(patches)

    def advance(self, steps: Steps[None], value: Any = None, error: BaseException | None = None) -> Step | None:
        with self._lock:
            return super().advance(steps, value, error)

    @property
    def visitor(self) -> HttpRequest:
        raise self._no_visitor("request, user or session")

    @property
    def path(self) -> str:
        raise self._no_visitor("path")

    @property
    def query(self) -> QueryDict:
        raise self._no_visitor("query")

    @property
    def csrf_token(self) -> str:
        return ""

    def redirect(self, to: Any, *args: Any, **kwargs: Any) -> None:
        raise self._no_visitor("redirect")

    def show_url(self, history: str, url: str) -> None:
        raise self._no_visitor(f"{history}_url")

    def _no_visitor(self, what: str) -> ComponentError:
        return no_visitor(self.key.name, what)

    # Its HTML

    @property
    def root(self) -> Mounted:
        """The shared component itself."""
        return self.tree[self.key.id]

    @property
    def has_failed(self) -> bool:
        """Whether an error notice stands in its place."""
        root = self.tree.get(self.key.id)
        return root is not None and root.failure is not None

    def html_alone(self) -> str:
        """Mount it only to get its HTML. Exceptions of the component come through."""
        with self.in_locale():
            mounted = self._add_root()
            mounted.component.mount(**self.key.kwargs())
            return rendering.first_render(mounted)

    def peek(self) -> str | None:
        """The present HTML, from any thread; None when a handler is at work, or the component has failed."""
        if self.has_failed:
            return None
        last = self.last
        if last is not None and last.version == self.version:
            return last.html
        if not self._lock.acquire(timeout=0 if running_loop() else PATIENCE):
            return None
        try:
            return None if self.attempt is not None or not self.tree else self.fresh_html()[self.key.id]
        except Exception:  # data changed in a way that needs another child: only the page itself may mount it
            return None
        finally:
            self._lock.release()

    def whole(self) -> None:
        """Output `Rendered`. What changed since the last render is sent to those who have that. A component that has failed
        gets another try: at each call, and, where its mount() failed, after a while without one."""
        is_own_try = not self.tree or self.turn.postponed > 0
        if not self.tree:
            self._remember(self._mount())
        elif self.root.broken:
            self._mount_again()
        elif self.last is None or self.last.version != self.version or self.has_failed:
            self._render_whole()
        assert self.last is not None
        self.output(self.last)
        if self.root.broken and is_own_try:
            self.output(Postpone(inputs.Whole(), self.turn.postponed + 1))

    def _add_root(self) -> Mounted:
        return self.add(registry.get(self.key.name), None, ("root", self.key.id), self.key.id)

    def _mount(self) -> str:
        self.is_live = True
        root = self._add_root()
        lifecycle.mount(root, self.key.kwargs())
        html, _ = whole(root)
        for mounted in self.tree.values():
            mounted.begin()
            self.listen(mounted)
        return html

    def _mount_again(self) -> None:
        """Try again what failed, and show the viewers what came of it."""
        self.remove(self.root)
        html = self._mount()
        self.end_turn()
        self.send_render([(f"{self.key.id}.0", rendering.without_address(html, self.key.id))])
        self._remember(html)

    def _render_whole(self) -> None:
        first_new = self.number
        html, patches = whole(self.root)
        self.begin(first_new)
        for mounted in self.tree.values():
            if mounted.listens:
                self.listen(mounted)
        self.end_turn()
        self.send_render(patches)
        self._remember(html)

    def _remember(self, html: str) -> None:
        self.last = Rendered(self.version, html, rendering.digest(html))


_NOBODY: dict[str, Any] = {"type": "http", "path": "/", "headers": [], "query_string": b""}


def _refuse_visitors(cls: type[LiveComponent]) -> None:
    reason = (
        "has @event methods"
        if cls.events
        else "has fields that visitors write"
        if any(field.bind or field.url for field in cls.fields.values())
        else "is not for everybody"
        if not cls.shared and (cls.login_required or cls.permission_required)
        else "has a has_permission() of its own"
        if not cls.shared and auth.has_rule(cls)
        else ""
    )
    if reason:
        raise ComponentError(
            f"{cls.name!r} stands inside a shared component and {reason}: nobody in particular is there. Place it in the "
            "page, beside the shared component."
        )
