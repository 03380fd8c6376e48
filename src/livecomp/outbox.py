"""What waits to leave a page: effects for the browser, output for its driver, and what the handler at work asks for."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied

from livecomp import calling, notices, protocol
from livecomp.constants import ErrorCode
from livecomp.effects import Output, Send
from livecomp.exceptions import Refused
from livecomp.raised import text_of
from livecomp.turn import Attempt, Turn

MAX_FAILED = 100  # more than the numbered messages of a browser that may be under way
OWN_CALLS = tuple(
    f" live-{word}={quote}" for word in ("init", "intersect") for quote in "\"'"
)  # text has no such quotes


def count_own_calls(html: str) -> int:
    """How many elements in this HTML call an event by themselves, as soon as they are there or seen."""
    return sum(map(html.count, OWN_CALLS)) if "live-in" in html else 0


class Outbox:
    """The part of a page that holds what it gives out."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.failed: dict[int, list[Any]] = {}  # event number -> the error that answered it, the newest `MAX_FAILED`
        self.attempt: Attempt | None = None  # the handler at work, or the turn's renders while one is
        self.leaving = ""  # where the last `redirect` goes; over HTTP nothing more is rendered then
        self.waiting_output: list[Output] = []
        self._effects: protocol.Effects = []
        self.given_up = 0  # events of other pages, see `livecomp.once.give_up`
        self.own_calls = 0  # in the HTML that the browser got: so many events are the page's doing, not the visitor's
        self.is_driven = False  # its driver has threads: only its own turns may change it, see `livecomp.calling`
        self.is_stepping = False  # a step of a turn runs, see `LivePage.advance`
        self._calling: calling.Calling | None = None  # the turn that is under way

    def enter_turn(self) -> None:
        """From here on the caller may change the page's components."""
        if self._calling is None:
            self._calling = calling.Calling(self)
            calling.current.set(self._calling)

    def leave_turn(self) -> None:
        """From here on it may not, and nothing that it started."""
        if self._calling is not None:
            self._calling.is_over = True
            self._calling = None
            calling.current.set(None)

    def output(self, output: Output) -> None:
        """Have the driver do something; what a handler or a render asks for, when it has succeeded."""
        (self.waiting_output if self.attempt is None else self.attempt.outputs).append(output)

    def effect(self, kind: str, *details: Any) -> None:
        """Have the browser do something after the next patch."""
        (self._effects if self.attempt is None else self.attempt.effects).append((kind, *details))

    def on_undo(self, call: Callable[..., object], *arguments: Any) -> None:
        """Call this when the handler, or the render, at work turns out to have failed."""
        if self.attempt is not None:
            self.attempt.undo_steps.append((call, arguments))

    def answer(self, component: str, error: Exception, failure: str) -> None:
        """Answer the turn's event with an error: in DEBUG the exception's text, otherwise only the id to look for in the
        log, in words for the visitor. Nothing where there is no event, or where it is answered already."""
        turn = self.turn
        if not turn.ref or turn.is_answered:
            return
        if isinstance(error, Refused):
            code, text = error.code, str(error)
        elif isinstance(error, PermissionDenied):
            code, text = ErrorCode.FORBIDDEN, text_of(error) or "You are not allowed to do this."
        else:
            code = ErrorCode.TIMEOUT if isinstance(error, TimeoutError) else ErrorCode.FAILED
            text = notices.failure_text(error, failure)
        turn.is_answered = True
        field = error.field if isinstance(error, Refused) else ""
        message = protocol.error(turn.ref, code, text, component[:40], field[:200])
        self.failed[turn.ref] = message
        if len(self.failed) > MAX_FAILED:
            del self.failed[next(iter(self.failed))]
        self.output(Send(message))

    def take_output(self) -> list[Output]:
        """What is to be done since the last call, in order."""
        output, self.waiting_output = self.waiting_output, []
        return output

    def take_effects(self) -> protocol.Effects:
        """What the browser is to do since the last call."""
        effects, self._effects = self._effects, []
        return effects

    def collect_effects(self, mounted: Any, act: Callable[[], object]) -> None:
        """Do this, the component's ``mount()``. What it asks the browser for waits until the component begins; where it
        leads to another page, it does not wait."""
        effects = self._effects if self.attempt is None else self.attempt.effects
        start = len(effects)
        act()
        if not self.leaving:
            mounted.effects += effects[start:]
            del effects[start:]

    def forget_output(self) -> None:
        """What a driver would do starts with the join."""
        self.waiting_output.clear()
