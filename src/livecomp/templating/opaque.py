"""What only Django can render, and other packages' tags in it."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from django.utils.safestring import SafeString

steady: Callable[[str], str] | None = None
"""Takes out of the HTML of such nodes what differs between two renders of the same: see `livecomp.components`."""

leftovers: ContextVar[list[str] | None] = ContextVar("livecomp_leftovers", default=None)
"""HTML that belongs to the end of the page's first HTML; None when a live page is patched."""

CHILD = re.compile("\ue000([\\w-]{1,80})-(\\w{16})\ue001")
"""What looks like a child's place in text: see `Marks`."""


class Marks:
    """The places of live components in the text of one page.

    A mark holds the child's id and the page's own key. The key never leaves the server, so nobody can write a mark, and
    text that only looks like one is text. A filter may change the case of its letters.
    """

    __slots__ = ("key",)

    def __init__(self, key: str = "") -> None:
        self.key = key or secrets.token_hex(8)

    def mark(self, id: str) -> str:
        """What stands in a text for the child of this id, until the text is written for the browser."""
        return f"\ue000{id}-{self.key}\ue001"

    def children_in(self, text: str) -> Iterator[str]:
        """Ids of the children that stand in a text, in order."""
        if "\ue000" in text:
            for found in CHILD.finditer(text):
                if self._is_own(found):
                    yield found[1].lower()

    def children_given(self, fills: Mapping[str, Any]) -> frozenset[str]:
        """Ids of the children that stand in what a component is given to show."""
        return frozenset(id for text in fills.values() for id in self.children_in(str(text)))

    def replace(self, text: str, write: Callable[[str], str]) -> str:
        """The text with what ``write`` gives for the children in it."""
        if "\ue000" not in text:
            return text
        return CHILD.sub(lambda found: write(found[1].lower()) if self._is_own(found) else found[0], text)

    def split(self, text: str) -> list[str]:
        """The text without the key: text and ids of children by turns."""
        parts, end = [], 0
        for found in CHILD.finditer(text):
            if self._is_own(found):
                parts += [str(text[end : found.start()]), found[1].lower()]
                end = found.end()
        return [*parts, str(text[end:])]

    def join(self, parts: Sequence[str]) -> SafeString:
        """Undo `split`, with the key of this page."""
        return SafeString("".join(self.mark(part) if number % 2 else part for number, part in enumerate(parts)))

    def _is_own(self, found: re.Match[str]) -> bool:
        return found[2].lower() == self.key
