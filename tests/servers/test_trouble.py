"""A server whose Redis is frozen, full or read-only, and browsers that read nothing: bounded in time, and the page goes on."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from tests.servers.browser import Browser, get
from tests.servers.conftest import KINDS, Start
from tests.servers.server import Redis, Server
from tests.servers.test_runtime import until_stats

LIMIT = 1.0  # LIVECOMP["CACHE_TIMEOUT"]
SLACK = 25.0  # seconds that a busy machine may need for what takes none; what is not bounded never ends


@pytest.fixture
def cache() -> Any:
    """A Redis of the test's own, for snapshots."""
    cache = Redis()
    yield cache
    cache.stop()


async def ended(server: Server, seconds: float) -> float:
    """Stop the server as an administrator does; gives how long that took."""
    started = time.monotonic()
    server.process.terminate()
    await asyncio.to_thread(server.process.wait, seconds + 30)
    return time.monotonic() - started


@pytest.mark.parametrize("kind", KINDS)
async def test_t128_a_page_goes_on_while_the_cache_is_frozen(start: Start, cache: Redis, kind: str) -> None:
    server = start(kind, CACHE_URL=cache.url, livecomp={"CACHE_TIMEOUT": LIMIT, "SNAPSHOT_DELAY": 0.05})
    async with Browser(server.port) as browser:
        await browser.until_acked(await browser.event("add"))
        cache.freeze()
        started = time.monotonic()
        for _ in range(40):
            await browser.until_acked(await browser.event("add"))
        assert time.monotonic() - started < LIMIT + SLACK
        assert browser.text == ">41"
        cache.thaw()
    assert server.errors() == ""


@pytest.mark.parametrize("kind", KINDS)
async def test_t128_loading_joining_and_resuming_do_not_hang_on_a_frozen_cache(
    start: Start, cache: Redis, kind: str
) -> None:
    server = start(kind, CACHE_URL=cache.url, livecomp={"CACHE_TIMEOUT": LIMIT})
    async with Browser(server.port) as browser:
        await browser.until_acked(await browser.event("add", by=5))
        cache.freeze()
        started = time.monotonic()
        await browser.come_back()
        async with Browser(server.port) as other:
            await other.until_acked(await other.event("add"))
        assert time.monotonic() - started < 4 * LIMIT + SLACK
        assert "doubt" in [kind for kind, *_ in browser.effects]
        cache.thaw()
    assert server.errors() == ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frozen", ["cache", "layer", "both"])
async def test_t128_sigterm_ends_within_the_shutdown_timeout(
    start: Start, cache: Redis, redis: Redis, kind: str, frozen: str
) -> None:
    server = start(kind, CACHE_URL=cache.url, REDIS_URL=redis.url, livecomp={"SHUTDOWN_TIMEOUT": 3.0})
    async with Browser(server.port) as browser, Browser(server.port, "wall") as other:
        await browser.until_acked(await browser.event("add"))
        if frozen != "layer":
            cache.freeze()
        if frozen != "cache":
            redis.freeze()
        await browser.event("tally", name="last")
        await asyncio.to_thread(get, server.port, "/send/wall/?to=3")
        assert await ended(server, 3.0) < 3.0 + SLACK
        assert await browser.until_closed() == 1012
        assert await other.until_closed() == 1012


# A cache that refuses writes


async def until_called(cache: Redis, condition: Callable[[dict[str, Any]], bool], command: str = "set") -> None:
    """Wait for what Redis counts of a command."""
    deadline = time.monotonic() + 20
    with redis_client.Redis.from_url(cache.url) as client:
        client.config_resetstat()
        while not condition(client.info("commandstats").get(f"cmdstat_{command}", {})):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("refuse_writes", [Redis.fill, Redis.make_read_only])
async def test_t128_what_was_read_is_used_when_the_cache_refuses_writes(
    start: Start, cache: Redis, refuse_writes: Callable[[Redis], None]
) -> None:
    server = start(CACHE_URL=cache.url, livecomp={"SNAPSHOT_DELAY": 0.05})
    async with Browser(server.port) as browser:
        await browser.until_acked(await browser.event("add", by=5))
        await browser.leave()
        await until_stats(server, lambda stats: stats["pages"] == 0)
        refuse_writes(cache)
        await browser.connect()
        assert browser.effects == []  # no doubt
        await browser.until_acked(await browser.event("add"))
        assert browser.text == ">6"
        async with Browser(server.port) as other:  # without a snapshot it is mounted again
            await other.until_acked(await other.event("add"))
            assert other.text == ">1"
        cache.make_writable()
        await browser.leave()
        await until_stats(server, lambda stats: stats["pages"] == 0)
        await browser.connect()
        assert browser.effects == []
        await browser.until_acked(await browser.event("add"))
        assert browser.text == ">7"
    assert server.errors() == ""


async def test_t128_a_page_is_saved_as_soon_as_the_cache_takes_it_again(start: Start, cache: Redis) -> None:
    server = start(CACHE_URL=cache.url, livecomp={"SNAPSHOT_DELAY": 0.02})
    async with Browser(server.port) as browser:
        await browser.until_acked(await browser.event("add"))
        cache.fill()
        await browser.until_acked(await browser.event("add", by=4))
        await until_called(cache, lambda counted: counted.get("rejected_calls", 0) > 2)
        cache.make_writable()
        await until_called(cache, lambda counted: counted.get("calls", 0) - counted.get("failed_calls", 0) > 1)
        server.process.kill()
        await browser.until_closed()
        other = start(CACHE_URL=cache.url)
        browser.port = other.port
        await browser.come_back()
        await browser.until_acked(await browser.event("add"))
        assert ">6" in browser.text


# Browsers that read nothing


def is_open(server: Server, browser: Browser) -> bool:
    """Whether the server's kernel still has the connection, were it only to send what waits."""
    assert browser._socket is not None
    ends = (server.port, browser._socket.local_address[1])
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return ends in [tuple(int(address.split(":")[1], 16) for address in row[1:3]) for row in rows]


async def stop_reading(browser: Browser, server: Server) -> None:
    """Have the browser read nothing, and much more on the way to it than the line holds."""
    assert browser._socket is not None
    browser._socket.transport.pause_reading()
    browser._socket.transport.resume_reading = lambda: None  # type: ignore[method-assign]
    for number in range(8):  # daphne sends no frame above 1 MiB
        await browser.event("grow", size=1_000_000 - number)
    await until_stats(server, lambda stats: stats["sent"] > (8_000_000 if server.kind == "daphne" else 4_000_000))
    await asyncio.to_thread(get, server.port, "/send/wall/?to=1")  # under uvicorn this one has to wait


async def signed_in(server: Server) -> Browser:
    """A member's browser, with the page that grows."""
    _, _, cookie = await asyncio.to_thread(get, server.port, "/in/dora/")
    browser = Browser(server.port, "wall", cookie=cookie)
    await browser.load()
    await browser.connect()
    return browser


@pytest.mark.parametrize("kind", KINDS)
async def test_t130_a_browser_that_reads_nothing_gives_its_place_back(start: Start, kind: str) -> None:
    server = start(kind, livecomp={"SEND_TIMEOUT": 2.0})
    browser = await signed_in(server)
    await stop_reading(browser, server)
    assert is_open(server, browser)
    started = time.monotonic()
    await until_stats(server, lambda stats: not (stats["connections"] or stats["pages"] or stats["counted"]), 30)
    assert not is_open(server, browser)
    assert time.monotonic() - started < 2.0 + SLACK
    assert browser._socket is not None
    browser._socket.transport.abort()
    assert server.errors() == ""


@pytest.mark.parametrize("kind", KINDS)
async def test_t130_its_page_comes_back_at_once(start: Start, kind: str) -> None:
    server = start(kind, livecomp={"SEND_TIMEOUT": 60.0})
    browser = await signed_in(server)
    await stop_reading(browser, server)
    old, browser._socket = browser._socket, None
    started = time.monotonic()
    await browser.connect(30)
    await browser.until_acked(await browser.event("grow", size=3), 30)
    assert time.monotonic() - started < SLACK + 3.0
    await until_stats(server, lambda stats: stats["connections"] == stats["pages"] == 1, 30)
    assert old is not None
    old.transport.abort()
    await browser.leave()
    assert server.errors() == ""


@pytest.mark.parametrize("kind", KINDS)
async def test_t130_it_does_not_keep_the_server_from_stopping(start: Start, kind: str) -> None:
    server = start(kind, livecomp={"SHUTDOWN_TIMEOUT": 3.0})
    browser = await signed_in(server)
    await stop_reading(browser, server)
    assert await ended(server, 3.0) < 3.0 + SLACK
    assert browser._socket is not None
    browser._socket.transport.abort()
