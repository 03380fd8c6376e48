"""The stack of open elements, and the parts of a table: the foundation of HTML5's tree construction."""

from __future__ import annotations

from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from livecomp.testing.html_tables import (
    BUTTON_SCOPE,
    CELLS,
    FOSTERING,
    HEAD_TAGS,
    IMPLIED_END,
    INTEGRATION_POINTS,
    SCOPE,
    SECTIONS,
    SVG_ATTRIBUTES,
    SVG_TAGS,
    TABLE_SCOPE,
    TABLE_TAGS,
)
from livecomp.testing.html_tokens import StartTag

# A parser for HTML makes lxml accept attribute names like `@click`.
_MAKER: Final = etree.HTMLParser()


def make_element(name: str, attributes: dict[str, str] | None = None) -> Element:
    """A new element outside any document."""
    return _MAKER.makeelement(name, attributes or {})


def append_text(parent: Element, text: str) -> None:
    """Adds `text` at the end of `parent`."""
    if len(parent):
        last = parent[-1]
        last.tail = (last.tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def insert_text_before(sibling: Element, text: str) -> None:
    """Adds `text` right before `sibling`."""
    previous = sibling.getprevious()
    if previous is not None:
        previous.tail = (previous.tail or "") + text
    else:
        parent = sibling.getparent()
        assert parent is not None
        parent.text = (parent.text or "") + text


class OpenElements:
    """The elements that a parse has open. `names` mirrors the stack; index 0 is never popped."""

    def __init__(self, root: Element, base: str) -> None:
        self.stack = [root]
        self.names = [base]

    def insert(self, tag: StartTag, prefix: str = "") -> Element:
        """Creates the element where it belongs, and opens it."""
        if prefix == "svg:":
            tag = _as_svg(tag)
        if self.names[-1] in FOSTERING and tag.name not in TABLE_TAGS:
            element = self.foster(tag)
        else:
            element = etree.SubElement(self.stack[-1], tag.name, tag.attributes)
        self.stack.append(element)
        self.names.append(prefix + tag.name)
        return element

    def foster(self, tag: StartTag) -> Element:
        """Creates an element that a table cannot hold: before the table."""
        allowed = tag.name in ("style", "script", "template", "form") or (
            tag.name == "input" and tag.attributes.get("type", "").lower() == "hidden"
        )
        table = None if allowed else self.enclosing_table()
        if table is None:
            parent = self.stack[-1] if allowed else self.stack[0]
            return etree.SubElement(parent, tag.name, tag.attributes)
        element = make_element(tag.name, tag.attributes)
        parent = table.getparent()
        assert parent is not None
        parent.insert(parent.index(table), element)
        return element

    def enclosing_table(self) -> Element | None:
        for index in range(len(self.names) - 1, 0, -1):
            if self.names[index] == "table":
                return self.stack[index]
        return None

    def pop(self) -> None:
        if len(self.stack) > 1:
            self.stack.pop()
            self.names.pop()

    def pop_until(self, *wanted: str) -> None:
        """Closes elements up to and including the first of the wanted names."""
        while len(self.stack) > 1:
            name = self.names[-1]
            self.pop()
            if name in wanted:
                return

    def clear_to(self, wanted: frozenset[str]) -> None:
        """Closes elements until the current one is one of the wanted."""
        while len(self.stack) > 1 and self.names[-1] not in wanted:
            self.pop()

    def in_scope(self, wanted: str | frozenset[str], limits: frozenset[str] = SCOPE) -> bool:
        for name in reversed(self.names[1:]):
            if name == wanted or (not isinstance(wanted, str) and name in wanted):
                return True
            if name in limits:
                return False
        return False

    def imply_end_tags(self, but: str = "") -> None:
        while self.names[-1] in IMPLIED_END and self.names[-1] != but:
            self.pop()

    def close_p(self) -> None:
        if self.in_scope("p", BUTTON_SCOPE):
            self.imply_end_tags("p")
            self.pop_until("p")

    def leave_foreign_content(self) -> None:
        while len(self.stack) > 1 and ":" in self.names[-1] and self.names[-1] not in INTEGRATION_POINTS:
            self.pop()

    # -- tables ------------------------------------------------------------------------------

    def table_mode(self) -> str:
        """The nearest part of a table that is open, "" in ordinary content."""
        for index in range(len(self.names) - 1, -1, -1):
            name = self.names[index]
            if name in TABLE_TAGS or name in ("table", "template"):
                return name
            if name in INTEGRATION_POINTS:
                return ""
        return ""

    def table_part(self, tag: StartTag) -> None:
        """`caption`, `col`, `colgroup`, `tbody`, `tr`, `td` …: opens what it needs first."""
        mode, name = self.table_mode(), tag.name
        if mode == "" or (mode == "template" and self.template_has_other_content()):
            return
        if mode in CELLS or mode == "caption" or (mode == "colgroup" and name != "col"):
            self.close_table_part(tag, mode)
        elif mode == "table":
            self.clear_to(frozenset({"table"}))
            self.in_table(tag)
        elif mode in SECTIONS and name in CELLS:
            self.clear_to(SECTIONS)
            self.reprocess(tag, "tr")
        elif (mode in SECTIONS and name != "tr") or (mode == "tr" and name not in CELLS):
            self.close_table_part(tag, mode)
        else:
            self.clear_to(frozenset({mode}))
            self.insert(tag)
            if name == "col":
                self.pop()

    def template_has_other_content(self) -> bool:
        """What stands first in a template decides whether rows may follow."""
        if "template" not in self.names[1:]:
            return False
        template = self.stack[len(self.names) - 1 - self.names[::-1].index("template")]
        return any(child.tag not in TABLE_TAGS | HEAD_TAGS and isinstance(child.tag, str) for child in template)

    def in_table(self, tag: StartTag) -> None:
        if tag.name == "col":
            self.reprocess(tag, "colgroup")
        elif tag.name in CELLS or tag.name == "tr":
            self.reprocess(tag, "tbody")
        else:
            self.insert(tag)

    def reprocess(self, tag: StartTag, implied: str) -> None:
        self.insert(StartTag(implied, {}, False))
        self.table_part(tag)

    def close_table_part(self, tag: StartTag, mode: str) -> None:
        """Closes the open part and tries again; a fragment's context cannot be closed."""
        if self.in_scope(mode, TABLE_SCOPE):
            self.pop_until(mode)
            self.table_part(tag)


def _as_svg(tag: StartTag) -> StartTag:
    attributes = {SVG_ATTRIBUTES.get(name, name): value for name, value in tag.attributes.items()}
    return StartTag(SVG_TAGS.get(tag.name, tag.name), attributes, tag.self_closing)
