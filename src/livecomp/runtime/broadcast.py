"""Shared components on the event loop: each is driven once, and what it sends goes to all viewers as the same text."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied

from livecomp import auth, inputs, protocol, rendering, sharing, standing
from livecomp.calling import OutOfTurn
from livecomp.conf import settings
from livecomp.constants import CloseCode
from livecomp.effects import Attach, Detach, Rendered
from livecomp.exceptions import Refused
from livecomp.page import LivePage
from livecomp.runtime.driver import PageDriver
from livecomp.runtime.pages import Pages
from livecomp.runtime.process import DRAIN, Runtime
from livecomp.shared import Key
from livecomp.sharing import SharedPage

logger = logging.getLogger("livecomp")

KEEP = 5.0  # seconds that a shared component lives on without viewers: a reloaded page finds it again
UNKNOWN = -1  # version
AT_ONCE = 100  # viewers that are served in one go
RETRY = (1.0, 30.0)  # seconds until a viewer is checked again who could not be, first and longest


class Outlet(Protocol):
    """A viewer's connection."""

    @property
    def is_behind(self) -> bool:
        """The browser has not read what it got: nothing more now."""

    async def send(self, text: str, version: int = -1) -> None:
        """Send a frame."""

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Close the connection."""

    def ask(self, function: Callable[..., Any], *args: Any) -> Awaitable[Any]:
        """Call the function in the thread pool, with the viewer's page first."""

    def check_visitor(self) -> None:
        """Have the page look at its visitor again, in its turn."""

    def look_around(self, id: str) -> None:
        """Have the page render again, in its turn, what the shared component of this id stands in."""


class Living:
    """One shared component at work: drives its page, and hands what that sends to the viewers.

    To its driver it is what a connection is to the driver of an ordinary page.
    """

    is_behind = is_stalled = False

    def __init__(self, runtime: Runtime, key: Key) -> None:
        self.key = key
        self.views: set[View] = set()
        self.page = SharedPage(key)
        self.page.is_live = True
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
        self.stop(DRAIN * settings.shutdown_timeout)

    def stop(self, grace: float | None = None) -> None:
        """End timers, tasks and subscriptions."""
        self._driver.stop(grace)
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

    def save(self, page: LivePage) -> bool:
        return True

    def close(self, page: LivePage) -> None:
        page.close()
        page.take_output()


_shared_pages = _SharedPages()


class View:
    """One viewer of one shared component.

    The browser gets the whole component first, or word that what it has is right, and every version after that. One that
    is behind gets nothing until it has read, and then the whole again. Where the component, or one that it stands in, is
    not for everybody, the viewer is checked before each frame. One who cannot be checked, because the database is away,
    gets nothing until that works again, and then the whole.
    """

    __slots__ = (
        *("outlet", "living", "version", "waiting", "is_due"),
        *("_runtime", "_round", "gate", "_unchecked", "_is_checking", "_retry", "_delay"),
    )

    def __init__(self, runtime: Runtime, outlet: Outlet, living: Living) -> None:
        self.outlet = outlet
        self.living = living
        self.version = UNKNOWN  # that the browser has
        self.waiting: list[tuple[int, str]] = []  # what was sent while that is not known
        self.is_due = False  # the browser was behind, or its viewer could not be checked
        self._runtime = runtime
        self._round = 0
        self.gate: Gate | None = None
        self._unchecked: list[str] = []  # frames to be sent if the viewer may still see them
        self._is_checking = False
        self._retry: asyncio.TimerHandle | None = None
        self._delay = 0.0  # until the next check after one that failed; 0: the last one worked
        living.views.add(self)

    def begin(self, digest: str) -> None:
        """The browser has HTML of this digest: bring it up to date."""
        self._round += 1
        self.version, self.is_due = UNKNOWN, False
        self.waiting.clear()
        self._unchecked.clear()
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
        self.version, self.is_due = UNKNOWN, False
        self._unchecked.clear()
        if self._retry is not None:
            self._retry.cancel()
        self.living.forget(self)

    def _give(self, text: str) -> None:
        if self.gate is None:
            _run(self._runtime, self.outlet.send(text))
            return
        self._unchecked.append(text)
        if not self._is_checking:
            self._is_checking = True
            self._runtime.start(self._give_if_allowed(self.gate))

    async def _give_if_allowed(self, gate: "Gate") -> None:
        try:
            while self._unchecked:
                checked = len(self._unchecked), self._round
                is_allowed = await gate.admits(self.outlet, self.living.key.id)
                if checked[1] != self._round:  # what waited is out of date, or the viewer is gone
                    continue
                if not is_allowed:
                    return self.stop()
                self._delay = 0.0
                frames = self._unchecked[: checked[0]]
                del self._unchecked[: checked[0]]
                for text in frames:
                    await self.outlet.send(text)
        except Exception:
            self._try_later()
        finally:
            self._is_checking = False

    def _try_later(self) -> None:
        """The viewer could not be checked: nothing is sent, and the whole as soon as it works."""
        if not self._delay:
            logger.exception("A viewer of the shared component %r could not be checked.", self.living.key.name)
        self._delay = min(max(2 * self._delay, RETRY[0]), RETRY[1])
        self._unchecked.clear()
        if not self.has_ended:
            self.version, self.is_due = UNKNOWN, True
            loop = self._runtime.loop
            self._retry = loop.call_later(self._delay, self._try_again, context=self._runtime.context)

    def _try_again(self) -> None:
        self._retry = None
        if self.is_due and not self.outlet.is_behind:
            self.begin("")

    @property
    def has_ended(self) -> bool:
        """It gets nothing more."""
        return self not in self.living.views

    @property
    def is_waiting(self) -> bool:
        """It tries again by itself."""
        return self._retry is not None


class Gate:
    """Whether one connection's visitor may go on seeing shared components: signed in as before, looked at as often as for
    any page, and allowed here and in all that the component stands in, asked each time."""

    __slots__ = ("_checked", "_runtime")

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._checked = runtime.loop.time()

    async def admits(self, outlet: Outlet, id: str) -> bool:
        """Whether the visitor may see the component. Closes the connection of one who is not signed in as before; raises
        what the check raises."""
        now = self._runtime.loop.time()
        if now - self._checked >= settings.revalidate_session:
            if not await outlet.ask(_is_signed_in):
                outlet.close(CloseCode.SIGNED_OUT, "You have been signed out.")
                return False
            self._checked = now
            outlet.check_visitor()  # so that the page, and what its components are asked with, knows the user as of now
        allowed: bool = await outlet.ask(_is_allowed, id)
        if not allowed:
            outlet.look_around(id)
        return allowed


class Views:
    """What one connection looks at."""

    __slots__ = ("_gate", "_outlet", "_runtime", "_views")

    def __init__(self, runtime: Runtime, outlet: Outlet) -> None:
        self._runtime = runtime
        self._outlet = outlet
        self._gate = Gate(runtime)
        self._views: dict[str, View] = {}

    def share(self, output: Attach | Detach | Rendered) -> None:
        """Begin or end to look at a shared component."""
        if type(output) is Attach:
            view = self._views.get(output.key.id)
            if view is None or view.has_ended:
                living = self._runtime.living.get(output.key.id) or Living(self._runtime, output.key)
                view = self._views[output.key.id] = View(self._runtime, self._outlet, living)
            view.gate = self._gate if output.restricted else None  # it may have moved into something with a rule
            view.begin(output.digest)
        elif type(output) is Detach and (view := self._views.pop(output.id, None)) is not None:
            view.stop()

    def catch_up(self) -> None:
        """The browser has read: where it was behind, it gets the present state."""
        for view in self._views.values():
            if view.is_due and not view.is_waiting and not self._outlet.is_behind:
                view.begin("")

    def stop(self) -> None:
        """The connection is gone."""
        for view in self._views.values():
            view.stop()
        self._views.clear()


def _is_signed_in(page: LivePage) -> bool:
    return not hasattr(page.request, "session") or auth.is_signed_in_as_before(page.request)


def _is_allowed(page: LivePage, id: str) -> bool:
    """Whether the page's visitor may see the shared component in its place."""
    if id not in page.shared or not standing.is_shown(page, id):
        return False
    auth.forget_permissions(page.request)
    try:
        for component in standing.asked_for(page, id):
            auth.check(component, page.request)
    except (Refused, PermissionDenied, OutOfTurn):  # the last: it sends the visitor elsewhere, which the page does
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
