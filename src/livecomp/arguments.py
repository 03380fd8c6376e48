"""What a parent passes to a child, in a form that can be compared with what it passes at its next render.

The form outlives the values: it does not change with a list that the parent edits in place, and it is small and can be
pickled, so a page that resumes still knows what its children were given.
"""

import contextlib
import dataclasses
import datetime
import decimal
import enum
import hashlib
import io
import marshal
import pickle
import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Model
from django.db.models.query import QuerySet
from django.utils.functional import LazyObject, Promise, empty
from django.utils.safestring import SafeString

from livecomp.state import MISSING

_SIMPLE: Final = frozenset({str, int, bool, type(None), SafeString})  # equal ones of one type look the same
_ATOMS: Final = _SIMPLE | {
    *(float, complex, bytes, range, uuid.UUID, decimal.Decimal),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta),
}
_OF_PICKLES: Final = frozenset({"_state", "_django_version"})  # of a model instance, and nothing of its row
_CONTAINERS: Final = frozenset({list, tuple, dict})
_MARSHAL: Final = 2  # the last format in which equal values give equal bytes
_LONG: Final = 100  # characters from which on a digest is smaller

Known = Mapping[str, Any]


class _Incomparable(Exception):
    """Nothing tells whether this value is as before."""


def changed_arguments(arguments: dict[str, Any], known: Known) -> tuple[dict[str, Any], Known]:
    """The arguments that differ from the last ones, and what to know them by at the next comparison.

    Each is compared by itself. What cannot be compared (a queryset that was not evaluated, a form, an iterator, a lambda) always differs.
    """
    changed: dict[str, Any] = {}
    now: dict[str, Any] = {}
    for name, value in arguments.items():
        try:
            mark = now[name] = comparable(value)
        except _Incomparable:
            changed[name] = value
            continue
        before = known.get(name, MISSING)
        if type(before) is not type(mark) or before != mark:
            changed[name] = value
    return changed, now


def comparable(value: Any) -> Any:
    """The value itself when it is short and simple, else bytes that stand for all that can be seen of it."""
    kind = type(value)
    if kind in _SIMPLE and not (isinstance(value, str) and len(value) > _LONG):
        return value
    if issubclass(kind, LazyObject) and not isinstance(value, Model):
        return comparable(_unwrapped(value))
    if kind in _CONTAINERS:
        with contextlib.suppress(ValueError):  # something that marshal does not know
            data = marshal.dumps(value, _MARSHAL)
            if b"<" not in data and b">" not in data:  # a set, perhaps, which has no order
                return data if len(data) <= _LONG else hashlib.blake2b(data, digest_size=16).digest()
    return _digest(value)


def _add(value: Any, found: "hashlib.blake2b", around: tuple[int, ...]) -> None:
    """Feed all that can be seen of a value to a digest. ``around``: the values that it is part of, by identity."""
    kind = type(value)
    if is_lazy := issubclass(kind, LazyObject):  # as request.user: what it stands for is meant
        value = _unwrapped(value)
        kind = type(value)
    if kind in _ATOMS:
        return _add_text(kind, repr(value), found)
    if id(value) in around:  # a circle: what is inside of it has been read
        return _add_text(kind, str(around[::-1].index(id(value))), found)
    around = (*around, id(value))
    if isinstance(value, enum.Enum):
        _add_text(kind, value.name, found)
    elif isinstance(value, Promise):
        _add_text(Promise, str(value), found)
    elif isinstance(value, dict):
        _add_text(kind, str(len(value)), found)
        for key, each in dict.items(value):
            _add(key, found, around)
            _add(each, found, around)
    elif isinstance(value, list | tuple):
        _add_text(kind, str(len(value)), found)
        for each in value:
            _add(each, found, around)
    elif isinstance(value, set | frozenset):
        _add_text(kind, repr(sorted(map(_digest, value))), found)
    elif isinstance(value, Model):
        _add_text(kind, str(value._state.db), found)
        seen = {name: each for name, each in vars(value).items() if not _is_no_part(name)}
        if is_lazy:  # the visitor, who lives long: others load what hangs on them, and forget it
            seen.pop("_prefetched_objects_cache", None)
        else:
            seen |= getattr(value._state, "fields_cache", {})
        _add(seen, found, around)
    elif isinstance(value, QuerySet):
        if value._result_cache is None:
            raise _Incomparable
        _add(list(value._result_cache), found, around)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        _add_text(kind, "", found)
        _add({each.name: getattr(value, each.name, None) for each in dataclasses.fields(value)}, found, around)
    else:
        _add_text(kind, _pickled(value).hex(), found)


def _unwrapped(value: Any) -> Any:
    if value._wrapped is empty:
        value._setup()
    return value._wrapped


def _is_no_part(name: str) -> bool:
    """Whether an attribute of a model instance is no part of what it shows: what Django's backends remember of a user's
    permissions comes when these are asked for."""
    return name in _OF_PICKLES or (name.endswith("_cache") and "perm" in name)


def _add_text(kind: type, text: str, found: "hashlib.blake2b") -> None:
    data = text.encode("utf-8", "surrogatepass")
    found.update(f"{kind.__module__}.{kind.__qualname__} {len(data)}:".encode())
    found.update(data)


def _digest(value: Any) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    _add(value, found, ())
    return found.digest()


class _Pickler(pickle.Pickler):
    """Pickles without a query, as a queryset would make one."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, QuerySet):
            raise _Incomparable
        return NotImplemented


def _pickled(value: Any) -> bytes:
    data = io.BytesIO()
    try:
        _Pickler(data, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    except Exception as error:  # whatever the value's own code raises
        raise _Incomparable from error
    return data.getvalue()
