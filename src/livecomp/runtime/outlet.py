"""The connection, as its page's driver sees it."""

from typing import Protocol

from livecomp.constants import CloseCode
from livecomp.effects import Attach, Detach, Rendered


class Outlet(Protocol):
    """Where a page's messages go."""

    @property
    def is_behind(self) -> bool:
        """The browser has not applied the last renders: nothing new on the server's own account."""

    @property
    def is_stalled(self) -> bool:
        """The browser reads nothing at all: nothing more."""

    async def send(self, text: str, version: int = -1) -> None:
        """Send a frame; ``version`` of the render in it, if there is one."""

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Close the connection."""

    def share(self, output: Attach | Detach | Rendered) -> None:
        """Look at a shared component, or no more; or, of a shared component's own page, its HTML."""
