"""What only Django can render, and other packages' tags in it."""

import functools
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from django.utils.crypto import salted_hmac

steady: Callable[[str], str] | None = None
"""Takes out of the HTML of such nodes what differs between two renders of the same: see `livecomp.components`."""

leftovers: ContextVar[list[str] | None] = ContextVar("livecomp_leftovers", default=None)
"""HTML that belongs to the end of the page's first HTML; None when a live page is patched."""

CHILD = re.compile("\ue000(\\w{1,40})-(\\w{16})\ue001")
"""Stands in text for a live component inside of such a node: its id, and a proof that the text is not a visitor's."""


def child_mark(id: str) -> str:
    """What stands in a text for the child of this id, until the text is written for the browser."""
    return f"\ue000{id}-{_proof(id)}\ue001"


def children_in(text: str) -> Iterator[str]:
    """Ids of the children that stand in a text, in order. A filter may have changed the case of letters."""
    if "\ue000" in text:
        for found in CHILD.finditer(text):
            if found[2].lower() == _proof(found[1].lower()):
                yield found[1].lower()


def replace_children(text: str, write: Callable[[str], str]) -> str:
    """The text with what ``write`` gives for the children in it."""
    if "\ue000" not in text:
        return text

    def written(found: re.Match[str]) -> str:
        id = found[1].lower()
        return write(id) if found[2].lower() == _proof(id) else found[0]

    return CHILD.sub(written, text)


@functools.lru_cache(4096)
def _proof(id: str) -> str:
    return salted_hmac("livecomp.child", id, algorithm="sha256").hexdigest()[:16]
