"""Are two DOMs the same? And if not, where not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from lxml.etree import _Element as Element

from livecomp.testing.html_text import start_tag
from livecomp.testing.html_tree import context_of, parse_fragment

IGNORED_ATTRIBUTES = frozenset({"lc-token"})
RENDERED = " _RENDERED "
"""How a comment begins that django-components leaves in a render and takes out of a page."""
CONTEXT_LINES = 3


def difference(live: Element, fresh: Element, again: Element | None = None) -> str | None:
    """How `live` differs from `fresh`, as a unified diff; None when they are equal.

    Attributes are compared as sets, text and comments to the character. The inside of a `live-ignore` element, and all
    of its attributes but `data-…`, belong to the page's own scripts and are not compared.

    `again` is another render of the same state. Where it differs from `fresh` (a clock, a random id), there is nothing
    to compare with.
    """
    if same(live, fresh, fresh if again is None else again):
        return None
    lines = difflib.unified_diff(
        list(_lines(fresh)), list(_lines(live)), "fresh render", "patched page", n=CONTEXT_LINES, lineterm=""
    )
    return "\n".join(lines)


def same(live: Element, fresh: Element, again: Element) -> bool:
    """Whether `live` and `fresh` are equal in the sense of `difference`."""
    if fresh.tag != again.tag:
        return True
    if live.tag != fresh.tag:
        return False
    if not isinstance(live.tag, str):
        return bool(fresh.text != again.text or live.text == fresh.text)
    if not _same_attributes(live, fresh, again):
        return False
    if _is_ignored(live):
        return True
    (texts, children), (wanted_texts, wanted), (other_texts, others) = map(_content, (live, fresh, again))
    if len(wanted) != len(others):
        return True
    if len(children) != len(wanted):
        return False
    if any(text != word == other for text, word, other in zip(texts, wanted_texts, other_texts, strict=True)):
        return False
    return all(map(same, children, wanted, others))


def _same_attributes(live: Element, fresh: Element, again: Element) -> bool:
    attributes, wanted, other = _attributes(live), _attributes(fresh), _attributes(again)
    if wanted == other:
        return attributes == wanted
    return all(attributes.get(name) == value for name, value in wanted.items() if other.get(name) == value)


def _content(element: Element) -> tuple[list[str], list[Element]]:
    """The texts before, between and after the children, and these."""
    texts, children = [element.text or ""], []
    for child in element:
        if not isinstance(child.tag, str) and (child.text or "").startswith(RENDERED):
            texts[-1] += child.tail or ""
        else:
            children.append(child)
            texts.append(child.tail or "")
    return texts, children


def _is_ignored(element: Element) -> bool:
    return element.get("live-ignore") is not None


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
    texts, children = _content(element)
    if texts[0]:
        yield f"{indent}  {texts[0]!r}"
    for child, text in zip(children, texts[1:], strict=True):
        yield from _lines(child, depth + 1)
        if text:
            yield f"{indent}  {text!r}"


def parsed_in_place(html: str, live: Element) -> Element:
    """A fresh render, parsed as it would be in place of `live`."""
    parent = live.getparent()
    return next(parse_fragment(html, "html" if parent is None else context_of(parent)).iterchildren("*"))


def family_of(page: Any, component: str) -> Iterator[str]:
    """A component's id and those of everything in it."""
    yield component
    if component in page.tree:
        for child in page.tree[component].children.values():
            yield from family_of(page, child)
