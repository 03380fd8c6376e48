"""``application = live_application(get_asgi_application())``: the one line in a project's ``asgi.py``.

The import works before Django is set up, as those of Django's own example do; the call needs the apps.
"""

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def live_application(http: Application, *, websocket: Application | None = None) -> Application:
    """An ASGI application that serves livecomp's WebSocket and leaves everything else to ``http``.

    ``websocket`` takes the project's other WebSockets; without it they are refused. The origin check, session, user and
    routing are inside: nothing else has to be wrapped around.
    """
    from livecomp.application import build_application

    return build_application(http, websocket)
