"""State of a component: declared fields, kept on the server.

A field is a data descriptor. Reading or writing one while a handler runs notes the old value first, so that the page
knows which components a handler touched (they are rendered again) and can put everything back when the handler fails.
"""

import copy
import enum
import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, get_origin

from livecomp import calling, progress
from livecomp.exceptions import ComponentError
from livecomp.query import QueryField
from livecomp.values import IMMUTABLE, preserve

if TYPE_CHECKING:
    from livecomp.component import LiveComponent

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
                undo[self.name] = value
                values["_live"].page.on_undo(preserve(value).put_back)
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
