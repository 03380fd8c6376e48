"""Values of `live-value-…` attributes: they are read by the server again, so they are not written for the eye.

In a live template a variable there is written as `livecomp.spelling` has it, whatever the language. What the author
formats himself, with a filter or with `{% localize on %}` inside the value, stays as he has it.
"""

from django.templatetags.l10n import LocalizeNode

from livecomp.templating.lower import is_silent
from livecomp.templating.tree import Capture, Child, Element, Items, Loop, Output, Region, Text, Value

PREFIX = "live-value-"


def mark_value(items: Items, whole: bool = True) -> None:
    """Mark the outputs among the items of such a value: each the ``whole`` of it, or a part of its text."""
    pieces = [item for item in items if not (isinstance(item, Text) and not item.text) and not _is_silent(item)]
    whole = whole and len(pieces) == 1
    for item in pieces:
        if isinstance(item, Output):
            item.value = "whole" if whole else "part"
        elif isinstance(item, Text | Child | Element | Value) or _is_localized(item):
            continue
        else:
            for each in item.lists():
                mark_value(each, whole and not isinstance(item, Loop | Capture))


def _is_silent(item: object) -> bool:
    return isinstance(item, Output) and is_silent(item.node)


def _is_localized(item: object) -> bool:
    return isinstance(item, Region) and isinstance(item.node, LocalizeNode) and item.node.use_l10n
