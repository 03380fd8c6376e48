"""State of a component: declared fields, kept on the server.

A field is a data descriptor. Reading or writing one while a handler runs notes the old value first, so that the page
knows which components a handler touched (they are rendered again) and can put everything back when the handler fails.
"""

import array
import copy
import datetime
import decimal
import enum
import functools
import gc
import inspect
import io
import pickle
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, get_origin

from django.http import QueryDict

from livecomp import calling, progress
from livecomp.exceptions import ComponentError
from livecomp.query import QueryField

if TYPE_CHECKING:
    from livecomp.component import LiveComponent

IMMUTABLE: frozenset[type] = frozenset(
    {
        *(str, int, float, bool, bytes, complex, type(None), range, frozenset),
        *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, decimal.Decimal, uuid.UUID),
    }
)
MISSING: Any = enum.Enum("Missing", "MISSING").MISSING  # type: ignore[attr-defined]


def state(
    default: Any = MISSING, *, bind: bool = False, url: str = "", factory: Callable[[], Any] | None = None
) -> Any:
    """Declare a state field with more than a default.

    ``default`` is copied for each component. ``factory`` makes it instead, when given. ``bind=True`` lets the browser
    write the field through ``live-model``. ``url="q"`` mirrors the field in the query string as ``?q=``.
    """
    return Field(default, bind=bind, url=url, factory=factory)


class Field:
    """One declared state field of a component class."""

    def __init__(
        self, default: Any = MISSING, *, bind: bool = False, url: str = "", factory: Callable[[], Any] | None = None
    ) -> None:
        self.default = default
        self.bind = bind
        self.url = url
        self.factory = factory
        self.name = ""
        self.annotation: Any = Any
        self.query: QueryField | None = None  # of a field with ``url``

    def __get__(self, component: "LiveComponent | None", owner: type) -> Any:
        if component is None:
            return self
        values = component.__dict__
        try:
            value = values[self.name]
        except KeyError:
            raise AttributeError(
                f"{owner.__name__}.{self.name} has no value yet: give it a default, or set it in mount()"
            ) from None
        if type(value) not in IMMUTABLE:
            undo = values["_live"].undo
            if undo is not None and self.name not in undo:
                undo[self.name] = preserve(value)
        return value

    def __set__(self, component: "LiveComponent", value: Any) -> None:
        values = component.__dict__
        page = values["_live"].page
        if not calling.is_in_turn(page):
            if progress.current.get() is None:
                calling.require_turn(page, f"{type(component).__name__}.{self.name} = …")
            raise RuntimeError(
                f"{type(component).__name__}.{self.name} is set in a background task, while the page may be at work with "
                f"it. Write self.update({self.name}=…): the page sets it in its own turn."
            )
        if (attempt := page.attempt) is not None and attempt.notes_fields:
            undo = attempt.touched.setdefault(values["_live"].id, {})
            if self.name not in undo:
                undo[self.name] = values.get(self.name, MISSING)
        values[self.name] = value

    def initial(self) -> Any:
        """The value a new component starts with, `MISSING` when mount has to set it."""
        if self.factory is not None:
            return self.factory()
        return copy.deepcopy(self.default) if type(self.default) not in IMMUTABLE else self.default


class Preserved:
    """A value of plain builtin types as bytes: several times cheaper than a copy that is almost never needed."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class PreservedRows:
    """A list of dicts, with a copy of each. They come back as the same objects, and are not made anew."""

    __slots__ = ("copies", "rows", "value")

    def __init__(self, value: list[dict[Any, Any]]) -> None:
        self.value = value
        self.rows = value.copy()
        self.copies = list(map(dict.copy, value))

    def restore(self) -> list[dict[Any, Any]]:
        """The list, with each dict as it was."""
        for row, copied in zip(self.rows, self.copies, strict=True):
            row.clear()
            row.update(copied)
        self.value[:] = self.rows
        return self.value


def _preserved_rows(value: list[Any]) -> PreservedRows | None:
    """The list, if it holds nothing but dicts, and these nothing that can change.

    Python tracks no dict whose values refer to no other objects; of another type than dict itself it tracks all. What is
    not tracked and can change all the same, a bytearray or an array of NumPy's, has no hash. To ask for these two takes
    less than half the time of looking at the type of each value."""
    if any(map(gc.is_tracked, value)):
        return None
    try:
        hash(tuple(gc.get_referents(*value)))
        return PreservedRows(value)
    except TypeError:  # of the hash, or of an item that is no dict
        return None


class _NotPlain(Exception):
    """Something in the value is no exact builtin type."""


class _PlainPickler(pickle.Pickler):
    """Writes exact builtin types, with a bytearray as what it is, and nothing else."""

    def reducer_override(self, obj: Any) -> Any:
        raise _NotPlain


def preserve(value: Any) -> Any:
    """What `restore` makes the value of again, whatever a handler does to it in between."""
    if type(value) is list and value and type(value[0]) is dict and (rows := _preserved_rows(value)) is not None:
        return rows
    data = io.BytesIO()
    try:
        _PlainPickler(data, pickle.HIGHEST_PROTOCOL).dump(value)
    except (_NotPlain, RecursionError):
        return copy_value(value)
    return Preserved(data.getvalue())


def restore(preserved: Any) -> Any:
    """The value given to `preserve`, as it was then."""
    if type(preserved) is PreservedRows:
        return preserved.restore()
    return pickle.loads(preserved.data) if type(preserved) is Preserved else preserved


def copy_value(value: Any) -> Any:
    """A copy of containers, deep; every other object as it is.

    That is what a failed handler's changes are undone with: the contents of lists, dicts, sets, deques, bytearrays and
    arrays, and of their subclasses, come back, while the attributes of an object that is no container (a model
    instance, say) are the handler's own affair.
    """
    kind = type(value)
    if kind is list:
        return [item if type(item) in IMMUTABLE else copy_value(item) for item in value]
    if kind is dict:
        copied = value.copy()
        for key, item in value.items():
            if type(item) not in IMMUTABLE:
                copied[key] = copy_value(item)
        return copied
    if kind is set:
        return value.copy()
    if kind is tuple:
        return tuple(copy_value(item) for item in value)
    copy_contents = _copier(kind)  # type: ignore[arg-type]  # of type[Any], which every class is
    return value if copy_contents is None else copy_contents(value)


@functools.lru_cache(maxsize=1000)
def _copier(kind: type) -> Callable[[Any], Any] | None:
    """How a container of this type is copied; None for what is no container."""
    if issubclass(kind, dict):
        return _copy_mapping
    if issubclass(kind, (list, deque)):
        return _copy_sequence
    if issubclass(kind, tuple) and hasattr(kind, "_make"):  # a named tuple
        return _copy_named_tuple
    if issubclass(kind, (set, bytearray, array.array)) or hasattr(kind, "__array_interface__"):  # as NumPy's have
        return _copy_flat
    return None


def _copy_mapping(value: Any) -> Any:
    copied = _copy_flat(value)
    if copied is not value:
        for key, item in dict.items(copied):  # past what the class makes of it: a QueryDict shows only last values
            if type(item) not in IMMUTABLE:
                dict.__setitem__(copied, key, copy_value(item))
        if isinstance(value, QueryDict):
            copied._mutable = value._mutable  # its own copies can all be written
    return copied


def _copy_sequence(value: Any) -> Any:
    copied = _copy_flat(value)
    if copied is not value:
        own = deque if isinstance(value, deque) else list
        for index, item in enumerate(own.__iter__(copied)):
            if type(item) not in IMMUTABLE:
                own.__setitem__(copied, index, copy_value(item))
    return copied


def _copy_named_tuple(value: Any) -> Any:
    return type(value)._make(map(copy_value, value))


def _copy_flat(value: Any) -> Any:
    """A copy as the class itself makes it; the object itself where the class makes none."""
    try:
        return copy.copy(value)
    except Exception:
        return value


def collect_fields(cls: type) -> dict[str, Field]:
    """The fields that ``cls`` itself declares, as descriptors put on the class. Raises `ComponentError`."""
    fields: dict[str, Field] = {}
    for name, annotation in _annotations(cls):
        value = cls.__dict__.get(name, MISSING)
        if isinstance(value, (property, classmethod, staticmethod)) or callable(value):
            continue
        field = value if isinstance(value, Field) else Field(value)
        if not isinstance(value, Field) and isinstance(value, (list, dict, set, bytearray)):
            raise ComponentError(
                f"{cls.__name__}.{name} = {value!r} would be one object shared by all users. "
                f"Write `{name}: {_spelt(annotation)} = state({value!r})`: it is copied for each component."
            )
        field.name, field.annotation = name, annotation
        if field.url:
            field.query = QueryField(annotation, f"{cls.__name__}.{name}")
        setattr(cls, name, field)
        fields[name] = field
    _refuse_undeclared(cls, fields)
    return fields


def _annotations(cls: type) -> Iterator[tuple[str, Any]]:
    reserved: frozenset[str] = getattr(cls, "_reserved", frozenset())
    try:
        annotations = inspect.get_annotations(cls, eval_str=True)
    except NameError:  # a name imported under TYPE_CHECKING only
        annotations = inspect.get_annotations(cls)
    for name, annotation in annotations.items():
        origin: Any = get_origin(annotation)
        if origin is ClassVar or str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        if name in reserved or name.startswith("_"):
            continue
        yield name, annotation


def _refuse_undeclared(cls: type, fields: dict[str, Field]) -> None:
    declared = fields.keys() | inspect.get_annotations(cls).keys() | getattr(cls, "_reserved", frozenset())
    for name, value in cls.__dict__.items():
        if name.startswith("_") or name in declared:
            continue
        if isinstance(value, Field):
            raise ComponentError(f"{cls.__name__}.{name} = state(…) needs a type: `{name}: int = state(…)`.")
        if isinstance(value, (list, dict, set, bytearray)):
            raise ComponentError(
                f"{cls.__name__}.{name} = {value!r} would be one object shared by all users. Declare it as state, "
                f"`{name}: {type(value).__name__} = state({value!r})`, or as a constant, `{name}: ClassVar = {value!r}`."
            )


def _spelt(annotation: Any) -> str:
    return annotation.__name__ if type(annotation) is type else str(annotation).replace("typing.", "")
