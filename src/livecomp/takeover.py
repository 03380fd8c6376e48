"""A page comes back on another connection, perhaps before the server has noticed that the old one is dead: that one is
ended first, so that its running handler is finished and its state is saved."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from livecomp import topics
from livecomp.conf import settings
from livecomp.pages import Pages
from livecomp.runtime import Runtime

LOOK = 0.1  # seconds between two looks for the state that another process saves


class Successor(Protocol):
    """Who will drive the page from now on."""

    stopped: "asyncio.Future[None] | None"

    def ask(self, function: Callable[..., Any], *args: Any) -> Awaitable[Any]:
        """The function's result for the page, from the thread pool."""


async def take_over(joined_id: str, successor: Successor, runtime: Runtime, pages: Pages) -> None:
    """End the page's old connection, here or in another process, and wait until its state is saved."""
    old = runtime.pages.get(joined_id)
    if old is not None:
        await asyncio.wait([old.give_way()], timeout=settings.handler_timeout)
        return
    if await successor.ask(lambda _: pages.is_saved(joined_id)):
        return
    topics.announce("supersede", joined_id)
    deadline = runtime.loop.time() + settings.shutdown_timeout
    while runtime.loop.time() < deadline and successor.stopped is None:
        if not await successor.ask(lambda _: pages.is_held(joined_id)):
            return
        await asyncio.sleep(LOOK)
        if await successor.ask(lambda _: pages.is_saved(joined_id)):
            return
