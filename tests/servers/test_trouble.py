"""A server whose Redis is frozen, full or read-only, and browsers that read nothing: bounded in time, and the page goes on."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import redis as redis_client

from tests.chaos import chaos
from tests.servers.browser import Browser, get
from tests.servers.conftest import KINDS, Start
from tests.servers.server import Redis, Server

LIMIT = 1.0  # LIVECOMP["CACHE_TIMEOUT"]
SLACK = 6.0  # seconds that a busy machine may need for what takes none


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
