"""A graceful end: the server's stop signal waits until running events are finished and every page is saved.

Servers close WebSockets at once when they are told to stop, before the application hears of it. So their handler for
the signal is called a little later: after `Runtime.drain`. A second signal goes straight through.
"""

import logging
import signal
import threading
from types import FrameType

from livecomp.runtime.process import Runtime

logger = logging.getLogger("livecomp")

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def install(runtime: Runtime) -> None:
    """Put the drain before the server's own handlers, once. Only in the main thread, where Python has its signals, and
    only where a server has handlers."""
    if runtime.has_signals or threading.current_thread() is not threading.main_thread():
        return
    runtime.has_signals = True
    for number in SIGNALS:
        if callable(signal.getsignal(number)) and signal.getsignal(number) is not signal.default_int_handler:
            signal.signal(number, _DrainFirst(runtime, number))


class _DrainFirst:
    """A signal handler in front of the server's."""

    def __init__(self, runtime: Runtime, number: int) -> None:
        self._runtime = runtime
        self._next = signal.getsignal(number)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        runtime = self._runtime
        if runtime.is_draining or runtime.loop.is_closed() or runtime.is_idle:
            self._go_on(number, frame)
        else:
            runtime.loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        logger.info("Stopping: %d live pages finish first.", len(self._runtime.pages))
        drained = self._runtime.loop.create_task(self._runtime.drain())
        drained.add_done_callback(lambda _: self._go_on(number, None))

    def _go_on(self, number: int, frame: FrameType | None) -> None:
        self._runtime.is_draining = True
        if callable(self._next):
            self._next(number, frame)
