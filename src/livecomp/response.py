"""The HTTP response around live components, which template tags cannot reach: it belongs to one visitor, and when a
component asked for a redirect, it is one."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpRequest
from django.utils.encoding import iri_to_uri

Headers = list[tuple[bytes, bytes]]

_SHARED = ("public", "s-maxage")  # what lets caches between the server and the browser keep a response
_OWN = ("private", "no-store")
_KEPT = (b"set-cookie", b"vary")  # of a response that becomes a redirect


class LiveResponse:
    """Sends one response. `livecomp.asgi.live_application` puts it into the scope of each HTTP request."""

    KEY = "livecomp.response"

    def __init__(self, send: Callable[[Any], Awaitable[None]]) -> None:
        self._send = send
        self._is_live = False
        self._location = ""
        self._is_redirected = False

    @classmethod
    def of(cls, request: HttpRequest) -> "LiveResponse | None":
        """That of the request; None where another application serves it."""
        return getattr(request, "scope", {}).get(cls.KEY)

    def mark(self, location: str = "") -> None:
        """The page has a live component in it; ``location``: which asked for a redirect to there."""
        self._is_live, self._location = True, location or self._location

    async def send(self, message: dict[str, Any]) -> None:
        """Send an ASGI message, changed where that is needed."""
        if message["type"] == "http.response.start" and self._is_live:
            message = self._started(message)
        elif message["type"] == "http.response.body" and self._is_redirected:
            message = {**message, "body": b""}
        await self._send(message)

    def _started(self, message: dict[str, Any]) -> dict[str, Any]:
        headers: Headers = [(bytes(name).lower(), value) for name, value in message.get("headers", ())]
        if self._location and message["status"] == 200 and _is_html(headers):
            self._is_redirected = True
            kept = [header for header in headers if header[0] in _KEPT]
            place = iri_to_uri(self._location).encode("ascii")
            return {**message, "status": 302, "headers": [*kept, (b"location", place), (b"content-length", b"0")]}
        return {**message, "headers": _private(headers)}


def _is_html(headers: Headers) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers)


def _private(headers: Headers) -> Headers:
    given = b",".join(value for name, value in headers if name == b"cache-control").decode("latin-1")
    parts = [part.strip() for part in given.split(",") if part.strip()]
    names = {part.partition("=")[0].lower() for part in parts}
    if names.intersection(_OWN):
        return headers
    parts = [part for part in parts if part.partition("=")[0].lower() not in _SHARED]
    others = [header for header in headers if header[0] != b"cache-control"]
    return [*others, (b"cache-control", ", ".join([*parts, "private"]).encode("latin-1"))]
