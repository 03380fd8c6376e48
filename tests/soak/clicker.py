"""A visitor who clicks now and then, comes back whenever the connection is lost, and remembers every click."""

import asyncio
import contextlib
import random
from typing import Any

import websockets
from lxml import etree

from livecomp.testing.dom import Dom
from tests.servers.browser import Browser


class Clicker(Browser):
    """Each click is a row in the database and one more on the page."""

    def __init__(self, port: int, number: int, handler: str = "tally") -> None:
        super().__init__(port)
        self.number = number
        self.handler = handler
        self.doubted: set[int] = set()
        self.joins = self.doubts = 0
        self.failures: list[BaseException] = []

    def row(self, ref: int) -> str:
        """The name that this click leaves in the database."""
        return f"{self.number}:{ref}"

    async def visit(self, stop: asyncio.Event, pace: float) -> None:
        """Click about every ``pace`` seconds until ``stop``, then see everything through."""
        while not stop.is_set():
            await self.be_connected()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), random.expovariate(1 / pace))
            if not stop.is_set():
                seconds = random.choice([0.0, 0.0, 0.0, 0.3])  # so that some are under way at any moment
                await self.event(self.handler, name=self.row(self.ref + 1), seconds=seconds)
        while self.unacknowledged:
            await self.be_connected()
            with contextlib.suppress(TimeoutError):
                await self.until(lambda: not self.unacknowledged or self.is_lost, 5)
        await self.be_connected()

    @property
    def is_lost(self) -> bool:
        """Whether there is no connection."""
        return self._reader is None or self._reader.done()

    async def be_connected(self) -> None:
        """Come back if the connection is lost, after a moment that differs for each."""
        while self.is_lost:
            if self._reader is not None and not self._reader.cancelled() and (error := self._reader.exception()):
                self.failures.append(error)
            await asyncio.sleep(random.random())
            with contextlib.suppress(OSError, ConnectionError, TimeoutError, websockets.WebSocketException):
                await self.connect(30)

    async def _take(self, socket: Any, message: list[Any]) -> None:
        if message[0] == "joined":
            self.joins += 1
            self.doubts += any(effect[0] == "doubt" for effect in message[5])
        elif message[0] == "error" and message[2] == "doubt":
            self.doubted.add(message[1])
        await super()._take(socket, message)

    async def ask(self) -> str:
        """The whole page as the server renders it now."""
        while True:
            await self.be_connected()
            known = len(self.patches)
            # A cut that came at the very end shows only here.
            with contextlib.suppress(websockets.ConnectionClosed, TimeoutError):
                await self.send('["render",""]')
                await self.until(lambda known=known: len(self.patches) > known or self.is_lost)  # type: ignore[misc]
            if len(self.patches) > known:
                return self.text

    async def difference(self) -> str:
        """What a fresh render of the whole page changes in this browser's DOM: nothing, if all is well."""
        dom = Dom.from_page(self.html)
        missing = dom.apply(self.patches)
        before = etree.tostring(dom.root)
        known = len(self.patches)
        await self.ask()
        missing += dom.apply(self.patches[known:])
        after = etree.tostring(dom.root)
        return f"missing {missing}" if missing else "" if before == after else f"{before!r} became {after!r}"
