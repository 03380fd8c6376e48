"""What waits to leave a page: effects for the browser, output for its driver, and what the handler at work asks for."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied

from livecomp import calling, notices, protocol
from livecomp.constants import ErrorCode
from livecomp.effects import Output, Send
from livecomp.exceptions import Refused
from livecomp.raised import text_of
from livecomp.turn import Attempt, Turn

Result = TypeVar("Result")
MAX_FAILED = 100  # more than the numbered messages of a browser that may be under way


class Outbox:
    """The part of a page that holds what it gives out."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.failed: dict[int, list[Any]] = {}  # event number -> the error that answered it, the newest `MAX_FAILED`
        self.attempt: Attempt | None = None  # the handler at work, or the call of a component's life
        self.rendering: Attempt | None = None  # the render at work
        self.leaving = ""  # where the last `redirect` goes; over HTTP nothing more is rendered then
        self.waiting_output: list[Output] = []
        self._effects: protocol.Effects = []
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
        """Have the driver do something; what a handler asks for, when it has succeeded."""
        attempt = self.attempt or self.rendering
        (self.waiting_output if attempt is None else attempt.outputs).append(output)

    def effect(self, kind: str, *details: Any) -> None:
        """Have the browser do something after the next patch."""
        attempt = self.attempt or self.rendering
        (self._effects if attempt is None else attempt.effects).append((kind, *details))

    def on_undo(self, step: Callable[[], object]) -> None:
        """Do this when the handler, or the render, at work turns out to have failed."""
        if (attempt := self.attempt or self.rendering) is not None:
            attempt.undo_steps.append(step)

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
        """Do this, the component's ``mount()``. What it asks the browser for waits until the component begins."""
        before = self._swap_effects([])
        try:
            act()
        finally:
            asked = self._swap_effects(before)
            if self.leaving:  # and that holds where it was refused, too
                before += asked
            else:
                mounted.effects += asked

    def hold_effects(self, act: Callable[[], Result]) -> Result:
        """Do this, a render. Where it fails, nothing that it asked the browser for happens; where it leads to another page,
        only that. A refusal does not undo a redirect."""
        before, leaving = self._swap_effects([]), self.leaving
        try:
            result = act()
        except (Refused, PermissionDenied):
            asked = self._swap_effects(before)
            before += [each for each in way_on(asked, []) if each not in before]
            raise
        except BaseException:
            self._swap_effects(before)
            self.leaving = leaving
            raise
        asked = self._swap_effects(before)
        before += way_on(asked, asked)
        return result

    def _swap_effects(self, effects: protocol.Effects) -> protocol.Effects:
        """Have what is asked of the browser from here on be added to these. Gives what it was added to until now."""
        attempt = self.attempt or self.rendering
        if attempt is None:
            before, self._effects = self._effects, effects
        else:
            before, attempt.effects = attempt.effects, effects
        return before

    def forget_output(self) -> None:
        """What a driver would do starts with the join."""
        self.waiting_output.clear()


def way_on(effects: protocol.Effects, otherwise: protocol.Effects) -> protocol.Effects:
    """Of these effects those that go with a redirect, if there is one."""
    if any(kind == "redirect" for kind, *_ in effects):
        return [effect for effect in effects if effect[0] in ("redirect", "flash")]
    return otherwise
