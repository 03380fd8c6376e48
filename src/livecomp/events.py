"""Events: methods that the browser may call, and how a call is bound to one.

The registry of a class is made when the class is created, from decorated functions only. A name from the browser is
looked up in it and nowhere else.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

import msgspec
from django.db import DEFAULT_DB_ALIAS
from django.http import QueryDict

from livecomp.coercion import Coerce, coercion, members, without_metadata
from livecomp.constants import ErrorCode
from livecomp.constraints import refuse_nul
from livecomp.exceptions import ComponentError, Refused
from livecomp.form_data import query_dict

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "__livecomp_event__"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call an event, beside the component's own rule."""

    login_required: bool = False
    permission_required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One declared event of a component class."""

    name: str
    function: Callable[..., Any]
    access: Access
    parameters: dict[str, Coerce]
    required: frozenset[str]
    rest: Coerce | None = field(default=None)  # of **kwargs
    once: str = ""  # the database that says whether it has happened; empty for an event that may happen again
    forms: frozenset[str] = field(default=frozenset())  # parameters that get a whole form, as a QueryDict
    own: str = "self"  # the name under which it has the component; "": no argument can be mistaken for it


@dataclass(frozen=True, slots=True)
class _Declared:
    """What the decorator was given."""

    access: Access
    once: str


@overload
def event(function: F, /) -> F: ...
@overload
def event(
    *,
    login_required: bool = False,
    permission_required: str | tuple[str, ...] = (),
    once: bool = False,
    using: str = DEFAULT_DB_ALIAS,
) -> Callable[[F], F]: ...
def event(
    function: Any = None,
    /,
    *,
    login_required: bool = False,
    permission_required: str | tuple[str, ...] = (),
    once: bool = False,
    using: str = DEFAULT_DB_ALIAS,
) -> Any:
    """Let the browser call this method.

    Arguments are bound by name and coerced from their annotations; what does not fit is refused before the call.
    ``permission_required`` and ``login_required`` narrow the component's own access rule for this event.

    ``once``: the event happens exactly once, also when the process is killed in the middle of it. The method runs in a
    transaction of the database ``using``, and is a plain ``def`` without ``yield``: otherwise `ComponentError`.
    """
    if isinstance(permission_required, str):
        permission_required = (permission_required,)
    declared = _Declared(Access(login_required, tuple(permission_required)), using if once else "")

    def mark(decorated: F) -> F:
        setattr(decorated, _MARK, declared)
        return decorated

    return mark if function is None else mark(function)


def collect_events(cls: type) -> dict[str, EventSpec]:
    """The events of a class: those attributes that are, in the end, decorated functions."""
    specs = {}
    for name in dir(cls):
        refuse_unmarked(cls, name, _MARK, "@event")
        function = inspect.getattr_static(cls, name)
        if not inspect.isfunction(function) or _MARK not in function.__dict__:
            continue
        if name.startswith("_"):
            raise ComponentError(
                f"{cls.__name__}.{name}: an event cannot be private; rename it without the underscore."
            )
        specs[name] = _spec(cls, name, function)
    return specs


def refuse_unmarked(cls: type, name: str, mark: str, decorator: str) -> None:
    """Raise `ComponentError` for a method without the decorator that the one which it overrides has. Set the name to None
    to take the method away."""
    bodies = [base.__dict__[name] for base in cls.__mro__ if name in base.__dict__]
    if inspect.isfunction(bodies[0]) and mark not in bodies[0].__dict__:
        if any(mark in getattr(body, "__dict__", ()) for body in bodies[1:]):
            raise ComponentError(
                f"{cls.__name__}.{name} overrides a method that is declared with {decorator}, and is not itself. Write "
                f"{decorator} above it too; or `{name} = None`, if this class is not to have it."
            )


def _spec(cls: type, name: str, function: Callable[..., Any]) -> EventSpec:
    parameters: dict[str, Coerce] = {}
    required, forms, rest = set(), set(), None
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError as error:
        raise ComponentError(
            f"{cls.__name__}.{name}: {error}; event annotations must be importable at run time."
        ) from None
    if not signature.parameters:
        raise ComponentError(f"{cls.__name__}.{name}() is a method: write `def {name}(self)`.")
    own, *others = signature.parameters.values()
    for parameter in others:
        if parameter.kind is parameter.VAR_KEYWORD:
            rest = coercion(parameter.annotation) if parameter.annotation is not parameter.empty else _form_value
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            raise ComponentError(f"{cls.__name__}.{name}({parameter}): arguments come by name; write plain parameters.")
        else:
            parameters[parameter.name] = coercion(parameter.annotation)
            if parameter.default is parameter.empty:
                required.add(parameter.name)
            if QueryDict in members(without_metadata(parameter.annotation)):
                forms.add(parameter.name)
    declared: _Declared = function.__dict__[_MARK]
    if declared.once and (
        inspect.iscoroutinefunction(function)
        or inspect.isgeneratorfunction(function)
        or inspect.isasyncgenfunction(function)
    ):
        raise ComponentError(
            f"{cls.__name__}.{name}: an event with once=True runs in one transaction, so it is a plain `def` without "
            "`async` and `yield`. Do what takes long in a task that it starts."
        )
    reserved = "" if own.kind is own.POSITIONAL_ONLY else own.name
    return EventSpec(
        *(name, function, declared.access, parameters, frozenset(required), rest),
        once=declared.once,
        forms=frozenset(forms),
        own=reserved,
    )


def _form_value(value: Any, component: Any) -> Any:
    items = value if type(value) is list else [value]
    if any(isinstance(item, (dict, list)) for item in items):
        raise ValueError("form values are text, numbers, true, false, null or a list of them")
    return value


def bind(
    spec: EventSpec, component: Any, args: dict[str, Any], offered: dict[str, Any] | list[tuple[str, str | None]]
) -> dict[str, Any]:
    """Keyword arguments for the call. ``args`` have to fit; of ``offered`` the method takes what it names.

    Raises `Refused` with ``bad_arguments``.
    """
    if not args and not offered and not spec.required and not spec.forms:
        return {}
    bound = {}
    for name, value in args.items():
        coerce = spec.parameters.get(name, spec.rest if name != spec.own else None)
        if coerce is None:
            expected = ", ".join(spec.parameters) or "no arguments"
            raise Refused(ErrorCode.BAD_ARGUMENTS, f"{spec.name}() takes no argument {name!r}, but {expected}.")
        bound[name] = _coerced(spec, coerce, name, value, component)
    if isinstance(offered, list):
        _bind_form(spec, component, offered, bound)
    else:
        for name, value in offered.items():
            coerce = spec.parameters.get(name, spec.rest if name != spec.own else None)
            if coerce is not None and name not in bound:
                bound[name] = _coerced(spec, coerce, name, value, component)
    missing = spec.required - bound.keys()
    if missing:
        raise Refused(ErrorCode.BAD_ARGUMENTS, f"{spec.name}() misses {', '.join(sorted(missing))}.")
    return bound


def _bind_form(spec: EventSpec, component: Any, form: list[tuple[str, str | None]], bound: dict[str, Any]) -> None:
    """Add what the method takes of a form. An entry without a value says that its name stands for a choice of several."""
    fields: dict[str, list[str]] = {}
    choices = set()
    for name, value in form:
        values = fields.setdefault(name, [])
        if value is None:
            choices.add(name)
        else:
            values.append(value)
    for name in spec.forms - bound.keys():
        bound[name] = query_dict(form)
    for name, values in fields.items():
        coerce = spec.parameters.get(name, spec.rest)
        if coerce is None or name in bound:
            continue
        if name == spec.own:
            raise Refused(
                ErrorCode.BAD_ARGUMENTS,
                f"{spec.name}() cannot take a field named {name!r} beside its own {name!r}. Take the form as a QueryDict.",
            )
        if name not in choices and len(values) == 1:
            bound[name] = _coerced(spec, coerce, name, values[0], component)
        else:
            _bind_choice(spec, coerce, name, values, component, bound)


def _bind_choice(
    spec: EventSpec, coerce: Coerce, name: str, values: list[str], component: Any, bound: dict[str, Any]
) -> None:
    """Give a list where the parameter takes one; else the only value, or nothing where nothing is chosen."""
    try:
        bound[name] = _coerced(spec, coerce, name, values, component)
    except Refused:
        if len(values) > 1:
            raise
        if values:
            bound[name] = _coerced(spec, coerce, name, values[0], component)


def _coerced(spec: EventSpec, coerce: Coerce, name: str, value: Any, component: Any) -> Any:
    try:
        refuse_nul(value)
        return coerce(value, component)
    except (ValueError, ArithmeticError, msgspec.ValidationError) as error:
        raise Refused(ErrorCode.BAD_ARGUMENTS, f"{spec.name}({name}=…): {error}.", name) from None
