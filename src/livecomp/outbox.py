"""What waits to leave a page: effects for the browser, output for its driver, and what the handler at work asks for."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied

from livecomp import calling, protocol
from livecomp.constants import ErrorCode
from livecomp.effects import Output, Send
from livecomp.exceptions import Refused
from livecomp.turn import Attempt, Turn

_OWN_CALLS = (
    'live-init="',
    "live-init='",
    'live-intersect="',
    "live-intersect='",
)  # no text of a visitor has such quotes


def count_own_calls(html: str) -> int:
    """How many elements in this HTML call an event by themselves, as soon as they are there or seen."""
    return sum(map(html.count, _OWN_CALLS)) if "live-in" in html else 0


class Outbox:
    """The part of a page that holds what it gives out."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.attempt: Attempt | None = None  # the handler at work
        self.waiting_output: list[Output] = []
        self._effects: protocol.Effects = []
        self.own_calls = (
            0  # of the HTML that the browser got: so many events are the page's own doing, not the visitor's
        )
        self.is_driven = False  # its driver has threads: only its own turns may change it, see `livecomp.calling`
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
        """Have the driver do something; what a handler asks for, when it has succeeded."""
        (self.waiting_output if self.attempt is None else self.attempt.outputs).append(output)

    def effect(self, kind: str, *details: Any) -> None:
        """Have the browser do something after the next patch."""
        (self._effects if self.attempt is None else self.attempt.effects).append((kind, *details))

    def on_undo(self, step: Callable[[], object]) -> None:
        """Do this when the handler at work turns out to have failed."""
        if self.attempt is not None:
            self.attempt.undo_steps.append(step)

    def answer(self, component: str, error: Exception, failure: str) -> None:
        """Answer the turn's event with an error: in DEBUG the exception's text, otherwise only the id to look for in the
        log. Nothing where there is no event, or where it is answered already."""
        turn = self.turn
        if not turn.ref or turn.is_answered:
            return
        if isinstance(error, Refused):
            code, text = error.code, str(error)
        elif isinstance(error, PermissionDenied):
            code, text = ErrorCode.FORBIDDEN, "You are not allowed to do this."
        else:
            code = ErrorCode.TIMEOUT if isinstance(error, TimeoutError) else ErrorCode.FAILED
            text = f"{type(error).__name__}: {error}" if settings.DEBUG else f"Something went wrong ({failure})."
        turn.is_answered = True
        self.output(Send(protocol.error(turn.ref, code, text, component[:40])))

    def let_out(self) -> None:
        """What the handlers of this turn asked for happens now."""
        for attempt in self.turn.kept:
            self.waiting_output += attempt.outputs
            self._effects += attempt.effects
        self.turn.kept.clear()

    def take_output(self) -> list[Output]:
        """What is to be done since the last call, in order."""
        output, self.waiting_output = self.waiting_output, []
        return output

    def take_effects(self) -> protocol.Effects:
        """What the browser is to do since the last call."""
        effects, self._effects = self._effects, []
        return effects

    def forget_output(self) -> None:
        """What a driver would do starts with the join."""
        self.waiting_output.clear()
