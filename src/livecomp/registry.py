"""Component classes by name. A name that did not come from a class definition is never resolved to anything."""

import difflib
from typing import TYPE_CHECKING

from livecomp.exceptions import ComponentError, UnknownComponent

if TYPE_CHECKING:
    from livecomp.component import LiveComponent

_classes: dict[str, type["LiveComponent"]] = {}
_version = 0


def register(cls: type["LiveComponent"]) -> None:
    """Called for each component class when it is created. Raises `ComponentError` for a name taken by another class."""
    global _version
    taken = _classes.get(cls.name)
    if taken is not None and _place(taken) != _place(cls) and "<locals>" not in cls.__qualname__ + taken.__qualname__:
        raise ComponentError(
            f"Two components are named {cls.name!r}: {_place(taken)} and {_place(cls)}. "
            f'Give one of them another name, e.g. `name = "{cls.__module__.split(".")[0]}.{cls.name}"`.'
        )
    _classes[cls.name] = cls
    _version += 1


def version() -> int:
    """A number that changes with the registry: what was worked out from it is as old as this tells."""
    return _version


def get(name: str) -> type["LiveComponent"]:
    """The class registered as ``name``. Raises `UnknownComponent`."""
    try:
        return _classes[name]
    except KeyError:
        near = difflib.get_close_matches(name, _classes, 3)
        hint = (
            f"Did you mean {' or '.join(map(repr, near))}?"
            if near
            else f"Known: {', '.join(sorted(_classes)) or 'none'}."
        )
        raise UnknownComponent(
            f"No live component is named {name!r}. {hint} Components are found in the live.py of every installed app."
        ) from None


def find(name: str) -> type["LiveComponent"] | None:
    """The class registered as ``name``, if there is one."""
    return _classes.get(name)


def all_components() -> dict[str, type["LiveComponent"]]:
    """Every registered class, by name, sorted."""
    return dict(sorted(_classes.items()))


def _place(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
