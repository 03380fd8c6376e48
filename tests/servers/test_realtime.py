"""Two server processes over a real Redis: presence, shared components, watched models and work in other processes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.browser import Browser, get
from tests.servers.conftest import Start
from tests.servers.server import ROOT, Redis, Server


@pytest.fixture
def servers(start: Start, redis: Redis) -> list[Server]:
    return [start(REDIS_URL=redis.url) for _ in range(2)]


async def visit(server: Server, path: str, cookie: str = "") -> str:
    """Get a page; gives the cookies."""
    _, _, cookies = await asyncio.to_thread(get, server.port, path, cookie)
    return cookies


async def signed_in(server: Server, who: str, name: str = "lobby") -> Browser:
    """A browser of this user, with the page open."""
    browser = Browser(server.port, name, cookie=await visit(server, f"/in/{who}/"))
    await browser.load()
    await browser.connect()
    return browser


async def shows(browser: Browser, *texts: str, timeout: float = 20.0) -> None:
    await browser.until(lambda: all(text in browser.text for text in texts), timeout)


async def shows_only(browser: Browser, text: str, timeout: float = 20.0) -> None:
    await browser.until(lambda: browser.text.partition(">")[2].startswith(text), timeout)


# Presence


async def test_people_of_both_processes_are_there_and_two_tabs_are_one(servers: list[Server]) -> None:
    ann = await signed_in(servers[0], "ann")
    bob = await signed_in(servers[1], "bob")
    for browser in (ann, bob):
        await shows_only(browser, "ann×1 bob×1 .", 10)
    again = await signed_in(servers[1], "ann")
    for browser in (ann, bob, again):
        await shows_only(browser, "ann×2 bob×1 .", 10)
    await again.leave()
    for browser in (ann, bob):
        await shows_only(browser, "ann×1 bob×1 .", 10)
    await bob.leave()
    await shows_only(ann, "ann×1 .", 10)
    await ann.leave()


async def test_t83_the_people_of_a_killed_process_are_gone_within_seconds(servers: list[Server]) -> None:
    ann = await signed_in(servers[0], "ann")
    bob = await signed_in(servers[1], "bob")
    await shows_only(ann, "ann×1 bob×1 .", 10)
    servers[1].signal(signal.SIGKILL)
    await bob.until_closed()
    await shows_only(ann, "ann×1 .", 20)
    await ann.leave()


async def test_the_people_of_a_stopped_process_are_gone_at_once(servers: list[Server]) -> None:
    ann = await signed_in(servers[0], "ann")
    bob = await signed_in(servers[1], "bob")
    await shows_only(ann, "ann×1 bob×1 .", 10)
    await asyncio.to_thread(servers[1].stop)
    await bob.until_closed()
    await shows_only(ann, "ann×1 .", 10)
    await ann.leave()


async def test_t77_presence_survives_a_restart_of_redis(servers: list[Server], redis: Redis) -> None:
    ann = await signed_in(servers[0], "ann")
    bob = await signed_in(servers[1], "bob")
    await shows_only(ann, "ann×1 bob×1 .", 10)
    redis.stop()
    cat = await signed_in(servers[0], "cat")
    await shows_only(cat, "ann×1 bob×1 cat×1 .", 10)
    await asyncio.to_thread(redis.start)
    await shows_only(bob, "ann×1 bob×1 cat×1 .", 30)
    await bob.leave()
    await shows_only(cat, "ann×1 cat×1 .", 30)
    await ann.leave()
    await cat.leave()


# Shared components


async def test_t77_a_shared_component_ends_on_the_last_state_everywhere(servers: list[Server], redis: Redis) -> None:
    browsers = [Browser(server.port, "board") for server in servers for _ in range(5)]
    for browser in browsers:
        await browser.load()
        await browser.connect()
    await browsers[-1].until(lambda: all(browser.shared for browser in browsers))
    for round in range(6):
        if round == 3:
            redis.stop()
        await visit(servers[round % 2], "/score/50/")
        if round == 4:
            await asyncio.to_thread(redis.start)
    for browser in browsers:
        await browser.until(lambda: browser.text == ">300", 40)  # noqa: B023
        assert max(browser.shared.values()) < 300
    for server in servers:
        late = Browser(server.port, "board")
        await late.load()
        assert ">300</p>" in late.html
    for browser in browsers:
        await browser.leave()


# Watched models


async def test_t67_a_thousand_saves_in_a_transaction_are_few_renders_and_none_if_rolled_back(
    servers: list[Server],
) -> None:
    browsers = [Browser(server.port, "watched") for server in servers]
    for browser in browsers:
        await browser.load()
        await browser.connect()
    await visit(servers[0], "/score/1/")
    for browser in browsers:
        await shows(browser, ">1 rows")
    before = await final_renders(servers)
    await asyncio.gather(*(visit(server, "/bulk/?fail") for server in servers))
    for number, server in enumerate(
        servers, 2
    ):  # what comes after it, from both: had it told anything, that came before
        await visit(server, "/score/1/")
        for browser in browsers:
            await shows(browser, f">{number} rows")
    after = await final_renders(servers)
    assert after == [count + 2 for count in before], "a render for each row that was committed"
    before = after
    await visit(servers[0], "/bulk/")
    for browser in browsers:
        await shows(browser, ">1003 rows")
    assert all(now - count <= 10 for now, count in zip(await renders(servers), before, strict=True))
    shown = {patch for browser in browsers for _, patch in browser.patches}
    assert shown <= {f">{rows} rows" for rows in (0, 1, 2, 3, 1003)}, "no state in between was ever seen"
    for browser in browsers:
        await browser.leave()


async def final_renders(servers: list[Server]) -> list[int]:
    """`renders` when no more come: one that shows nothing new may follow the one that a test has waited for."""
    seen = [await renders(servers)]
    while seen[-5:] != [seen[-1]] * 5:
        await asyncio.sleep(0.1)
        seen.append(await renders(servers))
    return seen[-1]


async def renders(servers: list[Server]) -> list[int]:
    """How often the component that watches was rendered in each process."""
    return [(await asyncio.to_thread(server.stats))["renders"] for server in servers]


# Work in other processes


@pytest.fixture
def worker(servers: list[Server], redis: Redis, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.servers.project.settings",
        "SERVER_DIRECTORY": str(tmp_path),
        "REDIS_URL": redis.url,
    }
    command = [sys.executable, "-m", "celery", "-A", "tests.servers.project.celery", "worker", "--pool=solo"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=INFO"]
    log = (tmp_path / "celery.log").open("wb")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    yield process
    process.terminate()
    process.wait(20)
    log.close()


async def test_a_celery_worker_tells_a_page_how_far_it_is(
    servers: list[Server], worker: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    async with Browser(servers[0].port, "export") as browser:
        await browser.until_acked(await browser.event("start"))
        await shows(browser, "5 of 5", timeout=60)
    assert worker.poll() is None, (tmp_path / "celery.log").read_text()
