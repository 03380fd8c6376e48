"""A page comes back on another connection, perhaps before the server has noticed that the old one is dead: that one is
ended first, so that its running handler is finished and its state is saved."""

import asyncio
from collections.abc import Awaitable
from typing import Protocol

from livecomp import topics
from livecomp.conf import settings

TAKE_OVER = 2.0  # seconds that another process gets to save a page that came back here


class Predecessor(Protocol):
    """Who drives the page on the old connection."""

    def give_way(self) -> "asyncio.Future[None]":
        """End. Done when the page is saved."""


class Successor(Protocol):
    """Who will drive the page from now on."""

    stopped: "asyncio.Future[None] | None"

    def driver_of(self, page_id: str) -> Predecessor | None:
        """Who drives this page in this process."""

    def is_saved(self, page_id: str) -> Awaitable[bool]:
        """Whether the page has stopped, wherever it was."""


async def take_over(page_id: str, successor: Successor) -> None:
    """End the page's old connection, here or in another process, and wait until its state is saved."""
    old = successor.driver_of(page_id)
    if old is not None:
        await asyncio.wait([old.give_way()], timeout=settings.handler_timeout)
    elif topics.shared_layer() is not None and not await successor.is_saved(page_id):
        topics.announce("supersede", page_id)
        deadline = asyncio.get_running_loop().time() + TAKE_OVER
        while asyncio.get_running_loop().time() < deadline and successor.stopped is None:
            await asyncio.sleep(TAKE_OVER / 20)
            if await successor.is_saved(page_id):
                return
