"""Loops whose items are looked at beforehand: their values are fetched at once, and rounds that stay are skipped.

An item's values are taken from it without any of Django's lookup rules where that provably gives what those rules
give: from a plain `dict`, from the `__dict__` of an object whose class does nothing about these names, from a named
tuple or frozen dataclass. They are used only if every one is of an immutable type. A round is skipped when its values
are the very same objects as at the last render, and so is everything else that its body looks at.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, is_dataclass
from operator import attrgetter, is_not, itemgetter, length_hint
from typing import Any, Final

from django.template.context import Context
from django.urls import get_script_prefix, get_urlconf
from django.utils import timezone, translation

from livecomp.templating.atoms import ATOMS, MISSING

Columns = list[list[Any]]
_EQUAL: Final = frozenset((str, int, bool))  # equal values of one of these types are written alike

# Both compare each row's values with those in the columns c0, c1, …
_COMPARE = """
def same({columns}, rows):
    "How many rows from the first have the very same values."
    remaining = iter(rows)
    for {columns}, row in zip({columns}, remaining):
        {fetch}
        if {differs}:
            return len(rows) - length_hint(remaining) - 1
    return len(rows) - length_hint(remaining)

def differing({columns}, rows):
    "Which rows do not have the very same values."
    found = []
    for index, {columns}, row in zip(range(len(rows)), {columns}, rows):
        {fetch}
        if {differs}:
            found.append(index)
    return found
"""


@dataclass(slots=True, eq=False)
class Snapshot:
    """What the rounds of a loop looked at when they were rendered. Not kept across processes."""

    kind: str
    rows: Sequence[Any]  # the items themselves, where they cannot change
    columns: Columns  # their values by name, where they can
    inputs: tuple[Any, ...]  # the other variables, and the surroundings
    misses: int = 0


class RowSite:
    """What is known of one loop beforehand."""

    def __init__(self, names: Sequence[str], *, item: bool, pure: bool, keyed: bool, indexed: bool, counted: bool):
        self.names = tuple(names)
        self.item = item
        self.pure = pure
        self.keyed = keyed
        self.indexed = indexed
        self.counted = counted
        self._kinds: dict[type, str] = {}
        self._getters: dict[str, list[Callable[[Any], Any]]] = {
            "dict": [itemgetter(name) for name in self.names],
            "object": [itemgetter(name) for name in self.names],
            "frozen": [attrgetter(name) for name in self.names],
            "tuple": [itemgetter(int(name)) for name in self.names if name.isdecimal()],
        }
        self._same: dict[str, Callable[..., int]] = {}
        self._differing: dict[str, Callable[..., list[int]]] = {}
        if self.names:
            for kind, fetch in (("dict", "pass"), ("object", "row = row.__dict__")):
                self._same[kind], self._differing[kind] = self._comparisons(fetch)

    def _comparisons(self, fetch: str) -> tuple[Callable[..., int], Callable[..., list[int]]]:
        columns = [f"c{index}" for index in range(len(self.names))]
        differs = " or ".join(f"row[{name!r}] is not {c}" for name, c in zip(self.names, columns, strict=True))
        space: dict[str, Any] = {"length_hint": length_hint}
        exec(_COMPARE.format(columns=", ".join(columns), fetch=fetch, differs=differs), space)
        return space["same"], space["differing"]

    def kind(self, rows: Sequence[Any]) -> str:
        """How the values of these items can be taken; "" where only Django's lookup will do."""
        kinds = {self._kind_of(each) for each in set(map(type, rows))}
        return kinds.pop() if len(kinds) == 1 else ""

    def _kind_of(self, cls: type) -> str:
        if self.item:
            return "atom" if cls in ATOMS and not self.names else ""
        if cls is dict:
            return "dict"
        known = self._kinds.get(cls)
        if known is None:
            if len(self._kinds) > 200:  # classes made at run time must not pile up here
                self._kinds.clear()
            known = self._kinds[cls] = _kind_of(cls, self.names)
        return known

    def columns(self, kind: str, rows: Sequence[Any]) -> Columns | None:
        """The values of these items by name; None unless all are there and immutable."""
        if kind == "atom":
            return []
        sources: Any = [row.__dict__ for row in rows] if kind == "object" else rows
        try:
            columns = [list(map(getter, sources)) for getter in self._getters[kind]]
        except (KeyError, AttributeError, IndexError):
            return None
        if all(ATOMS.issuperset(map(type, column)) for column in columns):
            return columns
        return None

    def differing(self, kind: str, rows: Sequence[Any], old: Snapshot) -> Sequence[int]:
        """Which items do not have the same values as before, for as many items as before. Raises `KeyError`."""
        if kind in self._differing:
            return self._differing[kind](*old.columns, rows)
        return list(itertools.compress(range(len(rows)), map(is_not, rows, old.rows)))

    def same_at_ends(self, kind: str, rows: Sequence[Any], old: Snapshot, before: int) -> tuple[int, int]:
        """How many items, from the first and from the last, have the same values as before. Raises `KeyError`."""
        columns: Sequence[Sequence[Any]] = old.columns if kind in self._same else [old.rows]
        same: Callable[..., int] = self._same.get(kind, _same_items)
        first = same(*columns, rows)
        limit = min(len(rows), before) - first
        if limit <= 0 or not self.keyed or self.indexed:
            return first, 0
        return first, same(*[column[: -limit - 1 : -1] for column in columns], rows[: -limit - 1 : -1])


def _same_items(old: Sequence[Any], rows: Sequence[Any]) -> int:
    return next(itertools.compress(itertools.count(), map(is_not, rows, old)), min(len(rows), len(old)))


def _kind_of(cls: type, names: Sequence[str]) -> str:
    if cls is tuple:
        return "tuple" if all(name.isdecimal() for name in names) else ""
    if _attribute(cls, "__call__") is not None:
        return ""
    if issubclass(cls, tuple):
        fields = getattr(cls, "_fields", ())
        plain = cls.__getitem__ is tuple.__getitem__ and cls.__getattribute__ is tuple.__getattribute__
        getters = all(name in fields and type(_attribute(cls, name)).__name__ == "_tuplegetter" for name in names)
        return "frozen" if plain and getters else ""
    if hasattr(cls, "__getitem__") or cls.__getattribute__ is not object.__getattribute__:
        return ""
    if is_dataclass(cls) and cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return "frozen" if all(_is_field(cls, name) for name in names) else ""
    if any(hasattr(type(_attribute(cls, name)), "__set__") for name in names) or not _has_dict(cls):
        return ""
    return "object"


def _attribute(cls: type, name: str) -> Any:
    """What the class itself has under this name."""
    return next((each.__dict__[name] for each in cls.__mro__ if name in each.__dict__), None)


def _is_field(cls: type, name: str) -> bool:
    found = _attribute(cls, name)
    in_slot = type(found).__name__ == "member_descriptor"
    return name in cls.__dataclass_fields__ and (in_slot or not hasattr(type(found), "__get__"))  # type: ignore[attr-defined]


def _has_dict(cls: type) -> bool:
    return any("__dict__" in each.__dict__ for each in cls.__mro__)


def surroundings(context: Context, with_urls: bool) -> tuple[Any, ...]:
    """What pure output depends on beside variables: language, time zone, and the context's own settings."""
    settled = (
        translation.get_language(),
        timezone.get_current_timezone(),
        context.autoescape,
        context.use_l10n,
        context.use_tz,
    )
    if not with_urls:
        return settled
    request = getattr(context, "request", None)
    match = getattr(request, "resolver_match", None)
    app = getattr(request, "current_app", None), getattr(match, "namespace", None)
    return (*settled, get_urlconf(), get_script_prefix(), app)


def peek(root: Any, *names: str) -> Any:
    """The immutable value behind a dotted name, taken without calling anything; `peek` itself where that cannot be."""
    current = root
    for name in names:
        if current.__class__ is dict:
            current = current.get(name, peek)
        elif _kind_of(current.__class__, (name,)) == "object":
            current = current.__dict__.get(name, peek)
        else:
            return peek
    return current if current.__class__ in ATOMS or current is MISSING else peek


def alike(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two sets of inputs give the same output. When in doubt they do not."""
    if len(one) != len(other):
        return False
    for left, right in zip(one, other, strict=True):
        if left is right:
            continue
        if left.__class__ is not right.__class__ or (left.__class__ not in _EQUAL and left.__class__ is not tuple):
            return False
        if left != right:
            return False
    return True
