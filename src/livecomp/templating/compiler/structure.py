"""Python for lists of items, branches and loops. Plain output only; `live` adds targets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from django.template.defaulttags import FilterNode

from livecomp.templating.compiler.code import Sink, TextSink
from livecomp.templating.compiler.names import is_closed, names_set
from livecomp.templating.compiler.regions import Regions
from livecomp.templating.compiler.scopes import ForLoop, Local
from livecomp.templating.tree import (
    Arms,
    Capture,
    Changed,
    Child,
    Element,
    Item,
    Items,
    Loop,
    Output,
    Region,
    Text,
    Value,
)

# Writes the `for` of a loop, given its index and its item; gives the locals of values fetched with each item
Header = Callable[[str, str], dict[str, str]]


class Structure(Regions):
    """Writes the code of items."""

    def __init__(self) -> None:
        self.closed_items: dict[int, bool] = {}

    # Lists

    def items(self, items: Items, sink: Sink) -> None:
        if self.closed:
            for item in items:
                self.item(item, sink)
            return
        for closed, group in groupby(items, lambda item: is_closed(item, self.closed_items)):
            if closed:
                with self.closing(sink):
                    for item in group:
                        self.item(item, sink)
                    sink.settle()
            else:
                for item in group:
                    self.item(item, sink)

    @contextmanager
    def closing(self, sink: Sink) -> Iterator[None]:
        """Items in which nothing changes the context but what the template says."""
        sink.settle()
        self.closed = True
        self.scopes.hoist_at, self.scopes.hoisted = self.code.later(), {}
        yield
        self.closed = False
        self.scopes.hoist_at, self.scopes.hoisted = None, {}

    def item(self, item: Item, sink: Sink) -> None:
        if isinstance(item, Text):
            sink.static(item.text)
        elif isinstance(item, Output):
            self.output_item(item, sink)
        elif isinstance(item, Value):
            self.items(item.items, sink)
        elif isinstance(item, Element):
            self.element(item, sink)
        elif isinstance(item, Child):
            with self.code.at(item.node):
                self.child(item, sink)
        else:
            with self.code.at(item.node):
                self.compound(item, sink)

    def output_item(self, item: Output, sink: Sink) -> None:
        self.write_value = f"write_{item.value}" if item.value else ""
        self.output(item.node, sink)
        self.write_value = ""

    def compound(self, item: Arms | Loop | Changed | Region | Capture, sink: Sink) -> None:
        if isinstance(item, Arms):
            self.arms(item, sink)
        elif isinstance(item, Loop):
            self.loop(item, sink)
        elif isinstance(item, Changed):
            self.changed(item, sink)
        elif isinstance(item, Capture):
            self.capture(item, sink)
        else:
            self.region(item, sink)

    def element(self, element: Element, sink: Sink) -> None:
        sink.static(f"<{element.name}")
        self.items(element.start, sink)
        self.items(element.children, sink)
        sink.static(element.end)

    def child(self, child: Child, sink: Sink) -> None:
        self.opaque(child.node, sink)

    def text(self, items: Items) -> str:
        """Source of one string for these items, after the statements it needs."""
        sink = TextSink(self.code)
        self.items(items, sink)
        return sink.take()

    # Branches

    def arms(self, item: Arms, sink: Sink) -> None:
        sink.settle()
        name = self.code.name("t")
        self.branches(item, lambda items: self.code.line(f"{name} = {self.text(items)}"))
        sink.expression(name, active=False)

    def branches(self, item: Arms, write: Callable[[Items], None]) -> None:
        """`if … elif … else`, each with what ``write`` writes for its items."""
        depth = self.code.indent
        for test, items in item.arms:
            if test is None:
                write(items)
                break
            condition = self.condition(test)
            with self.code.block(f"if {condition}:"):
                write(items)
            self.code.line("else:")
            self.code.indent += 1
        else:
            write([])
            self.code.line("pass")
        self.code.indent = depth

    def changed(self, item: Changed, sink: Sink) -> None:
        """`{% ifchanged %}`: what it saw last is kept for one run of the loop around it."""
        sink.settle()
        node: Any = item.node
        text, seen, last = self.code.name("t"), self.code.name("x"), self.last_seen(node)
        if node._varlist:
            values = [self.value(each, ignore=True) for each in node._varlist]
            self.code.line(f"{seen} = [{', '.join(values)}]")
        else:
            self.code.line(f"{seen} = {text} = {self.text(item.body)}")
        with self.code.block(f"if {seen} != {last}:"):
            self.code.line(f"{last} = {seen}")
            if node._varlist:
                self.code.line(f"{text} = {self.text(item.body)}")
            else:
                with self.code.block(f"if not {text}:"):
                    self.code.line(f"{text} = {self.text(item.body)}")
        with self.code.block("else:"):
            self.code.line(f"{text} = {self.text(item.otherwise)}")
        sink.expression(text, active=False)

    def last_seen(self, node: Any) -> str:
        loop = self.scopes.loop()
        if self.closed and loop is not None:
            name = loop.last_seen.get(id(node), "")  # a tag within another one is written twice
            if not name:
                name = loop.last_seen[id(node)] = self.code.name("last")
                loop.before.line(f"{name} = None")
            return name
        known, frame = self.code.constant(node, "node"), self.code.name("frame")
        self.code.line(f"{frame} = changed_frame({known}, {self.context})")
        return f"{frame}[{known}]"

    def capture(self, item: Capture, sink: Sink) -> None:
        sink.settle()
        node: Any = item.node
        content = self.code.name("t")
        self.code.line(f"{content} = SafeString({self.text(item.items)})")
        name = self.code.name("t")
        if not isinstance(node, FilterNode):
            self.code.line(f"{name} = text_of(strip_spaces_between_tags({content}.strip()))")
        elif self.closed:
            scope = self.scopes.push((), self.code.later())
            scope.names["var"] = Local(content)
            self.code.line(f"{name} = text_of({self.chain(node.filter_expr, ignore=True)})")
            self.scopes.pop()
        else:
            with self.code.block(f"with {self.context}.push(var={content}):"):
                self.code.line(f"{name} = text_of({self.chain(node.filter_expr, ignore=True)})")
        sink.expression(name, active=False)

    # Loops

    def loop(self, item: Loop, sink: Sink) -> None:
        sink.settle()
        name, parts = self.code.name("t"), self.code.name("p")
        with self.looping(item) as (values, count):
            with self.code.block(f"if {count} < 1:"):
                self.code.line(f"{name} = {self.text(item.empty)}")
            with self.code.block("else:"):
                self.code.line(f"{parts} = []")
                with self.rounds(item, values, count):
                    self.code.line(f"{parts}.append({self.text(item.body)})")
                self.code.line(f'{name} = "".join({parts})')
        sink.expression(name, active=False)

    @contextmanager
    def looping(self, item: Loop) -> Iterator[tuple[str, str]]:
        """The sequence of a loop and its length; what `{% for %}` pushes is in place."""
        node: Any = item.node
        values, count = self.code.name("values"), self.code.name("n")
        self.parent = self.code.name("outer")
        if self.closed:
            before = self.code.later()
            self.sequence(node, values, count)
            inner = names_set(item.body) | names_set(item.empty)
            scope = self.scopes.push(inner if len(node.loopvars) == 1 else names_set(item.empty), before)
            yield values, count
            self.scopes.pop()
            assert scope is not None
        else:
            self.code.line(f"{self.parent} = outer_loop({self.context})")
            with self.code.block(f"with {self.context}.push():"):
                self.sequence(node, values, count)
                yield values, count

    def sequence(self, node: Any, values: str, count: str) -> None:
        self.code.line(f"{values} = loop_values({self.value(node.sequence, ignore=True)})")
        self.code.line(f"{count} = len({values})")

    @contextmanager
    def rounds(self, item: Loop, values: str, count: str) -> Iterator[str]:
        """The `for` of a loop; gives the name of its index."""
        node: Any = item.node
        if node.is_reversed:
            self.code.line(f"{values} = reversed({values})")
        if self.closed:

            def header(index: str, each: str) -> dict[str, str]:
                self.code.line(f"for {index}, {each} in enumerate({values}):")
                return {}

            with self.closed_rounds(item, count, header) as index:
                yield index
        else:
            with self.open_rounds(node, values, count) as index:
                yield index

    @contextmanager
    def closed_rounds(self, item: Loop, count: str, header: Header) -> Iterator[str]:
        node: Any = item.node
        index = self.code.name("i")
        scope = self.scopes.stack[-1]
        around = self.scopes.loop()
        before = self.code.later()
        loop = ForLoop(index, count, around, self.code.name("forloop_"), before)
        names = [self.code.name(f"{name}_" if name.isidentifier() else "v") for name in node.loopvars]
        each = names[0] if len(names) == 1 else self.code.name("each")
        parts = header(index, each)
        self.code.indent += 1
        start = self.code.later()
        if len(names) > 1:
            known = self.code.constant(tuple(node.loopvars), "names")
            start.line(f"{', '.join(names)} = unpack({each}, {known})")
            scope = self.scopes.push(names_set(item.body) - set(node.loopvars), start)
        scope.loop = loop
        scope.names["forloop"] = Local(loop.source)
        for name, source in zip(node.loopvars, names, strict=True):
            scope.names[name] = Local(source, parts=parts)
        yield index
        if loop.wanted:
            outer = around.source if around else f"outer_loop({self.context})"
            before.line(f"{loop.source} = loop_dict({outer}, {count})")
            start.line(f"turn({loop.source}, {index}, {count})")
        self.code.indent -= 1
        if len(names) > 1:
            self.scopes.pop()
        else:
            del scope.names["forloop"]
            scope.loop = None

    @contextmanager
    def open_rounds(self, node: Any, values: str, count: str) -> Iterator[str]:
        index, each, loop = self.code.name("i"), self.code.name("each"), self.code.name("forloop_")
        self.code.line(f"{loop} = {self.context}['forloop'] = loop_dict({self.parent}, {count})")
        self.code.line(f"for {index}, {each} in enumerate({values}):")
        self.code.indent += 1
        self.code.line(f"turn({loop}, {index}, {count})")
        if len(node.loopvars) > 1:
            known = self.code.constant(tuple(node.loopvars), "names")
            self.code.line(f"{self.context}.update(dict(zip({known}, unpack({each}, {known}))))")
        else:
            self.code.line(f"{self.context}[{node.loopvars[0]!r}] = {each}")
        yield index
        if len(node.loopvars) > 1:
            self.code.line(f"{self.context}.pop()")
        self.code.indent -= 1
