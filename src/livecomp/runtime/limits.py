"""How much one visitor may ask for: messages a second and open connections, counted for the user, not for the socket."""

import time
from collections.abc import Callable, Hashable

from livecomp.conf import settings

Clock = Callable[[], float]


class RateLimiter:
    """A token bucket per visitor. What comes too fast is first delayed, then refused."""

    __slots__ = ("_buckets", "_clock")

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, list[float]] = {}  # tokens left (negative: owed), time of that count

    def admit(self, visitor: Hashable) -> float | None:
        """Take a token. Gives the seconds to wait before the message is its turn, None when it has to be refused."""
        rate, burst = settings.rate_limit
        now = self._clock()
        bucket = self._buckets.get(visitor)
        if bucket is None:
            bucket = self._buckets[visitor] = [float(burst), now]
        tokens = min(float(burst), bucket[0] + (now - bucket[1]) * rate) - 1
        bucket[1] = now
        if tokens < -settings.queue_size:
            bucket[0] = tokens + 1
            return None
        bucket[0] = tokens
        return -tokens / rate if tokens < 0 else 0.0

    def forget(self, visitor: Hashable) -> None:
        """Drop the count of a visitor who will not come back under this key."""
        self._buckets.pop(visitor, None)

    def prune(self) -> None:
        """Forget the visitors whose bucket is full again."""
        rate, burst = settings.rate_limit
        now = self._clock()
        full = [key for key, (tokens, at) in self._buckets.items() if tokens + (now - at) * rate >= burst]
        for key in full:
            del self._buckets[key]

    def __len__(self) -> int:
        return len(self._buckets)


class ConnectionCounter:
    """How many connections each visitor has open in this process."""

    __slots__ = ("_counts", "_refused")

    def __init__(self) -> None:
        self._counts: dict[Hashable, int] = {}
        self._refused: set[Hashable] = set()

    def enter(self, visitor: Hashable, limit: int) -> bool:
        """Count one more, unless that is one too many."""
        count = self._counts.get(visitor, 0)
        if count >= limit:
            return False
        self._counts[visitor] = count + 1
        return True

    def leave(self, visitor: Hashable) -> None:
        """Count one less."""
        count = self._counts[visitor] - 1
        if count:
            self._counts[visitor] = count
        else:
            del self._counts[visitor]
        self._refused.discard(visitor)

    def is_first_refusal(self, visitor: Hashable) -> bool:
        """Whether this refusal is news, or one of many: a flood is logged once."""
        if visitor in self._refused:
            return False
        self._refused.add(visitor)
        return True

    def __len__(self) -> int:
        return sum(self._counts.values())
