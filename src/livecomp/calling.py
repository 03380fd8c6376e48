"""Where a call comes from: out of a turn of the page, or beside it.

What a component asks for in its page's turn is carried out at the end of the turn. A thread or an asyncio task that a
handler started may go on after it, or beside the next one. What it asked for then would wait until something else
happens, or get mixed up with another handler's work. So it is refused with words; only what it publishes goes out.
"""

from contextvars import ContextVar
from typing import Any

from livecomp import progress


class OutOfTurn(RuntimeError):
    """Something that belongs into the page's turn was called beside it."""


class Calling:
    """The turn that some code runs in. An asyncio task inherits it and may outlive it."""

    __slots__ = ("is_over", "page")

    def __init__(self, page: Any) -> None:
        self.page = page
        self.is_over = False


current: ContextVar[Calling | None] = ContextVar("livecomp_calling", default=None)


def is_in_turn(page: Any) -> bool:
    """Whether the caller may change the page's components: in a turn of it, or as long as nobody else drives it (a
    first render over HTTP, a test)."""
    calling = current.get()
    if calling is not None and calling.page is page:
        return not calling.is_over
    return not page.is_driven


def page_in_turn() -> Any:
    """The page whose turn the caller runs in, or None."""
    calling = current.get()
    return None if calling is None or calling.is_over else calling.page


def require_turn(page: Any, call: str) -> None:
    """Raise `OutOfTurn` where the caller runs beside the page's turns. ``call``: what it wanted, ``Chat.flash()``."""
    if is_in_turn(page):
        return
    if progress.current.get() is not None:
        raise OutOfTurn(
            f"{call} is called in a background task, beside the page's turn. Call it in the method that progress=, then= "
            "or failed= of start_task() names: it runs in the page's turn. The task itself may call self.update(…)."
        )
    raise OutOfTurn(
        f"{call} is called outside of the page's turn: by a thread, or by an asyncio task that outlived the handler which "
        "started it. Start the work with self.start_task(…), which may call self.update(…) and has progress= and then= "
        "for everything else."
    )
