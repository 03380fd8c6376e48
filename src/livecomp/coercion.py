"""Values from the browser become the types that a method or a field declares, or are refused.

What is accepted is narrow on purpose: whole numbers, finite numbers, ISO dates, and what `livecomp.spelling` writes.
Nothing here imports, evaluates or looks up a name that came from the browser.
"""

import datetime
import decimal
import enum
import inspect
import math
import re
import types
import typing
import uuid
from collections.abc import Callable, Iterable
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.http import QueryDict

from livecomp.constraints import check_constraints
from livecomp.form_data import read_form
from livecomp.spelling import mark, spell, unmark

Coerce = Callable[[Any, Any], Any]
"""Takes the value and the component (for its ``get_queryset``); gives the typed value or raises ValueError."""

_INTEGER = re.compile(r"-?\d{1,100}", re.ASCII)
_NUMBER = re.compile(r"-?(\d{1,100}(\.\d{0,100})?|\.\d{1,100})([eE][+-]?\d{1,3})?", re.ASCII)
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?"
_TRUE, _FALSE = ("true", "True", "on", "1"), ("false", "False", "off", "0", "")
_NOTHING = ("", "None", "null")
COLLECTIONS = (list, set, tuple, frozenset)


def coercion(annotation: Any) -> Coerce:
    """The function that turns a JSON value into ``annotation``. What is not listed here is left to `msgspec.convert`."""
    annotation = resolve(annotation)
    if annotation is inspect.Parameter.empty:
        return _scalar
    if annotation is Any or annotation is object:
        return lambda value, component: value
    if annotation in _SIMPLE:
        simple = _SIMPLE[annotation]
        return lambda value, component: simple(value)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return _constrained(arguments[0], arguments[1:])
    if origin is Union or origin is types.UnionType:
        return _union(members(annotation))
    if origin is Literal:
        return _one_of(arguments)
    if origin is tuple and arguments[1:] != (...,):
        return _fixed_tuple(arguments)
    if origin in COLLECTIONS or annotation in COLLECTIONS:
        return _collection(origin or annotation, arguments[0] if arguments else inspect.Parameter.empty)
    if origin is dict or annotation is dict:
        return _mapping(*arguments) if arguments else _mapping(str, Any)
    if isinstance(annotation, type):
        if issubclass(annotation, enum.Enum):
            return _one_of_enum(annotation)
        if issubclass(annotation, models.Model):
            return _instance(annotation)
    return lambda value, component: msgspec.convert(unmark(value), annotation)


def resolve(annotation: Any) -> Any:
    """The type behind a `NewType`, and behind the name of a ``type`` statement."""
    while True:
        origin = get_origin(annotation)
        if isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        elif type(origin).__name__ == "TypeAliasType":
            annotation = origin.__value__[get_args(annotation)]
        else:
            return annotation


def members(annotation: Any) -> list[Any]:
    """The types of a union, those of unions in it included; a list of one for any other type."""
    annotation = resolve(annotation)
    if get_origin(annotation) not in (Union, types.UnionType):
        return [annotation]
    return [member for each in get_args(annotation) for member in members(each)]


def without_metadata(annotation: Any) -> Any:
    """``X`` for ``Annotated[X, …]``."""
    annotation = resolve(annotation)
    while get_origin(annotation) is typing.Annotated:
        annotation = resolve(get_args(annotation)[0])
    return annotation


def _scalar(value: Any, component: Any) -> Any:
    if isinstance(value, (dict, list)):
        raise ValueError("a string, a number, true, false or null was expected; annotate the argument to take more")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError("text was expected")
    return value


def _integer(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is str and _INTEGER.fullmatch(value):
        return int(value)
    raise ValueError("a whole number was expected")


def _number(value: Any) -> float:
    if type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if type(value) is str and _NUMBER.fullmatch(value) and math.isfinite(number := float(value)):
        return number
    raise ValueError("a finite number was expected")


def _decimal(value: Any) -> decimal.Decimal:
    if type(value) in (int, float) and math.isfinite(value):
        return decimal.Decimal(str(value))
    if type(value) is str and _NUMBER.fullmatch(value):
        return decimal.Decimal(value)
    raise ValueError("a decimal number was expected")


def _boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    if type(value) is str and value in (*_TRUE, *_FALSE):
        return value in _TRUE
    raise ValueError("true or false was expected")


def _none(value: Any) -> None:
    if value not in (None, *_NOTHING) and unmark(value) is not None:
        raise ValueError("null was expected")


def _iso(kind: Any, form: str) -> Callable[[Any], Any]:
    pattern = re.compile(form, re.ASCII)

    def parse(value: Any) -> Any:
        if type(value) is not str or not pattern.fullmatch(value):
            raise ValueError("an ISO date or time was expected")
        return kind.fromisoformat(value)

    return parse


def _moment(value: Any) -> datetime.datetime:
    """A date and time. One with an offset is shown in the visitor's time zone, so it has to have a place in each."""
    moment: datetime.datetime = _read_moment(value)
    if moment.tzinfo is not None and not _EARLIEST <= moment.replace(tzinfo=None) <= _LATEST:
        raise ValueError("a date and time within the years 1 to 9999 was expected, in every time zone")
    return moment


def _uuid(value: Any) -> uuid.UUID:
    return uuid.UUID(_text(value))


def _duration(value: Any) -> datetime.timedelta:
    microseconds = _decimal(value) * 1_000_000
    if abs(microseconds) > 10**21:
        raise ValueError("a shorter time was expected")
    return datetime.timedelta(microseconds=int(microseconds.to_integral_value()))


_read_moment = _iso(datetime.datetime, f"{_DATE}([T ]{_TIME})?")
_EARLIEST = datetime.datetime.min + datetime.timedelta(days=2)  # an offset is less than a day
_LATEST = datetime.datetime.max - datetime.timedelta(days=2)

_SIMPLE: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: _boolean,
    type(None): _none,
    None: _none,
    decimal.Decimal: _decimal,
    datetime.date: _iso(datetime.date, _DATE),
    datetime.datetime: _moment,
    datetime.time: _iso(datetime.time, _TIME),
    datetime.timedelta: _duration,
    uuid.UUID: _uuid,
    QueryDict: read_form,
}


def _constrained(annotation: Any, metadata: tuple[Any, ...]) -> Coerce:
    coerce = coercion(annotation)
    limits = [each for each in metadata if isinstance(each, msgspec.Meta)]

    def parse(value: Any, component: Any) -> Any:
        typed = coerce(value, component)
        if typed is not None:
            for each in limits:
                check_constraints(typed, each)
        return typed

    return parse if limits else coerce


_RANKS: dict[Any, int] = {
    kind: rank
    for rank, kinds in enumerate(
        [
            (int,),
            (bool,),
            (float, decimal.Decimal),
            (datetime.date,),
            (datetime.datetime, datetime.time, datetime.timedelta, uuid.UUID),
        ],
        start=1,
    )
    for kind in kinds
}


def _rank(annotation: Any) -> int:
    """The narrower a type is, the earlier it is tried: a text is an `int` where it can be, and a `str` in the end."""
    kind = without_metadata(annotation)
    if kind is str or get_origin(kind) in (Union, types.UnionType):
        return 7
    if kind is Any or kind is object:
        return 9
    if get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        return 0
    if get_origin(kind) in COLLECTIONS or kind in COLLECTIONS:
        return 8  # takes a single value as well
    return _RANKS.get(kind, 6)


def _takes_empty_text(annotation: Any) -> bool:
    kind = without_metadata(annotation)
    if get_origin(kind) is Literal:
        return "" in get_args(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return any(member.value == "" for member in kind)
    return kind in (str, Any, object)


def _takes_text(annotation: Any) -> bool:
    return any(without_metadata(each) in (str, Any, object) for each in members(without_metadata(annotation)))


def _union(kinds: list[Any]) -> Coerce:
    choices = [coercion(kind) for kind in sorted((each for each in kinds if each not in (None, type(None))), key=_rank)]
    optional = len(choices) < len(kinds)
    is_empty_none = not any(map(_takes_empty_text, kinds))
    is_text_none = not any(map(_takes_text, kinds))

    def parse(value: Any, component: Any) -> Any:
        if optional and (value is None or (value == "" and is_empty_none) or (is_text_none and unmark(value) is None)):
            return None
        for choice in choices:
            try:
                return choice(value, component)
            except (ValueError, ArithmeticError, msgspec.ValidationError):
                continue
        if optional and is_text_none and type(value) is str and value in _NOTHING:
            return None
        raise ValueError("none of the accepted types fits")

    return parse


def _one_of(options: tuple[Any, ...]) -> Coerce:
    texts = options_by_text(options)
    expected = f"one of {', '.join(map(repr, options))} was expected"

    def parse(value: Any, component: Any) -> Any:
        for option in options:
            plain = option.value if isinstance(option, enum.Enum) else option
            if type(plain) is type(value) and plain == value:
                return option
        if type(value) is str:
            if value in texts:
                return texts[value]
            if value in _NOTHING and None in options:
                return None
        raise ValueError(expected)

    return parse


def options_by_text(options: Iterable[Any]) -> dict[str, Any]:
    """The options by their texts. Where two have the same, it stands for the one that is text."""
    found: dict[str, Any] = {}
    for option in options:
        value = option.value if isinstance(option, enum.Enum) else option
        try:
            text = spell(value)
        except TypeError:
            text = str(value)
        if text not in found or isinstance(value, str):
            found[text] = option
    return found


def _one_of_enum(kind: type[enum.Enum]) -> Coerce:
    if issubclass(kind, enum.Flag):
        return _flags(kind)
    texts = options_by_text(kind)
    expected = f"one of {', '.join(texts)} was expected"

    def parse(value: Any, component: Any) -> Any:
        for member in kind:
            if type(member.value) is type(value) and member.value == value:
                return member
        text = value if type(value) is str else repr(value) if type(value) is int else mark(value)
        if text in texts:
            return texts[text]
        raise ValueError(expected)

    return parse


def _flags(kind: type[enum.Flag]) -> Coerce:
    known = 0
    for member in kind.__members__.values():
        known |= member.value

    def parse(value: Any, component: Any) -> Any:
        flags = _integer(value)
        if flags < 0 or flags & ~known:
            raise ValueError(f"a combination of {', '.join(kind.__members__)} was expected, as a number")
        return kind(flags)

    return parse


def _collection(kind: type, item: Any) -> Coerce:
    coerce = coercion(item)

    def parse(value: Any, component: Any) -> Any:
        value = unmark(value)
        items = value if type(value) is list else [value]  # a form sends one value of a multiple field bare
        return _collected(kind, [coerce(each, component) for each in items])

    return parse


def _collected(kind: Any, items: list[Any]) -> Any:
    try:
        return kind(items)
    except TypeError:
        raise ValueError("values that can be in a set were expected") from None


def _fixed_tuple(kinds: tuple[Any, ...]) -> Coerce:
    coercions = [coercion(kind) for kind in kinds]

    def parse(value: Any, component: Any) -> Any:
        value = unmark(value)
        items = value if type(value) is list else [value]
        if len(items) != len(coercions):
            raise ValueError(f"{len(coercions)} values were expected")
        return tuple(coerce(each, component) for coerce, each in zip(coercions, items, strict=True))

    return parse


def _mapping(key: Any, item: Any) -> Coerce:
    coerce_key, coerce = coercion(key), coercion(item)

    def parse(value: Any, component: Any) -> Any:
        value = unmark(value)
        if type(value) is not dict:
            raise ValueError("an object was expected")
        return {coerce_key(name, component): coerce(each, component) for name, each in value.items()}

    return parse


def _instance(model: type[models.Model]) -> Coerce:
    def parse(value: Any, component: Any) -> Any:
        if type(value) not in (str, int):
            raise ValueError("a primary key was expected")
        if isinstance(model._meta.pk, models.IntegerField):
            value = _integer(value)
        try:
            return component.get_queryset(model).get(pk=value)
        except (ObjectDoesNotExist, ValueError, TypeError, OverflowError, ValidationError):
            raise ValueError(f"no such {model._meta.verbose_name}") from None

    return parse
