"""Many connections, slow handlers, slow readers: on real servers."""

import asyncio
import time
from typing import Any

import pytest

from tests.servers.browser import Browser, get
from tests.servers.server import Server

ARGUMENTS = {
    "uvicorn": ["--ws-ping-interval", "1", "--ws-ping-timeout", "1"],
    "daphne": ["--ping-interval", "1", "--ping-timeout", "3"],
}


async def until_stats(server: Server, condition: Any, timeout: float = 10.0) -> dict[str, Any]:
    """Wait until the process looks right from inside."""
    deadline = time.monotonic() + timeout
    while True:
        stats = await asyncio.to_thread(server.stats)
        if condition(stats):
            return stats
        assert time.monotonic() < deadline, stats
        await asyncio.sleep(0.05)


async def test_t65_a_hundred_connections_leave_nothing(server: Server) -> None:
    before = await until_stats(server, lambda stats: stats["connections"] == 0)
    browsers = [Browser(server.port, name) for name in ("wall", "ticking") for _ in range(50)]
    for browser in browsers:
        await browser.load()
        await browser.connect()
    stats = await asyncio.to_thread(server.stats)
    assert stats["connections"] == 100
    assert stats["topics"] == 1
    for browser in browsers:
        await browser.leave()
    after = await until_stats(server, lambda stats: stats["connections"] == stats["pages"] == stats["subscribers"] == 0)
    assert (after["topics"], after["counted"]) == (0, 0)
    await until_stats(server, lambda stats: stats["tasks"] <= before["tasks"], timeout=5)


async def test_t65_a_connection_that_is_cut_leaves_nothing(server: Server) -> None:
    browser = Browser(server.port, "ticking")
    await browser.load()
    await browser.connect()
    assert browser._socket is not None
    browser._socket.transport.abort()
    await until_stats(server, lambda stats: stats["connections"] == stats["pages"] == 0)


async def test_t79_four_slow_handlers_run_at_once(server: Server) -> None:
    browsers = [Browser(server.port) for _ in range(4)]
    for browser in browsers:
        await browser.load()
        await browser.connect()
    for browser in browsers:
        await browser.event("meet", name="four at once", size=4)
    await asyncio.gather(*(browser.until_acked(1, 40) for browser in browsers))
    assert not [error for browser in browsers for error in browser.errors]
    for browser in browsers:
        await browser.leave()


async def test_t80_a_handler_longer_than_the_ping_window(server: Server) -> None:
    async with Browser(server.port) as browser:
        slow = await browser.event("slow", seconds=5)
        slow_async = await browser.event("slow_async", seconds=3)
        for _ in range(20):
            await browser.event("add")
            await asyncio.sleep(0.1)
        await browser.until_acked(slow_async + 20)
        assert slow == 1
        assert browser.text == ">22"
        assert not browser.errors


async def test_t67_a_thousand_saves_become_few_renders_and_a_rollback_none(server: Server) -> None:
    async with Browser(server.port, "tallies") as browser:
        await asyncio.to_thread(get, server.port, "/bulk/?fail")
        assert browser.patches == []
        there = int(browser.html.partition(' id="tallies"')[2].partition(">")[2].partition(" after")[0])
        await asyncio.to_thread(get, server.port, "/bulk/")
        await browser.until(lambda: f">{there + 1000} after" in browser.text)
        assert len(browser.patches) <= 10


async def test_t50_a_browser_that_does_not_read_costs_no_memory(server: Server) -> None:
    async with Browser(server.port, "wall", max_queue=1) as browser:
        await browser.until_acked(await browser.event("grow", size=100_000))
        assert browser._reader is not None
        browser._reader.cancel()
        await asyncio.gather(browser._reader, return_exceptions=True)
        assert browser._socket is not None
        browser._socket.transport.pause_reading()
        before = (await asyncio.to_thread(server.stats))["kilobytes"]
        for start in range(0, 2000, 40):
            await asyncio.to_thread(get, server.port, f"/send/wall/?from={start}&to={start + 40}")
            await asyncio.sleep(0.05)
        after = (await asyncio.to_thread(server.stats))["kilobytes"]
        assert after - before < 20 * 1024
        browser._socket.transport.abort()


async def test_a_broadcast_reaches_everybody(server: Server) -> None:
    browsers = [Browser(server.port, "wall") for _ in range(30)]
    for browser in browsers:
        await browser.load()
        await browser.connect()
    await asyncio.to_thread(get, server.port, "/send/wall/?from=7&to=8")
    for browser in browsers:
        await browser.until(lambda browser=browser: "7 x" in browser.text)
        await browser.leave()


@pytest.mark.parametrize("name", ["members"])
async def test_a_page_for_members_needs_a_session(server: Server, name: str) -> None:
    _, _, cookie = await asyncio.to_thread(get, server.port, "/in/carol/")
    async with Browser(server.port, name, cookie=cookie) as browser:
        await browser.until_acked(await browser.event("add"))
        assert browser.text == "1" or browser.text == ">1"
        other = Browser(server.port, name)
        other.tokens = browser.tokens
        with pytest.raises(ConnectionError, match="closed with 4409"):
            await other.connect()
