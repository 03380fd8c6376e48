"""What connections cost in memory, and that nothing of them stays."""

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.servers.browser import TOKEN, get
from tests.servers.server import Redis, Server
from tests.soak.report import Report
from tests.soak.workers import UVICORN

LIMIT = 60  # KiB of an idle page above what the server itself needs for a WebSocket
WARM = 6000  # connections before the first look: what a process loads, starts and caches once is not a leak
AT_ONCE = 20
PAGES = ("counting", "wall", "ticking", "tallies")  # plain, subscribed, with a timer, looking at the database

Open = Callable[[], Any]


@contextlib.asynccontextmanager
async def server(**livecomp: Any) -> AsyncIterator[Server]:
    """One worker with the state of its pages in Redis. ``livecomp``: settings beside those of the tests' project."""
    with tempfile.TemporaryDirectory() as directory:
        cache = Redis()
        given = json.dumps({"HEARTBEAT": 3600.0, **livecomp})
        try:
            server = await asyncio.to_thread(
                lambda: Server(
                    "uvicorn",
                    Path(directory),
                    *UVICORN,
                    *("--ws-ping-interval", "3600", "--ws-ping-timeout", "3600"),
                    CACHE_URL=cache.url,
                    LIVECOMP=given,
                )
            )
            try:
                yield server
            finally:
                await asyncio.to_thread(server.stop, 60)
        finally:
            cache.stop()


async def of_idle_pages(report: Report, count: int) -> None:
    """Memory of idle connections: livecomp's, less those of a WebSocket that does nothing."""
    async with server() as process:
        plain = await _memory_of(process, count, lambda: _open(process.port, "/plain"))
    async with server() as process:
        tokens = await _tokens(process.port, "counting")
        live = await _memory_of(process, count, lambda: _join(process.port, "counting", tokens))
    own = live - plain
    wanted = f"at most {LIMIT} KiB above the server's own {plain:.1f} KiB"
    report.add(f"memory of a connection, {count} idle pages with a counter", wanted, f"{own:.1f} KiB", own <= LIMIT)


async def after_many_connections(report: Report, count: int) -> None:
    """Connections come and go: memory, tasks, threads and subscriptions are what they were."""
    async with server() as process:
        tokens = {name: await _tokens(process.port, name) for name in PAGES}
        await _come_and_go(process.port, tokens, WARM)
        before = await _settled(process)
        await _come_and_go(process.port, tokens, count // 2)
        middle = await _settled(process)
        await _come_and_go(process.port, tokens, count - count // 2)
        after = await _settled(process)
        growth = (after["kilobytes"] / before["kilobytes"] - 1) * 100
        what = f"memory after {count:,} connections that came and went"
        measured = f"{before['kilobytes']:,} → {after['kilobytes']:,} KiB ({growth:+.1f} %)"
        report.add(what, "within 5 %", measured, growth <= 5)
        late = (after["kilobytes"] / middle["kilobytes"] - 1) * 100
        report.add("… of that in the second half: a leak would go on", "within 2 %", f"{late:+.1f} %", late <= 2)
        names = ("connections", "pages", "subscribers", "topics", "counted")
        left = {name: after[name] for name in names if after[name]}
        report.add("… connections, pages, subscriptions left", "0", left or 0, not left)
        more = {name: max(0, after[name] - before[name]) for name in ("tasks", "timers", "threads")}
        named = ", ".join(f"{number} {name}" for name, number in more.items())
        report.add("… more than before them", "0 tasks, 0 timers, 0 threads", named, not any(more.values()))
        report.add("… errors in the log", "0", len(process.errors()), not process.errors())


async def _memory_of(process: Server, count: int, open: Open) -> float:
    warm = [await open() for _ in range(20)]
    before = process.stats()["kilobytes"]
    sockets: list[ClientConnection] = []
    for _ in range(0, count, AT_ONCE):
        sockets += await asyncio.gather(*(open() for _ in range(AT_ONCE)))
    await asyncio.sleep(2)  # snapshots are saved, replies are read
    after = process.stats()["kilobytes"]
    for socket in (*warm, *sockets):
        socket.transport.abort()
    return float(after - before) / len(sockets)


async def _come_and_go(port: int, tokens: dict[str, list[str]], count: int) -> None:
    line = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with line:
            name = PAGES[number % len(PAGES)]
            socket = await _join(port, name, tokens[name])
            if number % 3:
                await socket.close()
            else:
                socket.transport.abort()  # no farewell

    for start in range(0, count, 1000):
        await asyncio.gather(*(one(number) for number in range(start, min(count, start + 1000))))


async def _settled(process: Server) -> dict[str, Any]:
    """The process when the last connection has ended."""
    deadline = time.monotonic() + 60
    while True:
        stats = await asyncio.to_thread(process.stats)
        if (not stats["connections"] and not stats["pages"]) or time.monotonic() > deadline:
            await asyncio.sleep(2)
            return await asyncio.to_thread(process.stats)
        await asyncio.sleep(0.2)


async def _tokens(port: int, name: str) -> list[str]:
    _, html, _ = await asyncio.to_thread(get, port, f"/page/{name}/")
    return TOKEN.findall(html)


async def _open(port: int, path: str) -> ClientConnection:
    return await connect(
        f"ws://127.0.0.1:{port}{path}",
        origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
        compression=None,
        ping_interval=None,
        open_timeout=60,
    )


async def _join(port: int, name: str, tokens: list[str]) -> ClientConnection:
    socket = await _open(port, "/livecomp/ws")
    await socket.send(json.dumps(["join", 1, tokens, None, f"/page/{name}/"]))
    reply = json.loads(await socket.recv())
    assert reply[0] == "joined", reply
    return socket
