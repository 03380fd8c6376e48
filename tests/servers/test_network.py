"""What a network does to a page: cut, black hole, delay, throttle."""

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import chaos
from tests.servers.browser import Browser
from tests.servers.server import Server

LIVECOMP = {"HEARTBEAT": 0.5}
ARGUMENTS = {"uvicorn": ["--ws-ping-interval", "60"], "daphne": ["--ping-interval", "60"]}


def tallies(server: Server, name: str) -> int:
    """How often something was done."""
    with sqlite3.connect(Path(server.directory) / "db.sqlite3") as database:
        count: int = database.execute("SELECT count(*) FROM project_tally WHERE name = ?", [name]).fetchone()[0]
    return count


async def until_tallied(server: Server, name: str, timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while not tallies(server, name):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("handler", ["tally", "tally_later"])
async def test_t51_a_cut_between_event_and_reply_applies_it_once(server: Server, handler: str, request: Any) -> None:
    name = request.node.name
    async with chaos(server.port) as proxy:
        browser = Browser(proxy.port)
        await browser.load()
        await browser.connect()
        await browser.event(handler, name=name, seconds=0.3)
        await asyncio.sleep(0.1)
        proxy.cut()
        await browser.come_back()
        await browser.until_acked(1)
        assert tallies(server, name) == 1
        await browser.until_acked(await browser.event("add"))
        assert browser.text == ">2"
        assert not browser.effects
        await browser.leave()


async def test_t51_a_lost_reply_is_not_a_second_event(server: Server, request: Any) -> None:
    name = request.node.name
    async with chaos(server.port) as proxy:
        browser = Browser(proxy.port)
        await browser.load()
        await browser.connect()
        proxy.hole_down = True
        await browser.event("tally", name=name)
        await until_tallied(server, name)
        proxy.cut()
        proxy.heal()
        await browser.come_back()
        assert browser.acked == 1
        assert browser.text == ">1" or ">1<" in browser.text
        assert tallies(server, name) == 1
        await browser.leave()


async def test_t51_a_lost_event_is_sent_again(server: Server, request: Any) -> None:
    name = request.node.name
    async with chaos(server.port) as proxy:
        browser = Browser(proxy.port)
        await browser.load()
        await browser.connect()
        proxy.hole_up = True
        await browser.event("tally", name=name)
        await asyncio.sleep(0.1)
        proxy.cut()
        proxy.heal()
        await browser.come_back()
        await browser.until_acked(1)
        assert tallies(server, name) == 1
        await browser.leave()


async def test_t51_the_browser_is_back_before_the_server_noticed(server: Server, request: Any) -> None:
    name = request.node.name
    async with chaos(server.port) as proxy:
        browser = Browser(proxy.port)
        await browser.load()
        await browser.connect()
        await browser.until_acked(await browser.event("add", by=5))
        await browser.event("tally", name=name, seconds=0.3)
        await asyncio.sleep(0.1)
        proxy.black_hole()  # the server believes in the old connection
        old, browser._socket = browser._socket, None
        proxy.heal()
        await browser.come_back()
        await browser.until_acked(2)
        assert tallies(server, name) == 1
        assert "6" in browser.text
        assert old is not None
        old.transport.abort()
        await browser.leave()


async def test_t52_the_server_notices_a_half_open_connection(server: Server) -> None:
    async with chaos(server.port) as proxy:
        browser = Browser(proxy.port)
        await browser.load()
        await browser.connect()
        proxy.black_hole()
        deadline = time.monotonic() + 15
        while (await asyncio.to_thread(server.stats))["connections"]:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        browser._socket.transport.abort()  # type: ignore[union-attr]


async def test_t53_with_two_seconds_of_latency_nothing_is_reordered(server: Server) -> None:
    async with chaos(server.port) as proxy, Browser(proxy.port) as browser:
        proxy.delay = 0.5
        started = time.monotonic()
        for number in range(1, 11):
            await browser.event("add", by=number)
        await browser.until_acked(10)
        assert time.monotonic() - started > 0.9
        assert [html for _, html in browser.patches] == [f">{n * (n + 1) // 2}" for n in range(1, 11)]
        proxy.heal()


async def test_a_slow_line_gets_everything_in_the_end(server: Server) -> None:
    async with chaos(server.port) as proxy, Browser(proxy.port, "wall") as browser:
        proxy.rate = 400_000
        await browser.until_acked(await browser.event("grow", size=200_000))
        assert len(browser.text) > 200_000
        proxy.heal()
