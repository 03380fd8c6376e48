"""Methods of a component that are called, and not awaited: ``async def`` and ``yield`` are refused in them.

Nobody would run what such a method gives back, and it counts as true: a rule would let everybody in.
"""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from asgiref.sync import iscoroutinefunction

from livecomp.exceptions import ComponentError

METHODS = (
    *("has_permission", "get_queryset", "get_context_data"),
    *("mount", "updated", "resumed", "unmount", "upgrade_state"),
)


def refuse_asynchronous(cls: type, properties: Iterable[str], factories: dict[str, Any]) -> None:
    """Raise `ComponentError` for a method, a property, or the factory of a field that would have to be awaited.

    ``factories``: by the name of the field."""
    for name in METHODS:
        method = getattr(cls, name, None)
        if _is_asynchronous(method) or inspect.isgeneratorfunction(method):
            raise _error(
                cls,
                name,
                f"livecomp calls {name}() and takes what it gives back, so it is a plain `def` without `yield`",
            )
    for name in properties:
        declared = inspect.getattr_static(cls, name)
        if _is_asynchronous(getattr(declared, "fget", None) or getattr(declared, "func", None)):
            raise _error(cls, name, "a template cannot wait for a property, so it is a plain `def`")
    for name, factory in factories.items():
        if _is_asynchronous(factory) or inspect.isgeneratorfunction(factory):
            raise _error(cls, name, "a field cannot wait for its factory=, so that is a plain function without `yield`")


def is_unfinished(value: Any) -> bool:
    """Whether a call gave back what has still to be awaited or run."""
    return (
        value is not None
        and type(value) is not bool
        and (inspect.isawaitable(value) or inspect.isgenerator(value) or inspect.isasyncgen(value))
    )


def discard(value: Any) -> None:
    """Nobody is going to await or run this."""
    if inspect.iscoroutine(value) or inspect.isgenerator(value):
        value.close()


def call_to_end(component: Any, method: str, arguments: Mapping[str, Any]) -> None:
    """Call a method of the component's life. Raises TypeError where it gave back what has still to be awaited or run:
    nothing of it has happened."""
    gave = getattr(component, method)(**arguments)
    if is_unfinished(gave):
        discard(gave)
        raise TypeError(f"{type(component).__name__}.{method}() gave {gave!r}, which nobody awaits. {_INSTEAD}")


class Promises:
    """What a handler has got from `send_to` and has still to await or run: a coroutine or a generator does nothing by itself."""

    def __init__(self) -> None:
        self._given: list[tuple[str, Any]] = []

    def note(self, call: str, value: Any) -> None:
        """``call`` has given this."""
        if is_unfinished(value):
            self._given.append((call, value))

    def forget(self) -> None:
        """Whoever got it has failed."""
        given, self._given = self._given, []
        for _, value in given:
            if _is_unbegun(value):
                discard(value)

    def require_begun(self) -> None:
        """Raise TypeError for what nobody has begun to await or run."""
        for call, value in self._given:
            if _is_unbegun(value):
                self.forget()
                raise TypeError(
                    f"{call} gave {value!r}, and nobody awaits it or runs it: nothing has happened. Write an `async def` "
                    "handler and `await self.send_to(…)`, or call a plain method."
                )
        self._given.clear()


def _is_unbegun(value: Any) -> bool:
    if inspect.iscoroutine(value):
        return inspect.getcoroutinestate(value) == inspect.CORO_CREATED
    return inspect.isgenerator(value) and inspect.getgeneratorstate(value) == inspect.GEN_CREATED


_INSTEAD = (
    "Ask the database as in any view; for other async code write async_to_sync(work)(…), or start what takes long with "
    "self.start_task(…)."
)


def _is_asynchronous(function: Any) -> bool:
    return iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _error(cls: type, name: str, why: str) -> ComponentError:
    return ComponentError(f"{cls.__name__}.{name}: {why}. {_INSTEAD}")
