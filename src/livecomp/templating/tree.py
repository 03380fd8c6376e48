"""The compiler's own tree of a template: Django's nodes, with the HTML elements they stand in.

Django's node list is a flat run of text and tags; it does not know that `<p>` and `</p>` belong together. `lower` turns
it into these items, `targets` finds the elements in them, `compiler` writes Python from them. Django's nodes themselves
are never changed: other views share them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from django.template.base import FilterExpression, Node, Template
from django.template.smartif import TokenBase

from livecomp.templating.specs import LoopSpec


@dataclass(slots=True, eq=False)
class Text:
    """Static text of the template."""

    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the markup where text can stand, and what in a text could break out of it."""

    names: tuple[str, ...]  # the open elements, outermost first
    raw: str = ""  # the element whose raw text this is
    marks: str = "<"


@dataclass(slots=True, eq=False)
class Output:
    """A node that gives text: a variable, or any tag that is not one of the kinds below."""

    node: Node
    spot: Spot | None = None
    value: str = ""  # in a value not written for the eye: how it is written, see `live_values`


@dataclass(slots=True, eq=False)
class Arms:
    """`{% if %}`: the first arm whose condition holds. A condition of None is the `else`."""

    node: Node
    arms: "list[tuple[TokenBase | None, Items]]"

    def lists(self) -> "list[Items]":
        """Each list of items that can be rendered here, with an empty one for none of them."""
        found = [items for _, items in self.arms]
        return found if self.arms and self.arms[-1][0] is None else [*found, []]


@dataclass(slots=True, eq=False)
class Loop:
    """`{% for %}`, with what stands in `{% empty %}`."""

    node: Node
    body: "Items"
    empty: "Items"
    spec: "LoopSpec | None" = None  # None: it gives text only

    def lists(self) -> "list[Items]":
        return [self.body, self.empty]


@dataclass(slots=True, eq=False)
class Changed:
    """`{% ifchanged %}`."""

    node: Node
    body: "Items"
    otherwise: "Items"

    def lists(self) -> "list[Items]":
        return [self.body, self.otherwise]


@dataclass(slots=True, eq=False)
class Region:
    """Items that are rendered with something set around them: `with`, `autoescape`, a block, an included template."""

    node: Node
    items: "Items"
    template: Template | None = None

    def lists(self) -> "list[Items]":
        return [self.items]


@dataclass(slots=True, eq=False)
class Capture:
    """Items that are rendered to a string, which then passes through a function: `filter`, `spaceless`."""

    node: Node
    items: "Items"

    def lists(self) -> "list[Items]":
        return [self.items]


@dataclass(slots=True, eq=False)
class Child:
    """A place for a component inside a live template."""

    node: Node
    ordinal: int = 0
    fills: "list[tuple[FilterExpression, Items]]" = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Value:
    """The value of an attribute that can tell a loop item's key (`live-key`, `id`, `value` of an option)."""

    name: str
    items: "Items"


@dataclass(slots=True, eq=False)
class Element:
    """An element whose end is known: ``<name`` + ``start`` + ``children`` + ``end``.

    ``start`` is what follows the name, up to and with ``>``. ``closed`` tells that no element inside can be a target of
    its own: raw text, foreign content, or markup that a browser nests otherwise than it is written; ``why`` says which.
    """

    name: str
    start: "Items"
    children: "Items" = field(default_factory=list)
    end: str = ""
    line: int = 0
    closed: bool = False
    why: str = ""
    target: int | None = None  # its place among the targets of its scope
    owned: int | None = None  # top-level in a fill: the ordinal that tells whose it is

    def lists(self) -> "list[Items]":
        return [self.children]


Item = Text | Output | Arms | Loop | Changed | Region | Capture | Child | Value | Element
Items = list[Item]
Compound = Arms | Loop | Changed | Region | Capture


def is_static(items: Sequence[Item]) -> bool:
    """True when these items always give the same text and place no component."""
    return all(
        isinstance(item, Text) or (isinstance(item, Element) and is_static(item.start) and is_static(item.children))
        for item in items
    )


def static_size(items: Sequence[Item]) -> int:
    """Number of characters that are static text in these items, each arm and loop body counted once."""
    size = 0
    for item in items:
        if isinstance(item, Text):
            size += len(item.text)
        elif isinstance(item, Element):
            size += len(item.name) + 1 + static_size(item.start) + static_size(item.children) + len(item.end)
        elif isinstance(item, Value):
            size += static_size(item.items)
        elif not isinstance(item, Output | Child):
            size += sum(static_size(items) for items in item.lists())
    return size


def walk(items: Sequence[Item]) -> Iterator[Item]:
    """Every item, depth first, in document order."""
    for item in items:
        yield item
        if isinstance(item, Element):
            yield from walk(item.start)
            yield from walk(item.children)
        elif isinstance(item, Value):
            yield from walk(item.items)
        elif not isinstance(item, Text | Output | Child):
            for each in item.lists():
                yield from walk(each)


def add_text(items: Items, text: str, line: int = 0) -> None:
    """Append static text, joined to static text before it."""
    if not text:
        return
    if items and isinstance(items[-1], Text):
        items[-1] = Text(items[-1].text + text, items[-1].line)
    else:
        items.append(Text(text, line))


def extend(items: Items, more: Items) -> None:
    """Append items, static text joined to static text."""
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
