"""What becomes of an event when the connection is cut or the process ends in the middle of its handler."""

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import chaos
from tests.ports import free_port
from tests.servers.browser import Browser
from tests.servers.conftest import KINDS, Start
from tests.servers.server import Server
from tests.servers.test_runtime import until_stats


def rows(server: Server) -> dict[str, int]:
    """How often each thing was done."""
    with sqlite3.connect(Path(server.directory) / "db.sqlite3") as database:
        return dict(database.execute("SELECT name, count(*) FROM project_tally GROUP BY name").fetchall())


async def until_rows(server: Server, name: str) -> None:
    deadline = time.monotonic() + 20
    while name not in rows(server):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def visitor(port: int) -> Browser:
    browser = Browser(port)
    await browser.load()
    await browser.connect()
    return browser


@pytest.mark.parametrize("handler", ["tally", "tally_later"])
async def test_t121_a_handler_of_three_seconds_is_finished_after_a_cut(
    server: Server, handler: str, request: Any
) -> None:
    name = request.node.name
    async with chaos(server.port) as proxy:
        browser = await visitor(proxy.port)
        started = time.monotonic()
        await browser.event(handler, name=name, seconds=3)
        await browser.event("add")
        await asyncio.sleep(0.5)
        proxy.cut()
        await browser.come_back()
        assert time.monotonic() - started >= 3
        await browser.until_acked(2)
        assert rows(server)[name] == 1
        assert browser.errors == browser.effects == []
        assert browser.text == ">2"
        await browser.leave()


@pytest.mark.parametrize("cut_first", [False, True])
@pytest.mark.parametrize("kind", KINDS)
async def test_t121_a_handler_that_a_stop_cuts_short_is_in_doubt_and_what_waited_is_done(
    start: Start, kind: str, cut_first: bool
) -> None:
    port = free_port()
    first = start(kind, port=port, livecomp={"SHUTDOWN_TIMEOUT": 2.0})
    browser = await visitor(port)
    await browser.until_acked(await browser.event("add", by=5))
    begun = await browser.event("begin_later", name="begun", seconds=60)
    await until_rows(first, "begun")
    await browser.event("tally", name="waited")
    if cut_first:
        assert browser._socket is not None
        browser._socket.transport.abort()
        await browser.until_closed()
    await asyncio.to_thread(first.stop)
    await asyncio.to_thread(start, kind, port=port)
    await browser.come_back()
    await browser.until_acked(3)
    assert [error[1:3] for error in browser.errors] == [[begun, "doubt"]]
    assert rows(first) == {"begun": 1, "waited": 1}
    assert browser.text == ">6"
    await browser.leave()


async def test_t83_after_a_kill_only_what_had_begun_is_in_doubt(start: Start) -> None:
    port = free_port()
    first = start(port=port)
    browser = await visitor(port)
    await browser.until_acked(await browser.event("tally", name="done"))
    begun = await browser.event("begin", name="begun", seconds=60)
    for number in range(10):
        await browser.event("tally", name=f"waited {number}")
    await until_rows(first, "begun")
    first.process.kill()
    first.process.wait()
    await browser.until_closed()
    await asyncio.to_thread(start, port=port)
    await browser.come_back()
    await browser.until_acked(browser.ref)
    assert [error[1:3] for error in browser.errors] == [[begun, "doubt"]]
    assert rows(first) == {"done": 1, "begun": 1} | {f"waited {number}": 1 for number in range(10)}
    await browser.leave()


async def test_t123_a_change_that_nobody_sees_is_there_after_a_kill(start: Start) -> None:
    port = free_port()
    first = start(port=port, livecomp={"SNAPSHOT_DELAY": 0.05})
    browser = await visitor(port)
    await browser.until_acked(await browser.event("hide"))
    await until_stats(first, lambda stats: stats["unsaved"] == 0)
    first.process.kill()
    first.process.wait()
    await browser.until_closed()
    await asyncio.to_thread(start, port=port)
    await browser.come_back()
    assert browser.effects == [["doubt", False]]
    await browser.until_acked(await browser.event("show"))
    assert browser.text == ">1"
    await browser.leave()


async def telling(port: int) -> Browser:
    browser = Browser(port, "telling")
    await browser.load()
    await browser.connect()
    return browser


async def test_what_an_event_answered_with_is_told_after_a_cut(server: Server, request: Any) -> None:
    name = request.node.name
    async with chaos(server.port) as proxy:
        browser = await telling(proxy.port)
        await browser.until_acked(await browser.event("say", text="came"))
        proxy.hole_down = True
        await browser.event("say", text="lost")
        await browser.event("pay", text=name)
        await until_rows(server, name)
        proxy.cut()
        proxy.heal()
        await browser.come_back()
        await browser.until_acked(3)
        await browser.until_acked(await browser.event("add"))
        assert browser.effects == [
            ["flash", "info", "came"],
            ["flash", "info", "lost"],
            ["push", "paid", name, "c0"],
            ["redirect", "/thanks/"],
        ]
        await browser.come_back()
        await browser.until_acked(await browser.event("add"))
        assert len(browser.effects) == 4
        assert rows(server)[name] == 1
        await browser.leave()


async def test_what_a_handler_says_while_its_page_is_away_is_told_when_it_is_back(server: Server) -> None:
    async with chaos(server.port) as proxy:
        browser = await telling(proxy.port)
        await browser.until_acked(await browser.event("add"))
        slow = await browser.event("begin_to_say", name="begun to say", text="late", seconds=1.5)
        await browser.event("say_later", text="later")
        await until_rows(server, "begun to say")
        proxy.cut()
        await browser.come_back()
        await browser.until_acked(slow)
        assert browser.effects == [["flash", "info", "late"]]
        await browser.until(lambda: len(browser.effects) == 2)
        assert browser.effects[1] == ["flash", "info", "later"]
        await browser.leave()


async def test_what_the_server_says_by_itself_is_told_after_a_cut(server: Server) -> None:
    async with chaos(server.port) as proxy:
        browser = await telling(proxy.port)
        proxy.hole_down = True
        await browser.event("say_later", text="by itself")
        await until_rows(server, "said by itself")
        proxy.cut()
        proxy.heal()
        await browser.come_back()
        await browser.until(lambda: browser.effects)
        assert browser.effects == [["flash", "info", "by itself"]]
        await browser.leave()


async def working(port: int, name: str, seconds: float) -> Browser:
    browser = Browser(port, "working")
    await browser.load()
    await browser.connect()
    await browser.event("start", name=name, seconds=seconds)
    return browser


async def test_a_task_is_heard_after_a_short_cut(server: Server, request: Any) -> None:
    async with chaos(server.port) as proxy:
        browser = await working(proxy.port, request.node.name, 1.0)
        await until_rows(server, request.node.name)
        proxy.cut()
        await browser.come_back()
        await browser.until(lambda: browser.text == ">begun half most all")
        await browser.leave()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_task_that_ended_with_its_process_has_failed(start: Start, kind: str) -> None:
    port = free_port()
    first = start(kind, port=port, livecomp={"SHUTDOWN_TIMEOUT": 2.0})
    browser = await working(port, "begun", 30.0)
    await until_rows(first, "begun")
    await browser.until(lambda: browser.text == ">begun half")
    await asyncio.to_thread(first.stop)
    await asyncio.to_thread(start, kind, port=port)
    await browser.come_back()
    await browser.until(lambda: browser.text == ">begun half TaskLost")
    await browser.leave()


async def test_a_task_of_a_page_that_another_process_takes_over_has_failed(start: Start) -> None:
    first, second = start(port=free_port()), start(port=free_port())
    browser = await working(first.port, "begun", 5.0)
    await until_rows(first, "begun")
    await browser.until(lambda: browser.text == ">begun half")
    browser.port = second.port
    await browser.come_back()
    await browser.until(lambda: browser.text == ">begun half TaskLost")
    await browser.leave()
