"""Two server processes over a real Redis, which is stopped, frozen and restarted."""

import asyncio
import sys
from typing import Any

import pytest

from tests.chaos import chaos
from tests.servers.browser import Browser, get
from tests.servers.conftest import Start
from tests.servers.server import ROOT, Redis, Server
from tests.servers.test_network import tallies
from tests.servers.test_runtime import until_stats

LAYERS = ["channels_redis.pubsub.RedisPubSubChannelLayer", "channels_redis.core.RedisChannelLayer"]


@pytest.fixture(params=LAYERS)
def servers(request: pytest.FixtureRequest, start: Start, redis: Redis) -> list[Server]:
    return [start(REDIS_URL=redis.url, CHANNEL_LAYER=request.param) for _ in range(2)]


async def publish(server: Server, number: int) -> None:
    await asyncio.to_thread(get, server.port, f"/send/wall/?from={number}&to={number + 1}")


async def subscribed(servers: list[Server]) -> None:
    """Wait until the channel layer knows what these processes want to hear."""
    for server in servers:
        await until_stats(server, lambda stats: not stats["unjoined"], 30)


async def shows(browser: Browser, number: int, timeout: float = 30.0) -> None:
    await browser.until(lambda: f">{number} x" in browser.text, timeout)


async def test_a_message_reaches_the_browsers_of_the_other_process(servers: list[Server]) -> None:
    async with Browser(servers[0].port, "wall") as browser:
        await subscribed(servers)
        await publish(servers[1], 7)
        await shows(browser, 7)
        await publish(servers[0], 8)
        await shows(browser, 8)
        assert len(browser.patches) == 2
    assert servers[0].errors() == ""


async def test_a_process_that_ends_at_once_is_heard(servers: list[Server], redis: Redis) -> None:
    code = "import django; django.setup(); from livecomp import publish; publish('tallies', 'from a script')"
    async with Browser(servers[0].port, "tallies") as browser:
        await subscribed(servers[:1])
        before = len(browser.patches)
        script = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, cwd=ROOT, env=servers[0].environment, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await script.communicate()
        assert errors == b""
        await browser.until(lambda: len(browser.patches) > before)


async def test_t77_redis_stops_and_comes_back(servers: list[Server], redis: Redis) -> None:
    async with Browser(servers[0].port, "wall") as browser:
        await publish(servers[1], 1)
        await shows(browser, 1)
        redis.stop()
        await publish(servers[0], 2)  # the same process needs no Redis
        await shows(browser, 2)
        async with Browser(servers[0].port, "counting") as other:
            await other.until_acked(await other.event("add"))
        await publish(servers[1], 3)
        await asyncio.to_thread(redis.start)
        await shows(browser, 3)
        await publish(servers[1], 4)
        await shows(browser, 4)


async def test_t77_redis_is_frozen_for_a_while(servers: list[Server], redis: Redis) -> None:
    async with Browser(servers[0].port, "wall") as browser:
        await publish(servers[1], 1)
        await shows(browser, 1)
        redis.freeze()
        await publish(servers[1], 2)
        async with Browser(servers[0].port, "counting") as other:
            await other.until_acked(await other.event("add"))
        redis.thaw()
        await shows(browser, 2)


async def test_t77_redis_is_down_at_the_start(start: Start, redis: Redis) -> None:
    redis.stop()
    servers = [start(REDIS_URL=redis.url) for _ in range(2)]
    async with Browser(servers[0].port, "wall") as browser:
        await publish(servers[0], 1)
        await shows(browser, 1)
        await publish(servers[1], 2)
        await asyncio.to_thread(redis.start)
        await shows(browser, 2)
    log = servers[0].log.read_text()
    assert log.count("out of reach") <= 1


async def test_t69_two_hundred_publishes_a_second_end_on_the_last(servers: list[Server], redis: Redis) -> None:
    browsers = [Browser(server.port, "wall") for server in servers for _ in range(5)]
    for browser in browsers:
        await browser.load()
        await browser.connect()
    await subscribed(servers)
    for start in range(0, 1000, 50):
        await asyncio.to_thread(get, servers[0].port, f"/send/wall/?from={start}&to={start + 50}")
    for browser in browsers:
        await shows(browser, 999)
        assert len(browser.patches) < 1000
        await browser.leave()


async def test_t37_signing_out_closes_every_socket_of_the_session_in_every_process(servers: list[Server]) -> None:
    _, _, cookie = await asyncio.to_thread(get, servers[0].port, "/in/dora/")
    browsers: list[Any] = []
    for server in servers:
        browser = Browser(server.port, "members", cookie=cookie)
        await browser.load()
        await browser.connect()
        browsers.append(browser)
    await subscribed(servers)
    await asyncio.to_thread(get, servers[0].port, "/out/", cookie)
    for browser in browsers:
        assert await browser.until_closed(30) == 4401
        await browser.leave()


async def test_t51_a_page_moves_to_another_process_before_the_first_noticed(start: Start, redis: Redis) -> None:
    first, second = (start(REDIS_URL=redis.url, livecomp={"SNAPSHOT_DELAY": 60}) for _ in range(2))
    async with chaos(first.port) as proxy:
        browser = Browser(proxy.port)
        await browser.load()
        await browser.connect()
        await browser.until_acked(await browser.event("add", by=5))
        before = (await asyncio.to_thread(first.stats))["received"]
        await browser.event("tally", name="moving", seconds=0.5)
        await until_stats(first, lambda stats: stats["received"] > before)
        proxy.black_hole()
        old, browser._socket = browser._socket, None
        browser.port = second.port
        await browser.come_back()
        await browser.until_acked(2)
        assert "6" in browser.text
        assert not browser.effects
        assert tallies(second, "moving") == 1
        assert old is not None
        old.transport.abort()
        await browser.leave()
