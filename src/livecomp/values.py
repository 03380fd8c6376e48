"""Values of state: which of them can change, how they are put back as they were, and how they are copied.

Two kinds can change, and what is in them is a part of the value: *containers* (lists, dicts, sets, deques, bytearrays, arrays,
NumPy's too, and their subclasses) and *data* (dataclasses and their like in attrs, msgspec and pydantic, namespaces,
``ChainMap`` and its siblings). Any other object, a model instance, a queryset or a form say, is passed on as it is: nobody
knows who shares what its attributes hold. So are the keys of a dict and the members of a set, which have to stay as they are.
"""

import array
import copy
import datetime
import decimal
import enum
import functools
import gc
import io
import logging
import pickle
import uuid
from collections import ChainMap, OrderedDict, UserDict, UserList, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MemberDescriptorType, SimpleNamespace
from typing import Any

logger = logging.getLogger("livecomp")

IMMUTABLE: frozenset[type] = frozenset(
    {
        *(str, int, float, bool, bytes, complex, type(None), range, frozenset),
        *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, decimal.Decimal, uuid.UUID),
    }
)
ABSENT: Any = enum.Enum("Absent", "ABSENT").ABSENT  # type: ignore[attr-defined]
_DATA = (ChainMap, UserDict, UserList, SimpleNamespace)
_DATA_MARKS = ("__dataclass_fields__", "__attrs_attrs__", "__struct_fields__", "__pydantic_fields_set__")


def copy_value(value: Any) -> Any:
    """A copy of the value with all its contents. What is in several places of it is one thing in the copy, too."""
    return value if type(value) in IMMUTABLE else _copied(value, {})


def copy_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call, each as a copy."""
    found = dict(arguments)
    return found if IMMUTABLE.issuperset(map(type, found.values())) else _copied(found, {})


def can_change(value: Any) -> bool:
    """Whether those who share the value see what one of them does to it."""
    kind: Any = type(value)
    if kind in IMMUTABLE or (parts := _parts_of(kind)) is None:
        return False
    if not getattr(value, "_mutable", True):  # a QueryDict as it comes
        return False
    if issubclass(kind, tuple) or getattr(getattr(kind, "__dataclass_params__", None), "frozen", False):
        return any(map(can_change, parts.inner(parts.take(value))))
    return True


def preserve(value: Any) -> "Preserved | Kept":
    """What `restore` gives the value back from, whatever a handler does to it in between."""
    kind: Any = type(value)
    if _parts_of(kind) is None:
        return Kept(value, [])
    if kind is list and value and type(value[0]) is dict and (copies := _copied_rows(value)) is not None:
        rows = value.copy()
        return Kept(value, [([value], [rows]), (rows, copies)])
    try:
        return Preserved(value)
    except (_NotPlain, RecursionError):
        return Kept(value, _contents_of(value))


def restore(preserved: "Preserved | Kept") -> Any:
    """The value given to `preserve`, as it was then. It, and all in it, stay the objects that they are: whoever has one of
    them elsewhere sees it as it was, too."""
    preserved.put_back()
    return preserved.value


def _copied_rows(value: list[Any]) -> list[Any] | None:
    """A copy of each item of the list, if they are all dicts, and these hold nothing that can change.

    Python tracks no dict whose values refer to no other objects; of another type than dict itself it tracks all. What is
    not tracked and can change all the same, a bytearray or an array of NumPy's, has no hash. To ask for these two takes
    less than half the time of looking at the type of each value."""
    if any(map(gc.is_tracked, value)):
        return None
    try:
        hash(tuple(gc.get_referents(*value)))
        return list(map(dict.copy, value))
    except TypeError:  # of the hash, or of an item that is no dict
        return None


# Plain values


class _NotPlain(Exception):
    """Something in the value is of no exact builtin type."""


class _PlainPickler(pickle.Pickler):
    """Writes exact builtin types, with a bytearray as what it is, and nothing else."""

    def reducer_override(self, obj: Any) -> Any:
        raise _NotPlain


class Preserved:
    """A value of plain builtin types as bytes: cheaper than a copy, which is almost never needed. The pickler remembers the
    objects that it wrote, so their contents can be put back into them."""

    __slots__ = ("data", "pickler", "value")

    def __init__(self, value: Any) -> None:
        data = io.BytesIO()
        self.pickler = _PlainPickler(data, pickle.HIGHEST_PROTOCOL)
        self.pickler.dump(value)
        self.data = data.getvalue()
        self.value = value

    def put_back(self) -> None:
        """See `restore`."""
        unpickler = pickle.Unpickler(io.BytesIO(self.data))
        unpickler.load()
        written: dict[int, Any] = dict(self.pickler.memo.copy().values())  # number -> object; both count alike
        read: dict[int, Any] = unpickler.memo.copy()
        same = {id(then): written[number] for number, then in read.items()}

        def now(then: Any) -> Any:
            return same.get(id(then), then)

        for number, then in read.items():
            kind = type(then)
            if kind is list:
                _fill(written[number], [now(item) for item in then])
            elif kind is dict:
                _fill(written[number], {now(key): now(item) for key, item in then.items()})
            elif kind is set:
                _fill(written[number], {now(item) for item in then})
            elif kind is bytearray:
                _fill(written[number], bytes(then))


# Values of other kinds, too


class Kept:
    """A value, and the contents of all in it that can change."""

    __slots__ = ("contents", "value")

    def __init__(self, value: Any, contents: "list[tuple[list[Any], list[Any]]]") -> None:
        self.value = value
        self.contents = contents

    def put_back(self) -> None:
        """See `restore`."""
        for values, contents in self.contents:
            for value, content in zip(values, contents, strict=True):
                _fill(value, content)


@dataclass(frozen=True, slots=True)
class _Parts:
    """How the values of a type give away their contents and take them. ``inner``: what is in these contents."""

    take: Callable[[Any], Any]
    fill: Callable[[Any, Any], object]
    inner: Callable[[Any], Iterable[Any]] = iter


def _contents_of(value: Any) -> list[tuple[list[Any], list[Any]]]:
    """The containers and the data in a value, of one type together, and the contents of each. From the outside to the inside,
    many values at a time: in a loop over each of them it takes twice as long."""
    found: list[tuple[list[Any], list[Any]]] = []
    seen: dict[int, Any] = {}
    line = [value]
    while line:
        new = dict(zip(map(id, line), line, strict=True))
        for known in new.keys() & seen.keys():
            del new[known]
        seen |= new
        line = []
        kinds = set(map(type, new.values()))
        for kind in kinds:
            parts = _parts_of(kind)
            assert parts is not None
            values = [each for each in new.values() if type(each) is kind] if len(kinds) > 1 else [*new.values()]
            contents = [*map(parts.take, values)]
            found.append((values, contents))
            inner = set(map(type, chain.from_iterable(map(parts.inner, contents)))) - IMMUTABLE
            if inner := {kind for kind in inner if _parts_of(kind) is not None}:
                line += [each for each in chain.from_iterable(map(parts.inner, contents)) if type(each) in inner]
    return found


def _fill(value: Any, contents: Any) -> None:
    """Give a value its contents. One that does not take them does not keep the others from theirs."""
    kind: Any = type(value)
    parts = _parts_of(kind)
    assert parts is not None
    try:
        parts.fill(value, contents)
    except Exception:
        logger.exception("A %s in the state could not be put back as it was.", type(value).__qualname__)


def _copied(value: Any, memo: dict[int, tuple[Any, Any]]) -> Any:
    """``memo``: what was copied, and its copy, by the identity of the first."""
    kind: Any = type(value)
    if (found := memo.get(id(value))) is not None:
        return found[1]
    if kind is list:
        items: list[Any] = []
        memo[id(value)] = value, items
        items += [item if type(item) in IMMUTABLE else _copied(item, memo) for item in value]
        return items
    if kind is dict:
        mapping = value.copy()
        memo[id(value)] = value, mapping
        if not IMMUTABLE.issuperset(map(type, value.values())):
            for key, item in value.items():
                mapping[key] = _copied(item, memo)
        return mapping
    if kind in IMMUTABLE or (parts := _parts_of(kind)) is None:
        return value
    if issubclass(kind, tuple):
        return _copied_tuple(value, memo)
    try:
        copied = copy.copy(value)
    except Exception:  # there can be only one
        copied = value
    memo[id(value)] = value, copied
    if copied is not value:
        parts.fill(copied, _copied(parts.take(value), memo))
    return copied


def _copied_tuple(value: tuple[Any, ...], memo: dict[int, tuple[Any, Any]]) -> Any:
    items = [_copied(item, memo) for item in tuple.__iter__(value)]
    if (found := memo.get(id(value))) is not None:  # it is within itself
        return found[1]
    copied: Any = value
    if any(item is not before for item, before in zip(items, tuple.__iter__(value), strict=True)):
        kind: Any = type(value)
        copied = kind._make(items) if hasattr(kind, "_make") else tuple.__new__(kind, items)
    memo[id(value)] = value, copied
    return copied


# Items: by the methods of the builtin type, past what a subclass makes of them. A QueryDict shows last values only.


def _fill_dict(value: Any, contents: dict[Any, Any]) -> None:
    own = OrderedDict if isinstance(value, OrderedDict) else dict
    if [(type(key), key) for key in own.keys(value)] != [(type(key), key) for key in contents]:
        own.clear(value)  # else it keeps its size: it may be a constant, which others read at this moment
    for key, item in contents.items():
        own.__setitem__(value, key, item)


def _fill_list(value: Any, contents: list[Any]) -> None:
    list.__setitem__(value, slice(None), contents)


def _fill_set(value: Any, contents: Iterable[Any]) -> None:
    set.clear(value)
    set.update(value, contents)


def _fill_deque(value: Any, contents: list[Any]) -> None:
    deque.clear(value)
    deque.extend(value, contents)


def _fill_bytes(value: Any, contents: bytes) -> None:
    bytearray.__setitem__(value, slice(None), contents)


def _fill_array(value: Any, contents: bytes) -> None:
    del value[:]
    value.frombytes(contents)


class _Image:
    """A copy of one of NumPy's arrays."""

    def __init__(self, value: Any) -> None:
        self.copy = copy.copy(value)

    @staticmethod
    def fill(value: Any, image: "_Image") -> None:
        """Make the array what it was."""
        value[...] = image.copy


def _fill_nothing(value: Any, contents: Any) -> None:
    pass


def _nothing_in(contents: Any) -> Iterable[Any]:
    return ()


_NO_ITEMS = _Parts(lambda value: None, _fill_nothing, _nothing_in)
_PARTS: dict[type, _Parts] = {
    list: _Parts(list.copy, _fill_list),
    dict: _Parts(dict.copy, _fill_dict, dict.values),
    set: _Parts(lambda value: frozenset(set.__iter__(value)), _fill_set, _nothing_in),
    tuple: _Parts(lambda value: [*tuple.__iter__(value)], _fill_nothing),
    OrderedDict: _Parts(lambda value: dict(OrderedDict.items(value)), _fill_dict, dict.values),
    deque: _Parts(lambda value: [*deque.__iter__(value)], _fill_deque),
    bytearray: _Parts(bytes, _fill_bytes, _nothing_in),
    array.array: _Parts(array.array.tobytes, _fill_array, _nothing_in),
}


# Types


@functools.lru_cache(maxsize=1000)
def _parts_of(kind: type) -> _Parts | None:
    """How a container or data of this type is taken apart; None for what is neither."""
    if kind in IMMUTABLE or issubclass(kind, enum.Enum):
        return None
    if kind in _PARTS:
        return _PARTS[kind]
    for base in (OrderedDict, dict, list, deque, set, tuple, bytearray, array.array):
        if issubclass(kind, base):
            return _with_attributes(kind, _PARTS[base])
    if hasattr(kind, "__array_interface__") and hasattr(kind, "__setitem__"):  # NumPy's arrays, not its numbers
        return _Parts(_Image, _Image.fill, _nothing_in)
    if issubclass(kind, _DATA) or any(hasattr(kind, mark) for mark in _DATA_MARKS):
        return _with_attributes(kind, _NO_ITEMS)
    return None


def _with_attributes(kind: type, items: _Parts) -> _Parts:
    """The parts of a type whose values have attributes, too: in ``__dict__``, in ``__slots__``, or in both."""
    members = [each for base in kind.__mro__ for each in vars(base).values() if type(each) is MemberDescriptorType]
    slots = [each for each in members if each.__name__ != "__dict__"]

    def read(value: Any, slot: Any) -> Any:
        try:
            return slot.__get__(value)
        except AttributeError:
            return ABSENT

    def take(value: Any) -> Any:
        return items.take(value), dict(getattr(value, "__dict__", ())), [read(value, slot) for slot in slots]

    def fill(value: Any, contents: Any) -> None:
        of_items, attributes, of_slots = contents
        items.fill(value, of_items)
        if hasattr(value, "__dict__"):
            _fill_dict(value.__dict__, attributes)
        for slot, content in zip(slots, of_slots, strict=True):
            if content is not read(value, slot):
                slot.__delete__(value) if content is ABSENT else slot.__set__(value, content)

    def inner(contents: Any) -> Iterable[Any]:
        of_items, attributes, of_slots = contents
        return chain(items.inner(of_items), attributes.values(), of_slots)

    return _Parts(take, fill, inner)
