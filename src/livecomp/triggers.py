"""What makes a component act besides the browser: topics, watched models and timers, declared on its methods."""

import math
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from livecomp.events import refuse_unmarked
from livecomp.exceptions import ComponentError

F = TypeVar("F", bound=Callable[..., Any])
_TOPICS, _TIMERS = "__livecomp_topics__", "__livecomp_timers__"
_DECORATORS = {_TOPICS: "@on(…)", _TIMERS: "@every(…)"}


@dataclass(frozen=True, slots=True)
class TopicTrigger:
    """``@on(pattern)``: the method (None: only a new render) is called for messages of a topic named from state."""

    pattern: str
    method: str | None = None

    def topic(self, component: Any) -> str:
        """The topic's name now. Raises `ComponentError` when the pattern names no attribute of the component."""
        return _Names(component).vformat(self.pattern, (), {}) if "{" in self.pattern else self.pattern


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """``@every(seconds)``: the method is called again and again while the page is open."""

    seconds: float
    method: str


class _Names(string.Formatter):
    def __init__(self, component: Any) -> None:
        self.component = component

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        value = self.component
        for part in field_name.split("."):
            if not part.isidentifier() or part.startswith("_"):
                raise ComponentError(f"{field_name!r} in a topic pattern: only attribute names and dots are allowed.")
            value = getattr(value, part)
        return value, field_name


class _On:
    """``@on("room:{room_id}")`` and ``@on.model(Poll, pk="poll_id")``."""

    def __call__(self, pattern: str) -> Callable[[F], F]:
        """Call the method for each message of the topic. ``{names}`` are filled in from the component's attributes,
        and the subscription follows when they change."""
        if type(pattern) is not str:
            raise ComponentError(
                f"@on({pattern!r}): a topic's name was expected; of a model's rows tells @on.model(…)."
            )
        return _mark(_TOPICS, pattern)

    def model(self, model: Any, *, pk: str = "") -> Callable[[F], F]:
        """Call the method when any row of ``model`` is saved or deleted, or only the row whose primary key the
        attribute named by ``pk`` holds."""
        label = model._meta.label_lower
        return _mark(_TOPICS, f"model:{label}:{{{pk}}}" if pk else f"model:{label}")


on = _On()


def every(*, seconds: float) -> Callable[[F], F]:
    """Call the method every so many seconds while the page is open. It stops with the page."""
    if not 0 < seconds < math.inf:
        raise ComponentError(f"@every(seconds={seconds!r}): a positive number was expected.")
    return _mark(_TIMERS, float(seconds))


def _mark(kind: str, value: Any) -> Callable[[F], F]:
    def mark(function: F) -> F:
        function.__dict__.setdefault(kind, []).append(value)
        return function

    return mark


def collect_topics(cls: type) -> list[TopicTrigger]:
    """What a class subscribes to: its ``@on`` methods, and its ``watch`` list."""
    found = [TopicTrigger(pattern, name) for name, pattern in _marks(cls, _TOPICS)]
    for model in getattr(cls, "watch", ()):
        found.append(TopicTrigger(f"model:{model._meta.label_lower}"))
    return found


def collect_timers(cls: type) -> list[TimerTrigger]:
    """The ``@every`` methods of a class."""
    return [TimerTrigger(seconds, name) for name, seconds in _marks(cls, _TIMERS)]


def _marks(cls: type, kind: str) -> list[tuple[str, Any]]:
    marks = []
    for name in dir(cls):
        refuse_unmarked(cls, name, kind, _DECORATORS[kind])
        function = getattr(cls, name, None)
        for value in getattr(function, "__dict__", {}).get(kind, ()):
            marks.append((name, value))
    return marks
