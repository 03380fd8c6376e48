"""WebSockets of tests: `Socket` speaks our protocol to an ASGI application without a server."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from channels.testing import WebsocketCommunicator

from livecomp.websocket import LiveWebSocket
from tests.fake_page import FakePage, FakePages

HEADERS = [(b"host", b"testserver"), (b"origin", b"http://testserver")]


async def until(condition: Callable[[], Any], timeout: float = 5.0) -> Any:
    """Wait for a condition; gives what made it true. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError("the condition did not come true")
        await asyncio.sleep(0.002)
    return value


class Socket(WebsocketCommunicator):
    """A browser's side of a WebSocket."""

    def __init__(self, application: Any, headers: list[tuple[bytes, bytes]] | None = None, **scope: Any) -> None:
        super().__init__(application, "/livecomp/ws", headers=HEADERS if headers is None else headers)
        self.scope.update({"scheme": "ws", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), **scope})
        self.pages: FakePages | None = None
        self.ref = 0

    @property
    def page(self) -> FakePage:
        """The fake page behind the socket."""
        assert self.pages is not None
        return self.pages.opened[-1]

    async def write(self, *message: Any) -> None:
        """Send one message."""
        await self.send_input({"type": "websocket.receive", "text": json.dumps(message)})

    async def write_text(self, text: str) -> None:
        """Send a frame as it is."""
        await self.send_input({"type": "websocket.receive", "text": text})

    async def event(self, name: str, /, **args: Any) -> int:
        """Send an event; gives its number."""
        self.ref += 1
        await self.write("event", self.ref, "c0", name, args)
        return self.ref

    async def read(self, timeout: float = 5.0) -> list[Any]:
        """The next frame; a close is ``["closed", code]``."""
        output = await self.receive_output(timeout)
        if output["type"] == "websocket.close":
            return ["closed", output["code"]]
        message: list[Any] = json.loads(output["text"])
        return message

    async def read_until(self, kind: str, timeout: float = 5.0) -> list[Any]:
        """The next message of this kind; others are passed over."""
        async with asyncio.timeout(timeout):
            while True:
                message = await self.read(timeout)
                for each in message if isinstance(message[0], list) else [message]:
                    if each[0] == kind:
                        return each

    async def call(self, name: str, /, **args: Any) -> list[Any]:
        """Send an event and give the reply."""
        await self.event(name, **args)
        return await self.read()

    async def join(self, token: str = "page", resume: tuple[str, int] | None = None) -> list[Any]:
        """Join the page."""
        await self.write("join", 1, [token], resume, "/")
        return await self.read()

    async def leave(self, code: int = 1001) -> None:
        """The browser goes away; waits until the server has cleaned up."""
        if not self.future.done():
            await self.send_input({"type": "websocket.disconnect", "code": code})
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(self.future), 10)


@contextlib.asynccontextmanager
async def fake_socket(
    pages: FakePages | None = None, *, join: bool = True, token: str = "page", **options: Any
) -> AsyncIterator[Socket]:
    """A connected socket with a fake page behind it."""
    pages = pages or FakePages()
    socket = Socket(LiveWebSocket(pages), **options)
    socket.pages = pages
    accepted, _ = await socket.connect(5)
    assert accepted
    if join:
        assert (await socket.join(token))[0] == "joined"
    try:
        yield socket
    finally:
        await socket.leave()
