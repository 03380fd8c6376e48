"""One flood of each kind, from one visitor: what that costs the others, and what stays of it.

``python -m tests.soak.floods KIND PORT SECONDS`` is the flood, from a process and an address of its own.
"""

import asyncio
import base64
import contextlib
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import redis
import websockets

from livecomp.conf import DEFAULTS
from tests.servers.browser import Browser
from tests.servers.server import ROOT, Server
from tests.soak.greedy import latencies
from tests.soak.memory import server
from tests.soak.report import Report

OTHERS = 5
SECONDS = 10.0  # of each flood
HANDSHAKES = 3000  # a second, at most
RESUMES = 200
LIMITS = ("RATE_LIMIT", "ACCEPT_RATE", "QUEUE_SIZE")  # as every site has them
STRANGER, NEWCOMERS = "127.0.0.9", "127.0.1."  # loopback addresses
Flood = Callable[[int, float], Awaitable[Counter[str]]]


async def handshakes(port: int, seconds: float) -> Counter[str]:
    """Open WebSockets that say nothing, as many as go."""
    found: Counter[str] = Counter()
    end = time.monotonic() + seconds

    async def one() -> None:
        while time.monotonic() < end:
            started = time.monotonic()
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(STRANGER, 0))
                writer.write(_handshake(port))
                await reader.readuntil(b"\r\n\r\n")
                found["opened"] += 1
                writer.close()
            await asyncio.sleep(max(0.0, started + 50 / HANDSHAKES - time.monotonic()))

    await asyncio.gather(*(one() for _ in range(50)))
    return found


def _handshake(port: int) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /livecomp/ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


async def resumes(port: int, seconds: float) -> Counter[str]:
    """Come back to one page of a megabyte again and again, without ever having heard of the last time."""
    found: Counter[str] = Counter()
    page = Browser(port, "heavy", local_addr=(STRANGER, 0))
    await page.load()
    await page.connect()
    first, version = page.page_id, page.version
    while found["resumed"] < RESUMES:
        with contextlib.suppress(OSError, ConnectionError, TimeoutError):
            await page.leave()
            page.page_id, page.version = first, version
            await page.connect()
            found["resumed"] += 1
    await page.leave()
    return found


def frames(name: str, *texts: str) -> Flood:
    """Send these frames over and over, on a new connection whenever the server closes one."""

    async def flood(port: int, seconds: float) -> Counter[str]:
        found: Counter[str] = Counter()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            page = Browser(port, name, local_addr=(STRANGER, 0))
            page.acknowledges = False  # it would wait for its own flood, and read nothing meanwhile
            with contextlib.suppress(OSError, ConnectionError, TimeoutError, websockets.WebSocketException):
                async with page:
                    assert page._socket is not None
                    while time.monotonic() < end:
                        for text in texts:
                            await page._socket.send(text.replace("NUMBER", str(found["sent"] + 1)))
                            found["sent"] += 1
                        await asyncio.sleep(0)
            found[f"closed with {page.close_code}"] += 1
        return found

    return flood


def _many(*message: object) -> str:
    return json.dumps([message] * 50)


FLOODS: dict[str, Flood] = {
    "handshakes": handshakes,
    "resumes": resumes,
    "pings": frames("counting", _many("ping")),
    "acks": frames("counting", _many("ack", 0)),
    "renders": frames("counting", _many("render", "x"), json.dumps(["render", ""])),
    "names": frames("asking", '["event", NUMBER, "c0", "ask", {"name": "name NUMBER"}]'),
}


async def others_do_not_pay(report: Report, seconds: float = SECONDS) -> None:
    """The others' latency during each flood, who of the newcomers gets in, and what is left afterwards."""
    async with server(**{key: DEFAULTS[key] for key in LIMITS}) as process, AsyncExitStack() as stack:
        others = [await stack.enter_async_context(Browser(process.port)) for _ in range(OTHERS)]
        await latencies(others, 20)
        for kind in (*FLOODS, *FLOODS):  # what the first ones load and cache once is no leak
            await _run(kind, process.port, seconds / 2)
        before = await _at_rest(process)
        for kind in FLOODS:
            await _during(report, process, others, kind, seconds)
        after = await _at_rest(process)
        growth = (after / before - 1) * 100
        measured = f"{before:,} → {after:,} KiB ({growth:+.1f} %)"
        report.add("memory after one flood of each kind", "within 5 %", measured, growth <= 5)
        errors = process.errors()
        report.add("… errors in the log", "0", errors.count("Traceback"), not errors)


async def _during(report: Report, process: Server, others: list[Browser], kind: str, seconds: float) -> None:
    before = _entries(process)
    flood = asyncio.create_task(_run(kind, process.port, seconds))
    newcomers = asyncio.create_task(_arrive(process.port, flood))
    found: list[float] = []
    while not flood.done():
        found += await latencies(others, 10)
    sent = ", ".join(f"{number:,} {name}" for name, number in (await flood).items())
    came, refused = await newcomers
    slow = statistics.quantiles(found, n=100)[98]
    measured = f"{slow:.0f} ms, median {statistics.median(found):.1f} ms"
    report.add(f"{kind} ({sent}): the others' 99th percentile meanwhile", "< 50 ms", measured, slow < 50)
    report.add("… newcomers who were refused", "0", f"{refused} of {came + refused}", not refused)
    if kind == "resumes":
        left = _entries(process) - before - came
        report.add("… snapshots that it leaves", "at most 3", left, left <= 3)


async def _arrive(port: int, flood: "asyncio.Task[Counter[str]]") -> tuple[int, int]:
    """New visitors, each with an address of its own: how many got in, and how many did not."""
    came = refused = 0
    while not flood.done():
        page = Browser(port, local_addr=(f"{NEWCOMERS}{1 + came % 250}", 0))
        try:
            async with page:
                came += 1
        except (OSError, ConnectionError, websockets.WebSocketException):
            refused += 1
        await asyncio.sleep(0.2)
    return came, refused


async def _run(kind: str, port: int, seconds: float) -> Counter[str]:
    flood = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.soak.floods", kind, str(port), str(seconds)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    return Counter(json.loads((await flood.communicate())[0]))


def _entries(process: Server) -> int:
    """How many snapshots are in the cache."""
    with contextlib.closing(redis.Redis.from_url(process.environment["CACHE_URL"])) as cache:
        return sum(1 for _ in cache.scan_iter("*livecomp:page:*", count=1000))


async def _at_rest(process: Server) -> int:
    """Kilobytes of the process when only the others are connected."""
    deadline = time.monotonic() + 60
    while (stats := await asyncio.to_thread(process.stats))["connections"] > OTHERS and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    await asyncio.sleep(2)
    stats = await asyncio.to_thread(process.stats)
    kilobytes: int = stats["kilobytes"]
    return kilobytes


if __name__ == "__main__":
    kind, port, seconds = sys.argv[1:]
    sys.stdout.write(json.dumps(asyncio.run(FLOODS[kind](int(port), float(seconds)))))
