"""The rounds of one loop in one render: their keys, their content, and which of them need not be rendered."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any
from urllib.parse import quote

from django.conf import settings

from livecomp.templating.atoms import MISSING
from livecomp.templating.memory import LoopMemory
from livecomp.templating.rows import Columns, RowSite, Snapshot, alike, peek
from livecomp.templating.specs import LoopSpec

logger = logging.getLogger("livecomp")

_SAFE_KEY = re.compile(r"[A-Za-z0-9_:@/-]*\Z")
_WAIT = 8  # renders after a snapshot that was of no use

Part = Any  # str | int | LoopRender | Placed
Own = Any  # str | list[Part] | None
Attempt = tuple[Callable[[str, int], int], Sequence[Any], Sequence[list[Any]], Iterator[tuple[Any, ...]]]


def encode_key(text: str) -> str:
    """A loop item's key as it stands in addresses."""
    return text if _SAFE_KEY.match(text) else quote(text, safe="_:@/-").replace(".", "%2E").replace("~", "%7E")


class LoopRender:
    """The rounds of a loop in one render."""

    __slots__ = (
        *("at", "columns", "first", "inputs", "keys", "kind", "old", "origin", "parts", "rounds", "rows", "seen"),
        *("replaced", "shift", "site", "spec", "todo"),
    )

    def __init__(self, spec: LoopSpec) -> None:
        self.spec = spec
        self.keys: list[str] = []
        self.rounds: list[Any] = []  # leaf: the target's content; else the scope's targets; None: as before
        self.parts: list[list[Part]] = []  # of loops that are not regular: what stands in each round
        self.seen: dict[str, int] = {}  # keys, and how many rounds asked for each
        self.forget_old()
        self.site: RowSite | None = None
        self.replaced: Sequence[int] | None = None  # where immutable items are not those of the last render
        self.kind = ""
        self.rows: Sequence[Any] = ()
        self.columns: Columns = []
        self.inputs: tuple[Any, ...] | None = None

    def forget_old(self) -> None:
        """Nothing is as before: every round is rendered."""
        self.old: LoopMemory | None = None
        self.todo: Sequence[int] | None = None  # the only rounds that may not be as before; None: all
        self.first = 0  # rounds from here on, if they are not in `todo`, stand `shift` later than before
        self.shift = 0
        self.at: dict[str, int] = {}  # where the rounds that may be anywhere else now were
        self.origin: dict[int, int] = {}  # of rounds in `todo` that are as before: where they were

    @property
    def unchanged(self) -> bool:
        """All rounds are as before, in the same order."""
        return self.todo is not None and self.old is not None and self.keys is self.old.keys

    def positions(self, old: LoopMemory | None) -> Callable[[str], int | None]:
        """Tells where the round of a key was at the last render, for rounds that may not be as before."""
        if self.todo is not None:
            return self.at.get
        if old is None:
            return {}.get  # type: ignore[return-value]
        return {key: index for index, key in enumerate(old.keys)}.get

    # Rounds whose values are known beforehand

    def attempts(
        self, site: RowSite, values: Any, inputs: tuple[Any, ...] | None, old: LoopMemory | None
    ) -> Iterator[Attempt]:
        """What to render: the items with their values, and the old values by key of what may be skipped.

        Usually once. A second time, with everything, when two items turn out to have the same key: then skipping
        by key was wrong.
        """
        if old is not None and old.wait:
            inputs = None
        rows = values if values.__class__ is list else list(values)
        self.site, self.rows = site, rows
        self.kind = self.kind_of_rows(site, old.rows if old is not None else None)
        if site.pure and self.kind and inputs is not None and peek not in inputs:
            self.inputs = inputs
        if self.can_skip(old):
            assert old is not None
            attempt = self.align(old)
            if self.unchanged:
                return
            if attempt is not None:
                yield attempt
                if self.check_keys():
                    return
            self.forget_old()
        count = len(rows)
        self.keys, self.rounds = [""] * count, [None] * count
        columns = site.columns(self.kind, rows) if self.kind else None
        if columns is None:
            self.kind, self.inputs = "", None
        self.columns = columns or []
        given: Any = self.columns if columns is not None else [repeat(MISSING)] * len(site.names)
        yield self.at.get, (), (), zip(range(count), rows, *given, strict=False)
        self.finish_keys()

    def kind_of_rows(self, site: RowSite, last: Snapshot | None) -> str:
        """As `RowSite.kind`. Items that are where they were at the last render are not looked at again."""
        rows = self.rows
        if last is None or not last.rows or len(last.rows) != len(rows):
            return site.kind(rows)
        self.replaced = site.differing(last.kind, rows, last)
        if not self.replaced or site.kind([rows[index] for index in self.replaced]) == last.kind:
            return last.kind
        return site.kind(rows)

    def can_skip(self, old: LoopMemory | None) -> bool:
        """The last render left what this one can be compared with."""
        if old is None or old.rows is None or self.inputs is None or self.site is None:
            return False
        if self.site.counted and len(self.rows) != len(old.keys):
            return False
        return old.rows.kind == self.kind and alike(self.inputs, old.rows.inputs)

    def align(self, old: LoopMemory) -> Attempt | None:
        """Find the rounds that are as before. None where the values of the others cannot be taken."""
        site, snapshot, rows = self.site, old.rows, self.rows
        assert site is not None
        assert snapshot is not None
        count, before = len(rows), len(old.keys)
        todo: Sequence[int]
        gone: Sequence[int]
        try:
            if count == before:
                replaced = self.replaced
                todo = gone = site.differing(self.kind, rows, snapshot) if replaced is None else replaced
                first, last = count, 0
            else:
                first, last = site.same_at_ends(self.kind, rows, snapshot, before)
                todo, gone = range(first, count - last), range(first, before - last)
        except KeyError:
            return None
        some = rows if len(todo) == count else [rows[index] for index in todo]
        columns = site.columns(self.kind, some)
        if columns is None:
            return None
        self.old, self.todo, self.first, self.shift, self.columns = old, todo, first, count - before, columns
        self.rounds = [None] * count
        if not todo and count == before:
            self.keys = old.keys
            return None
        self.keys = [*old.keys[:first], *[""] * len(todo), *old.keys[before - last :]] if self.shift else old.keys[:]
        if site.keyed and not site.indexed:
            self.at = {old.keys[index]: index for index in gone}
        return self.at.get, snapshot.rows, snapshot.columns, zip(todo, some, *columns, strict=True)

    def snapshot(self) -> tuple[Snapshot | None, int]:
        """What the next render compares with, and how many renders to wait for it."""
        old = self.old
        if self.inputs is None or not self.rows:
            return None, 0
        if self.todo is not None and len(self.todo) == len(self.rows) > 8 and not self.origin:
            return None, _WAIT  # the items are made anew for every render: comparing them costs, and gains nothing
        if self.kind not in ("dict", "object"):
            return Snapshot(self.kind, list(self.rows), [], self.inputs), 0
        columns = self.columns
        if self.todo is not None and old is not None and old.rows is not None:
            columns = [self._spliced(*pair) for pair in zip(old.rows.columns, columns, strict=True)]
        return Snapshot(self.kind, (), columns, self.inputs), 0

    def _spliced(self, old: list[Any], new: list[Any]) -> list[Any]:
        assert self.todo is not None
        if self.shift:
            stop = self.first + len(self.todo) - self.shift
            return [*old[: self.first], *new, *old[stop:]]
        if len(new) == len(old):
            return new
        spliced = old[:]
        for index, value in zip(self.todo, new, strict=True):
            spliced[index] = value
        return spliced

    # Keys

    def new_key(self, text: str) -> str:
        """The address form of a round's key; another one for every round."""
        return self._unique(encode_key(text))

    def _unique(self, key: str) -> str:
        if key in self.seen or not key:
            warn_about_keys(self.spec, key)
            self.inputs = None  # no snapshot: the next render must number them anew
            asked, number = key, self.seen.get(key, 0)
            while f"{asked}!{number}" in self.seen:
                number += 1
            self.seen[asked] = number + 1
            key = f"{asked}!{number}"
        self.seen[key] = 1
        return key

    def add(self, key: str | None, own: list[Own], parts: list[Part]) -> None:
        if key is None:
            if any(content is not None for content in own) and not self.spec.keyed:
                warn_about_keys(self.spec, None)
            key = self.new_key(str(len(self.keys)))
        self.keys.append(key)
        self.rounds.append(own)
        self.parts.append(parts)

    def check_keys(self) -> bool:
        """Bring the keys of new rounds to their address form. True if they all differ."""
        keys = self.keys
        if not self.spec.keyed:
            warn_about_keys(self.spec, None)
        if self.todo is None:
            if not _SAFE_KEY.match("".join(keys)):
                keys[:] = map(encode_key, keys)
        else:
            if not _SAFE_KEY.match("".join([keys[index] for index in self.todo])):
                for index in self.todo:
                    keys[index] = encode_key(keys[index])
            if self._keys_differ_as_before(self.todo):
                return True
        return len(set(keys)) == len(keys) and "" not in keys

    def _keys_differ_as_before(self, todo: Sequence[int]) -> bool:
        """The keys of the last render all differed, and a look at the new ones tells that this has not changed."""
        assert self.old is not None
        keys, old = self.keys, self.old.keys
        if not self.shift:
            return all(keys[index] == old[index] for index in todo)
        return len(todo) < 4 and all(keys[index] and keys.count(keys[index]) == 1 for index in todo)

    def finish_keys(self) -> None:
        """All rounds have their keys: make them differ."""
        if not self.check_keys():
            self.keys[:] = map(self._unique, self.keys)


def warn_about_keys(spec: LoopSpec, key: str | None) -> None:
    """Tell the developer that loop items cannot be told apart. Once for each loop and kind, in DEBUG."""
    if not settings.DEBUG or (spec, key is None) in _warned:
        return
    _warned.add((spec, key is None))
    if key is None:
        logger.warning(
            "%s, line %d: the items of this loop have no key and are told apart by their position. Give their element"
            ' a live-key="{{ … }}" or an id.',
            spec.template,
            spec.line,
        )
    else:
        logger.warning(
            "%s, line %d: two items of this loop have the key %r. Keys must differ.", spec.template, spec.line, key
        )


def warn_about_child(name: str, slot: tuple[object, ...]) -> None:
    """Tell the developer that a component has placed two children with one key. Once for each place, in DEBUG."""
    if not settings.DEBUG or (name, slot[:-1]) in _warned:
        return
    _warned.add((name, slot[:-1]))
    logger.warning(
        "%s places two components with key=%r by the same tag, and tells them apart by their order. Keys must differ among"
        " the components of one tag; in nested loops, the items of the outer one can have a live-key.",
        name,
        slot[-1],
    )


_warned: set[tuple[object, object]] = set()
