"""Names and numbers that the server and the client share. A test compares them with js/src/constants.ts."""

from enum import IntEnum, StrEnum

PROTOCOL_VERSION = 1


class ErrorCode(StrEnum):
    """Why a message from the browser was refused, or failed."""

    PROTOCOL = "protocol"
    UNKNOWN_EVENT = "unknown_event"
    UNKNOWN_COMPONENT = "unknown_component"
    BAD_ARGUMENTS = "bad_arguments"
    FORBIDDEN_FIELD = "forbidden_field"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    FAILED = "failed"
    DOUBT = "doubt"


class CloseCode(IntEnum):
    """WebSocket close codes. 4xxx are ours; the client decides by them whether to come back."""

    GOING_AWAY = 1001
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011
    RESTART = 1012
    TRY_LATER = 1013
    PROTOCOL = 4400
    SIGNED_OUT = 4401
    FORBIDDEN = 4403
    IDLE = 4408
    VERSION_CHANGED = 4409
    FLOOD = 4429


FINAL = frozenset(
    {CloseCode.PROTOCOL, CloseCode.SIGNED_OUT, CloseCode.FORBIDDEN, CloseCode.VERSION_CHANGED, CloseCode.FLOOD}
)
"""The page does not come back after these."""

ADDRESS = "lc"
KEEP = "lc-keep"
TOKEN = "lc-token"
JSON_MARK = "json:"
PART = "+"
"""Begins a frame with a part of a message that is longer than a frame may be. One without a part: that was all of it."""
CLIENT_EXTRAS = ("commands", "debug", "hooks", "motion", "navigation", "notices", "outside", "states", "triggers")
"""The modules of the client that a page loads when it first uses them."""
