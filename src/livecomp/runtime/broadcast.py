"""Shared components on the event loop: each is driven once, and what it sends goes to all viewers as the same text."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from livecomp import auth, inputs, protocol, registry, rendering, sharing
from livecomp.component import LiveComponent
from livecomp.constants import CloseCode
from livecomp.effects import Attach, Detach, Rendered
from livecomp.exceptions import Refused
from livecomp.page import LivePage
from livecomp.runtime.driver import PageDriver
from livecomp.runtime.pages import Pages
from livecomp.runtime.process import Runtime
from livecomp.shared import Key
from livecomp.sharing import SharedPage

KEEP = 5.0  # seconds that a shared component lives on without viewers: a reloaded page finds it again
UNKNOWN = -1  # version
AT_ONCE = 100  # viewers that are served in one go


class Outlet(Protocol):
    """A viewer's connection."""

    @property
    def is_behind(self) -> bool:
        """The browser has not read what it got: nothing more now."""

    async def send(self, text: str, version: int = -1) -> None:
        """Send a frame."""

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Close the connection."""

    def ask(self, function: Callable[..., bool], *args: Any) -> Awaitable[bool]:
        """Call the function in the thread pool, with the viewer's page first."""


class Living:
    """One shared component at work: drives its page, and hands what that sends to the viewers.

    To its driver it is what a connection is to the driver of an ordinary page.
    """

    is_behind = is_stalled = False

    def __init__(self, runtime: Runtime, key: Key) -> None:
        self.key = key
        self.views: set[View] = set()
        self.page = SharedPage(key)
        self.page.connected = True
        self._runtime = runtime
        self._left = runtime.loop.time()
        self._last: tuple[Rendered, str] | None = None  # with the frame for a browser that does not have it
        self._asked: asyncio.Future[Rendered] | None = None
        self._driver = PageDriver(runtime, self, {}, _shared_pages)
        self._driver.adopt(self.page)
        runtime.enter(self)
        runtime.living[key.id] = self
        sharing.living[key.id] = self.page

    def current(self) -> "asyncio.Future[Rendered]":
        """Its present HTML."""
        if self._asked is None:
            self._asked = self._runtime.loop.create_future()
            self._driver.give(inputs.Whole())
        return self._asked

    def frame(self, rendered: Rendered) -> str:
        """The frame that brings a browser to this render, whatever it has."""
        if self._last is None or self._last[0] is not rendered:
            patch = (f"{self.key.id}.0", rendering.without_address(rendered.html, self.key.id))
            self._last = rendered, protocol.encode(protocol.shared(self.key.id, rendered.version, [patch], whole=True))
        return self._last[1]

    def forget(self, view: "View") -> None:
        """A viewer is gone."""
        self.views.discard(view)
        self._left = self._runtime.loop.time()

    # For its driver

    async def send(self, text: str, version: int = -1) -> None:
        """To all viewers."""
        for number, view in enumerate(tuple(self.views), 1):
            view.take(version, text)
            if not number % AT_ONCE:
                await asyncio.sleep(0)

    def share(self, output: Attach | Detach | Rendered) -> None:
        """What the page gave for `inputs.Whole`."""
        if type(output) is Rendered and self._asked is not None:
            asked, self._asked = self._asked, None
            if not asked.done():
                asked.set_result(output)

    def close(self, code: CloseCode, reason: str = "") -> None:
        """The page could not be driven any more: the viewers come back to a new one."""
        self.stop()
        for view in tuple(self.views):
            view.outlet.close(code, reason)

    # For the runtime

    def look(self, now: float) -> None:
        """Check the time limits."""
        self._driver.look(now)
        if not self.views and now - self._left > KEEP:
            self.stop()

    def restart(self) -> None:
        """The server stops."""
        self.stop()

    def stop(self) -> None:
        """End timers, tasks and subscriptions."""
        self._driver.stop()
        self._runtime.leave(self)
        if self._runtime.living.get(self.key.id) is self:
            del self._runtime.living[self.key.id]
        if sharing.living.get(self.key.id) is self.page:
            del sharing.living[self.key.id]
        if self._asked is not None:
            self._asked.cancel()


class _SharedPages(Pages):
    """No visitor to check, and nothing to save."""

    def is_allowed(self, page: LivePage) -> bool:
        return True

    def save(self, page: LivePage) -> None:
        pass

    def close(self, page: LivePage, clean: bool) -> None:
        page.close()
        page.take_output()


_shared_pages = _SharedPages()


class View:
    """One viewer of one shared component.

    The browser gets the whole component first, or word that what it has is right, and every version after that. One that
    is behind gets nothing until it has read, and then the whole again.
    """

    __slots__ = (
        *("outlet", "living", "version", "waiting", "is_due"),
        *("_runtime", "_round", "_restricted", "_unchecked"),
    )

    def __init__(self, runtime: Runtime, outlet: Outlet, living: Living) -> None:
        self.outlet = outlet
        self.living = living
        self.version = UNKNOWN  # that the browser has
        self.waiting: list[tuple[int, str]] = []  # what was sent while that is not known
        self.is_due = False  # the browser was behind
        self._runtime = runtime
        self._round = 0
        cls = registry.get(living.key.name)
        self._restricted = cls if cls.login_required or cls.permission_required else None
        self._unchecked: list[str] = []  # frames to be sent if the viewer may still see them
        living.views.add(self)

    def begin(self, digest: str) -> None:
        """The browser has HTML of this digest: bring it up to date."""
        self._round += 1
        self.version, self.is_due = UNKNOWN, False
        self.waiting.clear()
        self._runtime.start(self._catch_up(self._round, digest))

    async def _catch_up(self, round: int, digest: str) -> None:
        rendered = await asyncio.shield(self.living.current())
        if round != self._round:
            return
        self.version = rendered.version
        if rendered.digest == digest:
            self._give(protocol.encode(protocol.shared(self.living.key.id, rendered.version, [], whole=True)))
        else:
            self._give(self.living.frame(rendered))
        waiting, self.waiting = self.waiting, []
        for version, text in waiting:
            self.take(version, text)

    def take(self, version: int, text: str) -> None:
        """The component has sent this; ``version`` -1: there is no render in it."""
        if self.version == UNKNOWN:
            if not self.is_due and version >= 0:
                self.waiting.append((version, text))
        elif self.outlet.is_behind:
            self.version, self.is_due = UNKNOWN, True
        elif version < 0:
            self._give(text)
        elif version > self.version:
            self.version = version
            self._give(text)

    def stop(self) -> None:
        """The viewer is gone."""
        self._round += 1
        self.version, self.is_due = UNKNOWN, True
        self.living.forget(self)

    def _give(self, text: str) -> None:
        if self._restricted is None:
            _run(self._runtime, self.outlet.send(text))
            return
        self._unchecked.append(text)
        if len(self._unchecked) == 1:
            self._runtime.start(self._give_if_allowed())

    async def _give_if_allowed(self) -> None:
        while self._unchecked:
            if not await self.outlet.ask(_is_allowed, self._restricted):
                self._unchecked.clear()
                return self.stop()
            await self.outlet.send(self._unchecked[0])
            del self._unchecked[0]


class Views:
    """What one connection looks at."""

    __slots__ = ("_outlet", "_runtime", "_views")

    def __init__(self, runtime: Runtime, outlet: Outlet) -> None:
        self._runtime = runtime
        self._outlet = outlet
        self._views: dict[str, View] = {}

    def share(self, output: Attach | Detach | Rendered) -> None:
        """Begin or end to look at a shared component."""
        if type(output) is Attach:
            view = self._views.get(output.key.id)
            if view is None:
                living = self._runtime.living.get(output.key.id) or Living(self._runtime, output.key)
                view = self._views[output.key.id] = View(self._runtime, self._outlet, living)
            view.begin(output.digest)
        elif type(output) is Detach and (view := self._views.pop(output.id, None)) is not None:
            view.stop()

    def catch_up(self) -> None:
        """The browser has read: where it was behind, it gets the present state."""
        for view in self._views.values():
            if view.is_due and not self._outlet.is_behind:
                view.begin("")

    def stop(self) -> None:
        """The connection is gone."""
        for view in self._views.values():
            view.stop()
        self._views.clear()


def _is_allowed(page: LivePage, cls: type[LiveComponent]) -> bool:
    try:
        auth.check(cls, page.request)
    except Refused:
        return False
    return True


if sys.version_info >= (3, 12):

    def _run(runtime: Runtime, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run it as far as it goes now; most often that is to its end."""
        task = asyncio.Task(coroutine, loop=runtime.loop, eager_start=True)
        if not task.done():
            runtime.keep(task)

else:

    def _run(runtime: Runtime, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run it soon."""
        runtime.start(coroutine)
