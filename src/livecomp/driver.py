"""Drives one page on the event loop: its messages one after the other in the thread pool, its timers, tasks and topics.

The worker task exists only while there is something to do, so an idle page costs memory for its state and nothing else.
"""

import asyncio
import contextvars
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol

from django.utils import timezone, translation

from livecomp import auth, inputs, protocol, resume, tokens, topics
from livecomp.conf import settings
from livecomp.constants import CloseCode, ErrorCode
from livecomp.effects import (
    Attach,
    Await,
    CancelTask,
    Close,
    Detach,
    Output,
    Publish,
    Rendered,
    Save,
    Send,
    StartTask,
    StartTimer,
    Step,
    StopTimer,
    Subscribe,
    Unsubscribe,
)
from livecomp.exceptions import Refused, TokenRefused
from livecomp.page import LivePage, Steps
from livecomp.pool import AsyncLane
from livecomp.protocol import Join, Message
from livecomp.request import build_request
from livecomp.runtime import Runtime
from livecomp.tasks import RunningTask

logger = logging.getLogger("livecomp")
slow_logger = logging.getLogger("livecomp.slow")

GRACE = 1.0  # seconds that a running async handler gets when its connection is gone
TAKE_OVER = 2.0  # seconds that another process gets to save a page that came back here
REVALIDATE_AFTER = 0.5  # seconds
MAX_MARKED = 100  # messages of one topic that wait for a page, the newest


_CHECK = object()


class Outlet(Protocol):
    """The connection, as its page's driver sees it."""

    @property
    def is_behind(self) -> bool:
        """The browser has not applied the last renders: nothing new on the server's own account."""

    @property
    def is_stalled(self) -> bool:
        """The browser reads nothing at all: nothing more."""

    async def send(self, text: str, version: int = -1) -> None:
        """Send a frame; ``version`` of the render in it, if there is one."""

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Close the connection."""

    def share(self, output: Attach | Detach | Rendered) -> None:
        """Look at a shared component, or no more; or, of a shared component's own page, its HTML."""


class Pages:
    """Where drivers get their pages, and where they leave them. All of it is called in the thread pool."""

    def open(self, scope: Mapping[str, Any]) -> tuple[LivePage, str]:
        """A page for a handshake, not joined yet, and its visitor's key: empty for one that nothing identifies."""
        page = LivePage(build_request(scope))
        visitor = auth.visitor_key(page.request)
        return page, "" if visitor.startswith("address:") else visitor

    def owns(self, page: LivePage, join: Join) -> bool:
        """Whether the join's tokens are for the page that it wants to resume."""
        try:
            return all(tokens.verify(token, page.request).page == join.resume[0] for token in join.tokens)  # type: ignore[index]
        except TokenRefused:
            return False

    def is_allowed(self, page: LivePage) -> bool:
        """Whether the visitor is still signed in as before."""
        return not hasattr(page.request, "session") or auth.is_signed_in_as_before(page.request)

    def is_saved(self, page_id: str) -> bool:
        """Whether the page has stopped, wherever it was, and its last state is in the cache."""
        return resume.is_clean(page_id)

    def save(self, page: LivePage) -> None:
        """Keep a snapshot of a page that goes on."""
        resume.save(page)

    def close(self, page: LivePage, clean: bool) -> None:
        """The connection is gone. ``clean``: no handler was cut short."""
        if settings.snapshot != "off":
            page.connected = True  # the last moment that it counts as such
            resume.save(page, clean=clean)
        self.drop(page)

    def drop(self, page: LivePage) -> None:
        """The page goes on elsewhere, or nowhere: stop it without a snapshot."""
        page.close()
        page.take_output()


class PageDriver:
    """The page of one connection."""

    __slots__ = (
        "__weakref__",
        "_after_client",
        "_awaiting",
        "_check_due",
        "_checked",
        "_context",
        "_cut_short",
        "_inbox",
        "_inputs",
        "_marked",
        "_outlet",
        "_pages",
        "_ref",
        "_retry",
        "_room",
        "_runtime",
        "_save_due",
        "_save_timer",
        "_scope",
        "_spent",
        "_started",
        "_superseded",
        "_tasks",
        "_timers",
        "_told",
        "_topics_due",
        "_worker",
        "page",
        "quiet_until",
        "stopped",
        "topics",
        "visitor",
    )

    def __init__(self, runtime: Runtime, outlet: Outlet, scope: Mapping[str, Any], pages: Pages) -> None:
        self._runtime = runtime
        self._outlet = outlet
        self._pages = pages
        self._scope: Mapping[str, Any] | None = scope
        self._context = contextvars.Context()
        self.visitor: Any = self  # until the join tells who it is
        self.page: LivePage | None = None
        self.stopped: asyncio.Future[None] | None = None
        self.topics: set[str] = set()
        self.quiet_until = 0.0
        self._inbox: list[tuple[float, Message]] = []  # messages of the browser, with the time of their turn
        self._inputs: list[inputs.Input] = []
        self._marked: dict[str, list[Any]] | None = None
        self._topics_due = self._save_due = False
        self._save_timer: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: dict[str, RunningTask] = {}
        self._room: asyncio.Event | None = None
        self._worker: asyncio.Task[None] | None = None
        self._awaiting: asyncio.Task[Any] | None = None
        self._cut_short = False
        self._after_client = False
        self._started = 0.0  # when the running message was begun; 0 while none runs
        self._spent = 0.0  # seconds that its handlers and rendering took, without the wait for a thread
        self._ref = 0
        self._told = False
        self._checked = runtime.loop.time()
        self._check_due = False
        self._superseded = 0.0  # when the page was resumed elsewhere
        runtime.hub.enter(self)

    # What there is to do

    def put(self, message: Message, delay: float = 0.0) -> None:
        """A message of the browser, to be handled in its turn, not before ``delay`` seconds from now."""
        self._inbox.append((self._runtime.loop.time() + delay if delay else 0.0, message))
        self.work()

    def adopt(self, page: LivePage) -> None:
        """Drive a page that no browser joins."""
        self.page = page
        self._context.run(topics.current_page.set, page)

    def give(self, message: inputs.Input) -> None:
        """A message of the server's own."""
        self._inputs.append(message)
        self.work()

    def ask(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """The function's result for the page, from the thread pool."""
        return self._in_thread(function, self.page, *args)

    @property
    def waiting(self) -> int:
        """How many messages of the browser wait for their turn."""
        return len(self._inbox)

    def mark(self, topic: str, messages: list[Any]) -> None:
        """Messages of a topic have come (see `livecomp.hub.Subscriber`)."""
        if self._marked is None:
            self._marked = {}
        marked = self._marked.get(topic)
        self._marked[topic] = (marked + messages)[-MAX_MARKED:] if marked else messages

    def wake(self) -> None:
        """Deal with the marked topics."""
        self._topics_due = True
        self.work()

    def control(self, kind: str, value: Any) -> None:
        """Word to all connections: ``revalidate`` a visitor, or ``supersede`` a page that was resumed elsewhere."""
        if kind == "revalidate" and value == self.visitor:
            # Django sends its signal before it ends the session, so the check has to wait for that.
            self._runtime.loop.call_later(REVALIDATE_AFTER, self._check, context=self._runtime.context)
        elif kind == "supersede" and self.page is not None and value == self.page.id:
            self._superseded = self._runtime.loop.time()
            self.give_way()

    def give_way(self) -> "asyncio.Future[None]":
        """End, because the page comes back on another connection. Done when its snapshot is saved."""
        self._outlet.close(CloseCode.POLICY, "resumed on another connection")
        return self.stop()

    def _check(self) -> None:
        self._check_due = True
        self.work()

    def work(self) -> None:
        """Start the worker if it does not run."""
        if self._worker is None and self.stopped is None:
            self._worker = self._runtime.loop.create_task(self._work(), context=self._runtime.context)

    async def _work(self) -> None:
        try:
            while (item := self._next()) is not None:
                await self._handle(item)
        except Exception:
            logger.exception("A page could not be driven; its connection is closed.")
            self._outlet.close(CloseCode.INTERNAL)
        finally:
            self._worker = None

    def _next(self) -> Any:
        """The next thing to do: the browser's messages in their order, the server's own in between."""
        if self.stopped is not None:
            return None
        if self._check_due and self.page is not None:
            self._check_due = False
            self._checked = -settings.revalidate_session
            return _CHECK
        after_client, self._after_client = self._after_client, False
        if after_client and (item := self._next_of_server()) is not None:
            return item
        if self._inbox and not self._outlet.is_stalled:
            wait = self._inbox[0][0] - self._runtime.loop.time()
            if wait <= 0:
                self._after_client = True
                return self._inbox.pop(0)[1]
            if self._retry is None:
                self._retry = self._runtime.loop.call_later(wait, self._try_again, context=self._runtime.context)
        return self._next_of_server()

    def _try_again(self) -> None:
        self._retry = None
        self.work()

    def _next_of_server(self) -> Any:
        if self.page is None or not self.page.connected:
            return None
        if self._save_due:
            self._save_due = False
            return Save()
        if self._outlet.is_behind:
            return None
        if self._inputs:
            if self._room is not None:
                self._room.set()
            return self._inputs.pop(0)
        if self._topics_due and self._marked is not None:
            marked, self._marked, self._topics_due = self._marked, None, False
            return inputs.TopicMessages(marked)
        return None

    # Doing it

    async def _handle(self, item: Any) -> None:
        loop = self._runtime.loop
        self._started, self._ref, self._told, self._spent = loop.time(), getattr(item, "ref", 0), False, 0.0
        try:
            if type(item) is Join:
                await self._join(item)
            elif type(item) is Save:
                await self._in_thread(self._pages.save, self.page)
            elif self.page is not None and self.page.connected and await self._is_allowed() and item is not _CHECK:
                await self._drive(item)
        finally:
            self._started = 0.0
        if self._spent > settings.slow_event:
            slow_logger.warning("%s took %.2f s.", _described(item, self.page), self._spent)

    async def _join(self, message: Join) -> None:
        assert self._scope is not None
        scope, self._scope = self._scope, None
        page, visitor = await self._in_thread(self._pages.open, scope)
        if visitor:
            if not self._runtime.admit(visitor):
                self._outlet.close(CloseCode.TRY_LATER, "too many connections")
                return
            self.visitor = visitor
        if message.resume is not None:
            await self._take_over(page, message)
        self.page = page
        self._context.run(topics.current_page.set, page)
        await self._drive(message)
        if page.connected and self.stopped is None:
            self._runtime.pages[page.id] = self

    async def _take_over(self, page: LivePage, message: Join) -> None:
        """The browser may be back before the server has noticed that its old connection is dead: end that one first,
        so that its running handler is finished and its state is saved."""
        assert message.resume is not None
        old = self._runtime.pages.get(message.resume[0])
        is_elsewhere = old is None and topics.shared_layer() is not None
        if (old is None and not is_elsewhere) or not await self._in_thread(self._pages.owns, page, message):
            return
        if old is not None:
            await asyncio.wait([old.give_way()], timeout=settings.handler_timeout)
            return
        deadline = self._runtime.loop.time() + TAKE_OVER
        if not await self._in_thread(self._pages.is_saved, message.resume[0]):
            topics.announce("supersede", message.resume[0])
            while self._runtime.loop.time() < deadline and self.stopped is None:
                await asyncio.sleep(TAKE_OVER / 20)
                if await self._in_thread(self._pages.is_saved, message.resume[0]):
                    return

    async def _is_allowed(self) -> bool:
        now = self._runtime.loop.time()
        if now - self._checked < settings.revalidate_session:
            return True
        try:
            allowed: bool = await self._in_thread(self._pages.is_allowed, self.page)
        except Exception:  # no database, no answer: nothing is done until there is one
            logger.exception("The session of a live connection could not be checked.")
            if self._ref:
                failed = protocol.error(self._ref, ErrorCode.FAILED, "Something went wrong. Try again.")
                await self._outlet.send(protocol.encode(failed))
            return False
        self._checked = now
        if not allowed:
            await self._drive(inputs.Revalidated(allowed=False))
        return allowed

    async def _drive(self, message: Any) -> None:
        page = self.page
        assert page is not None
        steps = page.receive(message)
        value, error = None, None
        while True:
            step, text, version, output, seconds = await self._in_thread(_advance, page, steps, value, error)
            value, error = None, None
            self._spent += seconds
            if output:
                self._apply(output)
            if text:
                await self._outlet.send(text, version)
            if step is None:
                return
            if type(step) is Await:
                value, error = await self._await(step.awaitable)

    def _in_thread(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return self._runtime.events.run(self.visitor, self._context, function, *args)

    async def _await(self, awaitable: Awaitable[Any]) -> tuple[Any, BaseException | None]:
        """Result and exception of an async handler. It runs on the event loop, in the page's own context."""
        lane = AsyncLane(self._runtime.lanes, self.visitor, self._context)
        started = self._runtime.loop.time()
        self._awaiting = self._runtime.loop.create_task(_result_of(awaitable, self.page), context=self._context)
        try:
            return await self._awaiting, None
        except asyncio.CancelledError:
            if not self._awaiting.done():
                raise
            if self._cut_short:
                return None, Refused(ErrorCode.GONE, "The page was closed.")
            return None, TimeoutError(f"took longer than LIVECOMP['HANDLER_TIMEOUT'], {settings.handler_timeout:g} s")
        except Exception as error:
            return None, error
        finally:
            self._awaiting = None
            self._spent += self._runtime.loop.time() - started
            lane.release()

    def look(self, now: float) -> None:
        """Check the running handler's time. An async one is cancelled, a thread cannot be: its user is told."""
        if not self._started or now - self._started < settings.handler_timeout:
            return
        if self._awaiting is not None:
            self._awaiting.cancel()
        elif not self._told and self._ref:
            self._told = True
            text = "This takes longer than expected and still runs."
            message = protocol.encode(protocol.error(self._ref, ErrorCode.TIMEOUT, text))
            self._runtime.start(self._outlet.send(message))

    # What the page wants

    def _apply(self, output: list[Output]) -> None:
        for each in output:
            if self.stopped is None:
                _APPLY[type(each)](self, each)
            elif type(each) is Publish:
                self._publish(each)

    def _subscribe(self, output: Subscribe) -> None:
        self._runtime.hub.subscribe(self, output.topic, self._started)

    def _unsubscribe(self, output: Unsubscribe) -> None:
        self._runtime.hub.unsubscribe(self, output.topic)

    def _publish(self, output: Publish) -> None:
        try:
            topics.publish_from(self, output.topic, output.message)
        except TypeError:
            logger.exception("A message could not be published.")

    def _start_timer(self, output: StartTimer) -> None:
        self._stop_timer(StopTimer(output.id))
        fire = partial(self._fire, output)
        self._timers[output.id] = self._runtime.loop.call_later(output.seconds, fire, context=self._runtime.context)

    def _fire(self, timer: StartTimer) -> None:
        del self._timers[timer.id]
        if timer.repeat:
            self._start_timer(timer)
        fired = inputs.TimerFired(timer.id)
        if fired not in self._inputs:  # a page that is behind gets one, not all that it missed
            self._inputs.append(fired)
        self.work()

    def _stop_timer(self, output: StopTimer) -> None:
        if (timer := self._timers.pop(output.id, None)) is not None:
            timer.cancel()
        if (fired := inputs.TimerFired(output.id)) in self._inputs:
            self._inputs.remove(fired)

    def _start_task(self, output: StartTask) -> None:
        self._tasks[output.id] = RunningTask(self, self._runtime, self.visitor, self._context, output)

    def _cancel_task(self, output: CancelTask) -> None:
        if (task := self._tasks.pop(output.id, None)) is not None:
            task.cancel()

    async def take(self, result: inputs.TaskProgress | inputs.TaskUpdate | inputs.TaskDone) -> None:
        """What a task gives. Waits while the page has too much of it already."""
        while len(self._inputs) >= settings.queue_size and self.stopped is None:
            self._room = self._room or asyncio.Event()
            self._room.clear()
            await self._room.wait()
        self.take_now(result)

    def take_now(self, result: inputs.TaskProgress | inputs.TaskUpdate | inputs.TaskDone) -> None:
        """What a task gives, without waiting. An update joins the one that still waits before it."""
        if result.id not in self._tasks:
            return
        last = self._inputs[-1] if self._inputs else None
        if type(result) is inputs.TaskUpdate and type(last) is inputs.TaskUpdate and last.component == result.component:
            self._inputs[-1] = inputs.TaskUpdate(result.id, result.component, {**last.values, **result.values})
        else:
            self._inputs.append(result)
        if type(result) is inputs.TaskDone:
            del self._tasks[result.id]
        self.work()

    def _save_soon(self, output: Save) -> None:
        if self._save_timer is None and settings.snapshot == "event":
            delay = settings.snapshot_delay
            self._save_timer = self._runtime.loop.call_later(delay, self._save_now, context=self._runtime.context)

    def _save_now(self) -> None:
        self._save_timer = None
        self._save_due = True
        self.work()

    def _share(self, output: Attach | Detach | Rendered) -> None:
        self._outlet.share(output)

    def _close(self, output: Close) -> None:
        self._outlet.close(output.code, output.reason)

    # The end

    def stop(self, grace: float = GRACE) -> asyncio.Future[None]:
        """End everything at once, except the handler that runs: an async one is cancelled after ``grace`` seconds.
        The future is done when the page's snapshot is saved."""
        if self.stopped is None:
            self.stopped = self._runtime.loop.create_future()
            self._runtime.hub.leave(self)
            for timer in (*self._timers.values(), self._save_timer, self._retry):
                if timer is not None:
                    timer.cancel()
            for task in self._tasks.values():
                task.cancel()
            if self._room is not None:
                self._room.set()
            self._timers.clear()
            self._tasks.clear()
            self._inbox.clear()
            self._inputs.clear()
            self._marked = None
            self._runtime.start(self._finish(grace, self.page is not None and self.page.connected))
            if self.page is not None:
                self.page.connected = False  # a running handler may look at it
        return self.stopped

    async def _finish(self, grace: float, was_connected: bool) -> None:
        assert self.stopped is not None
        try:
            if self._worker is not None:
                await self._finish_handler(self._worker, grace)
            if self.page is None or not (was_connected or self.page.connected):
                pass
            elif self._superseded and self._runtime.loop.time() - self._superseded > TAKE_OVER:
                await self._in_thread(self._pages.drop, self.page)  # too late, it went on from an older snapshot
            else:
                await self._in_thread(self._pages.close, self.page, not self._cut_short)
        except Exception:
            logger.exception("A page could not be closed properly.")
        finally:
            self._runtime.rates.forget(self)
            if self.visitor is not self:
                self._runtime.counter.leave(self.visitor)
            if self.page is not None and self._runtime.pages.get(self.page.id) is self:
                del self._runtime.pages[self.page.id]
            self.stopped.set_result(None)

    async def _finish_handler(self, worker: "asyncio.Task[None]", grace: float) -> None:
        await asyncio.wait([worker], timeout=grace)
        while not worker.done():
            if self._awaiting is not None:
                self._cut_short = True
                self._awaiting.cancel()
            await asyncio.wait([worker], timeout=GRACE)


_APPLY: dict[type, Callable[[PageDriver, Any], None]] = {
    Subscribe: PageDriver._subscribe,
    Unsubscribe: PageDriver._unsubscribe,
    Publish: PageDriver._publish,
    StartTimer: PageDriver._start_timer,
    StopTimer: PageDriver._stop_timer,
    StartTask: PageDriver._start_task,
    CancelTask: PageDriver._cancel_task,
    Attach: PageDriver._share,
    Detach: PageDriver._share,
    Rendered: PageDriver._share,
    Save: PageDriver._save_soon,
    Close: PageDriver._close,
}


def _advance(
    page: LivePage, steps: Steps[None], value: Any, error: BaseException | None
) -> tuple[Step | None, str, int, list[Output], float]:
    """One step in a thread: what is next, the frame to send with the version in it, the rest of the output, seconds."""
    started = time.perf_counter()
    step = page.advance(steps, value, error)
    texts, rest, version = [], [], -1
    for output in page.take_output():
        if type(output) is Send:
            message = output.message
            texts.append(protocol.encode(message))
            if message[0] == "patch":
                version = message[1]
            elif message[0] in ("joined", "shared"):
                version = message[2]
        else:
            rest.append(output)
    text = texts[0] if len(texts) == 1 else f"[{','.join(texts)}]" if texts else ""
    return step, text, version, rest, time.perf_counter() - started


async def _result_of(awaitable: Awaitable[Any], page: Any) -> Any:
    try:
        with translation.override(page.language), timezone.override(page.timezone):
            return await awaitable
    except (SystemExit, KeyboardInterrupt) as error:  # ends the handler, not the server
        raise RuntimeError(f"{error!r} in an async handler") from error


def _described(item: Any, page: LivePage | None) -> str:
    kind = type(item).__name__
    name = getattr(item, "name", "") if not inspect.isclass(item) else ""
    mounted = page.tree.get(getattr(item, "component", "")) if page is not None and hasattr(page, "tree") else None
    owner = mounted.component.name if mounted is not None else ""
    return f"{kind} {owner}.{name}" if owner else kind
