"""Python for a live render: each target gets its own string, with references where other targets stand inside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.template.base import Node

from livecomp.templating import opaque
from livecomp.templating.compiler.code import Code, PartsSink, Sink
from livecomp.templating.compiler.structure import Structure
from livecomp.templating.compiler.uses import Uses, uses_of
from livecomp.templating.lower import line_of
from livecomp.templating.rows import RowSite
from livecomp.templating.specs import LoopSpec, ScopeSpec
from livecomp.templating.targets import key_inside, key_places
from livecomp.templating.tree import Arms, Child, Element, Item, Items, Loop, Output, Region, Text, Value, walk
from livecomp.templating.watch import Place


class RoundSink(PartsSink):
    """Takes the one target of each round. The text around it is the same in every round, and known."""

    def __init__(self, code: Code, own: str, store: str) -> None:
        super().__init__(code, "", own)
        self.store = store  # how the content of a leaf round is put away; empty for others

    def static(self, text: str) -> None:
        pass

    def reference(self, source: str) -> None:
        pass


@dataclass(slots=True)
class Round:
    """The loop whose rounds are being written."""

    key: str  # the local of the round's key
    index: str
    loop: str
    simple: bool  # each round has exactly one key; it is made unique afterwards
    strip: bool  # the key is only the part of the attribute that differs between rounds
    tops: frozenset[int]  # the outermost elements' key attributes and child components
    named: bool  # the template names a key
    early: bool = False  # the key is known before the round begins

    @property
    def known(self) -> str:
        """Source of the key, as far as it is known at this point of the round."""
        return f"({self.key} if {self.key} is not None else {self.index})"


class Live(Structure):
    """Writes the code of a live template. A scope's targets are in a list, by their numbers."""

    def __init__(self, root: ScopeSpec, name: str) -> None:
        super().__init__()
        self.spec = root
        self.template = name
        self.place: Place | None = None
        self.rounds_around: list[Round] = []

    def output_item(self, item: Output, sink: Sink) -> None:
        if item.spot is not None:
            self.place = Place(item.spot, self.template, line_of(item.node))
        super().output_item(item, sink)
        self.place = None

    def watched(self, source: str) -> str:
        if self.place is None:
            return source
        return f"watch({source}, {self.code.constant(self.place, 'place')}, wild)"

    def opaque_text(self, node: Node) -> str:
        text = super().opaque_text(node)
        return text if opaque.steady is None else f"{self.code.constant(opaque.steady, 'steady')}({text})"

    # Elements

    def element(self, element: Element, sink: Sink) -> None:
        if element.target is not None and isinstance(sink, PartsSink):
            self.target(element, sink)
        elif element.owned is not None:
            self.owned(element, sink)
        else:
            super().element(element, sink)

    def target(self, element: Element, sink: PartsSink) -> None:
        assert element.target is not None
        content = element.children
        if self.spec.targets[element.target].start is None:
            content = [*element.start, *content]
        sink.settle()
        if isinstance(sink, RoundSink) and sink.store:
            return self.code.line(sink.store.format(self.text(content)))
        place = f"{sink.own}[{element.target}]"
        if has_places(content):
            inner = PartsSink(self.code, self.code.name("p"), sink.own)
            self.code.line(f"{place} = {inner.parts} = []")
            self.items(content, inner)
            inner.flush()
        else:
            self.code.line(f"{place} = {self.text(content)}")
        sink.reference(str(element.target))

    def owned(self, element: Element, sink: Sink) -> None:
        """An outermost element of a fill: its address says that its events are the parent's."""
        sink.static(f'<{element.name} lc="')
        sink.settle()
        keys = "".join(f" + '.' + str({each.known})" for each in self.rounds_around)
        name = self.code.name("a")
        self.code.line(f"{name} = component + '.{element.owned}'{keys}")
        sink.expression(name, active=False)
        sink.static('"')
        self.items(element.start, sink)
        self.items(element.children, sink)
        sink.static(element.end)

    # Branches and regions: as in plain output where they give text only

    def arms(self, item: Arms, sink: Sink) -> None:
        if not isinstance(sink, PartsSink) or not has_places([item]):
            return super().arms(item, sink)
        sink.flush()

        def write(items: Items) -> None:
            self.items(items, sink)
            sink.flush()

        self.branches(item, write)

    def region(self, item: Region, sink: Sink) -> None:
        if isinstance(sink, PartsSink):
            sink.flush()
        super().region(item, sink)
        if isinstance(sink, PartsSink):
            sink.flush()

    # Loops

    def loop(self, item: Loop, sink: Sink) -> None:
        if not isinstance(sink, PartsSink) or not has_places([item]):
            return super().loop(item, sink)
        sink.flush()
        with self.looping(item) as (values, count):
            with self.code.block(f"if {count} < 1:"):
                self.items(item.empty, sink)
                sink.flush()
            with self.code.block("else:"):
                if item.spec is None:
                    with self.rounds(item, values, count):
                        self.items(item.body, sink)
                        sink.flush()
                else:
                    self.live_rounds(item, item.spec, sink, values, count)

    def live_rounds(self, item: Loop, spec: LoopSpec, sink: PartsSink, values: str, count: str) -> None:
        loop = self.code.name("loop")
        self.code.line(f"{loop} = LoopRender({self.code.constant(spec, 'loop_spec')})")
        sink.reference(loop)
        with self.round_of(item, spec, loop) as around:
            if self.is_quick(item, spec):
                self.quick_rounds(item, spec, around, values, count)
            elif spec.leaf:
                self.leaf_rounds(item, around, values, count)
            else:
                self.general_rounds(item, spec, around, values, count)

    @contextmanager
    def round_of(self, item: Loop, spec: LoopSpec, loop: str) -> Iterator[Round]:
        strip = sum(target.keyed for target in spec.scope.targets) == 1
        places = key_places(item)
        tops = frozenset(map(id, places))
        simple = spec.leaf or self.is_quick(item, spec)
        named = bool(places) or key_inside(item) is not None
        around = Round(self.code.name("key"), "", loop, simple, strip, tops, named)
        before, self.spec = self.spec, spec.scope
        self.rounds_around.append(around)
        yield around
        self.rounds_around.pop()
        self.spec = before

    def leaf_rounds(self, item: Loop, around: Round, values: str, count: str) -> None:
        """Rounds of one element each, whose content is one string."""
        keys, rounds = self.code.name("keys"), self.code.name("rounds")
        self.code.line(f"{keys}, {rounds} = {around.loop}.keys, {around.loop}.rounds")
        with self.rounds(item, values, count) as around.index:
            if not around.tops:
                self.code.line(f"{around.key} = str({around.index})")
            self.items(item.body, RoundSink(self.code, "", f"{rounds}.append({{}})"))
            self.code.line(f"{keys}.append({around.key})")
        self.code.line(f"{around.loop}.finish_keys()")

    def general_rounds(self, item: Loop, spec: LoopSpec, around: Round, values: str, count: str) -> None:
        own, parts = self.code.name("own"), self.code.name("p")
        with self.rounds(item, values, count) as around.index:
            self.code.line(f"{own}, {parts}, {around.key} = [None] * {len(spec.scope.targets)}, [], None")
            if not around.tops and (inside := key_inside(item)) is not None:
                self.set_key(around, f"str({self.value(inside)})")
            inner = PartsSink(self.code, parts, own)
            self.items(item.body, inner)
            inner.flush()
            self.code.line(f"{around.loop}.add({around.key}, {own}, {parts})")

    # Rounds whose values are fetched beforehand, and skipped where they are as before

    def is_quick(self, item: Loop, spec: LoopSpec) -> bool:
        node: Any = item.node
        return self.closed and spec.regular and len(node.loopvars) == 1 and not has_children(item.body)

    def quick_rounds(self, item: Loop, spec: LoopSpec, around: Round, values: str, count: str) -> None:
        site, uses = self.site(item, spec, around)
        inputs, old = self.inputs(uses), f"old[{spec.index}] if old else None"
        at, items, columns, todo = (self.code.name(hint) for hint in ("was_at", "items", "columns", "todo"))
        keys, rounds = self.code.name("keys"), self.code.name("rounds")
        fetched = {name: self.code.name("v") for name in uses.parts}
        skips = uses.pure and bool(around.tops)
        before = [self.code.name("old") for _ in fetched] if skips else []

        def header(index: str, each: str) -> dict[str, str]:
            self.code.line(f"for {', '.join([index, each, *fetched.values()])} in {todo}:")
            return fetched

        if item.node.is_reversed:  # type: ignore[attr-defined]
            self.code.line(f"{values} = reversed({values})")
        attempts = f"{around.loop}.attempts({site}, {values}, {inputs}, {old if uses.pure else None})"
        with self.code.block(f"for {at}, {items}, {columns}, {todo} in {attempts}:"):
            self.code.line(f"{keys}, {rounds} = {around.loop}.keys, {around.loop}.rounds")
            if before:
                self.code.line(f"{', '.join(before)}, = {columns} or {'((),)'} * {len(before)}")
            with self.closed_rounds(item, count, header) as around.index:
                self.early_key(item, around, uses.pure)
                if skips:
                    self.skip(around, at, items, dict(zip(before, fetched.values(), strict=True)), keys)
                self.quick_round(item, spec, around, rounds)
                self.code.line(f"{keys}[{around.index}] = {around.key}")

    def site(self, item: Loop, spec: LoopSpec, around: Round) -> tuple[str, Uses]:
        node: Any = item.node
        uses = uses_of(item.body, node.loopvars[0])
        if len(self.rounds_around) > 1 or (uses.item and uses.parts):
            uses.pure = False
        site = RowSite(
            uses.parts,
            item=uses.item and not uses.parts,
            pure=uses.pure,
            keyed=bool(around.tops),
            indexed=uses.indexed,
            counted=uses.counted,
        )
        return self.code.constant(site, "row_site"), uses

    def early_key(self, item: Loop, around: Round, pure: bool) -> None:
        """Write the round's key before the round, where nothing can tell the difference."""
        if not around.tops:
            self.code.line(f"{around.key} = str({around.index})")
        elif pure:
            place = key_places(item)[0]
            assert isinstance(place, Value)
            _, middle, _ = _split(place.items) if around.strip else ([], place.items, [])
            self.code.line(f"{around.key} = {self.text(middle)}")
            around.early = True

    def skip(self, around: Round, at: str, items: str, columns: dict[str, str], keys: str) -> None:
        """Write the test for a round that is as it was at the last render, somewhere else in the loop.

        ``columns``: the locals with the old values of all rounds, and those with the round's own.
        """
        was, index = self.code.name("was"), around.index
        each = [f"{column}[{was}] is {value}" for column, value in columns.items()]
        item = self.scopes.stack[-1].loop and next(
            local.source for name, local in self.scopes.stack[-1].names.items() if name != "forloop" and local.sure
        )
        as_before = f"{items}[{was}] is {item} if {items} else {' and '.join(each) or False}"
        self.code.line(f"{was} = {at}({around.key}, -1)")
        with self.code.block(f"if {was} >= 0 and ({as_before}):"):
            self.code.line(f"{around.loop}.origin[{index}] = {was}")
            self.code.line(f"{keys}[{index}] = {around.key}")
            self.code.line("continue")

    def quick_round(self, item: Loop, spec: LoopSpec, around: Round, rounds: str) -> None:
        store = f"{rounds}[{around.index}] = {{}}"
        if spec.leaf:
            self.items(item.body, RoundSink(self.code, "", store))
            return
        own = self.code.name("own")
        self.code.line(f"{own} = [None] * {len(spec.scope.targets)}")
        self.items(item.body, RoundSink(self.code, own, ""))
        self.code.line(store.format(own))

    def inputs(self, uses: Uses) -> str:
        """Source of what the rounds look at beside their items."""
        if not uses.pure:
            return "None"
        found = []
        for first, *rest in uses.free:
            source = self.named(self.scopes.find(first)[0])
            found.append(f"peek({', '.join([source, *map(repr, rest)])}), ")
        return f"({''.join(found)}surroundings({self.context}, {uses.urls}))"

    # Keys

    def item(self, item: Item, sink: Sink) -> None:
        if isinstance(item, Value) and self.rounds_around and id(item) in self.rounds_around[-1].tops:
            self.key_value(item, sink, self.rounds_around[-1])
        else:
            super().item(item, sink)

    def key_value(self, item: Value, sink: Sink, around: Round) -> None:
        """The attribute that tells the round's key: its text, less what is the same for every round."""
        first, middle, last = _split(item.items) if around.strip else ([], item.items, [])
        for text in first:
            sink.static(text.text)
        sink.settle()
        if around.early:
            sink.expression(around.key, active=False)
        elif around.simple:
            self.code.line(f"{around.key} = {self.text(middle)}")
            sink.expression(around.key, active=False)
        else:
            name = self.code.name("t")
            self.code.line(f"{name} = {self.text(middle)}")
            self.set_key(around, name)
            sink.expression(name, active=False)
        for text in last:
            sink.static(text.text)

    def set_key(self, around: Round, source: str) -> None:
        with self.code.block(f"if {around.key} is None:"):
            self.code.line(f"{around.key} = {around.loop}.new_key({source})")

    # Children

    def child(self, child: Child, sink: Sink) -> None:
        sink.flush() if isinstance(sink, PartsSink) else sink.settle()
        node: Any = child.node
        values = {name: self.value(value) for name, value in node.kwargs.items()}
        name = f"text_of(str({self.value(node.name)}))"
        given = [f"**{self.value(each)}" for each in node.spread]
        given += [f"{name!r}: {value}" for name, value in values.items() if name != "key"]
        pairs = [f"str({self.value(fill)}): SafeString({self.text(items)})" for fill, items in child.fills]
        fills = f"{{{', '.join(pairs)}}}" if pairs else "None"
        placed = self.code.name("child")
        if not isinstance(sink, PartsSink):  # in what a component is given to show
            given += [f"'key': {values['key']}"] if "key" in values else []
            arguments = f"{name}, {{{', '.join(given)}}}, {fills}, {self.context}, {node.place!r}"
            self.code.line(f"{placed} = host.render_root({arguments})")
            return sink.expression(placed, active=False)
        slot = self.slot(child, values.get("key", "None"))
        self.code.line(f"{placed} = host.place({name}, ({slot}), {{{', '.join(given)}}}, {fills})")
        self.code.line(f"children.append({placed})")
        sink.reference(f"Placed({placed})")

    def slot(self, child: Child, key: str) -> str:
        """Source of what tells the child from its siblings: its tag, the keys of the rounds around, its own key."""
        around = self.rounds_around
        if key != "None":
            if around and id(child) in around[-1].tops:
                self.set_key(around[-1], f"str({key})")
            around = [each for each in around if each.named]  # a place in a list is no part of what a key names
        return ", ".join([str(child.ordinal), *(each.known for each in around), key])


def has_places(items: Items) -> bool:
    """True when these items hold targets or child components: their output is more than text."""
    for item in items:
        if isinstance(item, Child):
            return True
        if isinstance(item, Element):
            if item.target is not None or has_places(item.children):
                return True
        elif isinstance(item, Loop):
            if item.spec is not None or has_places(item.empty):
                return True
        elif isinstance(item, Arms | Region) and any(has_places(each) for each in item.lists()):
            return True
    return False


def has_children(items: Items) -> bool:
    """True when a child component has its place among these items."""
    return any(isinstance(item, Child) for item in walk(items))


def _split(items: Items) -> tuple[list[Text], Items, list[Text]]:
    """The static text before, the dynamic part, and the static text after."""
    first, last = 0, len(items)
    while isinstance(items[first], Text):
        first += 1
    while isinstance(items[last - 1], Text):
        last -= 1
    texts: tuple[Any, Any] = (items[:first], items[last:])
    return texts[0], items[first:last], texts[1]
