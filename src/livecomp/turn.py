"""A turn: what a page does for one message. An attempt: what one handler does within it.

While a handler runs, everything it asks for is noted in its `Attempt`: effects for the browser, output for the driver,
old values of the fields it touches. When it succeeds, the page renders, and then lets all of that out. When the handler
fails, or a template fails with the state that it left, none of it has happened.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from typing import Any

from livecomp.effects import Output, Publish
from livecomp.exceptions import Refused

MODEL_TOPICS = "model:"  # topics of watched models


class Attempt:
    """One handler at work."""

    __slots__ = (
        "cause",
        "effects",
        "is_final",
        "is_handler",
        "is_undone",
        "outputs",
        "published",
        "shown",
        "shown_url",
        "skipped",
        "touched",
        "undo_steps",
    )

    def __init__(
        self,
        shown_url: str = "",
        *,
        is_handler: bool = True,
        cause: "Attempt | None" = None,
        effects: list[tuple[Any, ...]] | None = None,
    ) -> None:
        self.cause = cause  # the attempt that published what this handler was called for
        self.is_final = False  # it happened once and for all, so it is not undone when a template fails
        self.is_undone = False
        self.is_handler = is_handler  # else a render, or a call of a component's life within one
        self.shown_url = shown_url  # what the browser showed when it began, or at its last yield
        self.effects: list[tuple[Any, ...]] = effects or []
        self.outputs: list[Output] = []
        self.published: list[tuple[str, Any]] = []  # to topics that the page listens to itself
        self.touched: dict[str, dict[str, Any]] = {}  # component id -> old values of its fields
        self.skipped: set[str] = set()  # ids of components that are not to be rendered for it
        self.undo_steps: list[Callable[[], object]] = []  # for what is neither output nor a field
        self.shown: list[tuple[Any, tuple[Any, ...]]] = []  # of a render: components, and what the browser has of them

    def take_in(self, inner: "Attempt", take_back: Callable[["Attempt"], object]) -> None:
        """What was tried within this one has succeeded: it is kept or undone together with it."""
        self.outputs += inner.outputs
        self.effects += inner.effects
        inner.outputs, inner.effects = [], []
        if inner.undo_steps or inner.touched:
            self.undo_steps.append(partial(take_back, inner))

    def mark(self) -> tuple[int, int, int, int]:
        """How far it is."""
        return len(self.outputs), len(self.effects), len(self.undo_steps), len(self.shown)

    def split(self, mark: tuple[int, int, int, int]) -> "Attempt":
        """What came after the mark, taken out of it."""
        rest = Attempt(self.shown_url, is_handler=self.is_handler)
        for name, start in zip(("outputs", "effects", "undo_steps", "shown"), mark, strict=True):
            getattr(rest, name).extend(getattr(self, name)[start:])
            del getattr(self, name)[start:]
        return rest

    def effects_of(self, *kinds: str) -> list[tuple[Any, ...]]:
        """Its effects of some kinds."""
        return [effect for effect in self.effects if effect[0] in kinds]

    def facts(self) -> list[Output]:
        """Output that stays when the handler fails: rows of watched models that are saved, whatever comes after."""
        return [
            replace(each, comes_back=True)
            for each in self.outputs
            if type(each) is Publish and each.topic.startswith(MODEL_TOPICS)
        ]


class Turn:
    """One message at work. ``ref``: its number, 0 for a message of the server's own. ``answers_topics``: it is news of
    topics, so what its handlers publish comes back by the way of all news, at its pace, however it goes round."""

    __slots__ = (
        *("answers_topics", "has_moved", "is_answered", "is_cut_short", "is_undone", "kept", "leaving"),
        *("postponed", "published", "ref", "renders", "verdicts"),
    )

    def __init__(self, ref: int = 0, postponed: int = 0, *, answers_topics: bool = False) -> None:
        self.ref = ref
        self.answers_topics = answers_topics
        self.postponed = postponed  # how often the message was put off before
        self.is_answered = False  # an error was sent for it
        self.is_cut_short = False  # its handler could not finish, so the message is not done
        self.has_moved = False  # the browser was given a new address in it: one event is one step in the history
        self.is_undone = False  # a handler's changes were put back
        self.kept: list[Attempt] = []  # handlers that succeeded, not let out yet
        self.renders: list[Attempt] = []  # after them, not let out yet
        self.leaving: list[Any] = []  # components that a render left out; they are gone when the turn is over
        self.published: list[tuple[str, Any, Attempt]] = []  # by those, to topics that the page listens to itself
        self.verdicts: dict[Hashable, Refused | None] = {}  # what the guard said, see `livecomp.auth.guard`
