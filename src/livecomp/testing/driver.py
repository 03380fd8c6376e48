"""The second driver of `LivePage`: synchronous, in the calling thread, with a clock that only tests move."""

from __future__ import annotations

import contextvars
import heapq
import inspect
import itertools
import json
from asyncio import CancelledError
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async

from livecomp import auth, calling, inputs, progress, protocol, signout, topics
from livecomp.conf import settings
from livecomp.effects import (
    Attach,
    Await,
    CancelTask,
    Close,
    Detach,
    Output,
    Postpone,
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
from livecomp.exceptions import TaskLost
from livecomp.page import LivePage, Steps

POSTPONED = 1.0  # seconds until a page gets again what it could not handle

Message = list[Any]
"""A message of the server as the browser gets it: decoded JSON."""


class Clock:
    """Timers in the order in which they are due. `now` is in seconds and starts at 0."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, str, float | None, Callable[[], None]]] = []
        self._order = itertools.count()

    def start(self, name: str, seconds: float, fire: Callable[[], None], *, repeat: bool = False) -> None:
        """Calls `fire` after `seconds`, once or again and again. A timer of the same name is replaced."""
        self.stop(name)
        heapq.heappush(self._due, (self.now + seconds, next(self._order), name, seconds if repeat else None, fire))

    def stop(self, name: str) -> None:
        """Forgets the timer."""
        self._due = [timer for timer in self._due if timer[2] != name]
        heapq.heapify(self._due)

    def stop_all(self) -> None:
        """Forgets every timer."""
        self._due.clear()

    @property
    def names(self) -> list[str]:
        """The timers that are set, the next one first."""
        return [name for _, _, name, _, _ in sorted(self._due, key=lambda timer: timer[:2])]

    @property
    def next_due(self) -> float:
        """When the next timer is due. Raises AssertionError when none is set."""
        if not self._due:
            raise AssertionError("No timer is set, so there is no next one: give tick() a number of seconds.")
        return self._due[0][0]

    def fire_next(self, until: float) -> bool:
        """Moves on to the next timer that is due up to `until`, and fires it. Without one, moves on to `until`."""
        if not self._due or self._due[0][0] > until:
            self.now = max(self.now, until)
            return False
        due, _, name, every, fire = heapq.heappop(self._due)
        self.now = max(self.now, due)
        if every is not None:
            heapq.heappush(self._due, (due + every, next(self._order), name, every, fire))
        fire()
        return True


@dataclass(frozen=True)
class Closed:
    """The server closed the connection."""

    code: int
    reason: str


class PageDriver:
    """Drives one `LivePage`.

    `receive` gets every message that it sends, after a trip through the wire's encoding. `turn` runs what a timer
    does when it is the page's turn.
    """

    def __init__(
        self,
        page: LivePage,
        clock: Clock,
        receive: Callable[[Message], None],
        turn: Callable[[Callable[[], None]], None],
    ) -> None:
        self.page = page
        self.clock = clock
        self.receive = receive
        self.turn = turn
        self.topics: set[str] = set()
        self.timers: set[str] = set()
        self.tasks: dict[str, Callable[[], Any]] = {}
        self.away: dict[str, Callable[[], Any]] = {}
        """Tasks of the page's connection before this one, or, when it is closed, for the one after it."""
        self.updates: list[inputs.TaskUpdate] = []
        self.rendered: Rendered | None = None
        self.marked: dict[str, list[Any]] = {}
        self._postponed = itertools.count()
        self.closed: Closed | None = None
        self._must_revalidate = self._has_ended = False
        self._checked = clock.now
        self.task_error: BaseException | None = None
        self._context = contextvars.Context()

    def give(self, message: protocol.Message | inputs.Input) -> None:
        """Lets the page handle a message, and carries out all that it asks for.

        The visitor is looked at afresh before, when `REVALIDATE_SESSION` seconds have gone by since the last time.
        """
        if self.clock.now - self._checked < settings.revalidate_session or self._revalidate():
            self._context.run(self._drive, message)
        if type(message) is protocol.Join and self.page.is_live:
            self._bring_tasks_back()

    def _bring_tasks_back(self) -> None:
        for mounted in list(self.page.tree.values()):
            begins_later = {id for id, *_ in mounted.waiting}
            for id in mounted.tasks.keys() - self.tasks.keys() - begins_later:
                if id in self.away:
                    self.tasks[id] = self.away[id]
                else:
                    self._context.run(self._drive, inputs.TaskDone(id, error=TaskLost()))
        self.away = {}

    def give_frame(self, frame: str) -> None:
        """A frame from the wire. Raises `livecomp.exceptions.ProtocolError` when it is malformed."""
        for message in protocol.decode(frame):
            self.give(message)

    def mark(self, topic: str, messages: list[Any]) -> None:
        """Messages of a topic have come, for `deliver`."""
        self.marked.setdefault(topic, []).extend(messages)

    def control(self, kind: str, value: Any) -> None:
        """Word to all connections: the session of these visitors has ended, or they are to be revalidated."""
        if kind not in (signout.ENDED, signout.REVALIDATE):
            return
        request = self.page.request
        if auth.visitor_key(request) in value or auth.has_session_of(request, value):
            self._has_ended = self._has_ended or kind == signout.ENDED
            self._must_revalidate = True

    @property
    def has_news(self) -> bool:
        """Whether there is something to `deliver`."""
        return bool(self.marked) or self._must_revalidate

    def deliver(self) -> None:
        """Gives the page what was marked."""
        if self._must_revalidate and not self._revalidate():
            return
        marked, self.marked = self.marked, {}
        if marked:
            self.give(inputs.TopicMessages(marked))

    def _revalidate(self) -> bool:
        self._must_revalidate, self._checked = False, self.clock.now
        allowed = not self._has_ended and auth.revalidate(self.page.request)
        self._context.run(self._drive, inputs.Revalidated(allowed))
        return allowed

    def close(self) -> None:
        """The connection is gone. Nothing of the page may go on after it, but its tasks wait for it to come back."""
        self.away = dict(self.tasks)
        self.page.close()
        self._apply_output()

    # -- one message -------------------------------------------------------------------------

    def _drive(self, message: protocol.Message | inputs.Input) -> None:
        steps = self.page.receive(message)
        step = self.page.advance(steps)
        while step is not None and not isinstance(step, Await):
            self._apply_output()
            step = self.page.advance(steps)
        if step is not None:
            async_to_sync(self._drive_async)(steps, step)
        self._apply_output()

    async def _drive_async(self, steps: Steps[None], first: Step) -> None:
        """From the first await on there is an event loop; everything synchronous still runs in the test's thread."""
        step: Step | None = first
        while step is not None:
            value: Any = None
            error: Exception | None = None
            if isinstance(step, Await):
                try:
                    value = await step.awaitable
                except CancelledError:  # as on a server
                    error = RuntimeError("what the handler waited for was cancelled")
                except Exception as raised:
                    error = raised
            else:
                await sync_to_async(self._apply_output)()
            step = await sync_to_async(self.page.advance)(steps, value, error)

    def _apply_output(self) -> None:
        for output in self.page.take_output():
            _APPLY[type(output)](self, output)

    # -- what the page asks for --------------------------------------------------------------

    def _send(self, output: Send) -> None:
        frame = protocol.encode(output.message)
        self.receive(json.loads(frame))

    def _subscribe(self, output: Subscribe) -> None:
        self.topics.add(output.topic)

    def _unsubscribe(self, output: Unsubscribe) -> None:
        self.topics.discard(output.topic)
        self.marked.pop(output.topic, None)

    def _publish(self, output: Publish) -> None:
        topics.publish_from(None if output.comes_back else self, output.topic, output.message)

    def _start_timer(self, output: StartTimer) -> None:
        def fire() -> None:
            if not output.repeat:
                self.timers.discard(output.id)
            self.turn(lambda: self.give(inputs.TimerFired(output.id)))

        self.timers.add(output.id)
        self.clock.start(output.id, output.seconds, fire, repeat=output.repeat)

    def _stop_timer(self, output: StopTimer) -> None:
        self.timers.discard(output.id)
        self.clock.stop(output.id)

    def _start_task(self, output: StartTask) -> None:
        self.tasks[output.id] = output.call

    def _cancel_task(self, output: CancelTask) -> None:
        self.tasks.pop(output.id, None)

    def _attach(self, output: Attach) -> None:
        from livecomp.testing import shared

        shared.attach(self, output)

    def _detach(self, output: Detach) -> None:
        from livecomp.testing import shared

        shared.detach(self, output.id)

    def _rendered(self, output: Rendered) -> None:
        self.rendered = output

    def _postpone(self, output: Postpone) -> None:
        self.clock.start(
            f"postponed:{next(self._postponed)}",
            POSTPONED,
            lambda: self.turn(lambda: self.give(inputs.Again(output.input, output.times))),
        )

    def _save(self, output: Save) -> None:
        """The snapshot is taken when the page is disconnected: a test has no other moment to lose it."""

    def _close(self, output: Close) -> None:
        self.closed = Closed(int(output.code), output.reason)

    # -- tasks -------------------------------------------------------------------------------

    def run_task(self) -> bool:
        """Runs the task that was started first, from beginning to end. False when there is none."""
        for task, call in self.tasks.items():
            value: Any = None
            error: BaseException | None = None
            try:
                value = self._run(task, call)
            except CancelledError as raised:
                if task not in self.tasks:
                    return True
                error = self.task_error = raised  # nobody cancelled the task: it was raised in it
            except Exception as raised:
                error = raised
                self.task_error = raised
            self._tell_updates()
            if self.tasks.pop(task, None) is not None:
                self._tell(inputs.TaskDone(task, value, error))
            return True
        return False

    def _run(self, task: str, call: Callable[[], Any]) -> Any:
        context = contextvars.copy_context()
        context.run(progress.current.set, partial(self._update, task))
        context.run(calling.current.set, None)  # it runs beside the page, not in one of its turns
        self.page.is_driven = True
        try:
            return context.run(self._run_here, task, call)
        finally:
            self.page.is_driven = False

    def _update(self, task: str, component: str, values: dict[str, Any]) -> None:
        if task not in self.tasks:
            raise CancelledError
        self.updates.append(inputs.TaskUpdate(task, component, values))
        if topics.running_loop() is None:  # otherwise the coroutine comes to its next yield, or end, first
            self._tell_updates()

    def _tell_updates(self) -> None:
        updates, self.updates = self.updates, []
        for update in updates:
            self._tell(update)

    def _run_here(self, task: str, call: Callable[[], Any]) -> Any:
        result = call()
        if inspect.isawaitable(result):
            return async_to_sync(_result_of)(result)
        if inspect.isasyncgen(result):
            return async_to_sync(self._collect)(task, result)
        if not inspect.isgenerator(result):
            return result
        while task in self.tasks:
            try:
                given = next(result)
            except StopIteration as end:
                return end.value
            self._tell(inputs.TaskProgress(task, given))
        result.close()
        return None

    def _tell(self, message: inputs.Input) -> None:
        self.turn(lambda: self.give(message))

    async def _collect(self, task: str, result: AsyncIterator[Any]) -> None:
        async for given in result:
            if task not in self.tasks:
                return
            await sync_to_async(self._tell_updates)()
            await sync_to_async(self._tell)(inputs.TaskProgress(task, given))


_APPLY: dict[type[Output], Callable[[PageDriver, Any], None]] = {
    Send: PageDriver._send,
    Subscribe: PageDriver._subscribe,
    Unsubscribe: PageDriver._unsubscribe,
    Publish: PageDriver._publish,
    StartTimer: PageDriver._start_timer,
    StopTimer: PageDriver._stop_timer,
    StartTask: PageDriver._start_task,
    CancelTask: PageDriver._cancel_task,
    Attach: PageDriver._attach,
    Detach: PageDriver._detach,
    Rendered: PageDriver._rendered,
    Postpone: PageDriver._postpone,
    Save: PageDriver._save,
    Close: PageDriver._close,
}


async def _result_of(awaitable: Any) -> Any:
    return await awaitable
