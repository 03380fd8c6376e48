"""The open elements while a template is read, and where a browser nests otherwise than it is written.

Such an element is *closed*: it can be a target, but nothing inside of it. Where even that cannot be relied on, the whole
template is spoilt, and its root the only target.
"""

import re
from dataclasses import dataclass, field

from livecomp.templating.markup import (
    BREAKOUT,
    FOREIGN,
    INTEGRATION,
    OPTIONAL_END,
    RAW_TEXT,
    SPECIAL,
    TABLE_SECTIONS,
    VOID,
    Mode,
    conflict,
    reach,
    text_conflict,
)
from livecomp.templating.start_tag import StartTag
from livecomp.templating.tree import Child, Compound, Element, Item, Items, Output, Text, Value, add_text, extend

_FIRST_TAG = re.compile(r"\s*(?:<!--.*?-->\s*)*<([A-Za-z][^\t\n\f\r />]*)", re.DOTALL)


@dataclass(slots=True, eq=False)
class Open:
    """An element whose end has not been seen."""

    name: str
    start: Items
    line: int
    children: Items = field(default_factory=list)
    closed: bool = False
    why: str = ""
    implied: bool = False
    is_bound: bool = False


class Nesting:
    """The open elements. ``poison`` is set when nothing below the root can be a target."""

    def __init__(self) -> None:
        self.chain: list[Open] = []
        self.mode = Mode.DATA
        self.out: Items = []
        self.base = 0  # how many of the open elements stand around the list of items at hand
        self.line = 0
        self.captured = 0  # inside of text that passes through a function
        self.poison = ""
        self.spilled = ""  # why the root element does not hold everything

    @property
    def here(self) -> Items:
        return self.chain[-1].children if len(self.chain) > self.base else self.out

    def put(self, text: str) -> None:
        add_text(self.here, text, self.line)
        self.line += text.count("\n")

    def check_text(self) -> None:
        index = text_conflict([each.name for each in self.chain])
        if index is not None:
            self.disturb(index, f"text between the parts of a table (line {self.line}) is moved before the table")

    # Tags

    def start_tag(self, tag: StartTag) -> None:
        name = tag.name.lower()
        self.line = max(self.line, tag.line)
        if self.foreign() >= 0 and not self.foreign_start(tag, name):
            return
        self.table_section(name)
        names = [each.name for each in self.chain]
        index = conflict(names, name)
        if index is not None:
            inside = names[index] if index < len(names) else names[-1]
            self.disturb(reach(names, index), f"<{name}> (line {tag.line}) cannot stand inside this <{inside}>")
        if name in VOID:
            self.here.append(Element(tag.name, tag.parts, line=tag.line))
            return
        self.chain.append(Open(name, [Text(f"<{tag.name}"), *tag.parts], tag.line, is_bound=tag.is_bound))
        if name in FOREIGN:
            self.close(self.chain[-1], "the content of <svg> and <math> is patched as a whole")
        elif name == "template":
            self.close(self.chain[-1], "the content of <template> is not part of the document")
            if "shadowrootmode" in static_text(tag.parts) and len(self.chain) > 1:  # the browser takes the tag away
                self.close(self.chain[-2], "the content of <template shadowrootmode> becomes a shadow tree")
        elif name in RAW_TEXT:
            self.mode = Mode.RAW
            self.close(self.chain[-1], f"the content of <{name}> is text")

    def foreign(self) -> int:
        """Index of the open `<svg>` or `<math>` whose own content stands here, or -1."""
        for index in range(len(self.chain) - 1, -1, -1):
            if self.chain[index].name in INTEGRATION:
                return -1
            if self.chain[index].name in FOREIGN:
                return index
        return -1

    def foreign_start(self, tag: StartTag, name: str) -> bool:
        """A start tag in foreign content. True when HTML's own rules take it."""
        if name in BREAKOUT:
            self.disturb(self.foreign(), f"<{name}> (line {tag.line}) ends the <{self.chain[self.foreign()].name}>")
            return True
        last = tag.parts[-1] if tag.parts else None
        if isinstance(last, Text) and last.text.endswith("/>"):
            extend(self.here, [Text(f"<{tag.name}", tag.line), *tag.parts])
        else:
            self.chain.append(Open(name, [Text(f"<{tag.name}"), *tag.parts], tag.line))
        return False

    def end_tag(self, tag: StartTag) -> None:
        name = tag.name.lower()
        text = f"</{tag.name}" + "".join(part.text for part in tag.parts if isinstance(part, Text))
        if name == "table":
            self.table_section("table-end")
        local = [each.name for each in self.chain[self.base :]]
        if local and local[-1] == name:
            return self.close_last(text)
        if name in local:
            index = len(local) - 1 - local[::-1].index(name)
            above = local[index + 1 :]
            if name in SPECIAL and set(above) <= OPTIONAL_END:
                self.unclosed(self.base + index + 1)
                return self.close_last(text)
            self.spoil(f"</{name}> (line {self.line}) comes while <{above[-1]}> is open")
            self.unclosed(self.base + index + 1)
            return self.close_last(text)
        if not self.chain:
            self.spilled = self.spilled or f"</{name}> on line {self.line} closes nothing"
        self.spoil(f"</{name}> (line {self.line}) has no start tag in the same branch")
        self.put(text)

    def close_last(self, end: str) -> None:
        open_ = self.chain.pop()
        if open_.implied and self.captured:
            return extend(self.here, open_.children)
        start = open_.start[1:]
        name = open_.start[0].text[1:]  # type: ignore[union-attr]
        element = Element(name, start, open_.children, end, open_.line, open_.closed, open_.why)
        self.here.append(element)

    def unclosed(self, index: int) -> None:
        """The elements from this index on have no end tag: they are text of the element around them."""
        while len(self.chain) > index:
            open_ = self.chain.pop()
            if open_.implied:
                self.out_of_place(open_)
                continue
            if open_.name not in OPTIONAL_END:
                self.spoil(f"<{open_.name}> (line {open_.line}) has no end tag in the same branch")
            elif self.chain and self.chain[-1].name not in SPECIAL:
                self.spoil(
                    f"<{open_.name}> (line {open_.line}) has no end tag, and </{self.chain[-1].name}> does not close it"
                )
            elif self.chain:
                self.close(self.chain[-1], f"<{open_.name}> (line {open_.line}) has no end tag")
            else:
                self.spilled = self.spilled or f"<{open_.name}> on line {open_.line} has no end tag"
            extend(self.here, open_.start)
            extend(self.here, open_.children)

    def out_of_place(self, open_: Open) -> None:
        """An implied table body whose table ends elsewhere."""
        self.spoil(f"the table (line {open_.line}) has its rows and its end in different branches")
        extend(self.here, open_.children)

    # Rows right inside a table: the browser puts a <tbody> around them, and so do we

    def imply_body(self, item: Compound) -> None:
        if len(self.chain) > self.base and self.chain[-1].name == "table" and first_tags(item) == {"tr"}:
            self.open_body()

    def close_implied(self, item: Compound) -> None:
        if self.chain and self.chain[-1].implied and first_tags(item) & TABLE_SECTIONS:
            self.close_last("</tbody>")

    def open_body(self) -> None:
        self.chain.append(Open("tbody", [Text("<tbody"), Text(">")], self.line, implied=True))

    def table_section(self, name: str) -> None:
        if not self.chain or len(self.chain) <= self.base:
            return
        if name == "tr" and self.chain[-1].name == "table":
            self.open_body()
        elif self.chain[-1].implied and (name == "table-end" or name in TABLE_SECTIONS):
            self.close_last("</tbody>")

    # What a browser nests otherwise

    def close(self, open_: Open, why: str) -> None:
        open_.closed = True
        open_.why = open_.why or why

    def disturb(self, index: int, why: str) -> None:
        """The element at this index ends up otherwise than written: the one around it is patched as a whole."""
        if index > 0:
            self.close(self.chain[index - 1], why)
        else:
            self.spilled = self.spilled or why
            self.spoil(why)

    def spoil(self, why: str) -> None:
        """Nothing below the root can be relied on."""
        self.poison = self.poison or why
        if self.chain:
            self.close(self.chain[0], why)


def static_text(parts: Items) -> str:
    """The static text of a start tag."""
    return "".join(item.text for item in parts if isinstance(item, Text)).lower()


def first_tags(item: Item) -> frozenset[str] | set[str]:
    """Names of the tags that can come first in this item."""
    if isinstance(item, Text):
        found = _FIRST_TAG.match(item.text)
        return {found[1].lower()} if found else set()
    if isinstance(item, Output | Child | Value):
        return set()
    if isinstance(item, Element):
        return {item.name.lower()}
    names: set[str] = set()
    for items in item.lists():
        for each in items:
            found_names = first_tags(each)
            names |= found_names
            if found_names:
                break
    return names
