"""One start tag while it is read: its parts, and the values of attributes that can tell a loop item's key."""

from livecomp.templating.live_values import PREFIX, mark_value
from livecomp.templating.markup import Spot, TagScan
from livecomp.templating.tree import Item, Items, Text, Value, add_text, extend

_KEY_ATTRIBUTES = ("live-key", "id")


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
        if self.scan.name_known and (self.scan.name in _KEY_ATTRIBUTES or self.scan.name.startswith(PREFIX)):
            self.value_at, self.value_name = len(self.parts), self.scan.name
            self.parts.append(Text(""))  # so that what comes next is not joined to what was before

    def end_value(self) -> None:
        if self.value_at < 0:
            return
        items = [item for item in self.parts[self.value_at :] if not isinstance(item, Text) or item.text]
        del self.parts[self.value_at :]
        if self.value_name.startswith(PREFIX):
            mark_value(items)
            extend(self.parts, items)
        elif all(isinstance(item, Text) for item in items):
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
