"""One user with forty slow handlers: what that costs the others."""

import asyncio
import contextlib
import statistics
import time
from contextlib import AsyncExitStack

from tests.servers.browser import Browser, get
from tests.soak.memory import server
from tests.soak.report import Report

OTHERS = 10
GREEDY = 20  # connections, as many as one user may have, with two slow handlers each
SLOW = 0.5  # seconds
CLICKS = 40  # of each of the others, in each round


async def latencies(browsers: list[Browser], clicks: int = CLICKS, pause: float = 0.05) -> list[float]:
    """Milliseconds from each click to its reply."""
    found: list[float] = []

    async def click(browser: Browser) -> None:
        for _ in range(clicks):
            started = time.perf_counter()
            await browser.until_acked(await browser.event("add"), 60)
            found.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(pause)

    await asyncio.gather(*map(click, browsers))
    return found


async def others_do_not_wait(report: Report) -> None:
    """The others' median, alone and beside a greedy user."""
    async with server() as process, AsyncExitStack() as stack:
        others = [await stack.enter_async_context(Browser(process.port)) for _ in range(OTHERS)]
        _, _, cookie = await asyncio.to_thread(get, process.port, "/in/greedy/")
        greedy = [await stack.enter_async_context(Browser(process.port, cookie=cookie)) for _ in range(GREEDY)]
        await latencies(others, 10)
        alone = statistics.median(await latencies(others))
        busy = [asyncio.create_task(_keep_busy(browser)) for browser in greedy]
        await asyncio.sleep(1)
        beside = statistics.median(await latencies(others))
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        measured = f"{alone:.1f} → {beside:.1f} ms ({beside / alone:.2f}×)"
        report.add("the others' median beside a user with 40 slow handlers", "< 2×", measured, beside < 2 * alone)
        for browser in greedy:
            with contextlib.suppress(OSError):
                browser._socket.transport.abort()  # type: ignore[union-attr]


async def _keep_busy(browser: Browser) -> None:
    while True:
        first = await browser.event("slow", seconds=SLOW)
        await browser.event("slow", seconds=SLOW)
        await browser.until_acked(first, 300)
