"""CSS selectors and visible text -> elements."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from cssselect import ExpressionError, HTMLTranslator, SelectorError
from lxml import etree
from lxml.etree import _Element as Element

HIDDEN_TAGS = frozenset({"head", "script", "style", "template", "noscript", "title", "datalist"})
_INVISIBLE = frozenset({"hidden", "inert"})


class _Translator(HTMLTranslator):
    """Selectors with `:-soup-contains("text")`, and names as they are written (SVG has capitals)."""

    def __init__(self) -> None:
        super().__init__(xhtml=True)

    def xpath__soup_contains_function(self, xpath: Any, function: Any) -> Any:
        return xpath.add_condition(f"contains(., {self.xpath_literal(_argument(function))})")

    def xpath__soup_contains_own_function(self, xpath: Any, function: Any) -> Any:
        return xpath.add_condition(f"text()[contains(., {self.xpath_literal(_argument(function))})]")


def _argument(function: Any) -> str:
    if function.argument_types() not in (["STRING"], ["IDENT"]):
        raise ExpressionError(f":{function.name}() takes one text, in quotes")
    return str(function.arguments[0].value)


_translator = _Translator()


@functools.lru_cache(maxsize=500)
def _compiled(selector: str) -> Any:
    return etree.XPath(_translator.css_to_xpath(selector, "descendant::"))


def select(root: Element, selector: str) -> list[Element]:
    """The elements below `root` that match, in document order; what stands in a `<template>` is not on the page.

    Raises ValueError when `selector` is not CSS.
    """
    try:
        found = _compiled(selector)(root)
    except SelectorError as error:
        raise ValueError(f"{selector!r} is not a CSS selector: {error}.") from None
    return [element for element in found if next(element.iterancestors("template"), None) is None]


def is_selector(text: str) -> bool:
    """Whether `text` can be read as CSS."""
    try:
        _compiled(text)
    except SelectorError:
        return False
    return True


def matches(element: Element, selector: str) -> bool:
    """Whether `element` matches the selector."""
    root = element.getroottree().getroot()
    return element in select(root, selector) or (element is root and selector in ("*", str(root.tag)))


def visible_text(element: Element) -> str:
    """The element's text as a person reads it: white space collapsed, hidden parts left out."""
    return " ".join("".join(_visible(element)).split())


def _visible(element: Element) -> Iterator[str]:
    if not isinstance(element.tag, str) or element.tag in HIDDEN_TAGS or not _INVISIBLE.isdisjoint(element.attrib):
        return
    if element.tag == "br":
        yield "\n"
    yield element.text or ""
    for child in element:
        yield from _visible(child)
        yield child.tail or ""


def is_visible(element: Element) -> bool:
    """Whether nothing in the markup hides the element. (Style sheets are not read.)"""
    if element.tag == "input" and element.get("type", "").lower() == "hidden":
        return False
    around = (element, *element.iterancestors())
    return all(each.tag not in HIDDEN_TAGS and _INVISIBLE.isdisjoint(each.attrib) for each in around)


def same_text(one: str, other: str) -> bool:
    """Whether two texts are the same to a reader."""
    return " ".join(one.split()) == " ".join(other.split())


def describe(element: Element) -> str:
    """An element in one line, for messages: `<button class="x"> Save`."""
    attributes = "".join(
        f' {name}="{value}"' for name, value in element.attrib.items() if not str(name).startswith("lc")
    )
    text = visible_text(element) or element.get("value", "") or element.get("aria-label", "")
    line = f"<{element.tag}{attributes}> {text}".rstrip()
    return re.sub(r"\s+", " ", line[:117] + "…" if len(line) > 118 else line)
