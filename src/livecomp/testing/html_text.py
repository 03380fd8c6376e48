"""lxml elements -> HTML text, by the rules of `outerHTML`."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

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


def start_tag(name: str, attributes: Mapping[str, str]) -> str:
    """`<name attributes>`."""
    written = "".join(
        f' {attribute}="{_escape(value).replace(chr(34), "&quot;")}"' for attribute, value in attributes.items()
    )
    return f"<{name}{written}>"


def _write(element: Element, parts: list[str]) -> None:
    if not isinstance(element.tag, str):
        parts.append(f"<!--{element.text or ''}-->")
        return
    parts.append(start_tag(element.tag, element.attrib))
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
