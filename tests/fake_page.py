"""A page without components, for tests of what is around pages: every event is a method of this file."""

import threading
import time
from collections.abc import Generator, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone, translation

from livecomp import calling, inputs, protocol
from livecomp.constants import CloseCode, ErrorCode
from livecomp.effects import (
    Await,
    Close,
    Flush,
    Output,
    Publish,
    Save,
    Send,
    StartTask,
    StartTimer,
    Step,
    StopTimer,
    Subscribe,
    Unsubscribe,
)
from livecomp.runtime.pages import Pages
from livecomp.topics import publish_now


class FakePage:
    """Counts, and does what a test's events ask for."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.tree: dict[str, Any] = {}  # no components
        self.scope = scope
        self.request = HttpRequest()
        self.id = "page"
        self.is_live = self.is_cut = False
        self.calling = calling.Calling(self)
        self.language, self.timezone = "de", "Asia/Tokyo"
        self.count = 0
        self.own_calls = 0
        self.version = 0
        self.ack = self.begun = 0
        self.running = 0  # handlers at this moment: more than one is an error
        self.overlapped = False
        self.threads: set[str] = set()
        self.seen: list[Any] = []
        self.gate = threading.Event()
        self.closed = False
        self._outbox: list[Output] = []

    @property
    def joined_id(self) -> str:
        return self.id

    path = "/"

    # What a driver calls

    def receive(self, message: Any) -> Generator[Step, Any, None]:
        name = type(message).__name__.lower()
        if name == "event":
            return self._event(message)
        return getattr(self, f"_{name}")(message)

    def advance(self, steps: Any, value: Any = None, error: BaseException | None = None) -> Step | None:
        self.threads.add(threading.current_thread().name)
        calling.current.set(self.calling)
        self.running += 1
        self.overlapped |= self.running > 1
        try:
            return steps.throw(error) if error is not None else steps.send(value)
        except StopIteration:
            return None
        finally:
            self.running -= 1
            calling.current.set(None)

    def take_output(self) -> list[Output]:
        output, self._outbox = self._outbox, []
        return output

    def close(self) -> None:
        self.is_live = False
        self.closed = True

    def hold_task(self, output: StartTask) -> None:
        self.seen.append(("held", output.id))

    def publish(self, topic: str, message: Any) -> None:
        self.output(Publish(topic, message))

    def output(self, output: Output) -> None:
        self._outbox.append(output)

    def render(self, html: str = "") -> None:
        self.version += 1
        self.output(Send(protocol.patch(self.version, self.ack, [("c0.0", html or str(self.count))], [])))

    # Messages

    def _join(self, message: protocol.Join) -> Generator[Step, Any, None]:
        yield from ()
        if "bad" in message.tokens:
            return self.output(Close(CloseCode.VERSION_CHANGED, "out of date"))
        self.is_live = True
        self.id = message.tokens[0]
        self.version = message.resume[1] if message.resume else 0
        self.output(Send(protocol.joined(self.id, self.version, self.ack, [], [])))
        return None

    def _event(self, message: protocol.Event) -> Generator[Step, Any, None]:
        if message.ref <= self.ack:
            return self.output(Send(protocol.ack(self.ack, [])))
        handler = getattr(self, f"on_{message.name}", None)
        if handler is None:
            self.ack = message.ref
            return self.output(Send(protocol.error(message.ref, ErrorCode.UNKNOWN_EVENT, "no such event")))
        before = self.count
        try:
            yield from handler(**message.args) or ()
        except Exception as error:
            self.output(Send(protocol.error(message.ref, ErrorCode.FAILED, f"{type(error).__name__}: {error}")))
        self.ack = message.ref
        if self.count != before:
            self.render()
        else:
            self.output(Send(protocol.ack(self.ack, [])))
        self.output(Save())
        return None

    def _refusal(self, message: inputs.Refusal) -> Generator[Step, Any, None]:
        yield from ()
        self.ack = message.ref
        self.output(Send(protocol.error(message.ref, message.reason.code, str(message.reason))))

    def _unreadable(self, message: protocol.Unreadable) -> Generator[Step, Any, None]:
        yield from ()
        self.ack = message.ref
        error = protocol.error(message.ref, message.code, message.reason, message.component, message.field)
        self.output(Send(error))

    def _topicmessages(self, message: inputs.TopicMessages) -> Generator[Step, Any, None]:
        yield from ()
        self.seen.append(dict(message.messages))
        self.render(repr(self.seen[-1]))

    def _timerfired(self, message: inputs.TimerFired) -> Generator[Step, Any, None]:
        yield from ()
        self.seen.append(message.id)
        self.render(message.id)

    def _taskprogress(self, message: inputs.TaskProgress) -> Generator[Step, Any, None]:
        yield from ()
        self.render(f"progress {message.value}")

    def _taskdone(self, message: inputs.TaskDone) -> Generator[Step, Any, None]:
        yield from ()
        self.render(f"done {message.error!r}" if message.error else f"done {message.value}")

    def _revalidated(self, message: inputs.Revalidated) -> Generator[Step, Any, None]:
        yield from ()
        self.output(Close(CloseCode.SIGNED_OUT, "signed out"))

    def _render(self, message: protocol.Render) -> Generator[Step, Any, None]:
        yield from ()
        self.render("whole")

    # Events

    def on_add(self, by: int = 1) -> None:
        self.count += by

    def on_nothing(self) -> None:
        pass

    def on_fail(self) -> None:
        raise ValueError("broken")

    def on_exit(self) -> None:
        raise SystemExit(3)

    def on_double(self) -> None:
        """Reads, waits, writes: two of these at once would lose one."""
        count = self.count
        time.sleep(0.002)
        self.count = count + 1

    def on_hold(self) -> None:
        """Runs until the test opens the gate."""
        self.seen.append("holding")
        self.gate.wait(30)
        self.seen.append(("cut", self.is_cut))
        self.count += 1

    def on_wait(self, seconds: float = 30.0) -> Generator[Step, Any, None]:
        import asyncio

        self.seen.append("waiting")
        try:
            yield Await(asyncio.sleep(seconds))
        finally:
            self.seen.append("waited")
        self.count += 1

    def on_where(self) -> Generator[Step, Any, None]:
        async def where() -> tuple[str | None, str]:
            return translation.get_language(), timezone.get_current_timezone_name()

        self.seen.append((yield Await(where())))

    def on_exit_later(self) -> Generator[Step, Any, None]:
        async def leave() -> None:
            raise SystemExit(3)

        yield Await(leave())

    def on_steps(self) -> Generator[Step, Any, None]:
        for _ in range(2):
            self.count += 1
            self.render()
            yield Flush()
        self.count += 1

    def on_subscribe(self, topic: str) -> None:
        self.output(Subscribe(topic))

    def on_unsubscribe(self, topic: str) -> None:
        self.output(Unsubscribe(topic))

    def on_publish(self, topic: str, message: Any = None) -> None:
        self.output(Publish(topic, message))

    def on_publish_plain(self, topic: str) -> None:
        from livecomp import publish

        publish(topic)

    def on_publish_now(self, topic: str) -> None:
        publish_now(topic)

    def on_timer(self, seconds: float, repeat: bool = False, id: str = "timer") -> None:
        self.output(StartTimer(id, seconds, repeat))

    def on_stop_timer(self, id: str = "timer") -> None:
        self.output(StopTimer(id))

    def on_task(self, kind: str) -> None:
        self.output(StartTask("task", getattr(self, f"task_{kind}")))

    def on_big(self, size: int) -> None:
        self.render("x" * size)

    # Tasks

    def task_plain(self) -> str:
        return "result"

    def task_failing(self) -> str:
        raise ValueError("broken")

    def task_generator(self) -> Generator[int, None, str]:
        yield 1
        yield 2
        return "result"

    def task_endless(self) -> Generator[int, None, None]:
        number = 0
        try:
            while True:
                number += 1
                yield number
        finally:
            self.seen.append("ended")

    async def task_coroutine(self) -> str:
        import asyncio

        try:
            await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            self.seen.append("cancelled")
            raise
        return "result"

    async def task_forever(self) -> None:
        import asyncio

        try:
            await asyncio.sleep(60)
        finally:
            self.seen.append("ended")


class FakePages(Pages):
    """Gives fake pages, and remembers them."""

    def __init__(self) -> None:
        self.opened: list[FakePage] = []
        self.saved: list[FakePage] = []
        self.closed: list[FakePage] = []
        self.visitor = ""
        self.allowed = True
        self.held = True
        self.database_is_up = True

    def open(self, scope: Mapping[str, Any]) -> Any:
        page = FakePage(scope)
        self.opened.append(page)
        return page, self.visitor

    def owns(self, page: Any, join: protocol.Join) -> bool:
        return join.resume is not None and join.tokens[0] == join.resume[0]

    def is_allowed(self, page: Any) -> bool:
        if not self.database_is_up:
            raise ConnectionError("no database")
        return self.allowed

    def look_at(self, joined_id: str) -> tuple[bool, bool]:
        return any(page.id == joined_id for page in self.closed), self.held

    def save(self, page: Any) -> None:
        self.saved.append(page)

    def close(self, page: Any) -> None:
        self.closed.append(page)
        page.close()
