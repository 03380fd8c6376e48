"""Closing a WebSocket with a code, also where the server does not let an application choose it.

Daphne refuses every code below 3000 except 1000, although the protocol has 1001, 1008, 1009 and 1011-1013 for just these
cases. Its connection object can send them; where that is out of reach, the code goes out 3000 higher (4012 for 1012), and
the client takes both for the same.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from livecomp.constants import CloseCode

logger = logging.getLogger("livecomp")

Send = Callable[[dict[str, Any]], Awaitable[None]]
PRIVATE = 3000  # added to a code below 3000 that the server refuses


async def send_close(send: Send, code: CloseCode, reason: str = "") -> None:
    """Close an accepted connection. A connection that is gone already is left in peace."""
    text = reason.encode()[:120].decode(errors="ignore")  # a close frame has room for 123 bytes
    try:
        await send({"type": "websocket.close", "code": int(code), "reason": text})
    except OSError:
        return
    except Exception as error:
        logger.debug("The server does not close with %d: %r", code, error)
        await _close_otherwise(send, int(code))


async def _close_otherwise(send: Send, code: int) -> None:
    protocol: Any = (getattr(send, "args", ()) or (None,))[0]  # daphne gives a partial of its method
    try:
        if hasattr(protocol, "sendCloseFrame"):
            protocol.sendCloseFrame(code=code)
        elif code < PRIVATE:
            await send({"type": "websocket.close", "code": code + PRIVATE})
    except Exception as error:
        logger.debug("The connection could not be closed with %d: %r", code, error)


async def reject(scope: dict[str, Any], send: Send, status: int) -> None:
    """Answer a handshake with an HTTP status where the server can, else with its own (403)."""
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": int(CloseCode.POLICY)})
