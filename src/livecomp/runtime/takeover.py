"""A page comes back on another connection, perhaps before the server has noticed that the old one is dead: that one is
ended first, so that its running handler is finished and its state is saved."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from livecomp import topics
from livecomp.conf import settings
from livecomp.runtime.pages import Pages
from livecomp.runtime.process import Runtime

FIRST_LOOK, LAST_LOOK, LOOK_GROWTH = 0.1, 1.0, 1.5  # seconds between two looks for what another process saves

SAVING = 5.0  # seconds for a page to be saved after its handler has ended


class Successor(Protocol):
    """Who will drive the page from now on."""

    stopped: "asyncio.Future[None] | None"

    def ask(self, function: Callable[..., Any], *args: Any) -> Awaitable[Any]:
        """The function's result for the page, from the thread pool."""


async def take_over(joined_id: str, successor: Successor, runtime: Runtime, pages: Pages) -> None:
    """End the page's old connection, here or in another process, and wait until its state is saved."""
    old = runtime.pages.get(joined_id)
    if old is not None:
        await asyncio.wait([old.give_way()], timeout=settings.handler_timeout + SAVING)
        return
    is_saved, is_held = await successor.ask(_look, pages, joined_id)
    if is_saved:
        return
    topics.announce("supersede", joined_id)
    deadline, delay = runtime.loop.time() + settings.handler_timeout + SAVING, FIRST_LOOK
    while is_held and not is_saved and runtime.loop.time() < deadline and successor.stopped is None:
        await asyncio.sleep(delay)
        delay = min(LAST_LOOK, delay * LOOK_GROWTH)
        is_saved, is_held = await successor.ask(_look, pages, joined_id)


def _look(page: Any, pages: Pages, joined_id: str) -> tuple[bool, bool]:
    return pages.look_at(joined_id)
