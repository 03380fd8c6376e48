"""lxml elements -> HTML text, by the rules of `outerHTML`."""

from __future__ import annotations

from html import escape

from lxml import etree
from lxml.etree import _Element as Element

from livecomp.testing.html_tables import VOID
from livecomp.testing.html_tokens import RAW_TEXT


def outer_html(element: Element) -> str:
    """The element with its tags."""
    parts: list[str] = []
    _write(element, parts)
    return "".join(parts)


def inner_html(element: Element) -> str:
    """The element's content."""
    parts: list[str] = []
    _write_content(element, parts)
    return "".join(parts)


def start_tag(element: Element) -> str:
    """`<tag attributes>`."""
    attributes = "".join(
        f' {name}="{_escape(str(value)).replace(chr(34), "&quot;")}"' for name, value in element.attrib.items()
    )
    return f"<{element.tag}{attributes}>"


def _write(element: Element, parts: list[str]) -> None:
    if not isinstance(element.tag, str):
        parts.append(f"<!--{element.text or ''}-->")
        return
    parts.append(start_tag(element))
    if element.tag not in VOID:
        _write_content(element, parts)
        parts.append(f"</{element.tag}>")


def _write_content(element: Element, parts: list[str]) -> None:
    is_raw = element.tag in RAW_TEXT
    parts.append(_text(element.text, is_raw))
    for child in element:
        _write(child, parts)
        parts.append(_text(child.tail, is_raw))


def _text(text: str | None, is_raw: bool) -> str:
    return (text or "") if is_raw else _escape(text or "")


def _escape(text: str) -> str:
    return escape(text, quote=False).replace("\xa0", "&nbsp;")


def is_element(node: Element) -> bool:
    """Whether a node is an element, not a comment."""
    return node.tag is not etree.Comment
