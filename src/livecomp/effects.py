"""What a page asks of its driver (the consumer, or the test client). A page itself does no I/O."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from livecomp.constants import CloseCode, ErrorCode
from livecomp.exceptions import Refused

if TYPE_CHECKING:
    from livecomp.shared import Key


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message (see `livecomp.protocol`) to the browser."""

    message: list[Any]


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Deliver messages of the topic as `livecomp.inputs.TopicMessages`."""

    topic: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """No more messages of the topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish a message to a topic. Where this page subscribes itself, it has seen the message already, unless
    ``comes_back``."""

    topic: str
    message: Any
    comes_back: bool = False


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Give `livecomp.inputs.TimerFired` with this id after ``seconds``, once or again and again."""

    id: str
    seconds: float
    repeat: bool


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget the timer."""

    id: str


@dataclass(frozen=True, slots=True)
class StartTask:
    """Run ``call`` in the thread pool, or on the event loop when it is a coroutine function; give
    `livecomp.inputs.TaskDone` at its end and `livecomp.inputs.TaskProgress` for each value that it yields. A driver whose
    connection is gone gives it back, see `livecomp.page.LivePage.hold_task`."""

    id: str
    call: "partial[Any]"


@dataclass(frozen=True, slots=True)
class CancelTask:
    """Cancel the task if it still runs."""

    id: str


@dataclass(frozen=True, slots=True)
class Attach:
    """Bring the browser's copy of a shared component up to date, and keep it so. ``digest``: of the HTML that it has;
    empty when that is not known. ``restricted``: it, or a component that it stands in, is not for everybody."""

    key: "Key"
    digest: str
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class Detach:
    """The shared component is not on the page any more."""

    id: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The HTML of a shared component at this version: the answer to `livecomp.inputs.Whole`."""

    version: int
    html: str
    digest: str


@dataclass(frozen=True, slots=True)
class Postpone:
    """Give this input again a little later, as `livecomp.inputs.Again`: whom it concerns could not be found out now."""

    input: Any
    times: int  # how often that was so


@dataclass(frozen=True, slots=True)
class Save:
    """The state changed: save a snapshot soon. ``is_urgent``: as soon as after an event, for what would happen twice."""

    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection."""

    code: CloseCode
    reason: str


Output = (
    Send
    | Subscribe
    | Unsubscribe
    | Publish
    | StartTimer
    | StopTimer
    | StartTask
    | CancelTask
    | Attach
    | Detach
    | Rendered
    | Postpone
    | Save
    | Close
)


@dataclass(frozen=True, slots=True)
class Await:
    """A step of `LivePage.receive`: await this on the event loop, and send the result back or throw what it raised.
    ``goes_on`` tells by the result whether the handler goes on after it."""

    awaitable: Awaitable[Any]
    goes_on: Callable[[Any], bool] | None = None


@dataclass(frozen=True, slots=True)
class Flush:
    """A step of `LivePage.receive`: deliver the output so far, then go on. ``keeps_thread``: in the same thread."""

    keeps_thread: bool = False


Step = Await | Flush


class PageGone(Refused):
    """What a driver throws in at a step when the connection has been gone for so long that the handler has to end."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.GONE, "The page was closed.")
