"""Are two DOMs the same? And if not, where not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from lxml.etree import _Element as Element

from livecomp.testing.html_text import start_tag

IGNORED_ATTRIBUTES = frozenset({"lc-token"})
CONTEXT_LINES = 3


def difference(live: Element, fresh: Element) -> str | None:
    """How `live` differs from `fresh`, as a unified diff; None when they are equal.

    Attributes are compared as sets, text and comments to the character. The inside of a
    `live-ignore` element, and all of its attributes but `data-…`, belong to the page's own
    scripts and are not compared.
    """
    if same(live, fresh):
        return None
    lines = difflib.unified_diff(
        list(_lines(fresh)),
        list(_lines(live)),
        "fresh render",
        "patched page",
        n=CONTEXT_LINES,
        lineterm="",
    )
    return "\n".join(lines)


def same(one: Element, other: Element) -> bool:
    """Whether two elements are equal in the sense of `difference`."""
    if one.tag != other.tag or ((one.text or "") != (other.text or "") and not _is_ignored(one)):
        return False
    if not isinstance(one.tag, str):
        return True
    if _attributes(one) != _attributes(other):
        return False
    if _is_ignored(one):
        return True
    return len(one) == len(other) and all(
        (left.tail or "") == (right.tail or "") and same(left, right) for left, right in zip(one, other, strict=True)
    )


def _is_ignored(element: Element) -> bool:
    return isinstance(element.tag, str) and element.get("live-ignore") is not None


def _attributes(element: Element) -> dict[str, str]:
    ignored = _is_ignored(element)
    return {
        str(name): str(value)
        for name, value in element.attrib.items()
        if name not in IGNORED_ATTRIBUTES and (not ignored or str(name).startswith("data-"))
    }


def _lines(element: Element, depth: int = 0) -> Iterator[str]:
    """One line per tag and per piece of text, texts as Python literals."""
    indent = "  " * depth
    if not isinstance(element.tag, str):
        yield f"{indent}<!--{element.text or ''}-->"
        return
    yield indent + start_tag(str(element.tag), dict(sorted(_attributes(element).items())))
    if _is_ignored(element):
        return
    if element.text:
        yield f"{indent}  {element.text!r}"
    for child in element:
        yield from _lines(child, depth + 1)
        if child.tail:
            yield f"{indent}  {child.tail!r}"
