"""Stopping a server: events finish, pages are saved, browsers come back to the next one."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.servers.browser import Browser
from tests.servers.conftest import KINDS, Start
from tests.servers.server import Server
from tests.servers.test_runtime import until_stats


def tallies(server: Server) -> int:
    with sqlite3.connect(Path(server.directory) / "db.sqlite3") as database:
        count: int = database.execute("SELECT count(*) FROM project_tally").fetchone()[0]
    return count


@pytest.mark.parametrize("kind", KINDS)
async def test_t81_sigterm_finishes_the_event_and_closes_with_1012(start: Start, kind: str) -> None:
    server = start(kind)
    async with Browser(server.port) as browser, Browser(server.port) as idle:
        await browser.event("tally", name="last", seconds=0.7)
        await until_stats(server, lambda stats: stats["busy"] == 1)
        server.process.terminate()
        assert await idle.until_closed() == 1012
        assert await browser.until_closed() == 1012
        assert browser.acked == 1
        assert browser.text == ">1"
    assert tallies(server) == 1
    await asyncio.to_thread(server.process.wait, 10)


@pytest.mark.parametrize("kind", KINDS)
async def test_t81_a_page_goes_on_in_the_next_process(start: Start, kind: str) -> None:
    port = free_port()
    first = start(kind, port=port)
    browser = Browser(port)
    await browser.load()
    await browser.connect()
    await browser.until_acked(await browser.event("add", by=41))
    await asyncio.to_thread(first.stop)
    await browser.event("tally", name="made offline")
    await asyncio.to_thread(start, kind, port=port)
    await browser.come_back()
    await browser.until_acked(2)
    assert browser.text == ">42"
    assert tallies(first) == 1
    assert not browser.effects
    await browser.leave()


async def test_t81_a_handler_without_end_does_not_keep_the_server(start: Start) -> None:
    server = start("uvicorn", "--timeout-graceful-shutdown", "1", livecomp={"SHUTDOWN_TIMEOUT": 1.0})
    async with Browser(server.port) as browser:
        await browser.event("slow", seconds=30)
        await until_stats(server, lambda stats: stats["busy"] == 1)
        server.process.terminate()
        assert await browser.until_closed(10) == 1012
    await asyncio.to_thread(server.process.wait, 15)


async def test_t83_after_a_kill_the_page_says_what_is_in_doubt(start: Start) -> None:
    port = free_port()
    first = start(port=port)
    browser = Browser(port)
    await browser.load()
    await browser.connect()
    await browser.until_acked(await browser.event("add", by=5))
    first.process.kill()
    first.process.wait()
    await browser.until_closed()
    await asyncio.to_thread(start, port=port)
    await browser.come_back()
    assert "doubt" in [kind for kind, *_ in browser.effects]
    await browser.until_acked(await browser.event("add"))
    await browser.leave()
