"""Background tasks of a page: functions, generators and coroutines, their progress, their end."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone, translation

from livecomp import LiveComponent, event
from livecomp.runtime.process import Runtime
from livecomp.testing import LiveClient
from livecomp.websocket import LiveWebSocket
from tests.driver import Driver
from tests.sockets import Socket, until
from tests.testapp.models import Note

pytestmark = pytest.mark.django_db(transaction=True)


class Stage:
    """What a test and the task it watches share."""

    gate = threading.Event()
    seen: list[str] = []


@pytest.fixture(autouse=True)
def stage() -> Iterator[type[Stage]]:
    Stage.gate.clear()
    Stage.seen.clear()
    yield Stage
    Stage.gate.set()


class Job(LiveComponent):
    template = "<p>{{ progress }} {{ result }} {{ note }}</p>"
    progress: int = 0
    result: str = ""
    note: str = ""

    def mount(self, at_once: str = "") -> None:
        if at_once:
            self.start(at_once)

    @event
    def start(self, kind: str) -> None:
        self.start_task(getattr(self, f"work_{kind}"), 3, then="done", progress="step", failed="failed")

    @event
    def start_quietly(self, kind: str) -> None:
        self.start_task(getattr(self, f"work_{kind}"), 3)

    @event
    def stop(self) -> None:
        for task in list(self._live.tasks):
            self.cancel_task(task)

    @event
    def remark(self, text: str) -> None:
        self.note = text

    def step(self, value: int) -> None:
        self.progress = value

    def done(self, value: Any) -> None:
        self.result = f"done {value}"

    def failed(self, error: BaseException) -> None:
        self.result = f"failed {str(error) or type(error).__name__}"

    def work_function(self, steps: int) -> int:
        for step in range(1, steps + 1):
            self.update(progress=step, note=f"step {step}")
        return Note.objects.count()

    def work_generator(self, steps: int) -> Iterator[int]:
        yield from range(1, steps + 1)
        return "all"

    async def work_coroutine(self, steps: int) -> int:
        self.update(note="begun")
        for step in range(1, steps + 1):
            await asyncio.sleep(0)
            self.update(progress=step)
        return await Note.objects.acount()

    async def work_async_generator(self, steps: int) -> AsyncIterator[int]:
        for step in range(1, steps + 1):
            yield step
            await asyncio.sleep(0)

    async def work_threads(self, steps: int) -> str:
        await sync_to_async(self.update)(progress=steps)
        return "threads"

    def work_failing(self, steps: int) -> None:
        raise ValueError("broken")

    def work_cancelled_function(self, steps: int) -> None:
        raise asyncio.CancelledError

    async def work_cancelled(self, steps: int) -> None:
        inner = asyncio.ensure_future(asyncio.sleep(60))
        inner.cancel()
        await inner

    async def work_cancelled_between(self, steps: int) -> AsyncIterator[int]:
        yield 1
        await self.work_cancelled(steps)

    @event
    async def wait_for_the_cancelled(self) -> None:
        await self.work_cancelled(0)

    def work_setting(self, steps: int) -> None:
        self.progress = steps

    def work_nonsense(self, steps: int) -> None:
        self.update(nonsense=steps)

    def work_german(self, steps: int) -> str | None:
        return translation.get_language()

    async def work_async_german(self, steps: int) -> str | None:
        return translation.get_language()

    def work_long(self, steps: int) -> None:
        self.update(note="waiting")
        Stage.gate.wait(10)
        try:
            self.update(note="never")
        except BaseException as error:
            Stage.seen.append(type(error).__name__)
            raise

    def work_busy(self, steps: int) -> str:
        for step in range(2000):
            self.update(progress=step)
        return "busy"

    async def work_endless(self, steps: int) -> None:
        try:
            while True:
                self.update(progress=self.progress)
                await asyncio.sleep(0.001)
        finally:
            Stage.seen.append("ended")


SUCCEEDING = [
    ("function", "3 done 0 step 3"),
    ("generator", "3 done all"),
    ("coroutine", "3 done 0 begun"),
    ("async_generator", "3 done None"),
    ("threads", "3 done threads"),
]


CANCELLED = ["cancelled", "cancelled_between", "cancelled_function"]  # by something that they started themselves


# In tests


@pytest.mark.parametrize(("kind", "text"), SUCCEEDING)
def test_progress_and_result_come_to_the_component(live: LiveClient, kind: str, text: str) -> None:
    page = live.mount("job")
    page.call("start", kind=kind)
    assert page.text == text


def test_progress_is_rendered_step_by_step(live: LiveClient) -> None:
    page = live.mount("job")
    page.call("start", kind="function")
    shown = [html for message in page.received if message[0] == "patch" for _, html in message[3]]
    assert shown == [">1  step 1", ">2  step 2", ">3  step 3", ">3 done 0 step 3"]


def test_a_failure_comes_to_the_component(live: LiveClient) -> None:
    page = live.mount("job")
    page.call("start", kind="failing")
    assert page.text == "0 failed broken"


@pytest.mark.parametrize("kind", CANCELLED)
def test_a_task_whose_own_work_was_cancelled_has_failed(live: LiveClient, kind: str) -> None:
    page = live.mount("job")
    assert page.call("start", kind=kind).text.endswith("failed CancelledError")


def test_a_handler_whose_own_work_was_cancelled_has_failed(live: LiveClient) -> None:
    page = live.mount("job")
    with pytest.raises(RuntimeError, match="was cancelled"):
        page.call("wait_for_the_cancelled")


def test_a_failure_that_nobody_takes_is_logged(live: LiveClient, caplog: pytest.LogCaptureFixture) -> None:
    page = live.mount("job")
    with pytest.raises(ValueError, match="broken"):
        page.call("start_quietly", kind="failing")
    assert "job.task failed" in caplog.text
    caplog.clear()


@pytest.mark.parametrize(
    ("kind", "message"),
    [("setting", r"Write self.update\(progress=…\)"), ("nonsense", "no field 'nonsense'")],
)
def test_a_task_that_sets_fields_is_told_how(live: LiveClient, kind: str, message: str) -> None:
    page = live.mount("job")
    page.call("start", kind=kind)
    assert re.search(message, page.text)


def test_a_cancelled_task_says_nothing_more(live: LiveClient) -> None:
    page = live.mount("job")
    page.holds_tasks = True
    page.call("start", kind="generator")
    page.call("stop")
    page.run_tasks()
    assert page.text == "0"


def test_update_in_a_handler_sets_the_fields(live: LiveClient) -> None:
    page = live.mount("job")
    page.component().update(note="here")
    assert page.component().note == "here"
    page.call("remark", text="there")
    assert page.text == "0 there"


def test_a_task_of_mount_begins_when_the_page_is_connected(live: LiveClient) -> None:
    driver = Driver("job", at_once="generator")
    assert "<p " in driver.html
    assert ">0 " in driver.html
    page = live.mount("job", at_once="generator")
    assert page.text == "3 done all"


def test_a_task_of_mount_that_cannot_be_kept_begins_too(live: LiveClient) -> None:
    class Closing(LiveComponent):
        template = "<p>{{ result }}</p>"
        result: str = ""

        def mount(self) -> None:
            words = ["made", "here"]
            self.start_task(lambda: " ".join(words), then="done")

        def done(self, value: str) -> None:
            self.result = value

    assert live.mount("closing").text == "made here"


# On a server


class Tab(Socket):
    """A browser with one page."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(LiveWebSocket())
        self.driver = driver

    async def open(self) -> "Tab":
        accepted, _ = await self.connect(5)
        assert accepted
        await self.write("join", 1, [self.driver.token], None, "/")
        await self.read_until("joined")
        return self

    async def shows(self, text: str) -> int:
        """Reads until a patch shows this; gives the number of patches that it took."""
        number = 0
        while True:
            [_, version, _, patches, *_] = await self.read_until("patch")
            number += 1
            if version % 5 == 0:
                await self.write("ack", version)
            if text in str(patches):
                return number


async def tab(**arguments: Any) -> Tab:
    return await Tab(await asyncio.to_thread(Driver, "job", **arguments)).open()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *SUCCEEDING,
        ("failing", "0 failed broken"),
        ("setting", "Write self.update(progress=…)"),
    ],
)
async def test_a_real_page_gets_progress_and_result(kind: str, text: str) -> None:
    page = await tab()
    await page.event("start", kind=kind)
    await page.shows(text)
    await page.leave()


@pytest.mark.parametrize("kind", CANCELLED)
async def test_a_task_whose_own_work_was_cancelled_has_failed_on_the_server(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = await tab()
    await page.event("start", kind=kind)
    await page.shows("CancelledError")
    [connection] = Runtime.current().connections
    assert connection._driver._tasks == connection._driver.page.tree["c0"].tasks == {}
    await page.event("start_quietly", kind=kind)
    await until(lambda: "job.task failed" in caplog.text)
    await page.leave()
    caplog.clear()


async def test_a_task_of_mount_runs_on_the_server() -> None:
    page = await tab(at_once="function")
    await page.shows("3 done 0 step 3")
    await page.leave()


@pytest.mark.parametrize("kind", ["german", "async_german"])
async def test_a_task_speaks_the_language_of_its_page(kind: str) -> None:
    def german() -> Driver:
        with translation.override("de"), timezone.override(timezone.get_fixed_timezone(90)):  # an offset has no name
            return Driver("job")

    page = await Tab(await asyncio.to_thread(german)).open()
    await page.event("start", kind=kind)
    await page.shows("done de")
    await page.leave()


async def test_the_page_goes_on_while_a_task_runs() -> None:
    page = await tab()
    await page.event("start", kind="long")
    await page.shows("waiting")
    await page.event("remark", text="meanwhile")
    await page.shows("meanwhile")  # the task waits for the gate all the time
    Stage.gate.set()
    await page.shows("never")
    await page.leave()


async def test_t65_a_function_is_ended_at_its_next_update_when_the_page_is_gone() -> None:
    page = await tab()
    await page.event("start", kind="long")
    await page.shows("waiting")
    await page.leave()
    Stage.gate.set()
    await until(lambda: Stage.seen == ["CancelledError"])


async def test_t65_a_coroutine_is_cancelled_with_the_page() -> None:
    page = await tab()
    await page.event("start", kind="endless")
    await page.read_until("ack")
    await page.leave()
    await until(lambda: Stage.seen == ["ended"])


async def test_updates_that_come_too_fast_are_shown_together() -> None:
    page = await tab()
    await page.event("start", kind="busy")
    assert await page.shows("1999 done busy") < 200
    await page.leave()
    assert not Runtime.current().hub.subscribers
