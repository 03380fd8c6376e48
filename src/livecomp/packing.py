"""A component's arguments as a token holds them: JSON, with a table of kinds for what JSON has no form for.

The table is fixed. Nothing in a token names a class or a module to import; an enum comes back by the annotation of the
component's own parameter.
"""

import base64
import datetime
import decimal
import enum
import functools
import inspect
import math
import typing
import uuid
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist
from django.db import connections, models, router
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from livecomp import registry
from livecomp.component import LiveComponent

_NO_FORM = (TypeError, ValueError, OverflowError, RecursionError)
_KIND = "\x00"  # begins the one key of a dict that stands for a value of another kind


class Arguments(Mapping[str, Any]):
    """Arguments out of a token. They are read, models from the database, when they are first looked at."""

    def __init__(self, component: str, values: Mapping[str, Any]) -> None:
        self.packed = dict(values)
        self._component = component
        self._values: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        if self._values is None:
            self._values = unpacked(self._component, self.packed)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.packed)

    def __len__(self) -> int:
        return len(self.packed)

    def __repr__(self) -> str:
        return f"Arguments({self.packed!r})"


def packed(arguments: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Arguments in a form that goes through JSON, models as their primary keys; None when there is no such form."""
    if arguments is None:
        return None
    try:
        plain = {name: _pack(value) for name, value in arguments.items()}
        msgspec.json.encode(plain)
    except _NO_FORM:
        return None
    return plain


def reason_against(arguments: Mapping[str, Any]) -> str:
    """Which argument has no such form, and why, in words; empty when all have one."""
    for name, value in arguments.items():
        try:
            msgspec.json.encode(_pack(value))
        except _NO_FORM as error:
            return f"{name!r} cannot be in a token ({error})"
    return ""


def unpacked(component: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Undo `packed` for this component. Reads models from the database; raises their ``DoesNotExist``."""
    cls: Any = registry.find(component)
    annotations = _annotations_of(cls) if cls is not None else {}
    return {name: _unpack(value, annotations.get(name)) for name, value in values.items()}


def as_data(value: Any) -> Any:
    """A page's arguments as they would come back from its token: text that was marked safe is text like any other."""
    kind = type(value)
    if kind is SafeString:
        return "".join(value)
    if kind in (list, tuple, set, frozenset):
        return kind(map(as_data, value))
    if kind is dict:
        return {as_data(key): as_data(item) for key, item in value.items()}
    return value


@functools.cache
def _annotations_of(cls: type[LiveComponent]) -> Mapping[str, Any]:
    """The types of what the component's mount takes, by name: those of its fields, where mount has no say."""
    found = {name: field.annotation for name, field in cls.fields.items()}
    try:
        found |= typing.get_type_hints(cls.mount)
    except Exception:  # a name that only the type checker knows
        found |= inspect.get_annotations(cls.mount)
    return found


def _pack(value: Any) -> Any:
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if isinstance(value, enum.Enum):
        return {f"{_KIND}enum": _pack(value.value)}
    if isinstance(value, str):
        return "".join(value)  # a SafeString's mark ends here
    if isinstance(value, Promise):  # a lazy translation
        return str(value)
    if isinstance(value, int):
        return int(value) if abs(value) < 2**53 else {f"{_KIND}int": str(int(value))}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {f"{_KIND}float": repr(float(value))}
    if isinstance(value, list):
        return [_pack(item) for item in value]
    for name, (types, pack, _) in _KINDS.items():
        if isinstance(value, types):
            return {_KIND + name: pack(value)}
    if isinstance(value, dict):
        if all(type(key) is str and not key.startswith(_KIND) for key in value):
            return {key: _pack(item) for key, item in value.items()}
        return {f"{_KIND}dict": [[_pack(key), _pack(item)] for key, item in value.items()]}
    raise TypeError(f"{kind.__name__} has no such form")


def _pack_model(value: models.Model) -> list[Any]:
    pk = value.pk
    if pk is None or (isinstance(pk, tuple) and None in pk):
        raise TypeError("an unsaved instance")
    pk = _pack(pk) if isinstance(pk, tuple) else str(pk)
    home = router.db_for_write(type(value), instance=value)
    is_usual = home == router.db_for_write(type(value))  # then a router may read it from any copy of that database
    return [value._meta.label_lower, pk] if is_usual else [value._meta.label_lower, pk, home]


def _pack_tuple(value: tuple[Any, ...]) -> list[Any]:
    if hasattr(value, "_fields"):
        raise TypeError(f"the named tuple {type(value).__name__} would come back without its names")
    return [_pack(item) for item in value]


def _pack_set(value: Any) -> list[Any]:
    return sorted((_pack(item) for item in value), key=msgspec.json.encode)  # the same set is the same text


def _pack_datetime(value: datetime.datetime) -> list[str]:
    name = value.tzinfo.key if isinstance(value.tzinfo, zoneinfo.ZoneInfo) else None
    return [value.isoformat(), name] if name else [value.isoformat()]


def _unpack_datetime(value: list[str]) -> datetime.datetime:
    text, *name = value
    moment = datetime.datetime.fromisoformat(text)
    return moment.astimezone(zoneinfo.ZoneInfo(name[0])) if name else moment


def _unpack_model(value: list[Any]) -> models.Model:
    label, pk, *home = value
    model: type[models.Model] = apps.get_model(label)
    if home and home[0] not in connections:
        raise ObjectDoesNotExist(f"{label} {pk!r} is in the database {home[0]!r}, which is not configured any more.")
    rows = model._default_manager.using(home[0]) if home else model._default_manager.all()
    return rows.get(pk=_unpack(pk, None))


_Kind = tuple[Any, Callable[[Any], Any], Callable[[Any], Any]]
_KINDS: dict[str, _Kind] = {  # the first that fits; a datetime is a date too
    "model": (models.Model, _pack_model, _unpack_model),
    "nobody": (AnonymousUser, lambda value: 0, lambda value: AnonymousUser()),
    "datetime": (datetime.datetime, _pack_datetime, _unpack_datetime),
    "date": (datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    "time": (datetime.time, datetime.time.isoformat, datetime.time.fromisoformat),
    "timedelta": (
        datetime.timedelta,
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda value: datetime.timedelta(*value),
    ),
    "decimal": (decimal.Decimal, str, decimal.Decimal),
    "uuid": (uuid.UUID, lambda value: value.hex, uuid.UUID),
    "bytes": (bytes, lambda value: base64.b64encode(value).decode(), base64.b64decode),
    "tuple": (tuple, _pack_tuple, tuple),
    "set": (set, _pack_set, set),
    "frozenset": (frozenset, _pack_set, frozenset),
    "query": (QueryDict, lambda value: value.urlencode(), QueryDict),
}
_PLAIN_KINDS: dict[str, Callable[[Any], Any]] = {"int": int, "float": float}
_HOLDS_VALUES = frozenset({"tuple", "set", "frozenset"})


def _unpack(value: Any, annotation: Any) -> Any:
    if isinstance(value, list):
        return [_unpack(item, annotation) for item in value]
    if not isinstance(value, dict):
        return value
    (key, *more) = value or ("",)
    if more or not key.startswith(_KIND):
        return {name: _unpack(item, annotation) for name, item in value.items()}
    kind, held = key[1:], value[key]
    if kind == "enum":
        return _unpack_enum(_unpack(held, None), annotation)
    if kind == "dict":
        return {_unpack(name, annotation): _unpack(item, annotation) for name, item in held}
    if kind in _PLAIN_KINDS:
        return _PLAIN_KINDS[kind](held)
    if kind in _HOLDS_VALUES:
        held = [_unpack(item, annotation) for item in held]
    return _KINDS[kind][2](held)


def _unpack_enum(value: Any, annotation: Any) -> Any:
    """The member of an enum that the annotation names, else its plain value."""
    for cls in _enums_in(annotation):
        try:
            return cls(value)
        except ValueError:
            pass
    return value


def _enums_in(annotation: Any) -> Iterator[type[enum.Enum]]:
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _enums_in(argument)
