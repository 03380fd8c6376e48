"""What only Django can render, and other packages' tags in it."""

from collections.abc import Callable
from contextvars import ContextVar

steady: Callable[[str], str] | None = None
"""Takes out of the HTML of such nodes what differs between two renders of the same: see `livecomp.components`."""

leftovers: ContextVar[list[str] | None] = ContextVar("livecomp_leftovers", default=None)
"""HTML that belongs to the end of the page's first HTML; None when a live page is patched."""

CHILD_START, CHILD_END = "\ue000", "\ue001"
"""Stand around the HTML of a live component inside of such a node until `steady` has looked at it."""
