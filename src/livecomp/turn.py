"""A turn: what a page does for one message. An attempt: what is kept or undone as a whole within it.

While a handler runs, everything it asks for is noted in its `Attempt`: effects for the browser, output for the driver,
old values of the fields it touches. When it succeeds, the page renders, and then lets all of that out. When the handler
fails, or a template fails with the state that it left, none of it has happened. All renders of a turn are one attempt.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from livecomp.effects import Output, Publish
from livecomp.exceptions import Refused

MODEL_TOPICS = "model:"  # topics of watched models

Step = tuple[Callable[..., object], tuple[Any, ...]]
Mark = tuple[int, int, int]
START: Mark = (0, 0, 0)
Touched = dict[str, dict[str, Any]]


class Attempt:
    """One handler at work, or the renders of a turn."""

    __slots__ = (
        *("cause", "effects", "is_final", "notes_fields", "outputs", "published"),
        *("shown_url", "skipped", "touched", "undo_steps"),
    )

    def __init__(self, shown_url: str = "", cause: "Attempt | None" = None, *, notes_fields: bool = True) -> None:
        self.cause = cause  # the attempt that published what this handler was called for
        self.is_final = False  # it happened once and for all, so it is not undone when a template fails
        self.shown_url = shown_url  # what the browser showed when it began, or at its last yield
        self.effects: list[tuple[Any, ...]] = []
        self.outputs: list[Output] = []
        self.published: list[tuple[str, Any]] = []  # to topics that the page listens to itself
        self.notes_fields = notes_fields  # a template reads them as they are
        self.touched: Touched = {}  # component id -> old values of its fields
        self.skipped: set[str] = set()  # ids of components that are not to be rendered for it
        self.undo_steps: list[Step] = []  # for what is neither output nor a field: calls, the last one first

    def mark(self) -> Mark:
        """How far it is."""
        return len(self.outputs), len(self.effects), len(self.undo_steps)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to let out or to undo, but fields."""
        return not (self.outputs or self.effects or self.undo_steps)

    def take_back(self, mark: Mark) -> list[Output]:
        """Undo what came after the mark, but for old values of fields. Gives the output that stays: rows of watched models
        are saved, whatever comes after."""
        outputs, effects, steps = mark
        for call, arguments in reversed(self.undo_steps[steps:]):
            call(*arguments)
        facts: list[Output] = [
            replace(each, comes_back=True)
            for each in self.outputs[outputs:]
            if type(each) is Publish and each.topic.startswith(MODEL_TOPICS)
        ]
        del self.outputs[outputs:], self.effects[effects:], self.undo_steps[steps:]
        return facts


class Turn:
    """One message at work. ``ref``: its number, 0 for a message of the server's own. ``answers_topics``: it is news of
    topics, so what its handlers publish comes back by the way of all news, at its pace, however it goes round."""

    __slots__ = (
        *("answers_topics", "is_answered", "is_cut_short", "is_undone", "kept", "leaving"),
        *("postponed", "published", "ref", "renders", "verdicts"),
    )

    def __init__(self, ref: int = 0, postponed: int = 0, *, answers_topics: bool = False) -> None:
        self.ref = ref
        self.answers_topics = answers_topics
        self.postponed = postponed  # how often the message was put off before
        self.is_answered = False  # an error was sent for it
        self.is_cut_short = False  # its handler could not finish, so the message is not done
        self.is_undone = False  # a handler's changes were put back
        self.kept: list[Attempt] = []  # handlers that succeeded, not let out yet
        self.renders = Attempt(notes_fields=False)  # all after them, not let out yet
        self.leaving: list[Any] = []  # components that a render left out; they are gone when the turn is over
        self.published: list[tuple[str, Any, Attempt]] = []  # by those, to topics that the page listens to itself
        self.verdicts: dict[Hashable, Refused | None] = {}  # what the guard said, see `livecomp.auth.guard`
