"""The wire: what a frame may hold, decoded once, and what is sent. The only module that knows it (with js/src/protocol.ts)."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.utils.functional import Promise

from livecomp.conf import settings
from livecomp.constants import ErrorCode
from livecomp.exceptions import ProtocolError

Patches = list[tuple[str, str]]
Effects = list[tuple[Any, ...]]


class ClientMessage(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A message from the browser: ``[type, field, …]``."""


class Join(ClientMessage, frozen=True, tag="join"):
    """The first message on every socket."""

    protocol: int
    tokens: list[str]
    resume: tuple[str, int] | None  # page id and the last version applied, when the page was joined before
    path: str
    heard: int = 0  # the browser knows the outcome of every event up to this number
    sent: int = 0  # the highest number that it has ever sent


class Event(ClientMessage, frozen=True, tag="event"):
    """Call ``name`` of a component. ``args`` were written by the author of the template and have to fit the method;
    ``offered`` is what the browser knows (form fields, value, key): the method takes of it what it names."""

    ref: int
    component: str
    name: str
    args: dict[str, Any]
    offered: dict[str, Any] = {}
    key: str = ""  # of an event that was made before the page was loaded again, see `livecomp.once`


class Set(ClientMessage, frozen=True, tag="set"):
    """Write fields declared with ``state(bind=True)``."""

    ref: int
    component: str
    values: dict[str, Any]


class Url(ClientMessage, frozen=True, tag="url"):
    """The browser went to another URL of the same page."""

    ref: int
    path: str


class Ack(ClientMessage, frozen=True, tag="ack"):
    """Every render up to ``version`` is in the browser's DOM."""

    version: int


class Render(ClientMessage, frozen=True, tag="render"):
    """A target was missing: send the component again, or the whole page (``""``)."""

    component: str


class Ping(ClientMessage, frozen=True, tag="ping"):
    """Heartbeat."""


Message = Join | Event | Set | Url | Ack | Render | Ping
CLIENT_MESSAGES = (Join, Event, Set, Url, Ack, Render, Ping)
SERVER_MESSAGES = ("joined", "patch", "shared", "ack", "error", "pong")


def _plain_part(value: Any) -> Any:
    """Text of a kind of its own (safe HTML, a lazy translation) as plain text."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Promise):
        return str.__str__(str(value))
    raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")


_one = msgspec.json.Decoder(Message)
_many = msgspec.json.Decoder(list[Message])

_encoder = msgspec.json.Encoder(enc_hook=_plain_part)
MAX_INTEGER = 2**53 - 1  # what JavaScript can hold exactly


def decode(frame: str) -> list[Message]:
    """The messages of one frame. Raises `ProtocolError` for everything that is not exactly in the protocol."""
    try:
        many = frame[:2] == "[["
        messages: list[Message] = _many.decode(frame) if many else [_one.decode(frame)]
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise ProtocolError(f"not a message of the protocol: {error}") from None
    if len(messages) > settings.max_events_per_message:
        raise ProtocolError(
            f"{len(messages)} messages in one frame, at most {settings.max_events_per_message} are allowed"
        )
    for message in messages:
        for field in message.__struct_fields__:
            _check(getattr(message, field), settings.max_json_depth)
    return messages


def _check(value: Any, depth: int) -> None:
    kind = type(value)
    if kind is str:
        if "\x00" in value:
            raise ProtocolError("a NUL character")
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ProtocolError("an integer beyond 2**53")
    elif kind is dict or kind is list or kind is tuple:
        if depth <= 1:
            raise ProtocolError(f"nested deeper than {settings.max_json_depth}")
        for item in value:
            _check(item, depth - 1)
        if kind is dict:
            for item in value.values():
                _check(item, depth - 1)


def to_json(value: Any) -> str:
    """JSON of a value. Raises TypeError, ValueError or RecursionError for one without."""
    return _encoder.encode(value).decode()


def plain(value: Any, what: str) -> Any:
    """The value as it arrives at the other side: plain JSON, and nobody else's object. Raises TypeError, which names
    ``what``, for one without a JSON form."""
    try:
        return msgspec.json.decode(_encoder.encode(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(
            f"{what}: {value!r:.80} has no JSON form ({error}). Give plain values: text, numbers, lists and dicts."
        ) from None


def plain_text(value: Any, what: str) -> str:
    """Text of any kind as plain text. Raises TypeError, which names ``what``, for anything else."""
    if not isinstance(value, str | Promise):
        raise TypeError(f"{what} has to be text, got {value!r:.80}.")
    return str.__str__(str(value))


def joined(
    page_id: str, version: int, ack: int, patches: Patches, effects: Effects, failed: Sequence[list[Any]] = ()
) -> list[Any]:
    """Reply to `Join`. ``failed``: the replies of `error` to those events up to ``ack`` that did not succeed."""
    message = ["joined", page_id, version, ack, patches, effects]
    return [*message, list(failed)] if failed else message


def patch(version: int, ack: int, patches: Patches, effects: Effects) -> list[Any]:
    """A new render; ``ack`` is the highest event number applied."""
    return ["patch", version, ack, patches, effects] if effects else ["patch", version, ack, patches]


def shared(component: str, version: int, patches: Patches, *, whole: bool = False) -> list[Any]:
    """A new render of a shared component, which has versions of its own. The same message goes to all viewers, except
    the first one: ``whole`` is what a browser goes on from, whatever version it had."""
    return ["shared", component, version, patches, True] if whole else ["shared", component, version, patches]


def ack(ref: int, effects: Effects) -> list[Any]:
    """Events up to ``ref`` are applied and nothing changed on the page."""
    return ["ack", ref, effects] if effects else ["ack", ref]


def error(ref: int, code: ErrorCode, message: str, component: str = "") -> list[Any]:
    """Event ``ref`` was refused or failed. It is done with: the client does not send it again."""
    return ["error", ref, code.value, message, component] if component else ["error", ref, code.value, message]


def pong() -> list[Any]:
    """Reply to `Ping`."""
    return ["pong"]


def encode(message: list[Any]) -> str:
    """The text of a frame. Half of a surrogate pair, which no encoding knows, becomes the replacement character."""
    try:
        return _encoder.encode(message).decode()
    except UnicodeEncodeError:
        return _encoder.encode(_with_whole_characters(message)).decode()


def bare(message: list[Any]) -> list[Any]:
    """A message that cannot be encoded, without what a project's code has put into it."""
    kind = message[0]
    if kind == "error":
        return error(message[1], ErrorCode.FAILED, "Something went wrong.")
    at = {"joined": 5, "patch": 4, "ack": 2}.get(kind, len(message))
    return [*message[:at], [], *message[at + 1 :]] if at < len(message) else message


def _with_whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, (list, tuple)):
        return [_with_whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {_with_whole_characters(key): _with_whole_characters(item) for key, item in value.items()}
    return value
