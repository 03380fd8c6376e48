"""A field's value in the query string, and back."""

import datetime
import decimal
import enum
import inspect
import uuid
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

import msgspec
from django.db.models import Model, QuerySet

from livecomp.coercion import COLLECTIONS, Coerce, coercion, members, options_by_text, without_metadata
from livecomp.constants import JSON_MARK
from livecomp.exceptions import ComponentError
from livecomp.spelling import mark, simplify, spell, unmark

_DISTINCT = (int, bool, float, datetime.date, datetime.datetime, datetime.time, uuid.UUID)
_SIMPLE = (*_DISTINCT, str, decimal.Decimal, datetime.timedelta)
_MANY = (list, tuple, set, frozenset, range, QuerySet)


class QueryField:
    """How values of one annotation stand in a query string. Raises `ComponentError` when some of them cannot.

    A collection is written as a repeated parameter where that tells all; everything else is one text.
    """

    def __init__(self, annotation: Any, where: str) -> None:
        kinds = [without_metadata(each) for each in members(without_metadata(annotation))]
        some = [kind for kind in kinds if kind not in (None, type(None))]
        self.repeated = bool(some) and all(is_collection(kind) for kind in some)
        self.coerce: Coerce = coercion(annotation)
        _refuse_untellable(annotation, where)

    def write(self, value: Any) -> list[str]:
        """The texts of the parameter."""
        if self.repeated and value is not None and len(value):
            return _write_many(value)
        return [spell(value)]

    def read(self, texts: list[str], component: Any) -> Any:
        """The value. Raises what coercion raises."""
        raw: Any = texts if self.repeated else texts[-1]
        value = unmark(texts[0]) if len(texts) == 1 else raw
        if value is not texts[0] and value is not raw:
            try:
                return self.coerce(value, component)
            except (ValueError, ArithmeticError, msgspec.ValidationError):
                pass  # somebody's text that only looks like ours
        return self.coerce(raw, component)


def write_link(value: Any) -> Any:
    """What `{% querystring %}` is to write for a value: the text or texts that a field with ``url=`` reads back.

    None, text and collections of texts stay as they are, and so does what has no such text.
    """
    if value is None:
        return value
    if isinstance(value, str):  # one that looks like our JSON is written as such
        return spell(value) if value.startswith(JSON_MARK) else value
    if not isinstance(value, _MANY) or hasattr(type(value), "_fields"):  # a named tuple is one value
        try:
            return spell(value)
        except TypeError:
            if not isinstance(value, Iterable):
                return value
    values = value if isinstance(value, _MANY) else list(value)
    if all(isinstance(each, str) for each in values):
        return _write_many(values) if len(values) == 1 else values  # several are not taken for our JSON
    try:
        return _write_many(values)
    except TypeError:
        return values


def _write_many(values: Any) -> list[str]:
    """The texts of a repeated parameter; of one that is JSON where an item has no plain text."""
    texts = [spell(each) for each in values]
    if isinstance(values, (set, frozenset)):
        texts.sort()
    if not any(text.startswith(JSON_MARK) for text in texts):
        return texts
    return [mark(simplify(values))]


def is_collection(kind: Any) -> bool:
    return get_origin(kind) in COLLECTIONS or kind in COLLECTIONS


def _refuse_untellable(annotation: Any, where: str) -> None:
    """Raise `ComponentError` for types whose values have no text, or share it with another's."""
    kinds = [without_metadata(each) for each in members(without_metadata(annotation))]
    some = [kind for kind in kinds if kind not in (None, type(None))]
    if len(some) > 1 and not all(kind in _DISTINCT for kind in some) and not all(_is_text(kind) for kind in some):
        raise ComponentError(
            f"{where}: an address cannot tell the values of {_named(annotation)} from each other. "
            "Declare one type, or one type and None."
        )
    for kind in some:
        if len(some) < len(kinds) and isinstance(kind, type) and issubclass(kind, enum.Enum):
            if any(member.value is None for member in kind):
                raise ComponentError(f"{where}: a member of {_named(kind)} has the value None; leave out the `| None`.")
        _refuse_one(kind, where)


def _refuse_one(kind: Any, where: str) -> None:
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, str):
        raise ComponentError(
            f"{where}: the annotation {kind!r} cannot be read; the names in a class with url= fields must be importable at "
            "run time."
        )
    if origin is Literal or (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        options = arguments if origin is Literal else list(kind)
        if len(options_by_text(options)) < len(options):
            raise ComponentError(f"{where}: two values of {_named(kind)} have the same text; rename one of them.")
        return
    if is_collection(kind) or origin is dict or kind is dict:
        inner = [each for each in arguments if each is not ...]
        if not inner and kind != tuple[()]:
            raise ComponentError(
                f"{where}: {_named(kind)} does not say of what; write {_named(kind)}[str] or the like."
            )
        for each in inner:
            _refuse_untellable(each, where)
        return
    if kind in _SIMPLE or (isinstance(kind, type) and _has_shape(kind)):
        return
    raise ComponentError(
        f"{where}: values of {_named(kind)} cannot be written into an address. Keep a primary key or a text in the field."
    )


def _has_shape(kind: type) -> bool:
    marks = ("__dataclass_fields__", "__total__", "_fields")  # of a dataclass, a TypedDict, a NamedTuple
    return any(hasattr(kind, name) for name in marks) or issubclass(kind, (msgspec.Struct, Model))


def _is_text(kind: Any) -> bool:
    return kind is str or (get_origin(kind) is Literal and all(isinstance(each, str) for each in get_args(kind)))


def _named(annotation: Any) -> str:
    return annotation.__name__ if inspect.isclass(annotation) and not get_args(annotation) else str(annotation)
