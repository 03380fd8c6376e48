"""Values from the browser become the types that a method or a field declares, or are refused.

What is accepted is narrow on purpose: whole numbers, finite numbers, ISO dates. Nothing here imports, evaluates or looks
up a name that came from the browser.
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
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models

Coerce = Callable[[Any, Any], Any]
"""Takes the value and the component (for its ``get_queryset``); gives the typed value or raises ValueError."""

_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)
_TRUE, _FALSE = ("true", "on", "1"), ("false", "off", "0", "")


def coercion(annotation: Any) -> Coerce:
    """The function that turns a JSON value into ``annotation``. Raises TypeError for a type that cannot be coerced."""
    if annotation is inspect.Parameter.empty:
        return _scalar
    if annotation is Any or annotation is object:
        return lambda value, component: value
    if annotation in _SIMPLE:
        simple = _SIMPLE[annotation]
        return lambda value, component: simple(value)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return coercion(arguments[0])
    if origin is Union or origin is types.UnionType:
        return _union(arguments)
    if origin is Literal:
        return _one_of(arguments)
    if origin in (list, set, tuple, frozenset) or annotation in (list, set, tuple, frozenset):
        return _collection(origin or annotation, arguments[0] if arguments else inspect.Parameter.empty)
    if origin is dict or annotation is dict:
        return _mapping(arguments[1] if arguments else Any)
    if isinstance(annotation, type):
        if issubclass(annotation, enum.Enum):
            return _one_of_enum(annotation)
        if issubclass(annotation, models.Model):
            return _instance(annotation)
    return lambda value, component: msgspec.convert(value, annotation)


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
    if value is not None:
        raise ValueError("null was expected")


def _iso(kind: Any) -> Callable[[Any], Any]:
    def parse(value: Any) -> Any:
        if type(value) is not str or not value.isascii() or "W" in value:
            raise ValueError("an ISO date or time was expected")
        return kind.fromisoformat(value)

    return parse


def _uuid(value: Any) -> uuid.UUID:
    return uuid.UUID(_text(value))


def _duration(value: Any) -> datetime.timedelta:
    return datetime.timedelta(seconds=_number(value))


_SIMPLE: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: _boolean,
    type(None): _none,
    None: _none,
    decimal.Decimal: _decimal,
    datetime.date: _iso(datetime.date),
    datetime.datetime: _iso(datetime.datetime),
    datetime.time: _iso(datetime.time),
    datetime.timedelta: _duration,
    uuid.UUID: _uuid,
}


def _union(members: tuple[Any, ...]) -> Coerce:
    choices = [coercion(member) for member in members if member is not type(None)]
    optional = type(None) in members
    textual = str in members

    def parse(value: Any, component: Any) -> Any:
        if optional and (value is None or (value == "" and not textual)):
            return None
        for choice in choices:
            try:
                return choice(value, component)
            except (ValueError, msgspec.ValidationError):
                continue
        raise ValueError("none of the accepted types fits")

    return parse


def _one_of(options: tuple[Any, ...]) -> Coerce:
    def parse(value: Any, component: Any) -> Any:
        for option in options:
            if type(option) is type(value) and option == value:
                return option
        raise ValueError(f"one of {', '.join(map(repr, options))} was expected")

    return parse


def _one_of_enum(kind: type[enum.Enum]) -> Coerce:
    members = {str(member.value): member for member in kind}

    def parse(value: Any, component: Any) -> Any:
        if type(value) in (str, int) and str(value) in members:
            return members[str(value)]
        raise ValueError(f"one of {', '.join(members)} was expected")

    return parse


def _collection(kind: type, item: Any) -> Coerce:
    coerce = coercion(item)

    def parse(value: Any, component: Any) -> Any:
        items = value if type(value) is list else [value]  # a form sends one value of a multiple field bare
        return kind(coerce(each, component) for each in items)

    return parse


def _mapping(item: Any) -> Coerce:
    coerce = coercion(item)

    def parse(value: Any, component: Any) -> Any:
        if type(value) is not dict:
            raise ValueError("an object was expected")
        return {key: coerce(each, component) for key, each in value.items()}

    return parse


def _instance(model: type[models.Model]) -> Coerce:
    def parse(value: Any, component: Any) -> Any:
        if type(value) not in (str, int):
            raise ValueError("a primary key was expected")
        try:
            return component.get_queryset(model).get(pk=value)
        except (ObjectDoesNotExist, ValueError, TypeError, OverflowError, ValidationError):
            raise ValueError(f"no such {model._meta.verbose_name}") from None

    return parse
