"""Which processes live: each says so in the cache of the snapshots, and is silent when it was killed.

Who takes over a page of a living process waits until that has saved it; nobody waits for the dead.
"""

import logging
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections

from livecomp import snapshot_cache
from livecomp.conf import settings
from livecomp.this_process import after_fork, process_id

logger = logging.getLogger("livecomp")

BEAT = 2.0  # seconds between two signs of life
SILENCE = 6  # seconds after the last one until a process counts as dead
MEMORY = 0.5  # seconds
_answers: dict[str, tuple[float, bool]] = {}  # process -> when it was asked for, whether it lived


class Heart:
    """Beats while anybody needs it: as long as a page of this process is not saved. Then it says so with its last word.

    It has a thread of its own, so that neither a busy event loop nor full thread pools make a living process look dead.
    """

    def __init__(self) -> None:
        self.reset()
        after_fork(self.reset)

    def reset(self) -> None:
        """Nobody needs it yet."""
        self._lock = threading.Lock()
        self._speaking = threading.Lock()  # one word after the other, or the last one would not be the last
        self._holders: set[object] = set()
        self._stop: threading.Event | None = None
        self._threads: set[threading.Thread] = set()

    def hold(self, holder: object) -> None:
        """Beat until `release`."""
        if settings.snapshot == "off":
            return
        with self._lock:
            self._holders.add(holder)
            if self._stop is None:
                self._stop = threading.Event()
                thread = threading.Thread(
                    target=self._beat_until, args=(self._stop,), name="livecomp-heart", daemon=True
                )
                self._threads.add(thread)
                thread.start()

    def release(self, holder: object) -> None:
        """Undo `hold`."""
        with self._lock:
            self._holders.discard(holder)
            if not self._holders and self._stop is not None:
                self._stop.set()
                self._stop = None

    @property
    def is_silent(self) -> bool:
        """Whether the last word is said."""
        return not self._threads

    def _beat_until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._speak()
            stop.wait(BEAT)
        self._speak()
        with self._lock:
            self._threads.discard(threading.current_thread())

    def _speak(self) -> None:
        with self._speaking:
            if self._holders:
                beat()
            else:
                rest()


heart = Heart()


def beat() -> None:
    """This process lives. Blocks."""
    _say(lambda: snapshot_cache.set(_key(process_id()), 1, SILENCE))


def rest() -> None:
    """This process has saved everything. Blocks."""
    _say(lambda: snapshot_cache.delete(_key(process_id())))


def _say(word: Callable[[], None]) -> None:
    try:
        word()
    except Exception as error:
        logger.debug("The other processes were not told whether this one lives: %r", error)
    finally:
        close_old_connections()  # the cache may be a table


def is_alive(process: str) -> bool:
    """Whether another process that shares our cache lives. Blocks. Asked for many pages at once where a process was
    killed, so the answer is remembered for a moment."""
    if process == process_id():
        return False
    asked, lives = _answers.get(process, (0.0, False))
    if time.monotonic() - asked > MEMORY:
        lives = snapshot_cache.get(_key(process)) is not None
        if len(_answers) > 1000:
            _answers.clear()
        _answers[process] = time.monotonic(), lives
    return lives


def _key(process: str) -> str:
    return f"livecomp:process:{process}"
