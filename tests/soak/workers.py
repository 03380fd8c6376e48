"""Two server processes behind a proxy that balances between them, with a Redis for messages and one for state."""

import asyncio
import contextlib
import itertools
import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.chaos import ChaosProxy
from tests.ports import free_port
from tests.servers.server import Redis, Server

UVICORN = ("--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "15", "--backlog", "4096")


class Balancer(ChaosProxy):
    """Takes the workers in turn, and the next one where one does not answer."""

    def __init__(self, ports: list[int]) -> None:
        super().__init__(ports[0])
        self._ports = ports
        self._turns = itertools.cycle(range(len(ports)))

    async def _open_far(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        first = next(self._turns)
        for turn in range(len(self._ports)):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self._ports[(first + turn) % len(self._ports)])
        raise ConnectionRefusedError


class Workers:
    """The server processes."""

    def __init__(self, directory: Path, layer: Redis, cache: Redis, livecomp: dict[str, Any]) -> None:
        self.directory = directory
        self.layer = layer
        self.cache = cache
        self.ports = [free_port(), free_port()]
        self._environment = {"REDIS_URL": layer.url, "CACHE_URL": cache.url, "LIVECOMP": json.dumps(livecomp)}
        self.servers: list[Server] = []

    def start(self, number: int) -> None:
        """Start one on its port."""
        server = Server("uvicorn", self.directory, *UVICORN, port=self.ports[number], **self._environment)
        self.servers[number : number + 1] = [server]

    async def restart(self, number: int) -> None:
        """As a deploy does."""
        await asyncio.to_thread(self.servers[number].stop, 30)
        await asyncio.to_thread(self.start, number)

    async def kill(self, number: int) -> None:
        """As the kernel does when memory is short."""
        self.servers[number].process.kill()
        await asyncio.to_thread(self.servers[number].process.wait)
        await asyncio.to_thread(self.start, number)

    def tallies(self) -> Counter[str]:
        """How often each thing was done."""
        with contextlib.closing(sqlite3.connect(self.directory / "db.sqlite3")) as database:
            return Counter(name for (name,) in database.execute("SELECT name FROM project_tally"))

    def errors(self) -> str:
        """What the workers logged as errors."""
        return "".join(server.errors() for server in self.servers[:1])


@contextlib.asynccontextmanager
async def workers(**livecomp: Any) -> AsyncIterator[tuple[Workers, Balancer]]:
    """Both workers and the proxy, for ``async with``."""
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        layer, cache = Redis(), Redis()
        stack.callback(layer.stop)
        stack.callback(cache.stop)
        fleet = Workers(Path(directory), layer, cache, {"RATE_LIMIT": [100, 200], **livecomp})
        try:
            for number in range(2):
                await asyncio.to_thread(fleet.start, number)
            async with Balancer(fleet.ports) as proxy:
                yield fleet, proxy
        finally:
            for server in fleet.servers:
                await asyncio.to_thread(server.stop, 30)
