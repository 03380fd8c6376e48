"""A connection is cut while a handler works: the handler goes on, and what holds for it is what holds with a browser."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from livecomp import LiveComponent, event, publish, topics
from livecomp.runtime.process import Runtime
from livecomp.websocket import LiveWebSocket
from tests.driver import Driver
from tests.sockets import Socket, until

pytestmark = pytest.mark.django_db(transaction=True)


class Stage:
    """What a test and the handler share."""

    running = threading.Event()
    gate = threading.Event()
    seen: list[Any] = []

    @classmethod
    def wait(cls) -> None:
        cls.running.set()
        assert cls.gate.wait(10)


@pytest.fixture(autouse=True)
def stage() -> Iterator[None]:
    Stage.running.clear()
    Stage.gate.clear()
    Stage.seen.clear()
    yield
    Stage.gate.set()


def work(value: int) -> None:
    Stage.seen.append(value)


class CutHost(LiveComponent):
    name = "cut.host"
    template = "{% load livecomp %}<div>{{ n }} {% live_component 'cut.kid' n=n %} {{ boom }}</div>"
    n: int = 0
    fails: bool = False

    @property
    def boom(self) -> str:
        if self.fails:
            raise ValueError("the template")
        return ""

    @event
    def add(self, fails: bool = True) -> None:
        self.n += 5
        self.fails = fails
        Stage.wait()

    @event
    def tell(self) -> None:
        self.fails = True
        Stage.wait()
        publish("cut.heard", 1)

    @event
    def hear(self) -> None:
        self.fails = True
        Stage.wait()
        self.subscribe("cut.heard")
        self.join_presence("cut.people", {})
        self.send_after(60, "add")
        self.start_task(work, 1)


class CutKid(LiveComponent):
    name = "cut.kid"
    template = "<p>{{ total }}</p>"
    total: int = 0

    def mount(self, n: int) -> None:
        pass

    def updated(self, n: int) -> None:
        self.total += n


class CutOpener(LiveComponent):
    name = "cut.opener"
    template = "{% load livecomp %}<div>{{ is_open }}{% if is_open %}{% live_component 'cut.broken' %}{% endif %}</div>"
    is_open: bool = False

    @event
    def open(self) -> None:
        self.is_open = True
        Stage.wait()


class CutBroken(LiveComponent):
    name = "cut.broken"
    template = "<p></p>"

    def mount(self) -> None:
        raise ValueError("mount")


class CutStarter(LiveComponent):
    name = "cut.starter"
    template = "<p>{{ n }}</p>"
    n: int = 0

    @event
    def start(self) -> None:
        self.n = 1
        Stage.wait()
        self.start_task(work, 7)

    @event
    def start_what_cannot_be_saved(self) -> None:
        self.n = 1
        Stage.wait()
        self.start_task(lambda: None)


class CutLater(LiveComponent):
    """What nobody sends again: a timer, and the result of a task."""

    name = "cut.later"
    template = "<p>{{ n }} {{ text }}</p>"
    n: int = 0
    text: str = ""

    @event
    def start(self, call: str) -> None:
        if call == "timer":
            self.send_after(0.0, "later", by=3)
        elif call == "generator":
            self.send_after(0.0, "in_steps")
        else:
            self.start_task(work if call == "then" else fail, 5, then="done", failed="failed")

    async def later(self, by: int) -> None:
        await self.wait_once()
        self.n += by

    async def done(self, value: None) -> None:
        self.text = "half"
        await self.wait_once()
        self.text = f"done {value}"

    async def failed(self, error: Exception) -> None:
        await self.wait_once()
        self.text = f"failed {error}"

    def in_steps(self) -> Iterator[None]:
        self.n += 1
        Stage.wait()
        yield
        self.n += 1

    async def wait_once(self) -> None:
        if not Stage.running.is_set():
            Stage.running.set()
            await asyncio.sleep(60)


def fail(value: int) -> None:
    raise ValueError(value)


class Tab:
    """One browser tab, whose connection is cut and which comes back."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def start(self) -> None:
        self.token = (await asyncio.to_thread(Driver, self.name)).token
        self.socket, self.joined = await self._join(None, 0, 0)

    async def _join(self, resume: Any, heard: int, sent: int) -> tuple[Socket, list[Any]]:
        socket = Socket(LiveWebSocket())
        await socket.connect(5)
        await socket.write("join", 1, [self.token], resume, "/", heard, sent)
        return socket, await socket.read_until("joined")

    async def cut_during(self, event: str, **args: Any) -> list[Any]:
        """Call an event, cut the connection while its handler works, and come back. Gives what the join says."""
        await self.socket.event(event, **args)
        await until(Stage.running.is_set)
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1006})
        page = self.page
        await until(lambda: page.is_cut)
        Stage.gate.set()
        await self.socket.leave()
        self.socket, joined = await self._join(self.joined[1:3], 0, 1)
        return joined

    async def stop_during(self, event: str, **args: Any) -> None:
        """Call an event, and have the server stop while a method works; come back."""
        await self.socket.event(event, **args)
        await until(Stage.running.is_set)
        [driver] = Runtime.current().pages.values()
        stopped = driver.stop(0.0)
        await until(lambda: driver._handler._must_end)
        Stage.gate.set()
        await stopped
        await self.socket.leave()
        self.socket, _ = await self._join(self.joined[1:3], 1, 1)

    @property
    def page(self) -> Any:
        """The page as it is now."""
        [page] = _pages()
        return page

    def component(self, id: str = "c0") -> Any:
        return self.page.tree[id].component


def _pages() -> list[Any]:
    return [driver.page for driver in Runtime.current().pages.values()]


async def tab(name: str) -> Tab:
    opened = Tab(name)
    await opened.start()
    return opened


async def test_t125_a_cut_keeps_nothing_of_an_event_whose_template_failed(caplog: pytest.LogCaptureFixture) -> None:
    opened = await tab("cut.host")
    joined = await opened.cut_during("add")
    assert opened.component().n == opened.component("c1").total == 0
    assert [error[:3] for error in joined[6]] == [["error", 1, "failed"]]
    await opened.socket.leave()
    caplog.clear()


async def test_a_cut_keeps_all_of_an_event_that_succeeded() -> None:
    opened = await tab("cut.host")
    joined = await opened.cut_during("add", fails=False)
    assert opened.component().n == opened.component("c1").total == 5
    assert joined[3] == 1
    await opened.socket.leave()


async def test_what_a_child_raises_when_it_is_mounted_stays_in_its_place_during_a_cut_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    opened = await tab("cut.opener")
    joined = await opened.cut_during("open")
    assert opened.component().is_open
    assert len(joined) < 7 or joined[6] == []
    assert [each.broken for each in opened.page.tree.values()] == ["", "mount"]
    await opened.socket.leave()
    caplog.clear()


async def test_t125_what_a_failed_event_publishes_during_a_cut_is_not_heard(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Any] = []

    class Listener:
        def deliver_soon(self, topic: str, messages: list[Any], origin: object) -> None:
            heard.append(topic)

        def control_soon(self, kind: str, value: Any) -> None:
            pass

    opened = await tab("cut.host")
    listener: Any = Listener()
    topics.add_listener(listener)
    await opened.cut_during("tell")
    topics.remove_listener(listener)
    assert "cut.heard" not in heard
    await opened.socket.leave()
    caplog.clear()


async def test_t125_a_cut_leaves_no_timer_topic_task_or_presence_of_a_failed_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    opened = await tab("cut.host")
    await opened.cut_during("hear")
    mounted = opened.page.tree["c0"]
    assert not (mounted.later)
    assert not (mounted.wanted)
    assert not (mounted.joined)
    assert not (mounted.tasks)
    assert not (mounted.waiting)
    assert not (Stage.seen)
    await opened.socket.leave()
    caplog.clear()


async def test_a_task_that_could_not_begin_before_the_cut_begins_when_the_page_is_back() -> None:
    opened = await tab("cut.starter")
    await opened.cut_during("start")
    await until(lambda: Stage.seen == [7])
    assert opened.component().n == 1
    await opened.socket.leave()


@pytest.mark.parametrize(("call", "text"), [("timer", "3 "), ("then", "0 done None"), ("failed", "0 failed 5")])
async def test_t121_what_nobody_sends_again_is_called_again_when_it_was_cut_short(call: str, text: str) -> None:
    opened = await tab("cut.later")
    await opened.stop_during("start", call=call)
    await until(lambda: f"{opened.component().n} {opened.component().text}" == text)
    await opened.socket.leave()


async def test_a_generator_that_nobody_sends_again_is_not_begun_twice(caplog: pytest.LogCaptureFixture) -> None:
    opened = await tab("cut.later")
    await opened.stop_during("start", call="generator")
    assert (opened.component().n, opened.page.tree["c0"].later) == (1, {})
    assert "cut.later.in_steps: the page was closed" in caplog.text
    await opened.socket.leave()
    caplog.clear()


async def test_a_task_that_cannot_wait_for_the_next_connection_does_not_take_the_state_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    opened = await tab("cut.starter")
    await opened.cut_during("start_what_cannot_be_saved")
    assert opened.component().n == 1
    assert "CutStarter.start_task" in caplog.text
    await opened.socket.leave()
    caplog.clear()
