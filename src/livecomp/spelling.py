"""Values as text that `livecomp.coercion` reads back: in a `live-value-…` attribute, and in the query string.

Most values have a text of their own: ``7``, ``1.5``, ``true``, ``2026-02-28``, a model's primary key. What no such text
can stand for (None, a list, an object) is JSON behind the mark ``json:``. A text that looks like that, or that HTML
cannot carry, is written as JSON too, so that every text comes back as it is.
"""

import dataclasses
import datetime
import decimal
import enum
import json
import math
import re
import uuid
from typing import Any

import msgspec
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from livecomp.conf import settings
from livecomp.constants import JSON_MARK

MAX_DIGITS = 101  # of a whole number, with its sign
_UNSENDABLE = re.compile("[\0\ud800-\udfff]")
_EXACT = 2**53 - 1  # JavaScript reads larger whole numbers wrong
# A browser reads "\r" as "\n" and drops or replaces the other characters
_UNTELLABLE = re.compile(rf"\A{JSON_MARK}|[\x01-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def spell(value: Any) -> str:
    """The text of a value. Raises TypeError for an object that has none."""
    simple = simplify(value)
    if type(simple) is str:
        return simple if _UNTELLABLE.search(simple) is None else mark(simple)
    if type(simple) is bool:
        return "true" if simple else "false"
    if type(simple) in (int, float):
        return repr(simple)
    return mark(simple)


def mark(simple: Any) -> str:
    """JSON behind the mark."""
    return JSON_MARK + json.dumps(simple, separators=(",", ":"))


def as_attribute(value: Any) -> SafeString:
    """A value of our own as JSON, for an attribute in single quotes, where JSON is short and can be read."""
    text = json.dumps(value, ensure_ascii=False)
    return SafeString(text.replace("&", "&amp;").replace("'", "&#x27;").replace("<", "&lt;"))


def unmark(text: Any) -> Any:
    """The value of marked JSON. Any other text, and JSON that is none, is given back as it is."""
    if type(text) is not str or not text.startswith(JSON_MARK):
        return text
    try:
        value = json.loads(
            text[len(JSON_MARK) :], parse_constant=_refuse, parse_float=_finite_float, parse_int=_readable_int
        )
    except (ValueError, RecursionError):
        return text
    return value if _is_within(value, settings.max_json_depth) else text


def _is_within(value: Any, depth: int) -> bool:
    if type(value) is str:
        return _UNSENDABLE.search(value) is None
    if not isinstance(value, (dict, list)):
        return True
    if type(value) is dict and any(_UNSENDABLE.search(key) for key in value):
        return False
    return depth > 0 and all(_is_within(each, depth - 1) for each in (value.values() if type(value) is dict else value))


def _finite_float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _readable_int(text: str) -> int:
    return int(text) if len(text) <= MAX_DIGITS else _refuse(text)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def simplify(value: Any) -> Any:
    """A value as JSON has it. Raises TypeError for an object that has no such form."""
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    for kind, write in _KINDS:
        if isinstance(value, kind):
            return write(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _shape(value)
    raise TypeError(f"{type(value).__name__} has no text that could be read back.")


def _shape(value: Any) -> Any:
    return simplify(msgspec.to_builtins(value))


def _text(value: str) -> str:
    return "".join((value,)).replace("\0", "\ufffd")  # as a browser reads it; no message may hold a NUL


def _same(value: Any) -> Any:
    return value


def _integer(value: int) -> Any:
    return int(value) if -_EXACT <= value <= _EXACT else int.__repr__(value)


def _float(value: float) -> Any:
    return float(value) if math.isfinite(value) else repr(value)


def _seconds(value: datetime.timedelta) -> str:
    whole, rest = divmod(value, datetime.timedelta(seconds=1))
    seconds = decimal.Decimal(whole) + decimal.Decimal(rest.microseconds).scaleb(-6)
    return f"{seconds:f}"


def _list(values: Any) -> list[Any]:
    return [simplify(each) for each in values]


def _sorted(values: Any) -> list[Any]:
    return sorted(_list(values), key=json.dumps)


def _object(values: Any) -> dict[str, Any]:
    return {_text(key) if type(key) is str else spell(key): simplify(value) for key, value in values.items()}


def _isoformat(value: Any) -> str:
    return str(value.isoformat())


_WRITERS: dict[type, Any] = {
    str: _text,
    bool: _same,
    type(None): _same,
    int: _integer,
    float: _float,
    decimal.Decimal: str,
    datetime.date: _isoformat,
    datetime.datetime: _isoformat,
    datetime.time: _isoformat,
    datetime.timedelta: _seconds,
    uuid.UUID: str,
    list: _list,
    tuple: _list,
    set: _sorted,
    frozenset: _sorted,
    dict: _object,
}
_KINDS: list[tuple[Any, Any]] = [
    (enum.Enum, lambda value: simplify(value.value)),
    (Model, lambda value: simplify(value.pk)),
    (str, _text),
    (Promise, str),
    (int, _integer),
    (float, _float),
    (decimal.Decimal, str),
    ((datetime.date, datetime.time), _isoformat),
    (datetime.timedelta, _seconds),
    (uuid.UUID, str),
    ((list, tuple, range, QuerySet), _list),
    ((set, frozenset), _sorted),
    (dict, _object),
    (msgspec.Struct, _shape),
]
