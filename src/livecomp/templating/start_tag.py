"""One start tag while it is read: its parts, and the values of attributes that can tell a loop item's key."""

from livecomp.templating.live_values import CONTROL_ATTRIBUTES, MODELS, PREFIX, control_form, mark_value
from livecomp.templating.markup import Spot, TagScan
from livecomp.templating.tree import Item, Items, Text, Value, add_text, extend

KEY_ATTRIBUTES = ("live-key", "value", "id")  # the first that there is tells the key; `value` that of an option


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
        self.is_bound = False  # it has `live-model`
        self.type = ""
        self.held: list[Items] = []  # values of what a control holds

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
        if self.tells(self.scan) or (self.scan.name_known and self.scan.name == "type"):
            self.value_at, self.value_name = len(self.parts), self.scan.name
            self.parts.append(Text(""))  # so that what comes next is not joined to what was before

    def tells(self, scan: TagScan) -> bool:
        """Whether the value that begins here means something to the server."""
        name = scan.name
        if not scan.name_known:
            return False
        self.is_bound = self.is_bound or name in MODELS
        return name in KEY_ATTRIBUTES or name in CONTROL_ATTRIBUTES or name.startswith(PREFIX)

    def end_value(self) -> None:
        if self.value_at < 0:
            return
        items = [item for item in self.parts[self.value_at :] if not isinstance(item, Text) or item.text]
        del self.parts[self.value_at :]
        self.take_value(self.value_name, items)
        is_static = all(isinstance(item, Text) for item in items)
        if self.value_name == "type" and is_static:
            self.type = "".join(item.text for item in items if isinstance(item, Text)).strip().lower()
        if is_static or not self.is_key(self.value_name):
            extend(self.parts, items)
        else:
            self.parts.append(Value(self.value_name, items))
        self.value_at = -1

    def is_key(self, name: str) -> bool:
        return name in KEY_ATTRIBUTES and (name != "value" or self.name.lower() == "option")

    def take_value(self, name: str, items: Items) -> None:
        """Mark the outputs in a value that is read by the server, now or when the whole tag is known."""
        if name.startswith(PREFIX):
            mark_value(items)
        elif name in CONTROL_ATTRIBUTES:
            self.held.append(items)

    def mark_held(self) -> None:
        """The element is a control that is bound, or an option of one."""
        for items in self.held:
            mark_value(items, form=control_form(self.type))

    def hole(self, item: Item) -> None:
        before = self.scan.spot
        self.scan.hole()
        if before is Spot.BEFORE_VALUE:
            self.begin_value()
        self.parts.append(item)
