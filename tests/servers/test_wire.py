"""Hostile and broken clients against real servers."""

import asyncio
import contextlib
import json
import sys
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from tests.servers.browser import Browser, get
from tests.servers.server import ROOT, Server

LIVECOMP = {"RATE_LIMIT": [20, 40], "JOIN_TIMEOUT": 1.0}


async def works(server: Server) -> bool:
    """Whether an ordinary browser is served."""
    async with Browser(server.port) as browser:
        await browser.until_acked(await browser.event("add"))
        return browser.text == ">1"


@pytest.mark.parametrize("frame", [b"\xff\xfe", b'["ping"]', "", "\x00"])
async def test_t06_frames_that_are_no_text_close(server: Server, frame: Any) -> None:
    async with Browser(server.port) as browser:
        for _ in range(5):
            await browser.send(frame)
        assert await browser.until_closed() == 4400
    assert await works(server)


async def test_t06_invalid_utf8_closes(server: Server) -> None:
    async with Browser(server.port) as browser:
        socket = browser._socket
        assert socket is not None
        socket.protocol.send_frame(Frame(Opcode.TEXT, b"\xff\xff"))  # type: ignore[attr-defined]
        socket.transport.write(b"".join(socket.protocol.data_to_send()))
        assert await browser.until_closed() in (1007, 1006, None)
    assert await works(server)


@pytest.mark.parametrize("size", [64 * 1024 + 1, 20 * 1024 * 1024])
async def test_t07_oversize_closes_and_the_next_connection_is_fine(server: Server, size: int) -> None:
    async with Browser(server.port) as browser:
        with contextlib.suppress(websockets.ConnectionClosed):
            await browser.send("x" * size)
        assert await browser.until_closed() in (4400, 1009, 1006, None)
    assert await works(server)


async def test_t08_a_compressed_bomb_closes_and_memory_is_flat(server: Server) -> None:
    before = server.stats()["kilobytes"]
    bomb = "0" * (50 * 1024 * 1024)
    async with Browser(server.port, compression="deflate") as browser:
        with contextlib.suppress(websockets.ConnectionClosed):
            await browser.send(bomb)
        assert await browser.until_closed() in (4400, 1009, 1006, None)
    assert server.stats()["kilobytes"] - before < 40 * 1024
    assert await works(server)


async def test_t08_a_message_that_never_ends_is_cut_off_where_it_is_too_long(server: Server) -> None:
    async with Browser(server.port) as browser:

        async def parts() -> Any:
            for _ in range(50):
                yield "x" * 60_000
            await browser.until_closed()

        with contextlib.suppress(websockets.ConnectionClosed):
            await browser.send(parts())
        assert await browser.until_closed() in (1009, 1006, None)
    assert await works(server)


async def test_t08_many_fragments_are_one_message(server: Server) -> None:
    async with Browser(server.port) as browser:
        text = json.dumps(["event", 1, "c0", "add", {"by": 5}])
        await browser._socket.send(iter([*text, *(" " for _ in range(10_000))]))  # type: ignore[union-attr]
        await browser.until_acked(1)
        assert browser.text == ">5"


async def handshake(server: Server, origin: str | None, **headers: str) -> int:
    """HTTP status of a handshake, 101 for an accepted one."""
    try:
        async with connect(
            f"ws://127.0.0.1:{server.port}/livecomp/ws",
            origin=origin,  # type: ignore[arg-type]
            additional_headers=headers,
        ):
            return 101
    except websockets.InvalidStatus as error:
        return error.response.status_code


async def test_t42_other_origins_get_403(server: Server) -> None:
    own = f"http://127.0.0.1:{server.port}"
    assert await handshake(server, own) == 101
    assert await handshake(server, own.upper().replace("HTTP", "http")) == 101
    for origin in (
        *(None, "null", "http://evil.com", f"https://127.0.0.1:{server.port}", "http://127.0.0.1"),
        *(f"http://127.0.0.1:{server.port + 1}", f"http://evil127.0.0.1:{server.port}"),
        *(f"http://127.0.0.1.evil.com:{server.port}", f"http://127.0.0.1.:{server.port}"),
        *(f"http://xn--e1afmkfd:{server.port}", f"{own}/", f"{own}@evil.com"),
    ):
        assert await handshake(server, origin) == 403, origin
    assert await handshake(server, "http://evil.com", **{"X-Forwarded-Host": "evil.com"}) == 403


async def test_t46_one_user_has_at_most_20_connections(server: Server) -> None:
    _, _, cookie = await asyncio.to_thread(get, server.port, "/in/alice/")
    browsers = []
    for _ in range(20):
        browser = Browser(server.port, cookie=cookie)
        await browser.load()
        await browser.connect()
        browsers.append(browser)
    for _ in range(5):
        browser = Browser(server.port, cookie=cookie)
        await browser.load()
        with pytest.raises(ConnectionError, match="closed with 1013"):
            await browser.connect()
    assert await works(server)
    for browser in browsers:
        await browser.leave()
    async with Browser(server.port, cookie=cookie) as browser:
        await browser.until_acked(await browser.event("add"))


async def test_t47_a_silent_connection_is_closed(server: Server) -> None:
    browser = Browser(server.port)
    socket = await browser.open()
    with pytest.raises(websockets.ConnectionClosed):
        await asyncio.wait_for(socket.recv(), 10)
    assert socket.close_code == 4408


async def test_t48_a_flood_closes_and_others_do_not_notice(server: Server) -> None:
    async with Browser(server.port) as other:
        command = [sys.executable, "-m", "tests.servers.flood", str(server.port), "5000"]
        flood = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        ended = asyncio.ensure_future(flood.communicate())
        while not ended.done():
            await other.until_acked(await other.event("add"))
            await asyncio.sleep(0.06)  # an honest client's pace
        assert (await ended)[0] == b"4429"
        assert other.acked == other.ref
        assert not other.errors


async def test_t80_pings_of_the_application_are_answered(server: Server) -> None:
    async with Browser(server.port) as browser:
        await browser.send('["ping"]')
        await browser.until_acked(await browser.event("add"))
