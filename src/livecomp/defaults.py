"""Defaults of parameters that can change: each call of a component's method has its own copy, as each component has of a
field's default. In Python it would be one object for all calls, and so for all visitors."""

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

from livecomp.values import can_change, copy_value

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def copy_defaults(cls: type) -> None:
    """Have every method of the class, and of the mixins that are no components, called with copies of its defaults."""
    for base in reversed(cls.__mro__):
        if base is not cls and (base is object or hasattr(base, "_reserved")):  # a component has its own already
            continue
        for name, value in list(vars(base).items()):
            function = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
            if not inspect.isfunction(function) or inspect.getattr_static(cls, name) is not value:
                continue
            if (fresh := _with_fresh_defaults(function)) is not function:
                setattr(cls, name, fresh if function is value else type(value)(fresh))


def _with_fresh_defaults(function: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(function)
    defaults = {each.name: each.default for each in signature.parameters.values() if can_change(each.default)}
    if not defaults:
        return function

    def complete(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:  # the call itself says better what is wrong
            return args, kwargs
        for name in defaults.keys() - bound.arguments.keys():
            bound.arguments[name] = copy_value(defaults[name])
        return bound.args, bound.kwargs

    return functools.wraps(function)(_of_its_kind(function, complete))


def _of_its_kind(function: Callable[..., Any], complete: Callable[..., Arguments]) -> Callable[..., Any]:
    """A function of the same kind, which calls it with the arguments made complete."""
    if inspect.iscoroutinefunction(function):

        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = complete(args, kwargs)
            return await function(*args, **kwargs)

        return coroutine
    if inspect.isasyncgenfunction(function):

        async def async_generator(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = complete(args, kwargs)
            async with contextlib.aclosing(function(*args, **kwargs)) as given:
                async for each in given:
                    yield each

        return async_generator
    if inspect.isgeneratorfunction(function):

        def generator(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = complete(args, kwargs)
            return (yield from function(*args, **kwargs))

        return generator

    def plain(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = complete(args, kwargs)
        return function(*args, **kwargs)

    return plain
