"""What is asked of a value beside its type: by `msgspec.Meta`, and of every text."""

import decimal
import re
from collections.abc import Callable
from typing import Any

import msgspec

_CONSTRAINTS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "ge": ("at least {!r} was expected", lambda value, limit: value >= limit),
    "gt": ("more than {!r} was expected", lambda value, limit: value > limit),
    "le": ("at most {!r} was expected", lambda value, limit: value <= limit),
    "lt": ("less than {!r} was expected", lambda value, limit: value < limit),
    "multiple_of": ("a multiple of {!r} was expected", lambda value, limit: value % limit == 0),
    "pattern": ("text that matches {!r} was expected", lambda value, limit: re.search(limit, value) is not None),
    "min_length": ("a length of at least {!r} was expected", lambda value, limit: len(value) >= limit),
    "max_length": ("a length of at most {!r} was expected", lambda value, limit: len(value) <= limit),
    "tz": ("a time zone was expected: {!r}", lambda value, limit: (value.tzinfo is not None) == limit),
}


def check_constraints(value: Any, meta: msgspec.Meta) -> None:
    """Raise ValueError for a value that does not keep to what ``Annotated[…, Meta(…)]`` says."""
    for name, (message, holds) in _CONSTRAINTS.items():
        limit = getattr(meta, name)
        if limit is not None and not _holds(holds, value, limit):
            raise ValueError(message.format(limit))


def _holds(holds: Callable[[Any, Any], bool], value: Any, limit: Any) -> bool:
    if isinstance(value, decimal.Decimal) and isinstance(limit, float):
        limit = decimal.Decimal(repr(limit))
    try:
        return holds(value, limit)
    except (TypeError, AttributeError):  # one type of a union has no such limit
        return True


def refuse_nul(value: Any) -> None:
    """Raise ValueError for a NUL character anywhere in the value: no database takes it."""
    kind = type(value)
    if kind is str:
        if "\x00" in value:
            raise ValueError("text without NUL characters was expected")
    elif kind is list:
        for item in value:
            refuse_nul(item)
    elif kind is dict:
        for name, item in value.items():
            refuse_nul(name)
            refuse_nul(item)
