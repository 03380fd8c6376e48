"""Five hundred visitors on two workers: cuts, restarts and a Redis that goes away lose nothing; kills double nothing."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from tests.chaos import ChaosProxy
from tests.soak.clicker import Clicker
from tests.soak.report import Report
from tests.soak.workers import Balancer, Workers, workers

VISITORS = 500
PACE = 4.0  # seconds between two clicks of one visitor
SECONDS = 40.0
KILL_EVERY = 5.0  # seconds
NOTICE = 2.0  # seconds until everybody knows of the last cut

Trouble = Callable[[Workers, Balancer, float], Coroutine[Any, Any, str]]


@contextlib.asynccontextmanager
async def visitors(proxy: ChaosProxy, count: int, handler: str = "tally") -> AsyncIterator[list[Clicker]]:
    """So many visitors, each with a page."""
    clickers = [Clicker(proxy.port, number, handler) for number in range(count)]
    line = asyncio.Semaphore(20)

    async def arrive(clicker: Clicker) -> None:
        async with line:
            await clicker.load()
            await clicker.connect(60)

    await asyncio.gather(*map(arrive, clickers))
    try:
        yield clickers
    finally:
        await asyncio.gather(*(clicker.leave() for clicker in clickers))


async def cut(proxy: ChaosProxy, seconds: float, share: float = 0.05) -> int:
    """Cut some of the connections every half second."""
    until = time.monotonic() + seconds
    count = 0
    while time.monotonic() < until:
        await asyncio.sleep(0.5)
        proxy.cut(share)
        count += 1
    return count


async def nothing_is_lost(report: Report, count: int, seconds: float) -> None:
    """Cuts all the time, each worker restarted twice, the Redis of the messages restarted."""

    async def trouble(fleet: Workers, proxy: Balancer, seconds: float) -> str:
        cutting = asyncio.create_task(cut(proxy, seconds))
        for number in (0, 1, 0, 1):
            await asyncio.sleep(seconds / 12)
            await fleet.restart(number)
        await asyncio.to_thread(fleet.layer.stop)
        await asyncio.sleep(1)
        await asyncio.to_thread(fleet.layer.start)
        return f"{await cutting} times 5 % cut, 4 restarts, 1 restart of Redis"

    async with workers() as (fleet, proxy), visitors(proxy, count) as clickers:
        what = await _under(report, fleet, proxy, clickers, trouble, seconds)
        rows = await asyncio.to_thread(fleet.tallies)
        lost = [each.row(ref) for each in clickers for ref in range(1, each.ref + 1) if not rows[each.row(ref)]]
        doubled = [name for name, times in rows.items() if times > 1]
        wrong = [each.number for each in clickers if f">{each.ref}<" not in await each.ask()]
        events = sum(each.ref for each in clickers)
        report.add(f"events of {count} visitors; {what}", "0 lost", f"{len(lost)} of {events} lost", not lost)
        report.add("… applied twice", "0", len(doubled), not doubled)
        report.add("… in doubt", "0", sum(each.doubts for each in clickers), not any(each.doubts for each in clickers))
        report.add("… pages whose state misses an event", "0", len(wrong), not wrong)
        await _equal(report, fleet, clickers)


async def nothing_is_doubled(report: Report, count: int, seconds: float) -> None:
    """Each worker killed twice, under cuts."""

    async def trouble(fleet: Workers, proxy: Balancer, seconds: float) -> str:
        cutting = asyncio.create_task(cut(proxy, seconds, 0.02))
        for number in (0, 1, 0, 1):
            await asyncio.sleep(seconds / 8 * (0.5 + random.random()))
            await fleet.kill(number)
        await cutting
        return "4 kills"

    async with workers() as (fleet, proxy), visitors(proxy, count) as clickers:
        what = await _under(report, fleet, proxy, clickers, trouble, seconds)
        rows = await asyncio.to_thread(fleet.tallies)
        events = sum(each.ref for each in clickers)
        doubled = [name for name, times in rows.items() if times > 1]
        silent = [
            each.row(ref)
            for each in clickers
            for ref in range(1, each.ref + 1)
            if not rows[each.row(ref)] and ref not in each.doubted
        ]
        doubted = sum(len(each.doubted) for each in clickers)
        done = sum(rows[each.row(ref)] for each in clickers for ref in each.doubted)
        report.add(f"events of {count} visitors applied twice; {what}", "0", f"{len(doubled)} of {events}", not doubled)
        report.add("… lost without a word", "0", len(silent), not silent)
        few = doubted * 50 < events
        report.add("… reported as in doubt", "< 1 in 50", f"{doubted}, {done} of them had been applied", few)
        await _equal(report, fleet, clickers)


async def once_is_once(report: Report, count: int, seconds: float) -> None:
    """Events with ``once=True``, and every five seconds a worker is killed."""

    async def trouble(fleet: Workers, proxy: Balancer, seconds: float) -> str:
        cutting = asyncio.create_task(cut(proxy, seconds, 0.02))
        kills = 0
        while not cutting.done():
            await asyncio.sleep(KILL_EVERY)
            await fleet.kill(kills % 2)
            kills += 1
        return f"{kills} kills"

    async with workers() as (fleet, proxy), visitors(proxy, count, "tally_once") as clickers:
        what = await _under(report, fleet, proxy, clickers, trouble, seconds)
        rows = await asyncio.to_thread(fleet.tallies)
        events = sum(each.ref for each in clickers)
        lost = [each.row(ref) for each in clickers for ref in range(1, each.ref + 1) if not rows[each.row(ref)]]
        doubled = [name for name, times in rows.items() if times > 1]
        told = sum(len(each.errors) for each in clickers)
        report.add(f"once=True, {count} visitors; {what}", "0 lost", f"{len(lost)} of {events} lost", not lost)
        report.add("… applied twice", "0", len(doubled), not doubled)
        report.add("… reported as failed or in doubt", "0", told, not told)
        await _equal(report, fleet, clickers)


async def _under(
    report: Report, fleet: Workers, proxy: Balancer, clickers: list[Clicker], trouble: Trouble, seconds: float
) -> str:
    stop = asyncio.Event()
    visits = [asyncio.create_task(each.visit(stop, PACE)) for each in clickers]
    try:
        what = await trouble(fleet, proxy, seconds)
        report.say(f"{what}; {sum(each.joins for each in clickers)} joins; waiting for all to be settled")
        await asyncio.sleep(NOTICE)
    finally:
        stop.set()
        async with asyncio.timeout(120):
            await asyncio.gather(*visits)
    return what


async def _equal(report: Report, fleet: Workers, clickers: list[Clicker]) -> None:
    gone = [each.close_code for each in clickers if each.is_lost]
    report.add("… connections that ended after the trouble", "0", gone or 0, not gone)
    for each in clickers:
        await each.be_connected()
    different = [text for each in clickers if (text := await each.difference())]
    failures = [repr(error) for each in clickers for error in each.failures]
    report.add("… pages that differ from a fresh render", "0", len(different), not different)
    report.add("… failures of the protocol in a client", "0", len(failures), not failures)
    errors = fleet.errors()
    report.add("… errors in the servers' logs", "0", errors.count("\nTraceback"), not errors)
    for text in (*different[:3], *failures[:3], errors[:2000]):
        if text:
            report.say(text)
