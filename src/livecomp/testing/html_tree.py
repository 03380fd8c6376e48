"""HTML5 tree construction that makes lxml elements.

lxml's own parser follows HTML 4: it closes `<b>` before `<p>` and `<ul>` before `<form>`, lets
`<source>` and `<wbr>` swallow what follows, loses the case of SVG names, adds no `tbody`, and
reads a patch of a fragment differently from the same markup within its page. A test client built
on it would report differences that no browser has. So this module follows the HTML standard's
tree construction, fragments with a context element included.

Left out, since neither template authors nor browsers can do anything sensible with it: the
adoption agency and the reconstruction of mis-nested formatting elements (`<b><p></b></p>`),
framesets, and form association across table rows. Elements have no namespaces (SVG's `circle` is
`circle`), a `<template>`'s content stands in the element itself.
"""

from __future__ import annotations

from typing import Final

from lxml.etree import _Element as Element

from livecomp.testing.html_builder import TreeBuilder
from livecomp.testing.html_stack import make_element
from livecomp.testing.html_tables import FOSTERING, INTEGRATION_POINTS

_FRAGMENT_CONTEXTS: Final = FOSTERING | {"caption", "colgroup", "template", "html"}


def parse_document(source: str) -> Element:
    """The `html` element of a whole page."""
    root = make_element("html")
    TreeBuilder(source, root, "html", is_document=True).build()
    return root


def parse_fragment(source: str, context: str = "div") -> Element:
    """The content that an element named `context` gets from `source`, in an element of that name.

    `context` is a tag name, with `svg:` or `math:` in front where it stands in SVG or MathML.
    """
    root = make_element(context.rpartition(":")[2])
    is_foreign = ":" in context and context not in INTEGRATION_POINTS
    base = context if is_foreign or context in _FRAGMENT_CONTEXTS else "html"
    TreeBuilder(source, root, base, context).build()
    return root


def context_of(element: Element) -> str:
    """`element` as a context for `parse_fragment`."""
    name = str(element.tag)
    if name in ("svg", "math"):
        return f"{name}:{name}"
    for ancestor in element.iterancestors("svg", "math", "foreignObject", "desc", "title"):
        if ancestor.tag in ("svg", "math"):
            return f"{ancestor.tag}:{name}"
        if _is_inside_svg(ancestor):
            return name
    return name


def _is_inside_svg(element: Element) -> bool:
    return next(element.iterancestors("svg"), None) is not None
