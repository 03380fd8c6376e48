"""What gets through every channel layer: they pack with msgpack, which refuses some of what has a JSON form."""

from collections.abc import Iterable
from typing import Any

import msgspec

from livecomp import protocol

Packed = str  # a message as JSON text
MAX_DEPTH = 100  # levels of lists and dictionaries


def find_unsendable(value: Any, depth: int = 0) -> str | None:
    """Why a channel layer would not take a value made of JSON's types, None if it would."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value):
            return "it holds half of a surrogate pair, which is no character"
    elif isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            return "integers beyond 64 bits do not reach other processes; send a string"
    elif isinstance(value, (dict, list, tuple)):
        if depth >= MAX_DEPTH:
            return f"it is nested deeper than {MAX_DEPTH} levels"
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        return next((reason for each in inner if (reason := find_unsendable(each, depth + 1)) is not None), None)
    elif value is not None and not isinstance(value, float):
        return f"{type(value).__name__} has no form that reaches other processes"
    return None


def check_topic(topic: Any) -> None:
    """Raise TypeError for what cannot be the name of a topic in every process."""
    if type(topic) is not str or not topic:
        raise TypeError(f"A topic is a non-empty string, got {topic!r}.")
    if (reason := find_unsendable(topic)) is not None:
        raise TypeError(f"A topic cannot be named {topic!r}: {reason}.")


def pack(topic: str, message: Any) -> Packed:
    """A message as it goes to every page. Raises TypeError for one without a JSON form."""
    check_topic(topic)
    try:
        return protocol.to_json(message)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise TypeError(
            f"publish({topic!r}, …): the message has no JSON form ({error}). Send plain values, such as a primary key, "
            "and read the rest from the database where it is rendered."
        ) from None


def unpack(messages: Iterable[Packed]) -> list[Any]:
    """The messages behind their texts."""
    return [msgspec.json.decode(message) for message in messages]
