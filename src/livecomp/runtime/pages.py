"""Where drivers get their pages, and where they leave them: the request, the visitor, the snapshots."""

import contextlib
from collections.abc import Mapping
from typing import Any

from livecomp import auth, resume, tokens
from livecomp.conf import settings
from livecomp.exceptions import TokenRefused
from livecomp.page import LivePage
from livecomp.protocol import Join
from livecomp.request import build_request


class Pages:
    """All of it is called in the thread pool. Tests have another."""

    def open(self, scope: Mapping[str, Any]) -> tuple[LivePage, str]:
        """A page for a handshake, not joined yet, and its visitor's key: empty for one that nothing identifies."""
        page = LivePage(build_request(scope))
        visitor = auth.visitor_key(page.request)
        return page, "" if visitor.startswith("address:") else visitor

    def owns(self, page: LivePage, join: Join) -> bool:
        """Whether one of the join's tokens is for the page that it wants to resume."""
        assert join.resume is not None
        joined_id = join.resume[0]
        for token in join.tokens:
            with contextlib.suppress(TokenRefused):
                if resume.is_of(joined_id, tokens.verify(token, page.request, resuming=True).page):
                    return True
        return False

    def is_allowed(self, page: LivePage) -> bool:
        """Whether the visitor is still signed in as before. From then on the page knows the user as of now."""
        return auth.revalidate(page.request)

    def look_at(self, joined_id: str) -> tuple[bool, bool]:
        """Whether the page has stopped, wherever it was, and its last state is in the cache; else whether it is in another
        process that lives, and so is going to be saved."""
        return resume.look_at(joined_id)

    def save(self, page: LivePage) -> bool:
        """Keep a snapshot of a page that goes on. False when the cache did not take it."""
        return resume.save(page)

    def close(self, page: LivePage) -> None:
        """The connection is gone, and no handler runs any more."""
        try:
            if settings.snapshot != "off":
                resume.save(page, clean=True)
        finally:
            page.close()
            page.take_output()
