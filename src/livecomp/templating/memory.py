"""What the browser has, as the server remembers it: a hash for each target, for loops the order of the keys."""

from array import array
from collections.abc import Sequence
from hashlib import blake2b
from operator import itemgetter
from struct import Struct
from typing import Any

from livecomp.templating.rows import Snapshot


class Hashes:
    """The hashes of some targets. 0: the browser does not have this one.

    ``strong`` means the same in every process. ``quick`` holds Python's own hashes of the same texts, which are a lot
    faster to make and to compare, but mean nothing in another process: it is left out of pickles, and empty after one.
    """

    __slots__ = ("quick", "strong")

    def __init__(self) -> None:
        self.strong = array("Q")
        self.quick = array("q")

    def add(self, texts: Sequence[str | None], old: "Hashes | None", places: Sequence[int] | None) -> None:
        """Append the hashes of targets' contents; None: it is not there.

        ``places``: for each, where ``old`` has the same target, or -1. What did not change is not hashed again.
        """
        start = len(self.quick)
        self.quick.extend([0 if text is None else hash(text) for text in texts])
        if old is None or places is None or not old.quick:
            self.strong.frombytes(b"".join(map(digest, texts)))
            return
        quick, strong = old.quick, old.strong
        self.strong.extend(
            [
                # The hash of the empty text is 0 too, so `quick` cannot tell it from a target that is not there
                strong[at]
                if text is not None and at >= 0 and strong[at] and quick[at] == mine
                else _NUMBER.unpack(digest(text))[0]
                for text, at, mine in zip(texts, places, self.quick[start:], strict=True)
            ]
        )

    def copy(self, old: "Hashes", start: int, stop: int) -> None:
        """Append some of the hashes of others."""
        self.strong += old.strong[start:stop]
        self.quick += old.quick[start:stop]

    def pick(self, old: "Hashes", order: Sequence[int], width: int) -> None:
        """Append those of others in another order, ``width`` at a time."""
        for mine, theirs in ((self.strong, old.strong), (self.quick, old.quick)):
            if width == 1 and theirs and len(order) > 1:
                mine.extend(array(mine.typecode, itemgetter(*order)(theirs)))
            else:
                for at in order:
                    mine += theirs[at * width : (at + 1) * width]

    def put(self, place: int, old: "Hashes", start: int, count: int) -> None:
        """Overwrite some with some of others."""
        self.strong[place : place + count] = old.strong[start : start + count]
        self.quick[place : place + count] = old.quick[start : start + count]


_NUMBER = Struct("=Q")


def digest(text: str | None) -> bytes:
    """Eight bytes that tell texts apart, the same in every process."""
    if text is None:
        return bytes(8)
    try:
        return blake2b(text.encode(), digest_size=8).digest()
    except UnicodeEncodeError:  # lone surrogates
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


class LoopMemory:
    """What the browser has of a loop."""

    __slots__ = ("hashes", "inner", "keys", "rows", "wait")

    def __init__(self, keys: list[str], hashes: Hashes, inner: "list[list[LoopMemory | None]]") -> None:
        self.keys = keys
        self.hashes = hashes  # of the targets of all rounds, one round after the other
        self.inner = inner  # of each round, its loops
        self.rows: Snapshot | None = None
        self.wait = 0  # renders until it is worth taking a snapshot again

    def __getstate__(self) -> tuple[Any, ...]:
        return self.keys, self.hashes.strong.tobytes(), self.inner

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        keys, strong, inner = state
        self.__init__(keys, Hashes(), inner)  # type: ignore[misc]
        self.hashes.strong.frombytes(strong)


class RenderMemory:
    """What the browser has of one component. A new one: the browser has nothing. No render changes it: what the browser has
    then is another. Small, and can be pickled."""

    __slots__ = ("around", "children", "hashes", "inner", "template", "wild")

    def __init__(self) -> None:
        self.template = ""  # which compiled template it describes
        self.hashes = Hashes()
        self.inner: list[LoopMemory | None] = []
        self.children: frozenset[str] = frozenset()
        self.wild = False  # the browser's elements are not all where the template has them
        self.around = ("", "")  # what stands before and after the root, if there is a comment in it

    def __getstate__(self) -> tuple[Any, ...]:
        return self.template, self.hashes.strong.tobytes(), self.inner, self.children, self.wild, self.around

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.template, strong, self.inner, self.children, self.wild, self.around = state
        self.hashes = Hashes()
        self.hashes.strong.frombytes(strong)
