"""Python for the tags that give text: what `Output` stands for."""

from collections.abc import Callable
from typing import Any

from django.template.base import Node, VariableNode
from django.template.defaulttags import CsrfTokenNode, CycleNode, FirstOfNode, NowNode, ResetCycleNode, URLNode
from django.templatetags.static import StaticNode

from livecomp.templating.compiler.code import Sink
from livecomp.templating.compiler.expressions import Expressions


class Tags(Expressions):
    """Writes the code of one node that gives text."""

    def output(self, node: Any, sink: Sink) -> None:
        with self.code.at(node):
            writer = WRITERS.get(type(node))
            if writer is None:
                self.opaque(node, sink)
            else:
                writer(self, node, sink)

    def opaque(self, node: Node, sink: Sink) -> None:
        """A node that only Django knows."""
        sink.expression(f"text_of({self.code.constant(node, 'node')}.render_annotated({self.context}))")

    def assign(self, name: str, source: str) -> None:
        """`context[name] = value`: set a template variable in the innermost scope."""
        scope = self.scopes.top
        if scope is not None:
            self.code.line(f"{scope.names[name].source} = {source}")
        else:
            self.assign_base(name, source, f"{self.context}[{name!r}] = {{value}}")

    def assign_base(self, name: str, source: str, statement: str) -> None:
        value = self.named(source)
        self.code.line(statement.format(value=value))
        if self.scopes.hoist_at is not None:
            self.code.line(f"{self.scopes.base(name)} = {value}")

    def assign_upward(self, name: str, source: str) -> None:
        """`context.set_upward(name, value)`."""
        value = self.named(source)
        depth = 0
        for scope in reversed(self.scopes.stack):
            local = scope.names.get(name)
            if local is not None and local.sure:
                self.code.line(f"{local.source} = {value}")
                break
            if local is not None:
                self.code.line(f"if {local.source} is not MISSING:")
                self.code.line(f"    {local.source} = {value}")
                self.code.line("else:")
                self.code.indent += 1
                depth += 1
            if scope.real:
                self.upward_base(name, value)
                break
            if scope.isolated:
                self.assign(name, value)
                break
        else:
            self.upward_base(name, value)
        self.code.indent -= depth

    def upward_base(self, name: str, value: str) -> None:
        statement = f"{self.context}.set_upward({name!r}, {{value}})"
        if self.scopes.top is None:
            return self.assign_base(name, value, statement)
        with self.code.block(f"if {self.scopes.base(name)} is not MISSING:"):
            self.assign_base(name, value, statement)
        with self.code.block("else:"):
            self.assign(name, value)

    def give(self, node: Any, sink: Sink, source: str, *, asvar: str | None, active: bool = True) -> None:
        """Output a tag's text, or set it as a variable."""
        if asvar:
            sink.settle()
            self.assign(asvar, source)
        else:
            sink.expression(source, active=active)

    # One writer for each kind of node

    def variable_node(self, node: VariableNode, sink: Sink) -> None:
        self.show(node.filter_expression, sink)

    def csrf_token(self, node: CsrfTokenNode, sink: Sink) -> None:
        name = self.named_root("csrf_token")
        sink.expression(f"csrf_input({name})")

    def named_root(self, name: str) -> str:
        return self.named(self.scopes.find(name)[0])

    def arguments(self, values: Any, ignore: bool = False) -> str:
        return ", ".join(self.value(value, ignore=ignore) for value in values)

    def keywords(self, values: dict[str, Any]) -> str:
        return ", ".join(f"{name!r}: {self.value(value)}" for name, value in values.items())

    def url(self, node: URLNode, sink: Sink) -> None:
        sink.settle()
        arguments = self.arguments(node.args)
        keywords = self.keywords(node.kwargs)
        view = self.value(node.view_name)
        name = self.code.name("u")
        optional = node.asvar is not None
        self.code.line(f"{name} = reverse_url({view}, [{arguments}], {{{keywords}}}, {self.context}, {optional})")
        if node.asvar:
            self.assign(node.asvar, name)
        else:
            sink.expression(f"text_of(escaped_if({name}, {self.context}))")

    def static(self, node: StaticNode, sink: Sink) -> None:
        if "url" in type(node).__dict__ and type(node).__dict__["url"] is not StaticNode.url:
            return self.opaque(node, sink)
        sink.settle()
        path = self.value(node.path)
        name = self.code.name("u")
        self.code.line(f"{name} = escaped_if(StaticNode.handle_simple({path}), {self.context})")
        self.give(node, sink, name if node.varname else f"text_of({name})", asvar=node.varname)

    def now(self, node: NowNode, sink: Sink) -> None:
        known = self.code.constant(node.format_string, "constant")
        self.give(node, sink, f"now_text({known})", asvar=node.asvar)

    def first_of(self, node: FirstOfNode, sink: Sink) -> None:
        sink.settle()
        name = self.code.name("t")
        self.code.line(f'{name} = ""')
        depth = self.code.indent
        for variable in node.vars:
            value = self.value(variable, ignore=True)
            with self.code.block(f"if {value}:"):
                self.code.line(f"{name} = render_value_in_context({value}, {self.context})")
            self.code.line("else:")
            self.code.indent += 1
        self.code.line("pass")
        self.code.indent = depth
        self.give(node, sink, name if node.asvar else f"text_of({name})", asvar=node.asvar)

    def cycle(self, node: CycleNode, sink: Sink) -> None:
        sink.settle()
        known = self.code.constant(node, "cycle")
        turn, name = self.code.name("i"), self.code.name("x")
        self.code.line(f"{turn} = next_turn({known}, {self.context})")
        for index, each in enumerate(node.cyclevars):
            known = self.code.constant(each, "expression")
            with self.code.block(f"{'el' if index else ''}if {turn} is {known}:"):
                self.code.line(f"{name} = {self.value(each)}")
        if node.variable_name:
            self.assign_upward(node.variable_name, name)
        if not node.silent:
            sink.expression(self.shown(name))

    def reset_cycle(self, node: ResetCycleNode, sink: Sink) -> None:
        sink.settle()
        self.code.line(f"reset_turns({self.code.constant(node.node, 'cycle')}, {self.context})")


WRITERS: dict[type, Callable[[Any, Any, Sink], None]] = {
    VariableNode: Tags.variable_node,
    CsrfTokenNode: Tags.csrf_token,
    URLNode: Tags.url,
    StaticNode: Tags.static,
    NowNode: Tags.now,
    FirstOfNode: Tags.first_of,
    CycleNode: Tags.cycle,
    ResetCycleNode: Tags.reset_cycle,
}


def set_by(node: Any) -> str | None:
    """The name of the variable that this tag sets in its scope, if it sets one."""
    kind = type(node)
    if kind is CycleNode:
        return node.variable_name
    if kind in WRITERS:
        return getattr(node, "asvar", None) or getattr(node, "varname", None)
    return None
