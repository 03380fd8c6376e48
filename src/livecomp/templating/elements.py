"""Finds the HTML elements in a template's items.

One pass over the items: static text runs through the tokenizer of `markup`, everything dynamic is a hole in it. Each
arm of a branch and each loop body is looked at by itself, inside the elements that are open around it. An element is
found where its start tag and its end tag stand in the same list of items. Where a browser would nest otherwise than it
is written, the element around the place is *closed*: it can be a target, but nothing inside of it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from livecomp.exceptions import TemplateError
from livecomp.templating.lower import is_silent, line_of
from livecomp.templating.markup import (
    FOREIGN,
    MARK,
    RAW_TEXT,
    SPECIAL,
    TAG_NAME,
    VOID,
    Mode,
    Spot,
    TagScan,
    comment_end,
    conflict,
    raw_end,
    text_conflict,
)
from livecomp.templating.tree import (
    Arms,
    Capture,
    Changed,
    Child,
    Compound,
    Element,
    Item,
    Items,
    Loop,
    Output,
    Region,
    Text,
    Value,
    walk,
)
from livecomp.templating.tree import Spot as Place

_OPTIONAL_END = frozenset(
    [
        "li",
        "p",
        "dd",
        "dt",
        "option",
        "optgroup",
        "rb",
        "rp",
        "rt",
        "rtc",
        "tr",
        "td",
        "th",
        "tbody",
        "thead",
        "tfoot",
        "colgroup",
        "caption",
    ]
)
_BREAKOUT = frozenset(
    [
        "b",
        "big",
        "blockquote",
        "body",
        "br",
        "center",
        "code",
        "dd",
        "div",
        "dl",
        "dt",
        "em",
        "embed",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "hr",
        "i",
        "img",
        "li",
        "listing",
        "menu",
        "meta",
        "nobr",
        "ol",
        "p",
        "pre",
        "ruby",
        "s",
        "small",
        "span",
        "strong",
        "strike",
        "sub",
        "sup",
        "table",
        "tt",
        "u",
        "ul",
        "var",
        "font",
    ]
)
_INTEGRATION = frozenset(("foreignobject", "desc", "title", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"))
_TABLE_SECTIONS = frozenset(("caption", "colgroup", "col", "thead", "tbody", "tfoot"))
_KEY_ATTRIBUTES = ("live-key", "id")
_FIRST_TAG = re.compile(r"\s*(?:<!--.*?-->\s*)*<([A-Za-z][^\t\n\f\r />]*)", re.DOTALL)


class Lost(Exception):
    """The tokenizer does not know any more where it is; the message says why."""


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


def add_text(items: Items, text: str, line: int = 0) -> None:
    """Append static text, joined to static text before it."""
    if not text:
        return
    if items and isinstance(items[-1], Text):
        items[-1] = Text(items[-1].text + text, items[-1].line)
    else:
        items.append(Text(text, line))


def extend(items: Items, more: Items) -> None:
    for item in more:
        if isinstance(item, Text):
            add_text(items, item.text, item.line)
        else:
            items.append(item)


def rebuild(item: Compound, scan: Callable[[Items], Items]) -> Compound:
    """The same item around scanned lists."""
    if isinstance(item, Arms):
        return Arms(item.node, [(test, scan(items)) for test, items in item.arms])
    if isinstance(item, Loop):
        return Loop(item.node, scan(item.body), scan(item.empty))
    if isinstance(item, Changed):
        return Changed(item.node, scan(item.body), scan(item.otherwise))
    if isinstance(item, Capture):
        return Capture(item.node, scan(item.items))
    return Region(item.node, scan(item.items), item.template)


class StartTag:
    """The start tag at hand: its parts so far."""

    def __init__(self, name: str, line: int, ending: bool) -> None:
        self.name = name
        self.line = line
        self.ending = ending  # it is an end tag
        self.parts: Items = []
        self.scan = TagScan()
        self.value_at = -1
        self.value_name = ""

    def feed(self, text: str, start: int) -> tuple[int, bool]:
        """Read on. Gives the position reached, and whether that is behind the tag."""
        scan, at, done = self.scan, start, start
        while at < len(text):
            was, quoted = scan.in_value, scan.spot is not Spot.UNQUOTED
            at, ended = scan.step(text, at)
            if scan.in_value and not was:
                add_text(self.parts, text[done:at])
                done = at
                self.begin_value()
            elif was and not scan.in_value:
                end = at - quoted
                add_text(self.parts, text[done:end])
                done = end
                self.end_value()
            if ended:
                add_text(self.parts, text[done:at])
                return at, True
        add_text(self.parts, text[done:])
        return at, False

    def begin_value(self) -> None:
        if self.scan.name_known and self.scan.name in _KEY_ATTRIBUTES:
            self.value_at, self.value_name = len(self.parts), self.scan.name
            self.parts.append(Text(""))  # so that what comes next is not joined to what was before

    def end_value(self) -> None:
        if self.value_at < 0:
            return
        items = [item for item in self.parts[self.value_at :] if not isinstance(item, Text) or item.text]
        del self.parts[self.value_at :]
        if all(isinstance(item, Text) for item in items):
            extend(self.parts, items)
        else:
            self.parts.append(Value(self.value_name, items))
        self.value_at = -1

    def hole(self, item: Item) -> None:
        before = self.scan.spot
        self.scan.hole()
        if before is Spot.BEFORE_VALUE:
            self.begin_value()
        self.parts.append(item)


class Scanner:
    """One template's scan. ``poison`` is set when nothing below the root can be a target."""

    def __init__(self) -> None:
        self.chain: list[Open] = []
        self.mode = Mode.DATA
        self.fresh = False
        self.tag: StartTag | None = None
        self.out: Items = []
        self.base = 0
        self.line = 0
        self.captured = 0  # inside of text that passes through a function
        self.poison = ""
        self.spilled = ""  # why the root element does not hold everything

    # Lists of items

    def scan(self, items: Items) -> Items:
        """The items with their elements found. Raises `Lost`."""
        out, base, self.out, self.base = self.out, self.base, [], len(self.chain)
        for index, item in enumerate(items):
            self.item(item, items[index + 1 :])
        if self.mode is not Mode.DATA:
            if self.mode is Mode.RAW or self.mode is Mode.TAG or base or self.base:
                raise Lost(f"a branch ends inside a tag, a comment or raw text (near line {self.line})")
        self.unclosed(self.base)
        found, self.out, self.base = self.out, out, base
        return found

    @property
    def here(self) -> Items:
        return self.chain[-1].children if len(self.chain) > self.base else self.out

    def item(self, item: Item, following: Items) -> None:
        if isinstance(item, Text):
            self.line = item.line or self.line
            return self.text(item.text, bool(following))
        if isinstance(item, Output | Child):
            self.line = line_of(item.node) or self.line
            return self.leaf(item)
        assert isinstance(item, Arms | Loop | Changed | Region | Capture)
        self.line = line_of(item.node) or self.line
        self.compound(item)

    def leaf(self, item: Output | Child) -> None:
        if isinstance(item, Child) and self.mode is not Mode.DATA:
            raise TemplateError(
                f"A live component cannot stand inside a tag, a comment or raw text (line {self.line}). Place it in the"
                " content of an element."
            )
        if isinstance(item, Output):
            item = Output(item.node, self.spot(self.tag.scan if self.tag else None))
        if self.tag is not None:
            if self.tag.ending:
                raise Lost(f"an end tag is dynamic (line {self.line})")
            return self.tag.hole(item)
        if isinstance(item, Child):
            item = Child(item.node, item.ordinal, [(name, scan_fill(items)) for name, items in item.fills])
        if self.mode is Mode.DATA and not (isinstance(item, Output) and is_silent(item.node)):
            self.check_text()
        self.fresh = False
        self.here.append(item)

    def spot(self, scan: TagScan | None) -> Place:
        names = tuple(each.name for each in self.chain)
        if scan is not None:
            return Place(names, marks={Spot.DOUBLE: '"', Spot.SINGLE: "'"}.get(scan.spot, ">"))
        if self.mode is Mode.RAW:
            return Place(names, raw=names[-1])
        if self.mode is Mode.COMMENT or self.mode is Mode.BOGUS:
            return Place(names, marks=">")
        return Place(names)

    def compound(self, item: Compound) -> None:
        if self.mode is Mode.DATA:
            self.imply_body(item)
            self.close_implied(item)
            if isinstance(item, Capture):
                self.check_text()
                self.captured += 1
            scanned = rebuild(item, self.scan)
            self.captured -= isinstance(item, Capture)
            self.here.append(scanned)
        elif self.mode is Mode.TAG and self.tag is not None:
            if self.tag.ending:
                raise Lost(f"an end tag is dynamic (line {self.line})")
            self.in_tag(item, self.tag)
        else:
            name = self.chain[-1].name if self.mode is Mode.RAW else ""
            if any(self.leaves(items, name) for items in item.lists()):
                raise Lost(f"a branch ends a comment or raw text (line {self.line})")
            spot = self.spot(None)
            for each in walk([item]):
                if isinstance(each, Output):
                    each.spot = spot
            self.here.append(item)

    # Inside tags, comments and raw text

    def in_tag(self, item: Compound, tag: StartTag) -> None:
        ends = [self.through_tag(items, tag.scan.copy()) for items in item.lists()]
        kinds = {end.kind for end in ends} | {tag.scan.kind}
        if len(kinds) > 1:
            raise Lost(f"the branches end at different places of a tag (line {self.line})")
        before = tag.scan.spot
        tag.parts.append(item)
        for each in walk([item]):
            if isinstance(each, Output):
                each.spot = Place((), marks=">\"'")
        if tag.scan.kind is Spot.FUZZY and before is not Spot.UNQUOTED:
            tag.scan.spot = Spot.FUZZY

    def through_tag(self, items: Items, scan: TagScan) -> TagScan:
        for item in items:
            if isinstance(item, Text):
                at = 0
                while at < len(item.text):
                    at, ended = scan.step(item.text, at)
                    if ended:
                        raise Lost(f"a tag ends inside a branch (line {item.line or self.line})")
            elif isinstance(item, Output | Child):
                scan.hole()
            else:
                ends = [self.through_tag(each, scan.copy()) for each in item.lists()]  # type: ignore[union-attr]
                if len({end.kind for end in ends} | {scan.kind}) > 1:
                    raise Lost(f"the branches end at different places of a tag (line {self.line})")
                if scan.kind is Spot.FUZZY:
                    scan.spot = Spot.FUZZY
        return scan

    def leaves(self, items: Items, raw_name: str) -> bool:
        """True when something in these items ends the raw text or comment that is open."""
        for item in items:
            if isinstance(item, Text):
                if raw_name:
                    found = raw_end(item.text, 0, raw_name) >= 0
                else:
                    found = (">" if self.mode is Mode.BOGUS else "-->") in item.text
                if found:
                    return True
            elif not isinstance(item, Output | Child):
                if any(self.leaves(each, raw_name) for each in item.lists()):  # type: ignore[union-attr]
                    return True
        return False

    # Static text

    def text(self, text: str, followed: bool) -> None:
        at = 0
        while at < len(text):
            if self.mode is Mode.DATA:
                at = self.data(text, at, followed)
            elif self.mode is Mode.TAG:
                at = self.in_start_tag(text, at)
            elif self.mode is Mode.RAW:
                at = self.raw(text, at)
            else:
                at = self.comment(text, at)

    def comment(self, text: str, at: int) -> int:
        if self.mode is Mode.BOGUS:
            end = text.find(">", at) + 1 or -1
        else:
            end = comment_end(text, at, self.fresh)
        self.fresh = False
        self.put(text[at : end if end >= 0 else len(text)])
        if end < 0:
            return len(text)
        self.mode = Mode.DATA
        return end

    def raw(self, text: str, at: int) -> int:
        end = raw_end(text, at, self.chain[-1].name)
        if end < 0:
            self.put(text[at:])
            return len(text)
        self.put(text[at:end])
        self.mode = Mode.DATA
        return end

    def data(self, text: str, at: int, followed: bool) -> int:
        found = MARK.search(text, at)
        if found is None:
            if followed and text.endswith(("<", "</", "<!", "<!-")):
                raise Lost(f"the name of a tag is dynamic (line {self.line})")
            self.words(text[at:])
            return len(text)
        self.words(text[at : found.start()])
        at, mark = found.end(), found[0]
        if mark == "<!--" or mark in ("<!", "<?", "</"):
            if mark == "</" and at == len(text):
                raise Lost(f"the name of a tag is dynamic (line {self.line})")
            return self.begin_comment(text, at, mark)
        if mark == "</>":
            self.put(mark)
            return at
        return self.begin_tag(text, at - 1, followed, mark.startswith("</"))

    def begin_comment(self, text: str, at: int, mark: str) -> int:
        if mark == "<!" and text.startswith("[CDATA[", at) and self.foreign() >= 0:
            end = text.find("]]>", at)
            if end < 0:
                raise Lost(f"a CDATA section is dynamic (line {self.line})")
            self.put(text[at - 2 : end + 3])
            return end + 3
        self.put(mark)
        self.mode = Mode.COMMENT if mark == "<!--" else Mode.BOGUS
        self.fresh = True
        return at

    def begin_tag(self, text: str, at: int, followed: bool, ending: bool) -> int:
        found = TAG_NAME.match(text, at)
        assert found is not None
        if found.end() == len(text) and followed:
            raise Lost(f"the name of a tag is dynamic (line {self.line})")
        self.tag = StartTag(found[0], self.line, ending)
        self.mode = Mode.TAG
        return found.end()

    def in_start_tag(self, text: str, at: int) -> int:
        assert self.tag is not None
        at, ended = self.tag.feed(text, at)
        if ended:
            tag, self.tag, self.mode = self.tag, None, Mode.DATA
            if tag.ending:
                self.end_tag(tag)
            else:
                self.start_tag(tag)
        return at

    def words(self, text: str) -> None:
        if text and not text.isspace():
            self.check_text()
        self.put(text)

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
            self.disturb(index, f"<{name}> (line {tag.line}) cannot stand inside this <{inside}>")
        if name in VOID:
            self.here.append(Element(tag.name, tag.parts, line=tag.line))
            return
        self.chain.append(Open(name, [Text(f"<{tag.name}"), *tag.parts], tag.line))
        if name in FOREIGN:
            self.close(self.chain[-1], "the content of <svg> and <math> is patched as a whole")
        elif name == "template":
            self.close(self.chain[-1], "the content of <template> is not part of the document")
        elif name in RAW_TEXT:
            self.mode = Mode.RAW
            self.close(self.chain[-1], f"the content of <{name}> is text")

    def foreign(self) -> int:
        """Index of the open `<svg>` or `<math>` whose own content stands here, or -1."""
        for index in range(len(self.chain) - 1, -1, -1):
            if self.chain[index].name in _INTEGRATION:
                return -1
            if self.chain[index].name in FOREIGN:
                return index
        return -1

    def foreign_start(self, tag: StartTag, name: str) -> bool:
        """A start tag in foreign content. True when HTML's own rules take it."""
        if name in _BREAKOUT:
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
            if name in SPECIAL and set(above) <= _OPTIONAL_END:
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
            if open_.name not in _OPTIONAL_END:
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
        if self.chain and self.chain[-1].implied and first_tags(item) & _TABLE_SECTIONS:
            self.close_last("</tbody>")

    def open_body(self) -> None:
        self.chain.append(Open("tbody", [Text("<tbody"), Text(">")], self.line, implied=True))

    def table_section(self, name: str) -> None:
        if not self.chain or len(self.chain) <= self.base:
            return
        if name == "tr" and self.chain[-1].name == "table":
            self.open_body()
        elif self.chain[-1].implied and (name == "table-end" or name in _TABLE_SECTIONS):
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


def scan_fill(items: Items) -> Items:
    """The elements in what a component is given to show; where it will stand is not known."""
    scanner = Scanner()
    try:
        found = scanner.scan(items)
    except Lost:
        return items
    return items if scanner.poison else found


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
