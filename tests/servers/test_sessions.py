"""Two tabs of one browser on real servers: what the one does to the session, the other is told, whatever the engine."""

import asyncio
import http.client

import pytest

from tests.servers.browser import Browser, get
from tests.servers.conftest import KINDS, Start
from tests.servers.server import Server
from tests.sockets import until

ENGINES = ["db", "cached_db", "cache", "signed_cookies"]


@pytest.fixture(params=[(kind, engine) for kind in KINDS for engine in ENGINES], ids="-".join)
def server(request: pytest.FixtureRequest, start: Start) -> Server:
    """A server with ``ATOMIC_REQUESTS`` and this session engine."""
    kind, engine = request.param
    return start(kind, SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}", ATOMIC_REQUESTS="1")


async def visit(server: Server, path: str, cookie: str = "") -> str:
    """Get a page; gives the cookies."""
    status, _, cookies = await asyncio.to_thread(get, server.port, path, cookie)
    assert status == 200
    return cookies


async def tab(server: Server, cookie: str) -> Browser:
    browser = Browser(server.port, "counting", cookie=cookie)
    await browser.load()
    await browser.connect()
    return browser


async def test_t37_one_tab_signs_out_and_the_others_end(server: Server) -> None:
    for path in ("/out/", "/out/slowly/", "/out/async/"):
        cookie = await visit(server, "/remember/", await visit(server, "/in/ann/"))
        tabs = [await tab(server, cookie) for _ in range(2)]
        cookie = await visit(server, path, cookie)
        for each in tabs:
            assert await each.until_closed(10) == 4401
            await each.leave()
        again = await tab(server, cookie)  # reloaded: as nobody, and it stays
        await again.leave()


async def test_t37_one_tab_signs_out_and_hangs_up(server: Server) -> None:
    cookie = await visit(server, "/in/ann/")
    open_tab = await tab(server, cookie)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/out/slowly/", headers={"Cookie": cookie})
    await until((server.directory / "signing-out").exists, 30)
    connection.close()
    assert await open_tab.until_closed(10) == 4401
    await open_tab.leave()


async def test_t31_one_tab_signs_in_and_those_of_before_end(server: Server) -> None:
    cookie = await visit(server, "/remember/")
    open_tab = await tab(server, cookie)
    cookie = await visit(server, "/in/ann/", cookie)
    assert await open_tab.until_closed(10) == 4401
    await open_tab.leave()
    again = await tab(server, cookie)
    await again.leave()
