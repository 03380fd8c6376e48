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

from collections.abc import Callable
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from livecomp.testing.html_tables import (
    BLOCK_END,
    BREAKOUT,
    BUTTON_SCOPE,
    CELLS,
    CLOSE_P,
    FOSTERING,
    HEAD_TAGS,
    HEADINGS,
    IMPLIED_END,
    INTEGRATION_POINTS,
    LIST_SCOPE,
    SCOPE,
    SECTIONS,
    SPECIAL,
    SVG_ATTRIBUTES,
    SVG_TAGS,
    TABLE_SCOPE,
    TABLE_TAGS,
    VOID,
)
from livecomp.testing.html_tokens import (
    ESCAPABLE_RAW_TEXT,
    RAW_TEXT,
    Comment,
    EndTag,
    StartTag,
    Text,
    Token,
    Tokenizer,
)

WHITE_SPACE: Final = "\t\n\f\r "
# A parser for HTML makes lxml accept attribute names like `@click`.
_MAKER: Final = etree.HTMLParser()
_FRAGMENT_CONTEXTS: Final = FOSTERING | {"caption", "colgroup", "template", "html"}


def make_element(name: str, attributes: dict[str, str] | None = None) -> Element:
    """A new element outside any document."""
    return _MAKER.makeelement(name, attributes or {})


def parse_document(source: str) -> Element:
    """The `html` element of a whole page."""
    root = make_element("html")
    _TreeBuilder(source, root, "html", is_document=True).build()
    return root


def parse_fragment(source: str, context: str = "div") -> Element:
    """The content that an element named `context` gets from `source`, in an element of that name.

    `context` is a tag name, with `svg:` or `math:` in front where it stands in SVG or MathML.
    """
    root = make_element(context.rpartition(":")[2])
    is_foreign = ":" in context and context not in INTEGRATION_POINTS
    base = context if is_foreign or context in _FRAGMENT_CONTEXTS else "html"
    _TreeBuilder(source, root, base, context).build()
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


class _TreeBuilder:
    """One parse. `names` mirrors the stack of open elements; index 0 is never popped."""

    def __init__(self, source: str, root: Element, base: str, context: str = "", *, is_document: bool = False) -> None:
        self.tokens = Tokenizer(source)
        self.stack = [root]
        self.names = [base]
        self.context = context
        self.is_document = is_document
        self.head: Element | None = None
        self.body: Element | None = None
        self.form: Element | None = None
        self.drop_newline = False

    def build(self) -> None:
        """Reads the whole source."""
        if self.context in RAW_TEXT or self.context in ESCAPABLE_RAW_TEXT:
            for token in self.tokens.raw_text(self.context):
                self.text(token)
            return
        for token in self.tokens:
            self.tokens.in_foreign_content = ":" in self.names[-1]
            self.token(token)
        if self.is_document:
            self.start_body()

    def token(self, token: Token) -> None:
        if isinstance(token, Text):
            self.text(token)
            return
        self.drop_newline = False
        if isinstance(token, StartTag):
            self.start(token)
        elif isinstance(token, EndTag):
            self.end(token.name)
        else:
            self.comment(token)

    # -- the stack ---------------------------------------------------------------------------

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

    # -- text and comments -------------------------------------------------------------------

    def text(self, token: Token) -> None:
        assert isinstance(token, Text)
        data = token.data
        if self.drop_newline:
            self.drop_newline = False
            data = data.removeprefix("\n")
        if self.is_document and self.body is None and len(self.stack) == 1:
            stripped = data.lstrip(WHITE_SPACE)
            if not stripped:
                if self.head is not None:
                    append_text(self.stack[-1], data)
                return
            self.start_body()
            data = stripped
        if self.is_document and self.names[-1] == "head" and data.strip(WHITE_SPACE):
            self.start_body()
        if self.names[-1] == "colgroup" and data.strip(WHITE_SPACE):
            self.pop()
        if self.names[-1] in FOSTERING and data.strip(WHITE_SPACE):
            table = self.enclosing_table()
            if table is not None:
                insert_text_before(table, data)
            else:
                append_text(self.stack[0], data)
        elif data:
            append_text(self.stack[-1], data)

    def comment(self, token: Comment) -> None:
        if self.is_document and self.head is None:
            return  # it stands before the html element
        # lxml refuses `--` in a comment, HTML does not.
        data = token.data.replace("--", "-\u2010").removesuffix("-")
        self.stack[-1].append(etree.Comment(data))

    # -- documents ---------------------------------------------------------------------------

    def start_head(self, attributes: dict[str, str]) -> None:
        if self.head is None:
            self.head = etree.SubElement(self.stack[0], "head", attributes)
            self.stack.append(self.head)
            self.names.append("head")

    def start_body(self, attributes: dict[str, str] | None = None) -> None:
        if self.body is None:
            self.start_head({})
            del self.stack[1:], self.names[1:]
            self.body = etree.SubElement(self.stack[0], "body", attributes or {})
            self.stack.append(self.body)
            self.names.append("body")

    def document_start(self, tag: StartTag) -> bool:
        """Handles the tags of a page's frame; True when nothing is left to do."""
        name = tag.name
        if name == "html":
            for key, value in tag.attributes.items():
                if self.stack[0].get(key) is None:
                    self.stack[0].set(key, value)
        elif name == "head":
            self.start_head(tag.attributes)
        elif name == "body":
            self.start_body(tag.attributes)
        else:
            if self.body is None and self.names[-1] in ("html", "head"):
                if name not in HEAD_TAGS:
                    self.start_body()
                elif self.head is None:
                    self.start_head({})
                elif self.names[-1] == "html":
                    self.stack.append(self.head)
                    self.names.append("head")
            return False
        return True

    # -- start tags --------------------------------------------------------------------------

    def start(self, tag: StartTag) -> None:
        if self.is_document and self.document_start(tag):
            return
        current = self.names[-1]
        if ":" in current and current not in INTEGRATION_POINTS:
            if tag.name not in BREAKOUT:
                self.foreign(tag, current.split(":")[0] + ":")
                return
            self.leave_foreign_content()
        name = tag.name
        if name in TABLE_TAGS:
            self.table_part(tag)
            return
        if current == "colgroup" and name != "template":
            self.pop()
        if name in CLOSE_P:
            self.close_p()
        if (special := _STARTS.get(name)) is not None and special(self, tag):
            return
        self.insert(tag)
        if name in VOID:
            self.pop()
        elif name in RAW_TEXT or name in ESCAPABLE_RAW_TEXT:
            self.tokens.raw_text_follows = True
            self.drop_newline = name == "textarea"

    def leave_foreign_content(self) -> None:
        while len(self.stack) > 1 and ":" in self.names[-1] and self.names[-1] not in INTEGRATION_POINTS:
            self.pop()

    def foreign(self, tag: StartTag, prefix: str) -> None:
        self.insert(tag, prefix)
        if tag.self_closing:
            self.pop()

    def start_foreign_root(self, tag: StartTag) -> bool:
        self.foreign(tag, f"{tag.name}:")
        return True

    def start_heading(self, tag: StartTag) -> bool:
        if self.names[-1] in HEADINGS:
            self.pop()
        return False

    def start_pre(self, tag: StartTag) -> bool:
        self.insert(tag)
        self.drop_newline = True
        return True

    def start_form(self, tag: StartTag) -> bool:
        inside_template = "template" in self.names
        if self.form is not None and not inside_template:
            return True
        self.close_p()
        in_table = self.table_mode() in FOSTERING
        element = self.insert(tag)
        if not inside_template:
            self.form = element
        if in_table:
            self.pop()
        return True

    def start_item(self, tag: StartTag) -> bool:
        closes = ("li",) if tag.name == "li" else ("dd", "dt")
        for name in reversed(self.names[1:]):
            if name in closes:
                self.imply_end_tags(name)
                self.pop_until(name)
                break
            if name in SPECIAL and name not in ("address", "div", "p"):
                break
        return False

    def start_button(self, tag: StartTag) -> bool:
        if self.in_scope("button"):
            self.imply_end_tags()
            self.pop_until("button")
        return False

    def start_anchor(self, tag: StartTag) -> bool:
        if self.in_scope("a"):
            self.end_any("a")
        return False

    def start_table(self, tag: StartTag) -> bool:
        if self.table_mode() in FOSTERING:
            if not self.in_scope("table", TABLE_SCOPE):
                return True
            self.pop_until("table")
        self.close_p()
        return False

    def start_input(self, tag: StartTag) -> bool:
        if self.in_scope("select"):
            self.pop_until("select")
        return False

    def start_select(self, tag: StartTag) -> bool:
        if self.in_scope("select"):
            self.pop_until("select")
            return True
        return self.context == "select"

    def start_option(self, tag: StartTag) -> bool:
        if self.in_scope("select"):
            self.imply_end_tags("optgroup" if tag.name == "option" else "")
        elif self.names[-1] == "option":
            self.pop()
        return False

    def start_hr(self, tag: StartTag) -> bool:
        if self.in_scope("select"):
            self.imply_end_tags()
        return False

    def start_ruby_part(self, tag: StartTag) -> bool:
        if self.in_scope("ruby"):
            self.imply_end_tags("rtc" if tag.name in ("rp", "rt") else "")
        return False

    def start_frame_part(self, tag: StartTag) -> bool:
        return True

    def start_image(self, tag: StartTag) -> bool:
        self.start(tag._replace(name="img"))
        return True

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

    # -- end tags ----------------------------------------------------------------------------

    def end(self, name: str) -> None:
        if ":" in self.names[-1] and self.end_foreign(name):
            return
        if self.is_document and name in ("html", "body", "head"):
            if name == "head" and self.names[-1] == "head":
                self.pop()
            return
        if name == "p":
            if not self.in_scope("p", BUTTON_SCOPE):
                self.insert(StartTag("p", {}, False))
            self.close_p()
        elif name == "br":
            self.start(StartTag("br", {}, False))
        elif name in HEADINGS:
            if self.in_scope(HEADINGS):
                self.imply_end_tags()
                self.pop_until(*HEADINGS)
        elif name == "li":
            self.end_scoped(name, LIST_SCOPE)
        elif name in TABLE_TAGS or name == "table":
            self.end_table_part(name)
        elif name == "template":
            if "template" in self.names[1:]:
                self.pop_until("template")
        elif name == "form":
            self.end_form()
        elif name in BLOCK_END or name in ("dd", "dt"):
            self.end_scoped(name, SCOPE)
        else:
            self.end_any(name)

    def end_scoped(self, name: str, limits: frozenset[str]) -> None:
        if self.in_scope(name, limits):
            self.imply_end_tags(name)
            self.pop_until(name)

    def end_table_part(self, name: str) -> None:
        if name == "colgroup":
            if self.names[-1] == "colgroup":
                self.pop()
        elif name != "col" and self.in_scope(name, TABLE_SCOPE):
            self.pop_until(name)

    def end_form(self) -> None:
        """Closes the form element only; what is open inside it stays open."""
        form = self.form
        self.form = None
        if form is None or form not in self.stack:
            if "template" in self.names:
                self.end_scoped("form", SCOPE)
            return
        self.imply_end_tags()
        index = self.stack.index(form)
        del self.stack[index], self.names[index]

    def end_any(self, name: str) -> None:
        for open_name in reversed(self.names[1:]):
            if open_name == name:
                self.imply_end_tags(name)
                self.pop_until(name)
                return
            if open_name in SPECIAL:
                return

    def end_foreign(self, name: str) -> bool:
        """Closes an SVG or MathML element; False when the tag is HTML's."""
        if name in ("p", "br"):
            self.leave_foreign_content()
            return False
        for index in range(len(self.names) - 1, 0, -1):
            prefix, _, local = self.names[index].rpartition(":")
            if not prefix:
                return False
            if local.lower() == name:
                del self.stack[index:], self.names[index:]
                return True
        return len(self.names) == 1 or ":" in self.names[0]


def _as_svg(tag: StartTag) -> StartTag:
    attributes = {SVG_ATTRIBUTES.get(name, name): value for name, value in tag.attributes.items()}
    return StartTag(SVG_TAGS.get(tag.name, tag.name), attributes, tag.self_closing)


_STARTS: dict[str, Callable[[_TreeBuilder, StartTag], bool]] = {
    "a": _TreeBuilder.start_anchor,
    "body": _TreeBuilder.start_frame_part,
    "button": _TreeBuilder.start_button,
    "dd": _TreeBuilder.start_item,
    "dt": _TreeBuilder.start_item,
    "form": _TreeBuilder.start_form,
    "frame": _TreeBuilder.start_frame_part,
    "frameset": _TreeBuilder.start_frame_part,
    "head": _TreeBuilder.start_frame_part,
    "hr": _TreeBuilder.start_hr,
    "html": _TreeBuilder.start_frame_part,
    "image": _TreeBuilder.start_image,
    "input": _TreeBuilder.start_input,
    "li": _TreeBuilder.start_item,
    "listing": _TreeBuilder.start_pre,
    "math": _TreeBuilder.start_foreign_root,
    "optgroup": _TreeBuilder.start_option,
    "option": _TreeBuilder.start_option,
    "pre": _TreeBuilder.start_pre,
    "rb": _TreeBuilder.start_ruby_part,
    "rp": _TreeBuilder.start_ruby_part,
    "rt": _TreeBuilder.start_ruby_part,
    "rtc": _TreeBuilder.start_ruby_part,
    "select": _TreeBuilder.start_select,
    "svg": _TreeBuilder.start_foreign_root,
    "table": _TreeBuilder.start_table,
    **dict.fromkeys(HEADINGS, _TreeBuilder.start_heading),
}
