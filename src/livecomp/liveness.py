"""Which processes live: each says so in the cache of the snapshots, and is silent when it was killed.

Who takes over a page of a living process waits until that has saved it; nobody waits for the dead.
"""

import logging
import secrets
import time
from typing import Any

from django.core.cache import caches
from django.db import close_old_connections

from livecomp.conf import settings

logger = logging.getLogger("livecomp")

PROCESS = secrets.token_hex(8)
"""Names this process."""
BEAT = 2.0  # seconds between two signs of life
SILENCE = 6  # seconds after the last one until a process counts as dead
MEMORY = 0.5  # seconds
_answers: dict[str, tuple[float, bool]] = {}  # process -> when it was asked for, whether it lived


def beat() -> None:
    """This process lives. Blocks."""
    try:
        _cache().set(_key(PROCESS), 1, SILENCE)
    except Exception as error:
        logger.debug("No sign of life: %r", error)
    finally:
        close_old_connections()  # the cache may be a table


def rest() -> None:
    """This process has saved everything. Blocks."""
    try:
        _cache().delete(_key(PROCESS))
    except Exception as error:
        logger.debug("No last word: %r", error)


def is_alive(process: str) -> bool:
    """Whether another process that shares our cache lives. Blocks. Asked for many pages at once where a process was
    killed, so the answer is remembered for a moment."""
    if process == PROCESS:
        return False
    asked, lives = _answers.get(process, (0.0, False))
    if time.monotonic() - asked > MEMORY:
        lives = _cache().get(_key(process)) is not None
        if len(_answers) > 1000:
            _answers.clear()
        _answers[process] = time.monotonic(), lives
    return lives


def _cache() -> Any:
    return caches[settings.snapshot_cache]


def _key(process: str) -> str:
    return f"livecomp:process:{process}"
