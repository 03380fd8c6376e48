"""A TCP proxy that misbehaves on demand: cut, black hole, delay, throttle. For tests of what a network does to a page."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from types import TracebackType

CHUNK = 16 * 1024


class ChaosProxy:
    """Forwards a free loopback port to ``target``. Settings may be changed at any time and apply at once."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.delay = 0.0  # seconds that each chunk takes, in each direction; order is kept
        self.rate = 0.0  # bytes a second in each direction; 0: no limit
        self.hole_up = False  # what the browser sends disappears
        self.hole_down = False  # what the server sends disappears
        self.refuses = False  # new connections are reset
        self.accepted = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "ChaosProxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self, share: float = 1.0) -> None:
        """Break every connection, or this share of them, without a farewell to either side."""
        for writer in tuple(self._writers):
            if share >= 1.0 or random.random() < share / 2:  # each connection has two
                writer.transport.abort()

    def black_hole(self) -> None:
        """Swallow everything, and keep the connections open."""
        self.hole_up = self.hole_down = True

    def heal(self) -> None:
        """Forward as a good network does. What was swallowed stays lost."""
        self.hole_up = self.hole_down = self.refuses = False
        self.delay = self.rate = 0.0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self.refuses:
                writer.transport.abort()
                return
            with contextlib.suppress(OSError):
                try:
                    far_reader, far_writer = await self._open_far()
                except OSError:
                    writer.transport.abort()
                    return
                self._writers |= {writer, far_writer}
                up = asyncio.ensure_future(self._forward(reader, far_writer, "up"))
                down = asyncio.ensure_future(self._forward(far_reader, writer, "down"))
                try:
                    await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for each in (up, down):
                        each.cancel()
                    await asyncio.gather(up, down, return_exceptions=True)
                    self._writers -= {writer, far_writer}
                    for each_writer in (writer, far_writer):
                        each_writer.close()
        finally:
            self._tasks.discard(task)

    async def _open_far(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.target)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1000)
        sender = asyncio.ensure_future(self._send(line, writer))
        try:
            loop = asyncio.get_running_loop()
            while data := await reader.read(CHUNK):
                if not (self.hole_up if way == "up" else self.hole_down):
                    await line.put((loop.time() + self.delay, data))
            await line.put((0.0, b""))
            await sender
        finally:
            sender.cancel()

    async def _send(self, line: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            moment, data = await line.get()
            if not data:
                return
            if (wait := moment - loop.time()) > 0:
                await asyncio.sleep(wait)
            if self.rate:
                await asyncio.sleep(len(data) / self.rate)
            writer.write(data)
            await writer.drain()


@contextlib.asynccontextmanager
async def chaos(target: int) -> AsyncIterator[ChaosProxy]:
    """A proxy to a loopback port, for ``async with``."""
    async with ChaosProxy(target) as proxy:
        yield proxy
