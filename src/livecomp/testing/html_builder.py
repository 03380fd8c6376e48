"""HTML5's tree construction, tag by tag (see `html_tree` for what it leaves out)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from livecomp.testing.html_stack import OpenElements, append_text, insert_text_before
from livecomp.testing.html_tables import (
    BLOCK_END,
    BREAKOUT,
    BUTTON_SCOPE,
    CLOSE_P,
    FOSTERING,
    HEAD_TAGS,
    HEADINGS,
    INTEGRATION_POINTS,
    LIST_SCOPE,
    SCOPE,
    SPECIAL,
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


class TreeBuilder(OpenElements):
    """One parse of a page, or of a fragment in its context."""

    def __init__(self, source: str, root: Element, base: str, context: str = "", *, is_document: bool = False) -> None:
        super().__init__(root, base)
        self.tokens = Tokenizer(source)
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
        in_table = self.table_mode() in FOSTERING
        if not in_table:
            self.close_p()
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


_STARTS: dict[str, Callable[[TreeBuilder, StartTag], bool]] = {
    "a": TreeBuilder.start_anchor,
    "body": TreeBuilder.start_frame_part,
    "button": TreeBuilder.start_button,
    "dd": TreeBuilder.start_item,
    "dt": TreeBuilder.start_item,
    "form": TreeBuilder.start_form,
    "frame": TreeBuilder.start_frame_part,
    "frameset": TreeBuilder.start_frame_part,
    "head": TreeBuilder.start_frame_part,
    "hr": TreeBuilder.start_hr,
    "html": TreeBuilder.start_frame_part,
    "image": TreeBuilder.start_image,
    "input": TreeBuilder.start_input,
    "li": TreeBuilder.start_item,
    "listing": TreeBuilder.start_pre,
    "math": TreeBuilder.start_foreign_root,
    "optgroup": TreeBuilder.start_option,
    "option": TreeBuilder.start_option,
    "pre": TreeBuilder.start_pre,
    "rb": TreeBuilder.start_ruby_part,
    "rp": TreeBuilder.start_ruby_part,
    "rt": TreeBuilder.start_ruby_part,
    "rtc": TreeBuilder.start_ruby_part,
    "select": TreeBuilder.start_select,
    "svg": TreeBuilder.start_foreign_root,
    "table": TreeBuilder.start_table,
    **dict.fromkeys(HEADINGS, TreeBuilder.start_heading),
}
