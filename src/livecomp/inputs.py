"""What a driver tells a page besides the browser's messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from livecomp.exceptions import Refused
from livecomp.values import copy_value


@dataclass(frozen=True, slots=True)
class TopicMessages:
    """Messages of subscribed topics, those of a short time together. An empty list is a hint that some were missed."""

    messages: Mapping[str, Sequence[Any]]
    only: frozenset[str] = frozenset()
    """Ids of the components that they are for; empty: all that subscribe."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that the page started is due."""

    id: str


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """A task yielded a value. The page gets its own copy: the task goes on with what it has."""

    id: str
    value: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", copy_value(self.value))


@dataclass(frozen=True, slots=True)
class TaskUpdate:
    """A task gives new values to a component's fields."""

    id: str
    component: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TaskDone:
    """A task ended, with a value, of which the page gets its own copy, or with an exception."""

    id: str
    value: Any = None
    error: BaseException | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", copy_value(self.value))


@dataclass(frozen=True, slots=True)
class Revalidated:
    """The visitor was checked again; ``allowed`` is false after a sign-out."""

    allowed: bool


@dataclass(frozen=True, slots=True)
class RenderAgain:
    """Render a component that could not be rendered for want of an answer of the guard, or what a shared one stands in."""

    component: str


@dataclass(frozen=True, slots=True)
class Again:
    """An input that was postponed, see `livecomp.effects.Postpone`."""

    input: Any
    times: int  # how often it was postponed


@dataclass(frozen=True, slots=True)
class Whole:
    """Give the HTML of a shared component, as `livecomp.effects.Rendered`. The first one mounts it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A numbered message of the browser that the driver refuses, in the order in which it came."""

    ref: int
    reason: Refused
    component: str = ""
    name: str = ""
    key: str = ""

    @classmethod
    def of(cls, message: Any, reason: Refused) -> "Refusal":
        """The refusal of this message."""
        fields = {name: getattr(message, name, "") for name in ("component", "name", "key")}
        return cls(message.ref, reason, **fields)


Input = (
    TopicMessages
    | TimerFired
    | TaskProgress
    | TaskUpdate
    | TaskDone
    | Revalidated
    | RenderAgain
    | Again
    | Whole
    | Refusal
)
