"""The proxy of the network tests does what it says."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from tests.chaos import ChaosProxy, chaos


@contextlib.asynccontextmanager
async def echo() -> AsyncIterator[ChaosProxy]:
    """A proxy to a server that gives back what it gets."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with chaos(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()


async def ask(proxy: ChaosProxy, data: bytes, timeout: float = 5.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.readexactly(len(data)), timeout)
    finally:
        writer.close()


async def test_it_forwards() -> None:
    async with echo() as proxy:
        data = bytes(range(256)) * 2000
        assert await ask(proxy, data) == data
        assert proxy.accepted == 1


async def test_it_delays_in_both_directions_and_keeps_the_order() -> None:
    async with echo() as proxy:
        proxy.delay = 0.1
        started = time.monotonic()
        assert await ask(proxy, b"abc" * 30_000) == b"abc" * 30_000
        assert time.monotonic() - started > 0.19


async def test_it_throttles() -> None:
    async with echo() as proxy:
        proxy.rate = 400_000
        started = time.monotonic()
        await ask(proxy, b"x" * 100_000)
        assert time.monotonic() - started > 0.24


@pytest.mark.parametrize("way", ["hole_up", "hole_down"])
async def test_it_swallows(way: str) -> None:
    async with echo() as proxy:
        setattr(proxy, way, True)
        with pytest.raises(TimeoutError):
            await ask(proxy, b"x", 0.1)
        proxy.heal()
        assert await ask(proxy, b"x") == b"x"


async def test_it_cuts_and_refuses() -> None:
    async with echo() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        proxy.cut()
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        proxy.refuses = True
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await ask(proxy, b"x")
