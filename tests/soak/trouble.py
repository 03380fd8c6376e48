"""The Redis of the state is frozen, or refuses writes; and a thousand visitors on the cache that a new project has."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import websockets

from tests.chaos import chaos
from tests.servers.browser import Browser
from tests.servers.server import Server
from tests.soak.clicker import Clicker
from tests.soak.fleet import NOTICE, PACE, cut, visitors
from tests.soak.report import Report
from tests.soak.workers import UVICORN, Balancer, Workers, workers

CACHE_TIMEOUT = 3.0  # seconds, the default
SHUTDOWN_TIMEOUT = 10.0
JOIN_LIMIT = 2 * CACHE_TIMEOUT  # seconds: the first to come waits for the answer of the cache, nobody after that
LOST = 20.0  # seconds until a probe gives up


class Probe:
    """Visitors who do nothing but measure: how long a click takes, and how long a new page."""

    def __init__(self, proxy: Balancer) -> None:
        self._proxy = proxy
        self.clicks: list[float] = []
        self.joins: list[float] = []

    @contextlib.asynccontextmanager
    async def measure(self) -> AsyncIterator[None]:
        """Measure meanwhile."""
        stop = asyncio.Event()
        probes = [asyncio.create_task(self._visit(stop)) for _ in range(5)]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*probes)

    async def _visit(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            browser = Browser(self._proxy.port)
            with contextlib.suppress(OSError, TimeoutError, AssertionError, websockets.WebSocketException):
                started = time.monotonic()
                await browser.load()
                await browser.connect(LOST)
                self.joins.append(time.monotonic() - started)
                while not stop.is_set() and browser._reader is not None and not browser._reader.done():
                    started = time.monotonic()
                    await browser.event("add")
                    await browser.until(
                        lambda browser=browser: not browser.unacknowledged or browser._reader.done(), LOST
                    )  # type: ignore[misc]
                    if not browser.unacknowledged:
                        self.clicks.append(time.monotonic() - started)
                    await asyncio.sleep(0.05)
            await browser.leave()
            await asyncio.sleep(0.05)


async def redis_is_frozen(report: Report, count: int, seconds: float) -> None:
    """The Redis of the state answers nothing for a third of the time, and one worker is stopped meanwhile."""

    async def trouble(fleet: Workers) -> float:
        fleet.cache.freeze()
        await asyncio.sleep(seconds / 3)
        started = time.monotonic()
        await asyncio.to_thread(fleet.servers[0].stop, 60)
        stopped = time.monotonic() - started
        fleet.cache.thaw()
        await asyncio.to_thread(fleet.start, 0)
        return stopped

    stopped = await _under(report, "frozen", trouble, count, seconds)
    wanted = f"at most {SHUTDOWN_TIMEOUT:g} s"
    report.add("… SIGTERM while it is frozen", wanted, f"{stopped:.1f} s", stopped <= SHUTDOWN_TIMEOUT)


async def redis_is_full(report: Report, count: int, seconds: float) -> None:
    """The Redis of the state refuses writes for a third of the time."""

    async def trouble(fleet: Workers) -> float:
        await asyncio.to_thread(fleet.cache.fill)
        await asyncio.sleep(seconds / 3)
        await asyncio.to_thread(fleet.cache.make_writable)
        return 0.0

    await _under(report, "full", trouble, count, seconds)


async def _under(
    report: Report, kind: str, trouble: Callable[[Workers], Coroutine[Any, Any, float]], count: int, seconds: float
) -> float:
    async with workers() as (fleet, proxy), visitors(proxy, count) as clickers:
        stop, probe = asyncio.Event(), Probe(proxy)
        visits = [asyncio.create_task(each.visit(stop, PACE)) for each in clickers]
        cutting = asyncio.create_task(cut(proxy, seconds * 2 / 3, 0.02))
        try:
            await asyncio.sleep(seconds / 6)
            async with probe.measure():
                measured = await trouble(fleet)
            await cutting
            await asyncio.sleep(NOTICE)
        finally:
            stop.set()
            async with asyncio.timeout(120):
                await asyncio.gather(*visits)
        await _count(report, kind, fleet, clickers)
        joins, clicks = sorted(probe.joins), sorted(probe.clicks)
        slow = joins[-1] if joins else float("inf")
        what = f"… the slowest of {len(joins)} page loads with their joins meanwhile"
        report.add(what, f"at most {JOIN_LIMIT:g} s", f"{slow:.1f} s", slow <= JOIN_LIMIT)
        slowest = clicks[-1] if clicks else float("inf")
        measures = f"{slowest:.1f} s, median {clicks[len(clicks) // 2] * 1000:.0f} ms" if clicks else "none"
        what = f"… the slowest of {len(clicks)} clicks meanwhile"
        report.add(what, f"at most {JOIN_LIMIT:g} s", measures, slowest <= JOIN_LIMIT)
        return measured


async def _count(report: Report, kind: str, fleet: Workers, clickers: list[Clicker]) -> None:
    """Each click has left a row or was reported as in doubt; nobody is left outside."""
    rows = await asyncio.to_thread(fleet.tallies)
    events = sum(each.ref for each in clickers)
    doubled = [name for name, times in rows.items() if times > 1]
    silent = [
        each.row(ref)
        for each in clickers
        for ref in range(1, each.ref + 1)
        if not rows[each.row(ref)] and ref not in each.doubted
    ]
    gone = [each.close_code for each in clickers if each.is_lost]
    for each in clickers:
        await each.be_connected()
    different = [text for each in clickers if (text := await each.difference())]
    failures = [repr(error) for each in clickers for error in each.failures]
    what = f"**{kind}**: events of {len(clickers)} visitors lost without a word"
    report.add(what, "0", f"{len(silent)} of {events}", not silent)
    report.add("… applied twice", "0", len(doubled), not doubled)
    report.add("… reported as in doubt", "some", sum(len(each.doubted) for each in clickers), True)
    report.add("… connections that ended after the trouble", "0", gone or 0, not gone)
    report.add("… pages that differ from a fresh render", "0", len(different), not different)
    report.add("… failures of the protocol in a client", "0", len(failures), not failures)
    errors = fleet.errors()
    report.add("… errors in the servers' logs", "0", errors.count("\nTraceback"), not errors)
    for text in (*different[:3], *failures[:3], errors[:2000]):
        if text:
            report.say(text)


async def default_cache(report: Report, count: int) -> None:
    """All are cut at once, and come back to the one process whose memory holds their state."""
    with tempfile.TemporaryDirectory() as directory:
        server = await asyncio.to_thread(
            lambda: Server("uvicorn", Path(directory), *UVICORN, CACHE_IN_MEMORY="1", LIVECOMP="{}")
        )
        try:
            async with chaos(server.port) as proxy, visitors(proxy, count) as clickers:
                await asyncio.gather(*(_click(each) for each in clickers))
                proxy.cut()
                await asyncio.gather(*(each.until_closed(60) for each in clickers))
                await asyncio.gather(*(each.be_connected() for each in clickers))
                lost = [each for each, text in await _ask(clickers) if f">{each.number + 1}<" not in text]
                told = sum(each.doubts for each in clickers)
                what = f"**default**: {count} visitors on Django's default cache are cut: lost their state"
                report.add(what, "0", len(lost), not lost)
                report.add("… told that something is in doubt", "0", told, not told)
                report.add("… errors in the server's log", "0", server.errors() or 0, not server.errors())
        finally:
            await asyncio.to_thread(server.stop, 60)


async def _ask(clickers: list[Clicker]) -> list[tuple[Clicker, str]]:
    """What each visitor's page shows. Some at a time."""
    line = asyncio.Semaphore(20)

    async def ask(clicker: Clicker) -> tuple[Clicker, str]:
        async with line:
            return clicker, await clicker.ask()

    return await asyncio.gather(*map(ask, clickers))


async def _click(clicker: Clicker) -> None:
    await clicker.until_acked(await clicker.event("add", by=clicker.number + 1), 60)
