"""A browser's worth of client: gets a page over HTTP, joins it over a WebSocket, acknowledges, resumes, resends."""

import asyncio
import contextlib
import http.client
import json
import re
from types import TracebackType
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

TOKEN = re.compile(r'lc-token="([^"]+)"')


def get(port: int, path: str, cookie: str = "") -> tuple[int, str, str]:
    """Status, text and the cookies to send from now on."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        response = connection.getresponse()
        new = [value.split(";")[0] for name, value in response.getheaders() if name.lower() == "set-cookie"]
        kept = [
            each for each in cookie.split("; ") if each and each.split("=")[0] not in {n.split("=")[0] for n in new}
        ]
        return response.status, response.read().decode(), "; ".join([*kept, *new])
    finally:
        connection.close()


class Browser:
    """One page in one tab. ``port`` may be a proxy's."""

    def __init__(self, port: int, name: str = "counting", cookie: str = "", **options: Any) -> None:
        self.port = port
        self.path = f"/page/{name}/"
        self.cookie = cookie
        self.options = options
        self.html = ""
        self.tokens: list[str] = []
        self.page_id = ""
        self.version = 0
        self.ref = self.sent = 0
        self.acked = 0
        self.unacknowledged: list[list[Any]] = []
        self.errors: list[list[Any]] = []
        self.effects: list[list[Any]] = []
        self.patches: list[list[str]] = []
        self.shared: dict[str, int] = {}  # versions of shared components
        self.close_code: int | None = None
        self.joined = asyncio.Event()
        self.news = asyncio.Event()
        self.acknowledges = True
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Browser":
        await self.load()
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()

    async def load(self) -> None:
        """Get the page."""
        status, self.html, self.cookie = await asyncio.to_thread(get, self.port, self.path, self.cookie)
        assert status == 200, (status, self.html)
        self.tokens = TOKEN.findall(self.html)

    async def open(self) -> ClientConnection:
        """Open the WebSocket, and nothing more."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        options = {"compression": None, "ping_interval": None, "max_size": None, **self.options}
        self._socket = await connect(
            f"ws://127.0.0.1:{self.port}/livecomp/ws",
            origin=f"http://127.0.0.1:{self.port}",  # type: ignore[arg-type]
            additional_headers=headers,
            **options,
        )
        return self._socket

    async def connect(self, timeout: float = 20.0) -> None:
        """Open the WebSocket, join, resend what is not acknowledged."""
        socket = await self.open()
        self.close_code = None
        self.joined.clear()
        resume = [self.page_id, self.version] if self.page_id else None
        with contextlib.suppress(websockets.ConnectionClosed):
            await socket.send(json.dumps(["join", 1, self.tokens, resume, self.path, self.heard, self.sent]))
        self._reader = asyncio.create_task(self._read(socket))
        async with asyncio.timeout(timeout):
            waiting = asyncio.create_task(self.joined.wait())
            await asyncio.wait([waiting, self._reader], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        if not self.joined.is_set():
            raise ConnectionError(f"closed with {self.close_code} at the join")
        for message in self.unacknowledged:
            self.sent = max(self.sent, message[1])
            await socket.send(json.dumps(message))

    @property
    def heard(self) -> int:
        """The outcome of every event up to this one is known."""
        return min((message[1] for message in self.unacknowledged), default=self.ref + 1) - 1

    async def leave(self) -> None:
        """Close the tab."""
        if self._socket is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._socket.close(1001), 5)
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def come_back(self, timeout: float = 20.0) -> None:
        """Reconnect until it works, as the client does."""
        await self.leave()
        async with asyncio.timeout(timeout):
            while True:
                try:
                    return await self.connect()
                except (OSError, ConnectionError, websockets.WebSocketException):
                    await asyncio.sleep(0.05)

    async def event(self, name: str, /, **args: Any) -> int:
        """Call an event; gives its number."""
        self.ref += 1
        message = ["event", self.ref, "c0", name, args]
        self.unacknowledged.append(message)
        assert self._socket is not None
        with contextlib.suppress(websockets.ConnectionClosed):
            await self._socket.send(json.dumps(message))
            self.sent = self.ref
        return self.ref

    async def send(self, text: Any) -> None:
        """Send a frame as it is."""
        assert self._socket is not None
        await self._socket.send(text)

    async def until(self, condition: Any, timeout: float = 20.0) -> None:
        """Wait for a condition that messages of the server bring about."""
        async with asyncio.timeout(timeout):
            while not condition():
                self.news.clear()
                await self.news.wait()

    async def until_acked(self, ref: int, timeout: float = 20.0) -> None:
        """Wait for the acknowledgement of an event."""
        await self.until(lambda: self.acked >= ref or any(error[1] == ref for error in self.errors), timeout)

    async def until_closed(self, timeout: float = 20.0) -> int | None:
        """Wait for the end of the connection; gives the close code."""
        assert self._reader is not None
        async with asyncio.timeout(timeout):
            await asyncio.wait([self._reader])
        return self.close_code

    @property
    def text(self) -> str:
        """What the last patch holds, or the page as it came."""
        return self.patches[-1][1] if self.patches else self.html

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for frame in socket:
                messages = json.loads(frame)
                for message in messages if isinstance(messages[0], list) else [messages]:
                    await self._take(socket, message)
                self.news.set()
        except websockets.ConnectionClosed:
            pass
        finally:
            self.close_code = socket.close_code
            self.news.set()

    async def _take(self, socket: ClientConnection, message: list[Any]) -> None:
        kind = message[0]
        if kind == "joined":
            _, self.page_id, self.version, ack, patches, effects, *failed = message
            for error in failed[0] if failed else ():
                await self._take(socket, error)
            self._acknowledged(ack)
            self.patches += patches
            self.effects += effects
            self.shared.clear()
            self.joined.set()
        elif kind == "patch":
            assert message[1] == self.version + 1, f"version {message[1]} after {self.version}"
            self.version = message[1]
            self._acknowledged(message[2])
            self.patches += message[3]
            self.effects += message[4] if len(message) > 4 else []
            if self.acknowledges:
                with contextlib.suppress(websockets.ConnectionClosed):
                    await socket.send(json.dumps(["ack", self.version]))
        elif kind == "shared":
            await self._take_shared(socket, *message[1:])
        elif kind == "ack":
            self._acknowledged(message[1])
        elif kind == "error":
            self.errors.append(message)
            self.unacknowledged = [each for each in self.unacknowledged if each[1] != message[1]]

    async def _take_shared(
        self, socket: ClientConnection, component: str, version: int, patches: list[list[str]], whole: bool = False
    ) -> None:
        known = self.shared.get(component)
        assert whole or version == (known if known is not None else -2) + 1, f"version {version} after {known}"
        self.shared[component] = version
        self.patches += patches
        if self.acknowledges:
            with contextlib.suppress(websockets.ConnectionClosed):
                await socket.send(json.dumps(["ack", self.version]))

    def _acknowledged(self, ref: int) -> None:
        self.acked = max(self.acked, ref)
        self.unacknowledged = [each for each in self.unacknowledged if each[1] > ref]
