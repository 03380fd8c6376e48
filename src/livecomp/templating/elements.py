"""Finds the HTML elements in a template's items.

One pass over the items: static text runs through the tokenizer of `markup`, everything dynamic is a hole in it. Each
arm of a branch and each loop body is looked at by itself, inside the elements that are open around it. An element is
found where its start tag and its end tag stand in the same list of items.
"""

from livecomp.exceptions import TemplateError
from livecomp.templating.lower import holds_component, is_silent, line_of
from livecomp.templating.markup import MARK, TAG_NAME, Mode, Spot, TagScan, comment_end, raw_end
from livecomp.templating.nesting import Nesting
from livecomp.templating.start_tag import StartTag
from livecomp.templating.tree import (
    Arms,
    Capture,
    Changed,
    Child,
    Compound,
    Item,
    Items,
    Loop,
    Output,
    Region,
    Text,
    rebuild,
    walk,
)
from livecomp.templating.tree import Spot as Place


class Lost(Exception):
    """The tokenizer does not know any more where it is; the message says why."""


class Scanner(Nesting):
    """One template's scan."""

    def __init__(self) -> None:
        super().__init__()
        self.fresh = False
        self.tag: StartTag | None = None

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
        is_child = isinstance(item, Child) or holds_component(item.node)
        if is_child and self.mode is not Mode.DATA:
            raise TemplateError(
                f"A live component cannot stand inside a tag, a comment or raw text (line {self.line}). Place it in the"
                " content of an element."
            )
        if isinstance(item, Output):
            item.spot = self.spot(self.tag.scan if self.tag else None)
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
        tag = self.tag
        assert tag is not None
        value: Items | None = (
            None  # of the attribute at hand, where it begins among these items and the server reads it
        )
        for item in items:
            if isinstance(item, Text):
                value = self.text_in_tag(item, scan, value)
            elif isinstance(item, Output | Child):
                before = scan.spot
                scan.hole()
                if before is Spot.BEFORE_VALUE and tag.tells(scan):
                    value = []
            else:
                ends = [self.through_tag(each, scan.copy()) for each in item.lists()]  # type: ignore[union-attr]
                if len({end.kind for end in ends} | {scan.kind}) > 1:
                    raise Lost(f"the branches end at different places of a tag (line {self.line})")
                if scan.kind is Spot.FUZZY:
                    scan.spot = Spot.FUZZY
            if value is not None and not isinstance(item, Text):
                value.append(item)
        if value is not None:
            tag.take_value(scan.name, value)
        return scan

    def text_in_tag(self, item: Text, scan: TagScan, value: Items | None) -> Items | None:
        at, text, tag = 0, item.text, self.tag
        assert tag is not None
        while at < len(text):
            was, start, quoted = scan.in_value, at, scan.spot is not Spot.UNQUOTED
            at, ended = scan.step(text, at)
            if ended:
                raise Lost(f"a tag ends inside a branch (line {item.line or self.line})")
            if was and value is not None:
                value.append(Text(text[start : at - (quoted and not scan.in_value)]))
                if not scan.in_value:
                    tag.take_value(scan.name, value)
                    value = None
            elif scan.in_value and not was and tag.tells(scan):
                value = []
        return value

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
                if tag.is_bound or (tag.name.lower() == "option" and any(each.is_bound for each in self.chain)):
                    tag.mark_held()
                self.start_tag(tag)
        return at

    def words(self, text: str) -> None:
        if text and not text.isspace():
            self.check_text()
        self.put(text)


def scan_fill(items: Items) -> Items:
    """The elements in what a component is given to show; where it will stand is not known."""
    scanner = Scanner()
    try:
        found = scanner.scan(items)
    except Lost:
        return items
    return items if scanner.poison else found


def mark_values(items: Items) -> None:
    """Mark what stands in values that the server reads again, as far as the items can be understood."""
    try:
        Scanner().scan(items)
    except (Lost, TemplateError):
        pass
