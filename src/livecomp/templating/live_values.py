"""Values that are not written for the eye: those of `live-value-…` attributes, and what a bound control holds.

In a live template a variable in a `live-value-…` attribute is written as `livecomp.spelling` has it, whatever the
language. What the author formats himself, with a filter or with `{% localize on %}` inside the value, stays as he has it.
In the `value` of a control with `live-model` (and its `min`, `max` and `step`) a variable has the form that the control
takes: `1.5`, `2026-02-28`, `12:30`; so has the `value` of the options of such a `<select>`.
"""

from django.templatetags.l10n import LocalizeNode

from livecomp.templating.lower import is_silent
from livecomp.templating.tree import Capture, Child, Element, Items, Loop, Output, Region, Text, Value

PREFIX = "live-value-"
MODELS = frozenset({"live-model", "live-model.change", "live-model.blur"})
CONTROL_ATTRIBUTES = frozenset({"value", "min", "max", "step"})
_FORMS = {"number": "number", "range": "number", "datetime-local": "datetime"}
_FORMS |= {name: name for name in ("date", "time", "month", "week")}


def control_form(type: str) -> str:
    """The form that a control of this type takes its value in: one of `livecomp.control_values.FORMS`."""
    return _FORMS.get(type, "text")


def mark_value(items: Items, whole: bool = True, form: str = "whole") -> None:
    """Mark the outputs among the items of such a value: each the ``whole`` of it, in this form, or a part of its text."""
    pieces = [item for item in items if not (isinstance(item, Text) and not item.text) and not _is_silent(item)]
    whole = whole and len(pieces) == 1
    for item in pieces:
        if isinstance(item, Output):
            item.value = form if whole else "part"
        elif isinstance(item, Text | Child | Element | Value) or _is_localized(item):
            continue
        else:
            for each in item.lists():
                mark_value(each, whole and not isinstance(item, Loop | Capture), form)


def _is_silent(item: object) -> bool:
    return isinstance(item, Output) and is_silent(item.node)


def _is_localized(item: object) -> bool:
    return isinstance(item, Region) and isinstance(item.node, LocalizeNode) and item.node.use_l10n
