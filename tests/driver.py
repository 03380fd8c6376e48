"""The smallest driver of a page: no threads, no sockets, no DOM. For tests of the page itself."""

import asyncio
import re
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory

from livecomp import inputs, protocol
from livecomp.effects import Await, Output, Send
from livecomp.page import LivePage

Message = protocol.Message | inputs.Input

_loop = asyncio.new_event_loop()  # one for all steps: an async generator lives across several


def make_request(user: Any = None, path: str = "/", session_key: str | None = None) -> HttpRequest:
    """A GET of ``path`` by this user."""
    request = RequestFactory().get(path)
    request.user = user or AnonymousUser()
    request.session = SessionStore(session_key)
    return request


class Driver:
    """A page as one browser sees it: rendered over HTTP, then joined."""

    def __init__(
        self, name: str, user: Any = None, path: str = "/", session: str | None = None, **arguments: Any
    ) -> None:
        self.user, self.url, self.session = user, path, session
        page = LivePage(make_request(user, path, session))
        self.html = page.render_root(name, arguments)
        found = re.search(r'lc-token="([^"]+)"', self.html)
        assert found
        self.token = found[1]
        self.ref = 0
        self.outputs: list[Output] = []
        self.page = LivePage(make_request(user, path, session))

    def join(
        self,
        resume: tuple[str, int] | None = None,
        tokens: list[str] | None = None,
        heard: int | None = None,
        sent: int | None = None,
    ) -> list[list[Any]]:
        """Join with a new page object, as after a new connection. The browser has heard of the outcome of all events,
        unless another number is given."""
        self.page = LivePage(make_request(self.user, self.url, self.session))
        heard, sent = self.ref if heard is None else heard, self.ref if sent is None else sent
        return self.give(
            protocol.Join(1, tokens if tokens is not None else [self.token], resume, self.url, heard, sent)
        )

    def give(self, message: Message) -> list[list[Any]]:
        """Let the page handle a message; gives what it sent to the browser."""
        steps = self.page.receive(message)
        step = self.page.advance(steps)
        while step is not None:
            if isinstance(step, Await):
                try:
                    value = _loop.run_until_complete(_awaited(step.awaitable))
                except Exception as error:
                    step = self.page.advance(steps, error=error)
                else:
                    step = self.page.advance(steps, value)
            else:
                step = self.page.advance(steps)
        self.outputs = self.page.take_output()
        return [output.message for output in self.outputs if isinstance(output, Send)]

    def event(
        self, name: str, component: str = "c0", offered: dict[str, Any] | None = None, **args: Any
    ) -> list[list[Any]]:
        """Call an event."""
        self.ref += 1
        return self.give(protocol.Event(self.ref, component, name, args, offered or {}))

    def set(self, component: str = "c0", **values: Any) -> list[list[Any]]:
        """Write bound fields."""
        self.ref += 1
        return self.give(protocol.Set(self.ref, component, values))

    def out(self, kind: type) -> list[Any]:
        """Outputs of this kind of the last message."""
        return [output for output in self.outputs if isinstance(output, kind)]

    @property
    def component(self) -> Any:
        return self.page.tree["c0"].component


async def _awaited(awaitable: Any) -> Any:
    return await awaitable
