"""The history of a tab, and what the server says about it: what `js/src/location.ts` does in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lxml.etree import _Element as Element

if TYPE_CHECKING:
    from livecomp.testing.client import LiveClient


class Entry:
    """One entry of the history."""

    def __init__(self, url: str) -> None:
        self.url = url


class History:
    """The entries of a tab up to the one that is shown. URLs are path and query string."""

    def __init__(self, url: str) -> None:
        self.entries = [Entry(url)]
        self._left: list[Entry] = []  # for another URL, of which the server has not heard yet

    @property
    def url(self) -> str:
        """What the address bar shows."""
        return self.entries[-1].url

    @property
    def known_url(self) -> str:
        """The URL that the server's last answer was about."""
        return self._left[0].url if self._left else self.url

    def show(self, how: str, url: str) -> None:
        """The server says what the URL is: that of the entry that it knows of."""
        if self._left:
            if how == "replace":
                self._left[0].url = url
        elif how == "push":
            self.entries.append(Entry(url))
        else:
            self.entries[-1].url = url

    def go(self, url: str) -> Callable[[], None]:
        """The user goes to another URL. Call the result when the server has answered."""
        self._left.append(self.entries[-1])
        if url == self.url:
            self.entries[-1] = Entry(url)
        else:
            self.entries.append(Entry(url))
        return self._forget_first

    def back(self) -> Callable[[], None] | None:
        """The user goes back. None where that is nothing for the server: the URL is the same, without its hash."""
        left = self.entries.pop()
        if left.url == self.url:
            return None
        self._left.append(left)
        return self._forget_first

    def _forget_first(self) -> None:
        del self._left[0]


def is_patch(client: LiveClient, link: Element, url: str) -> bool:
    """Whether a click on a `live-patch` link at ``url`` is the page's business: all others are the browser's."""
    href = link.get("href")
    is_here = (link.get("target") or "_self").lower() == "_self" and link.get("download") is None
    return href is not None and is_here and client.is_own(href) and not is_hash(client, href, url)


def is_hash(client: LiveClient, href: str, url: str) -> bool:
    """Whether a link leads to a place on the same page."""
    return "#" in href and client.is_own(href) and client.path_of(href, url) == url
