"""The ASGI application of the test servers."""

from typing import Any

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from livecomp.asgi import live_application  # noqa: E402 (needs the apps)


async def plain(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """A WebSocket without livecomp: what one costs the server itself."""
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


application = live_application(http, websocket=plain)
