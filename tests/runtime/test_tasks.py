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
from livecomp.constants import CloseCode
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

    def work_long_generator(self, steps: int) -> Iterator[int]:
        self.update(note="waiting")
        Stage.gate.wait(10)
        yield from range(8)
        Stage.seen.append("over")
        return "late"

    def work_long_function(self, steps: int) -> str:
        self.update(note="waiting")
        Stage.gate.wait(10)
        self.update(progress=6)
        self.update(progress=7)
        Stage.seen.append("over")
        return "late"

    async def work_long_coroutine(self, steps: int) -> str:
        self.update(note="waiting")
        while not Stage.gate.is_set():
            await asyncio.sleep(0.01)
        self.update(progress=7)
        Stage.seen.append("over")
        return "late"

    def work_long_failing(self, steps: int) -> None:
        self.update(note="waiting")
        Stage.gate.wait(10)
        Stage.seen.append("over")
        raise ValueError("broken")

    def work_many(self, steps: int) -> Iterator[int]:
        yield from range(201)
        return "all"

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
        self.page_id = ""
        self.version = self.heard = 0

    async def open(self) -> "Tab":
        accepted, _ = await self.connect(5)
        assert accepted
        resume = [self.page_id, self.version] if self.page_id else None
        await self.write("join", 1, [self.driver.token], resume, "/", self.heard, self.heard)
        [_, self.page_id, self.version, *_] = await self.read_until("joined")
        return self

    async def come_back(self) -> "Tab":
        """The same page on another connection: the server is perhaps not told that the last one is gone."""
        tab = Tab(self.driver)
        tab.page_id, tab.version, tab.heard = self.page_id, self.version, self.ref
        tab.ref = self.ref
        return await tab.open()

    async def shows(self, text: str) -> int:
        """Reads until a patch shows this; gives the number of patches that it took."""
        number = 0
        while True:
            [_, version, _, patches, *_] = await self.read_until("patch")
            self.version = version
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


async def test_t65_a_function_is_ended_at_its_next_update_when_the_page_stays_away(settings: Any) -> None:
    settings.LIVECOMP = {"HANDLER_TIMEOUT": 0.1}
    page = await tab()
    await page.event("start", kind="long")
    await page.shows("waiting")
    await page.leave()
    await until(lambda: not Runtime.current().away.pages)
    Stage.gate.set()
    await until(lambda: Stage.seen == ["CancelledError"])


async def test_t65_a_coroutine_is_cancelled_when_the_page_stays_away(settings: Any) -> None:
    settings.LIVECOMP = {"HANDLER_TIMEOUT": 0.1}
    page = await tab()
    await page.event("start", kind="endless")
    await page.read_until("ack")
    await page.leave()
    await until(lambda: Stage.seen == ["ended"])


async def test_t65_who_is_signed_out_leaves_no_task_behind() -> None:
    page = await tab()
    await page.event("start", kind="endless")
    await page.read_until("ack")
    next(iter(Runtime.current().connections)).close(CloseCode.SIGNED_OUT)  # type: ignore[attr-defined]
    await until(lambda: Stage.seen == ["ended"])
    assert not Runtime.current().away.pages
    await page.leave()


@pytest.mark.parametrize("kind", ["long_generator", "long_function", "long_coroutine", "long_failing"])
async def test_a_task_of_a_page_that_is_cut_and_comes_back_is_heard(kind: str) -> None:
    page = await tab()
    await page.event("start", kind=kind)
    await page.shows("waiting")
    page = await page.come_back()
    Stage.gate.set()
    await page.shows("failed broken" if kind == "long_failing" else "7 done late")
    await page.leave()


@pytest.mark.parametrize("kind", ["long_generator", "long_function", "long_coroutine", "long_failing"])
async def test_what_a_task_gives_while_its_page_is_away_is_kept(kind: str) -> None:
    page = await tab()
    await page.event("start", kind=kind)
    await page.shows("waiting")
    await page.leave()
    Stage.gate.set()
    await until(lambda: "over" in Stage.seen)
    page = await page.come_back()
    await page.shows("failed broken" if kind == "long_failing" else "7 done late")
    await page.leave()


async def test_a_task_is_heard_after_a_join_that_the_browser_never_heard_of() -> None:
    page = await tab()
    await page.event("start", kind="long_generator")
    await page.shows("waiting")
    unheard = await page.come_back()
    page = await page.come_back()
    Stage.gate.set()
    await page.shows("7 done late")
    await page.leave()
    await unheard.leave()


async def test_a_task_that_is_not_here_any_more_has_failed() -> None:
    page = await tab()
    await page.event("start", kind="long_generator")
    await page.shows("waiting")
    await page.leave()
    await until(lambda: Runtime.current().is_idle)
    Runtime.current().away.end_all()
    page = await page.come_back()
    await page.shows("failed The page is back without its task")
    await page.leave()


async def test_a_lost_task_that_nobody_asks_for_is_told_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    page = await tab()
    await page.event("start_quietly", kind="long_generator")
    await page.read_until("ack")
    await page.leave()
    await until(lambda: Runtime.current().is_idle)
    Runtime.current().away.end_all()
    page = await page.come_back()
    await until(lambda: "back without its task" in caplog.text)
    assert "Traceback" not in caplog.text
    await page.leave()


async def test_a_task_that_waits_for_room_in_a_page_that_is_away_ends_with_it(settings: Any) -> None:
    settings.LIVECOMP = {"QUEUE_SIZE": 2}
    page = await tab()
    await page.event("start", kind="many")
    await page.read_until("patch")
    await page.leave()
    await until(lambda: Runtime.current().is_idle)
    page = await page.come_back()
    await page.shows("200 done all")
    await page.leave()


async def test_updates_that_come_too_fast_are_shown_together() -> None:
    page = await tab()
    await page.event("start", kind="busy")
    assert await page.shows("1999 done busy") < 200
    await page.leave()
    assert not Runtime.current().hub.subscribers
