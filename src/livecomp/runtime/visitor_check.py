"""When the visitor of a long-lived connection is to be looked at again, and how long to wait where that fails."""

import logging

from livecomp.conf import settings

logger = logging.getLogger("livecomp")

RETRY = (0.5, 15.0)  # seconds until the visitor, or what they may see, is asked for again: first and longest


class VisitorCheck:
    """The last look at one visitor."""

    __slots__ = ("_failures", "_passed")

    def __init__(self, now: float) -> None:
        self._passed = now
        self._failures = 0  # in a row

    def is_due(self, now: float) -> bool:
        """Whether the last one was too long ago."""
        return bool(now - self._passed >= settings.revalidate_session)

    def want(self) -> None:
        """Something has happened that makes the next one due at once."""
        self._passed = float("-inf")

    def passed(self, now: float) -> None:
        """There was an answer."""
        self._passed, self._failures = now, 0

    def failed(self) -> None:
        """There was none: no database, no answer. Call it where the exception is handled."""
        if not self._failures:
            logger.exception("The session of a live connection could not be checked.")
        self._failures += 1

    @property
    def pause(self) -> float:
        """Seconds until the next try."""
        return pause_after(self._failures)


def pause_after(failures: int) -> float:
    """Seconds until something that failed so often in a row is tried again."""
    return float(min(RETRY[1], RETRY[0] * 2 ** min(failures - 1, 10)))
