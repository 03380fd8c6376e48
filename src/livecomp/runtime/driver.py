"""Drives one page on the event loop: its messages one after the other in the thread pool, its timers, tasks and topics.

The worker task exists only while there is something to do, so an idle page costs memory for its state and nothing else.
"""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Mapping
from typing import Any, get_args

from livecomp import auth, begun, effects, inputs, notices, protocol, signout, topics, tracing
from livecomp.conf import settings
from livecomp.constants import CloseCode, ErrorCode
from livecomp.counters import counters
from livecomp.exceptions import Refused
from livecomp.page import LivePage
from livecomp.protocol import Join, Message
from livecomp.runtime.agenda import CHECK, Agenda
from livecomp.runtime.outlet import Outlet
from livecomp.runtime.pages import Pages
from livecomp.runtime.pool import Seat
from livecomp.runtime.process import Runtime
from livecomp.runtime.saving import Saving
from livecomp.runtime.stepping import AsyncHandler, advance, described, is_at_yield, settle
from livecomp.runtime.takeover import take_over
from livecomp.runtime.tasks import Result, RunningTask
from livecomp.runtime.timers import Timers
from livecomp.runtime.visitor_check import VisitorCheck, pause_after

logger = logging.getLogger("livecomp")
slow_logger = logging.getLogger("livecomp.slow")


class PageDriver:
    """The page of one connection."""

    __slots__ = (
        *("__weakref__", "page", "quiet_until", "stopped", "topics", "visitor"),
        *("_agenda", "_check", "_context", "_handler", "_outlet", "_pages", "_record", "_ref", "_retry", "_runtime"),
        *("_saving", "_scope", "_seat", "_spent", "_started", "_tasks", "_timers", "_told", "_worker"),
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
        self._agenda = Agenda()
        self._retry: asyncio.TimerHandle | None = None
        self._timers = Timers(runtime, self._fired)
        self._tasks: dict[str, RunningTask] = {}
        self._worker: asyncio.Task[None] | None = None
        self._handler = AsyncHandler(runtime)
        self._seat = Seat(is_at_yield)
        self._record: begun.Record | None = None
        self._started = 0.0  # when the running message was begun; 0 while none runs
        self._spent = 0.0  # seconds that its handlers and rendering took, without the wait for a thread
        self._ref = 0
        self._told = False
        self._check = VisitorCheck(runtime.loop.time())
        self._saving = Saving(runtime, self._save)
        runtime.drivers.add(self)
        runtime.hub.enter(self)

    # What there is to do

    def put(self, message: Message | inputs.Refusal, delay: float = 0.0) -> None:
        """A message of the browser, to be handled in its turn, not before ``delay`` seconds from now."""
        self._agenda.inbox.append((self._runtime.loop.time() + delay if delay else 0.0, message))
        self.work()

    def adopt(self, page: LivePage) -> None:
        """Drive a page that no browser joins."""
        self.page = page
        self._context.run(settle, page)

    def give(self, message: inputs.Input) -> None:
        """A message of the server's own. Nobody hears of one that comes after the end."""
        self._agenda.inputs.append(message)
        self.work()

    def ask(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """The function's result for the page, from the thread pool, while a handler may run in the page's context."""
        return self._runtime.events.run(self.visitor, contextvars.Context(), function, self.page, *args)

    @property
    def waiting(self) -> int:
        """How many messages of the browser wait for their turn."""
        return len(self._agenda.inbox)

    def mark(self, topic: str, messages: list[Any]) -> None:
        """Messages of a topic have come (see `livecomp.runtime.hub.Subscriber`)."""
        self._agenda.mark(topic, messages)

    def wake(self) -> None:
        """Deal with the marked topics."""
        self._agenda.topics_due = True
        self.work()

    def control(self, kind: str, value: Any) -> None:
        """Word to all connections, of `livecomp.signout`, or ``supersede`` a page that was resumed elsewhere."""
        if kind in (signout.ENDED, signout.REVALIDATE):
            known = self.page is not None and (self.visitor in value or auth.has_session_of(self.page.request, value))
            if self.page is None or (known and kind == signout.REVALIDATE):  # a join may have read the session before
                self.check_visitor()
            elif known:
                self._outlet.close(CloseCode.SIGNED_OUT, "You have been signed out.")
        elif kind == "supersede" and self.page is not None and value == self.page.joined_id:
            self.give_way(is_final=True)

    def give_way(self, *, is_final: bool = False) -> "asyncio.Future[None]":
        """End, because the page comes back on another connection; ``is_final``: not in this process. Done when its snapshot
        is saved."""
        self._outlet.close(CloseCode.POLICY, "resumed on another connection")
        return self.stop(is_final=is_final)

    def check_visitor(self) -> None:
        """Look at the visitor before anything else is done, and again before the next, as long as that fails."""
        self._check.want()
        self._agenda.check_due = True
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
        if self.stopped is not None:
            return None
        now = self._runtime.loop.time()
        item = self._agenda.next(self._outlet, self.page is not None and self.page.is_live, now)
        if item is None and (wait := self._agenda.wait(now)):
            if self._retry is not None:
                self._retry.cancel()
            self._retry = self._runtime.loop.call_later(wait, self._try_again, context=self._runtime.context)
        return item

    def _try_again(self) -> None:
        self._retry = None
        self.work()

    # Doing it

    async def _handle(self, item: Any) -> None:
        loop = self._runtime.loop
        self._started, self._ref, self._told, self._spent = loop.time(), getattr(item, "ref", 0), False, 0.0
        if self._ref and self._record is not None:
            self._record.write(self._ref)
        self._handler.has_yielded = False
        try:
            if type(item) is Join:
                await self._join(item)
            elif type(item) is effects.Save:
                await self._saving.follow(self._in_thread(self._pages.save, self.page), self._started)
            elif self.page is not None and self.page.is_live:
                allowed = await self._is_allowed(at_once=item is CHECK)
                if allowed is None:
                    await self._put_off(item)
                elif allowed and item is not CHECK:
                    await (self._traced(item) if tracing.is_on() else self._drive(item))
        finally:
            self._started = 0.0
            if type(item) is inputs.TaskDone:
                self._tasks.pop(item.id, None)
        if self._ref:
            counters.event(self._spent)
        if self._spent > settings.slow_event:
            slow_logger.warning("%s took %.2f s.", described(item, self.page), self._spent)

    async def _join(self, message: Join) -> None:
        assert self._scope is not None
        scope, self._scope = self._scope, None
        page, visitor = await self._in_thread(self._pages.open, scope)
        if visitor:
            if not self._runtime.admit(visitor):
                self._outlet.close(CloseCode.TRY_LATER, "too many connections")
                return
            self.visitor = visitor
        if message.resume is not None and await self._in_thread(self._pages.owns, page, message):
            await take_over(message.resume[0], self, self._runtime, self._pages)
        if self.stopped is not None:
            return
        self.page = page
        await self._drive(message)
        if page.is_live and self.stopped is None:
            self._context.run(settle, page)
            self._runtime.pages[page.joined_id] = self
            self._record = begun.open_record(page.joined_id, page.begun)
            self._runtime.away.bring_back(page, self, self._tasks)

    async def _is_allowed(self, at_once: bool) -> bool | None:
        """Whether the visitor is still who they were; None when that cannot be found out at the moment."""
        now = self._runtime.loop.time()
        if not at_once and not self._check.is_due(now):
            return True
        try:
            allowed: bool = await self._in_thread(self._pages.is_allowed, self.page)
        except Exception:
            self._check.failed()
            return None
        self._check.passed(now)
        await self._drive(inputs.Revalidated(allowed))
        return allowed

    async def _put_off(self, item: Any) -> None:
        """The visitor cannot be checked now. Who has clicked is told; what the server itself has to say waits."""
        if self._ref:
            reason = Refused(ErrorCode.FAILED, notices.put_off(self.page))
            await self._drive(item if type(item) is inputs.Refusal else inputs.Refusal.of(item, reason))
        elif item is CHECK or type(item) in _SERVERS_OWN:
            self._agenda.put_back(item, self._runtime.loop.time() + self._check.pause)
        else:
            self.put(item, self._check.pause)

    async def _traced(self, message: Any) -> None:
        span = tracing.begin(described(message, self.page), self._context)
        try:
            await self._drive(message)
        finally:
            tracing.end(span, self._context)

    async def _drive(self, message: Any) -> None:
        page = self.page
        assert page is not None
        steps = page.receive(message)
        value, error = None, None
        try:
            while True:
                step, text, version, output, seconds = await self._in_thread(advance, page, steps, value, error)
                value, error = None, None
                self._spent += seconds
                if output:
                    self._apply(output)
                if text:
                    await self._outlet.send(text, version)
                if step is None:
                    return
                if type(step) is effects.Await:
                    started = self._runtime.loop.time()
                    value, error = await self._handler.run(step, self.visitor, self._context, page)
                    self._spent += self._runtime.loop.time() - started
                else:
                    error = self._handler.interrupt(self._runtime.loop.time() - self._started)
        finally:
            self._handler.release()
            if self._seat.is_taken:  # something failed between two steps: the generator ends in its thread
                await self._in_thread(steps.close)

    def _in_thread(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return self._runtime.events.run(self.visitor, self._context, function, *args, seat=self._seat)

    def look(self, now: float) -> None:
        """Check the running handler's time: an async one is cancelled, a thread cannot be, so its user is told. And the
        age of the snapshot."""
        self._saving.look(now)
        if not self._started or now - self._started < settings.handler_timeout:
            return
        if self._handler.is_running:
            self._handler.cancel()
        elif not self._told and self._ref:
            self._told = True
            text = "This takes longer than expected and still runs."
            message = protocol.encode(
                protocol.error(0, ErrorCode.TIMEOUT, text)
            )  # its outcome is told when there is one
            self._runtime.start(self._outlet.send(message))

    # What the page wants

    def _apply(self, output: list[effects.Output]) -> None:
        for each in output:
            if self.stopped is None:
                _APPLY[type(each)](self, each)
            elif type(each) is effects.Publish:
                self._publish(each)
            elif type(each) is effects.StartTask and self.page is not None:
                self.page.hold_task(each)

    def _postpone(self, output: effects.Postpone) -> None:
        again, pause = inputs.Again(output.input, output.times), pause_after(output.times)
        self._runtime.loop.call_later(pause, self.give, again, context=self._runtime.context)

    def _publish(self, output: effects.Publish) -> None:
        try:
            topics.publish_from(None if output.comes_back else self, output.topic, output.message)
        except TypeError:
            logger.exception("A message could not be published.")

    def _stop_timer(self, output: effects.StopTimer) -> None:
        self._timers.stop(output.id)
        self._agenda.drop_fired(output.id)

    def _fired(self, timer: str) -> None:
        self._agenda.add_fired(timer)
        self.work()

    def _start_task(self, output: effects.StartTask) -> None:
        self._tasks[output.id] = RunningTask(self, self._runtime, self.visitor, self._context, output)

    def _cancel_task(self, output: effects.CancelTask) -> None:
        if (task := self._tasks.pop(output.id, None)) is not None:
            task.cancel()

    async def take(self, result: Result) -> bool:
        """What a task gives. Waits while the page has too much of it already. False when the connection is gone."""
        while len(self._agenda.inputs) >= settings.queue_size and self.stopped is None:
            await self._agenda.wait_for_room()
        if self.stopped is None:
            self.take_now(result)
        return self.stopped is None

    def take_now(self, result: Result) -> None:
        """What a task gives, without waiting."""
        if result.id in self._tasks:
            self._agenda.add_result(result)
            self.work()

    def _save(self) -> None:
        self._agenda.save_due = True
        self.work()

    # The end

    def stop(self, grace: float | None = None, *, is_final: bool = False) -> asyncio.Future[None]:
        """End everything at once, except the handler that runs: it has the rest of its ``HANDLER_TIMEOUT``, but not more
        than ``grace`` seconds; and, unless the stop ``is_final`` or has a ``grace``, the page's tasks. The future is done
        when its snapshot is saved. May be called again."""
        now = self._runtime.loop.time()
        self._handler.end_by((self._started or now) + settings.handler_timeout)
        if grace is not None:
            self._handler.end_by(now + grace)
        if self.stopped is None:
            self.stopped = self._runtime.loop.create_future()
            self._runtime.hub.leave(self)
            self._saving.stop()
            if self._retry is not None:
                self._retry.cancel()
            self._timers.stop_all()
            if self.page is not None:
                self.page.is_cut = True
                tasks, self._tasks = self._tasks, {}
                self._runtime.away.keep(self.page, tasks, self._agenda.inputs, is_final or grace is not None)
            self._agenda.clear()
            self._runtime.start(self._finish())
        return self.stopped

    async def _finish(self) -> None:
        assert self.stopped is not None
        try:
            if self._worker is not None:
                await self._handler.see_out(self._worker, self._started)
            if self.page is not None and self.page.is_live:
                await self._in_thread(self._pages.close, self.page)
                if self._record is not None:
                    self._record.erase()
        except Exception:
            logger.exception("A page could not be closed properly.")
        finally:
            self._runtime.rates.forget(self)
            if self.visitor is not self:
                self._runtime.counter.leave(self.visitor)
            self._runtime.forget(self, self.page.joined_id if self.page is not None else "")
            self.stopped.set_result(None)


_SERVERS_OWN = frozenset(get_args(inputs.Input))

_APPLY: dict[type, Callable[[PageDriver, Any], None]] = {
    effects.Subscribe: lambda driver, output: driver._runtime.hub.subscribe(driver, output.topic, driver._started),
    effects.Unsubscribe: lambda driver, output: driver._runtime.hub.unsubscribe(driver, output.topic),
    effects.Publish: PageDriver._publish,
    effects.StartTimer: lambda driver, output: driver._timers.start(output),
    effects.StopTimer: PageDriver._stop_timer,
    effects.StartTask: PageDriver._start_task,
    effects.CancelTask: PageDriver._cancel_task,
    effects.Attach: lambda driver, output: driver._outlet.share(output),
    effects.Detach: lambda driver, output: driver._outlet.share(output),
    effects.Postpone: PageDriver._postpone,
    effects.Rendered: lambda driver, output: driver._outlet.share(output),
    effects.Save: lambda driver, output: driver._saving.save_soon(after_event=driver._ref > 0 or output.is_urgent),
    effects.Close: lambda driver, output: driver._outlet.close(output.code, output.reason),
}
