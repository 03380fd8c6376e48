"""How much may be asked for: messages a second and open connections of a visitor, counted for the user and not for the
socket, and new connections of all together."""

import ipaddress
import time
from collections.abc import Callable, Hashable

from livecomp.conf import settings

Clock = Callable[[], float]

WINDOW = 5.0  # seconds in which the arrivals of an address are counted
SHARE = 0.1  # of `ACCEPT_RATE`, for each address before any gets more
KEPT_BACK = 0.25  # of the burst, for addresses within their share


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
        tokens = _filled(bucket, now, rate, burst) - 1
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
        full = [key for key, bucket in self._buckets.items() if _filled(bucket, now, rate, burst) >= burst]
        for key in full:
            del self._buckets[key]

    def __len__(self) -> int:
        return len(self._buckets)


class AcceptRate:
    """A token bucket for the connections that a process takes: each join mounts a page, and after a restart all come.

    Each address has its share first. One that wants more gets what is left above a part of the bucket that is kept back
    for the others, so a stranger who fills the bucket fills it for himself. Where all seem to have one address, as behind
    a proxy, that one gets the whole rate.
    """

    __slots__ = ("_arrived", "_bucket", "_clock", "_window")

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._bucket = [float(settings.accept_rate[1]), clock()]
        self._arrived: dict[str, int] = {}  # by address, in this window only: a flood leaves nothing behind
        self._window = clock()

    def admit(self, address: str) -> bool:
        """Take a token, if there is one for this address."""
        rate, burst = settings.accept_rate
        now = self._clock()
        tokens = _filled(self._bucket, now, rate, burst)
        kept_back = 0 if self._is_within_share(address, now) else int(burst * KEPT_BACK)
        is_free = tokens >= 1 + kept_back
        self._bucket[:] = [tokens - is_free, now]
        return is_free

    def _is_within_share(self, address: str, now: float) -> bool:
        """Count one more arrival, and tell whether the address has not had more than its share lately."""
        if now - self._window >= WINDOW:
            self._window = now
            self._arrived.clear()
        arrived = self._arrived[address] = self._arrived.get(address, 0) + 1
        return bool(arrived <= max(1.0, settings.accept_rate[0] * SHARE * WINDOW))

    def __len__(self) -> int:
        return len(self._arrived)


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the 64 bits that one customer of a provider has for himself. Anything that is no
    IP address, such as nothing for a Unix socket, counts as it is."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)


def _filled(bucket: list[float], now: float, rate: float, burst: float) -> float:
    """The tokens that are in it by now."""
    tokens, at = bucket
    return min(float(burst), tokens + (now - at) * rate)


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
