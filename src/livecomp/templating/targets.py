"""Chooses the targets: the elements that the server can patch.

Outside of loops every element is one whose start tag or direct content is dynamic. In a loop the outermost elements of
a round are, and what is inside of them only where it pays: around inner loops and child components, and everywhere in
rounds that have much static markup. Large static parts are targets too, so that they can be kept instead of sent again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.template.base import FilterExpression

from livecomp.exceptions import TemplateError
from livecomp.templating.lower import is_silent
from livecomp.templating.markup import NEWLINE_EATERS, VOID
from livecomp.templating.specs import LoopSpec, ScopeSpec, TargetSpec
from livecomp.templating.start_tag import KEY_ATTRIBUTES
from livecomp.templating.tree import (
    Arms,
    Child,
    Element,
    Item,
    Items,
    Loop,
    Output,
    Region,
    Text,
    Value,
    is_static,
    static_size,
)

LARGE = 200  # characters of static markup that are worth a target of their own
LARGE_IN_ROUND = 160  # the same inside of a round: an address in every row of a page costs more than it saves


@dataclass(slots=True)
class Plan:
    """The targets of a template."""

    items: Items
    root: ScopeSpec
    notes: list[str] = field(default_factory=list)


class Chooser:
    """Numbers the targets of one template, in document order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ordinal = 0
        self.notes: list[str] = []

    def next_ordinal(self) -> int:
        self.ordinal += 1
        return self.ordinal

    def roots(self, items: Items, scope: ScopeSpec) -> None:
        """The component's root, once in each way through the top-level branches."""
        for item in items:
            if isinstance(item, Element):
                self.make(item, scope, 0)
                self.inside(item, scope, True, True)
            elif not isinstance(item, Text | Output | Child | Value):
                for each in item.lists():
                    self.roots(each, scope)

    def make(self, element: Element, scope: ScopeSpec, ordinal: int | None = None) -> None:
        element.target = len(scope.targets)
        static = is_static(element.start)
        start = "".join(item.text for item in element.start if isinstance(item, Text)) if static else None
        name = element.name.lower()
        scope.targets.append(
            TargetSpec(
                ordinal=self.next_ordinal() if ordinal is None else ordinal,
                head=f"<{element.name}",
                start=start,
                end=element.end,
                line=element.line,
                whole=name in NEWLINE_EATERS or name in VOID,
                keyed=any(isinstance(item, Value) for item in element.start),
                why=element.why,
                closed=element.closed,
            )
        )

    def inside(self, element: Element, scope: ScopeSpec, deep: bool, live: bool) -> None:
        if element.target is not None:
            live = not is_static(element.start) or is_dynamic(element) or not deep
        if element.closed:
            self.close(element.children, scope)
        elif not is_static([element]):
            self.visit(element.children, scope, deep, live)

    def visit(self, items: Items, scope: ScopeSpec, deep: bool, live: bool) -> None:
        """Choose among these items.

        ``deep``: every dynamic element is a target. ``live``: the content of the target around them can change.
        """
        for item in items:
            if isinstance(item, Element):
                if self.wants(item, deep, live):
                    self.make(item, scope)
                self.inside(item, scope, deep, live)
            elif isinstance(item, Loop):
                self.loop(item, scope, deep, live)
            elif isinstance(item, Arms | Region):
                for each in item.lists():
                    self.visit(each, scope, deep, live)
            elif isinstance(item, Child):
                self.fills(item)

    def wants(self, element: Element, deep: bool, live: bool) -> bool:
        if deep and (not is_static(element.start) or is_dynamic(element)):
            return True
        if _has_child(element) if element.closed else any(places(item) for item in flat(element.children)):
            return True
        return live and own_size(element, deep) > (LARGE if deep else LARGE_IN_ROUND)

    def loop(self, loop: Loop, scope: ScopeSpec, deep: bool, live: bool) -> None:
        self.visit(loop.empty, scope, deep, live)
        if not any(True for item in flat(loop.body) if isinstance(item, Element | Child) or places(item)):
            return
        spec = self.new_loop(loop, scope)
        self.round(loop.body, spec.scope)
        named = bool(key_places(loop)) or key_inside(loop) is not None
        spec.keyed = named or any(isinstance(item, Child) for item in flat(loop.body))
        self.pattern(loop, spec)

    def new_loop(self, loop: Loop, scope: ScopeSpec) -> LoopSpec:
        line = getattr(loop.node.token, "lineno", 0)
        spec = loop.spec = LoopSpec(len(scope.loops), ScopeSpec(), line, self.name)
        scope.loops.append(spec)
        return spec

    def round(self, items: Items, scope: ScopeSpec) -> None:
        """The top level of a loop's body: its elements are targets."""
        for item in items:
            if isinstance(item, Element):
                if not is_static([item]):
                    self.make(item, scope)
                    self.inside(item, scope, False, True)
            elif isinstance(item, Loop):
                self.loop(item, scope, False, True)
            elif isinstance(item, Arms | Region):
                for each in item.lists():
                    self.round(each, scope)
            elif isinstance(item, Child):
                self.fills(item)

    def pattern(self, loop: Loop, spec: LoopSpec) -> None:
        """Recognise the loop whose rounds are one element each, with only static text around it."""
        body = unwrapped(loop.body)
        targets = [item for item in body if isinstance(item, Element) and item.target is not None]
        others = [item for item in body if item not in targets and not _is_quiet(item)]
        if len(targets) != 1 or any(not isinstance(item, Text | Element) for item in others):
            return
        if any(isinstance(item, Element) and not is_static([item]) for item in others):
            return
        spec.regular = True
        at = body.index(targets[0])
        spec.before, spec.after = static_text(body[:at]), static_text(body[at + 1 :])
        spec.leaf = len(spec.scope.targets) == 1 and not spec.scope.loops and not _has_child(targets[0])

    def close(self, items: Items, scope: ScopeSpec) -> None:
        """Nothing here can be a target; but child components have their places."""
        for item in items:
            if isinstance(item, Loop):
                self.close(item.empty, scope)
                if any(_has_child(each) for each in item.body):
                    spec = self.new_loop(item, scope)
                    self.close(item.body, spec.scope)
                    spec.keyed = True
            elif isinstance(item, Child):
                self.fills(item)
            elif isinstance(item, Element | Arms | Region):
                for each in item.lists():
                    self.close(each, scope)

    def fills(self, child: Child) -> None:
        """What a parent gives a child to show stays the parent's: its outermost elements carry the parent's address."""
        for _, items in child.fills:
            for item in flat(items):
                if isinstance(item, Element):
                    item.owned = self.next_ordinal()


def flat(items: Items) -> Items:
    """These items, with those of branches and regions in place of them; not those of elements and loops."""
    found: Items = []
    for item in items:
        if isinstance(item, Arms | Region):
            for each in item.lists():
                found += flat(each)
        else:
            found.append(item)
    return found


def key_places(loop: Loop) -> list[Value | Child]:
    """Where the outermost elements and components of a loop's body tell its rounds' keys: in a `live-key`, else the
    `value` of an option, else an `id`, or in a component's `key=`.
    """
    found: list[Value | Child] = []
    for item in flat(loop.body):
        if isinstance(item, Child) and "key" in item.node.kwargs:  # type: ignore[attr-defined]
            found.append(item)
        elif isinstance(item, Element) and item.target is not None:
            values = [each for each in item.start if isinstance(each, Value)]
            found += sorted(values, key=lambda each: KEY_ATTRIBUTES.index(each.name))[:1]
    return found


def key_inside(loop: Loop) -> FilterExpression | None:
    """The `key=` of the first component inside of the outermost elements that names the round's item: where nothing else
    tells the round's key, it is that of the round too, so that the element moves with the component in it.
    """
    return next(_keys_of(loop.body, loop.node.loopvars), None)  # type: ignore[attr-defined]


def _keys_of(items: Items, loopvars: Sequence[str], guarded: bool = False) -> Iterator[FilterExpression]:
    """``guarded``: in a branch, outside of which an attribute of the item may not be there to be looked up."""
    for item in items:
        if isinstance(item, Child):
            key = item.node.kwargs.get("key")  # type: ignore[attr-defined]
            names = key.var.lookups if key is not None and key.is_var and not key.filters else None
            if names and names[0] in loopvars and not (guarded and len(names) > 1):
                yield key
        elif isinstance(item, Element | Arms | Region):
            for each in item.lists():
                yield from _keys_of(each, loopvars, guarded or isinstance(item, Arms))


def unwrapped(items: Items) -> Items:
    """These items, with those of regions that are always rendered in place of them."""
    found: Items = []
    for item in items:
        if isinstance(item, Region):
            found += unwrapped(item.items)
        else:
            found.append(item)
    return found


def places(item: Item) -> bool:
    """True for a child component, and for a loop that places targets."""
    if isinstance(item, Loop):
        return any(isinstance(each, Element | Child) or places(each) for each in flat(item.body))
    return isinstance(item, Child)


def is_dynamic(element: Element) -> bool:
    """True when the element's direct content can change; inside of a closed element, when anything can."""
    if element.closed:
        return not is_static(element.children)
    return any(not isinstance(item, Text | Element) and not _is_quiet(item) for item in _through(element.children))


def _through(items: Items) -> Items:
    found: Items = []
    for item in items:
        found += _through(item.items) if isinstance(item, Region) else [item]
    return found


def own_size(element: Element, deep: bool) -> int:
    """Characters of static markup that sending this element costs, less what stands in targets inside of it."""
    if element.closed or is_static([element]):
        return static_size([element])
    size = static_size(element.start) + len(element.name) + 1 + len(element.end)
    for item in _through(element.children):
        if isinstance(item, Element):
            inner = own_size(item, deep)
            is_target = inner > (LARGE if deep else LARGE_IN_ROUND)
            is_target = is_target or (deep and (not is_static(item.start) or is_dynamic(item)))
            size += 0 if is_target else inner
        else:
            size += static_size([item])
    return size


def _is_quiet(item: Item) -> bool:
    return isinstance(item, Output) and is_silent(item.node)


def _has_child(item: Item) -> bool:
    if isinstance(item, Child):
        return True
    if isinstance(item, Text | Output | Value):
        return False
    return any(_has_child(each) for items in item.lists() for each in items)


def static_text(items: Items) -> str:
    """The text of static items."""
    text = ""
    for item in items:
        if isinstance(item, Text):
            text += item.text
        elif isinstance(item, Element):
            text += f"<{item.name}{static_text(item.start)}{static_text(item.children)}{item.end}"
    return text


def single_root(items: Items, name: str) -> bool:
    """True when every way through these items gives exactly one element and nothing else but white space and comments.

    False when nodes stand here whose output is not known. Raises `TemplateError` when there can be no single root.
    """
    found = 0
    unknown = False
    for item in items:
        if isinstance(item, Element):
            found += 1
        elif isinstance(item, Text):
            if without_comments(item.text).strip():
                raise TemplateError(_message(name, item.line, f"{item.text.strip()[:40]!r} stands outside of it"))
        elif isinstance(item, Arms):
            ways = [single_root(each, name) if each else None for each in item.lists()]
            if all(way is None for way in ways):
                continue
            if None in ways:
                line = getattr(item.node.token, "lineno", 0)
                raise TemplateError(_message(name, line, "one branch gives no element"))
            unknown = unknown or not all(ways)
            found += 1
        elif isinstance(item, Region):
            unknown = unknown or not single_root(item.items, name)
            found += 1
        elif not _is_quiet(item):
            unknown = True
        if found > 1:
            line = item.line if isinstance(item, Element) else 0
            raise TemplateError(_message(name, line, "there is a second element"))
    if not found and not unknown:
        raise TemplateError(_message(name, 1, "there is no element"))
    return not unknown


def without_comments(text: str) -> str:
    """The text without HTML comments and document types."""
    while "<!" in text:
        start = text.index("<!")
        end = text.find("-->", start) + 3 if text.startswith("<!--", start) else text.find(">", start) + 1
        text = text[:start] + (text[end:] if end > start else "")
    return text


def _message(name: str, line: int, what: str) -> str:
    where = f", line {line}" if line else ""
    return (
        f"The template of a live component must have a single root element, always the same place to patch:"
        f" in {name}{where}, {what}. Put one element around everything."
    )
