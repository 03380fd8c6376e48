"""The ASGI application of a project: HTTP as it was, livecomp's WebSocket, and the start and stop of the server."""

import asyncio
from typing import Any

from django.conf import settings as django_settings

from livecomp.asgi import Application, Receive, Scope, Send
from livecomp.conf import settings
from livecomp.response import LiveResponse
from livecomp.runtime.closing import reject
from livecomp.runtime.process import Runtime
from livecomp.runtime.shutdown import install
from livecomp.websocket import live_websocket


def build_application(http: Application, websocket: Application | None) -> Application:
    """What `livecomp.asgi.live_application` gives."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "websocket":
            if _is_ours(scope):
                await live_websocket(scope, receive, send)
            elif websocket is not None:
                await websocket(scope, receive, send)
            else:
                await receive()
                await reject(scope, send, 404)
        elif kind == "lifespan":
            await Lifespan(http, receive, send).run(scope)
        elif kind == "http":
            response = LiveResponse(send)
            await http({**scope, LiveResponse.KEY: response}, receive, response.send)
        else:
            await http(scope, receive, send)

    return application


def _is_ours(scope: Scope) -> bool:
    path = scope["path"]
    prefix = (django_settings.FORCE_SCRIPT_NAME or scope.get("root_path", "")).rstrip("/")
    wanted = "/" + settings.path.strip("/")
    return path == wanted or (bool(prefix) and path == prefix + wanted)


class Lifespan:
    """Start and stop of the server: for the inner application where it listens to them, and for ours."""

    def __init__(self, inner: Application, receive: Receive, send: Send) -> None:
        self._inner = inner
        self._receive = receive
        self._send = send
        self._unanswered = ""  # what the inner application was told, and has not answered yet
        self._answers = False

    async def run(self, scope: Scope) -> None:
        """Serve the lifespan, from the server's start to its stop."""
        try:
            await self._inner(scope, self._hear, self._say)
        except Exception:
            if self._answers:
                raise
        if not self._answers:  # Django's own application knows only HTTP
            await self._alone()

    async def _hear(self) -> dict[str, Any]:
        message = await self._receive()
        self._unanswered = message["type"]
        await self._act_on(message["type"])
        return message

    async def _say(self, message: dict[str, Any]) -> None:
        self._answers = True
        await self._send(message)

    async def _alone(self) -> None:
        kind = self._unanswered
        while kind != "lifespan.shutdown":
            if not kind:
                kind = (await self._receive())["type"]
                await self._act_on(kind)
            await self._send({"type": f"{kind}.complete"})
            kind = "" if kind == "lifespan.startup" else kind

    async def _act_on(self, kind: str) -> None:
        runtime = Runtime.current()
        if kind == "lifespan.startup":
            install(runtime)
        elif kind == "lifespan.shutdown":
            await runtime.drain()
            await asyncio.sleep(0)  # the connections' own tasks end
