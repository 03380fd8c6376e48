"""The wire: what a frame may hold, decoded once, and what is sent. The only module that knows it (with js/src/protocol.ts)."""

import re
from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, Any

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
    ``offered`` is what the browser knows: of a form its entries (one without a value says that its name is that of a
    choice of several), else value, key or detail. The method takes of it what it names."""

    ref: int
    component: str
    name: str
    args: dict[str, Any]
    offered: dict[str, Any] | list[tuple[str, str | None]] = {}
    key: Annotated[str, msgspec.Meta(max_length=150)] = (
        ""  # of an event that was made before the page was loaded again, see `livecomp.once`
    )


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


class Unreadable(msgspec.Struct, frozen=True):
    """A numbered message with values that nobody can use. In line as any other: its number is answered in its turn."""

    ref: int
    component: str
    reason: str
    code: ErrorCode = ErrorCode.BAD_ARGUMENTS
    field: str = ""


_Readable = Join | Event | Set | Url | Ack | Render | Ping
Message = _Readable | Unreadable
CLIENT_MESSAGES = (Join, Event, Set, Url, Ack, Render, Ping)
SERVER_MESSAGES = ("joined", "patch", "shared", "ack", "error", "pong")


def _plain_part(value: Any) -> Any:
    """Text of a kind of its own (safe HTML, a lazy translation) as plain text."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Promise):
        return str.__str__(str(value))
    raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")


_one = msgspec.json.Decoder(_Readable)
_many = msgspec.json.Decoder(list[_Readable])

_encoder = msgspec.json.Encoder(enc_hook=_plain_part)
MAX_INTEGER = 2**53 - 1  # what JavaScript can hold exactly

_VALUES = frozenset({"args", "offered", "values"})  # of these a NUL is for the component to refuse, or for a form
_NUMBERED = re.compile(r'\["(?:event|set)",(\d{1,15}),"([\w-]{1,40})",(?:{"([^"\\]{1,200})")?', re.ASCII)
_ESCAPES = re.compile(r"\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F][\da-fA-F]{2})")


def decode(frame: str) -> list[Message]:
    """The messages of one frame. Raises `ProtocolError` for everything that is not exactly in the protocol, except for the
    values of a numbered message: that is given as `Unreadable`."""
    try:
        messages = _decoded(frame)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        if isinstance(error, RecursionError) and (numbered := _NUMBERED.match(frame)):
            return [Unreadable(int(numbered[1]), numbered[2], "nested too deeply.")]
        raise ProtocolError(f"not a message of the protocol: {error}") from None
    if len(messages) > settings.max_events_per_message:
        raise ProtocolError(
            f"{len(messages)} messages in one frame, at most {settings.max_events_per_message} are allowed"
        )
    return [_checked(message) for message in messages]


def too_large(beginning: str, limit: int) -> "Message":
    """The message of which this is the beginning is longer than ``limit`` bytes. Raises `ProtocolError` when it has no
    number that it could be answered with."""
    numbered = _NUMBERED.match(beginning)
    if numbered is None:
        raise ProtocolError(f"longer than {limit} bytes")
    field = numbered[3] or ""  # a `set` begins with the only field that can be so long
    return Unreadable(int(numbered[1]), numbered[2], f"At most {limit} bytes.", ErrorCode.TOO_LARGE, field)


def _decoded(frame: str) -> list[_Readable]:
    many = frame[:2] == "[["
    try:
        return _many.decode(frame) if many else [_one.decode(frame)]
    except msgspec.DecodeError:
        whole = _ESCAPES.sub(lambda escape: "\\ufffd" if escape[1] else escape[0], frame)
        if whole == frame:
            raise
        return _many.decode(whole) if many else [_one.decode(whole)]  # as a browser does with the text of a form


def _checked(message: _Readable) -> Message:
    try:
        for field in message.__struct_fields__:
            if value := getattr(message, field):  # nothing is wrong with what is empty
                _check(value, settings.max_json_depth, field in _VALUES)
    except ProtocolError as error:
        if isinstance(message, (Event, Set)) and 0 <= message.ref <= MAX_INTEGER:
            return Unreadable(message.ref, message.component[:40].replace("\x00", ""), f"{error}.")
        raise
    return message


def _check(value: Any, depth: int, with_nul: bool = False) -> None:
    kind = type(value)
    if kind is str:
        if not with_nul and "\x00" in value:
            raise ProtocolError("a NUL character")
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ProtocolError("an integer beyond 2**53")
    elif kind is dict or kind is list or kind is tuple:
        if depth <= 1:
            raise ProtocolError(f"nested deeper than {settings.max_json_depth}")
        for item in value:
            _check(item, depth - 1, with_nul)
        if kind is dict:
            for item in value.values():
                _check(item, depth - 1, with_nul)


def to_json(value: Any) -> str:
    """JSON of a value. Raises TypeError, ValueError or RecursionError for one without."""
    return _encoder.encode(value).decode()


def merged(messages: list[Message]) -> list[Message]:
    """The messages of a frame with one for each kind that has no number, so that each is answered once: the highest ack,
    a ping, and a render of the page where several components are asked for."""
    if len(messages) == 1:
        return messages
    merged: dict[Any, Message] = {}
    for message in messages:
        kind = type(message)
        key = kind if kind in (Ack, Ping, Render) else id(message)
        before = merged.setdefault(key, message)
        if isinstance(before, Ack):
            merged[key] = max(before, message, key=attrgetter("version"))
        elif isinstance(before, Render) and before != message:
            merged[key] = Render("")
    return list(merged.values())


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


def error(ref: int, code: ErrorCode, message: str, component: str = "", field: str = "") -> list[Any]:
    """Event ``ref`` was refused or failed. It is done with: the client does not send it again. ``field``: the field or
    argument that it is about."""
    about = (component, field) if field else (component,) if component else ()
    return ["error", ref, code.value, message, *about]


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


def size_of(text: str) -> int:
    """The bytes that a text is on the wire."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
