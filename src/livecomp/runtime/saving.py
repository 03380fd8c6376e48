"""When a page's snapshot is to be saved: soon after an event, later after anything else, and before it grows too old."""

import asyncio
from collections.abc import Awaitable, Callable

from livecomp.conf import settings
from livecomp.runtime.process import Runtime

SELDOM = 10  # times SNAPSHOT_DELAY between snapshots of what no event changed: a topic's next message says it again


class Saving:
    """The timer of one page's snapshots. ``save`` is called when one is due."""

    __slots__ = ("_runtime", "_save", "saved", "timer")

    def __init__(self, runtime: Runtime, save: Callable[[], None]) -> None:
        self._runtime = runtime
        self._save = save
        self.timer: asyncio.TimerHandle | None = None
        self.saved = runtime.loop.time()  # when the last one was

    def save_soon(self, *, after_event: bool) -> None:
        """The state changed."""
        if settings.snapshot != "event":
            return
        loop, delay = self._runtime.loop, settings.snapshot_delay * (1 if after_event else SELDOM)
        if self.timer is not None:
            if self.timer.when() <= loop.time() + delay:
                return
            self.timer.cancel()
        self.timer = loop.call_later(delay, self._save_now, context=self._runtime.context)

    async def follow(self, saving: Awaitable[bool], started: float) -> None:
        """The page is being saved. Have that tried again when the cache does not take it."""
        self.saved = started
        if await saving is False:
            self.save_soon(after_event=False)

    def look(self, now: float) -> None:
        """Have a snapshot that grows old saved again, for the day that the process is killed."""
        if now - self.saved > settings.snapshot_max_age / 2 and settings.snapshot == "event":
            self.saved = now
            self._save_now()

    def stop(self) -> None:
        """Save no more."""
        if self.timer is not None:
            self.timer.cancel()

    def _save_now(self) -> None:
        self.stop()
        self.timer = None
        self._save()
