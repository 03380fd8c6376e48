"""The timers of one page (`every`, `LiveComponent.send_after`), on the event loop."""

import asyncio
from collections.abc import Callable
from functools import partial

from livecomp.effects import StartTimer
from livecomp.runtime.process import Runtime


class Timers:
    """Calls ``fired`` with a timer's id when it is due."""

    __slots__ = ("_fired", "_handles", "_runtime")

    def __init__(self, runtime: Runtime, fired: Callable[[str], None]) -> None:
        self._runtime = runtime
        self._fired = fired
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def start(self, timer: StartTimer) -> None:
        """Start it, in place of one with the same id."""
        self.stop(timer.id)
        fire = partial(self._fire, timer)
        self._handles[timer.id] = self._runtime.loop.call_later(timer.seconds, fire, context=self._runtime.context)

    def stop(self, id: str) -> None:
        """Forget it, if there is one."""
        if (handle := self._handles.pop(id, None)) is not None:
            handle.cancel()

    def stop_all(self) -> None:
        """Forget all."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def _fire(self, timer: StartTimer) -> None:
        del self._handles[timer.id]
        if timer.repeat:
            self.start(timer)
        self._fired(timer.id)
