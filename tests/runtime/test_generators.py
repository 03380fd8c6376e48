"""Handlers that are generators, on a server: they end with their page and their time, and are closed in order."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from django.test import override_settings

from livecomp import LiveComponent, event
from livecomp.effects import Await
from livecomp.runtime import stepping
from livecomp.runtime.process import Runtime
from livecomp.websocket import LiveWebSocket
from tests.driver import Driver
from tests.sockets import Socket, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("error")]

SEEN: list[str] = []


class Steps(LiveComponent):
    template = "<p>{{ step }} {{ note }}</p>"
    step: int = 0
    note: str = ""

    @event
    def endless(self) -> Iterator[None]:
        try:
            while True:
                self.step += 1
                yield
        finally:
            self.note = "closed"
            SEEN.append("closed")

    @event
    async def endless_async(self) -> AsyncIterator[None]:
        try:
            while True:
                self.step += 1
                yield
        finally:
            await asyncio.sleep(0)
            self.note = "closed"
            SEEN.append("closed")

    @event
    async def waiting_async(self) -> AsyncIterator[None]:
        try:
            self.step += 1
            yield
            await asyncio.sleep(3600)
        finally:
            SEEN.append("closed")

    @event
    async def waiting(self) -> None:
        try:
            SEEN.append("waiting")
            await asyncio.sleep(3600)
        finally:
            SEEN.append("closed")

    @event
    def failing(self) -> Iterator[None]:
        try:
            yield
            raise ValueError("broken")
        finally:
            SEEN.append("closed")

    @event
    def stubborn(self) -> Iterator[None]:
        SEEN.append("begun")
        try:
            while True:
                yield
        except GeneratorExit:
            SEEN.append("closed")
            yield


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    SEEN.clear()
    monkeypatch.setattr(stepping, "GRACE", 0.05)


async def tab() -> Socket:
    socket = Socket(LiveWebSocket())
    assert (await socket.connect(5))[0]
    await socket.write("join", 1, [(await asyncio.to_thread(Driver, "steps")).token], None, "/")
    await socket.read_until("joined")
    return socket


def page_of() -> Any:
    (driver,) = Runtime.current().pages.values()
    return driver.page


@pytest.mark.parametrize("name", ["endless", "endless_async"])
async def test_t65_a_generator_that_never_ends_is_closed_when_its_page_is_gone(name: str) -> None:
    socket = await tab()
    component = page_of().tree["c0"].component
    await socket.event(name)
    await socket.read_until("patch")
    await socket.leave()
    await until(lambda: SEEN == ["closed"])
    await until(lambda: component.note == "closed")
    assert component.step > 0, "what it did stays"


@override_settings(LIVECOMP={"HANDLER_TIMEOUT": 0.5})
@pytest.mark.parametrize("name", ["waiting_async", "waiting"])
async def test_t65_one_that_waits_is_closed_too(name: str) -> None:
    socket = await tab()
    await socket.event(name)
    await (socket.read_until("patch") if name == "waiting_async" else until(lambda: SEEN))
    await socket.leave()
    await until(lambda: SEEN[-1:] == ["closed"])


@override_settings(LIVECOMP={"HANDLER_TIMEOUT": 0.2})
@pytest.mark.parametrize("name", ["endless", "endless_async", "waiting_async"])
async def test_t79_a_generator_that_takes_too_long_is_closed_and_undone(name: str) -> None:
    socket = await tab()
    page = page_of()
    await socket.event(name)
    while True:
        message = await socket.read_until("error")
        if "HANDLER_TIMEOUT" in str(message) or "TimeoutError" in str(message) or "went wrong" in str(message):
            break
    await until(lambda: page.ack == 1)
    assert SEEN == ["closed"]
    assert page.tree["c0"].component.step == 0
    await socket.leave()


async def test_one_that_raises_is_closed_once(caplog: pytest.LogCaptureFixture) -> None:
    socket = await tab()
    await socket.event("failing")
    await socket.read_until("error")
    assert SEEN == ["closed"]
    await socket.leave()
    caplog.clear()


async def test_one_that_refuses_to_be_closed_ends_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    socket = await tab()
    await socket.event("stubborn")
    await until(lambda: SEEN)
    await socket.leave()
    await until(lambda: SEEN == ["begun", "closed"])
    assert "generator ignored GeneratorExit" in caplog.text
    caplog.clear()


async def test_a_coroutine_that_is_cut_before_its_first_step_leaves_no_warning() -> None:
    socket = await tab()
    [page_driver] = Runtime.current().pages.values()

    async def never() -> None:
        raise AssertionError

    handler = page_driver._handler
    run = asyncio.ensure_future(handler.run(Await(never()), "visitor", page_driver._context, page_driver.page))
    asyncio.get_running_loop().call_soon(handler.cut_short)
    _, error = await run
    assert "closed" in str(error)
    await socket.leave()
