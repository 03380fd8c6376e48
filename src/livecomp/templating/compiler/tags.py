"""Python for the tags that give text: what `Output` stands for."""

from collections.abc import Callable
from typing import Any

from django.template import defaulttags
from django.template.base import FilterExpression, Node, Variable, VariableNode
from django.template.defaulttags import (
    CsrfTokenNode,
    CycleNode,
    FirstOfNode,
    NowNode,
    RegroupNode,
    ResetCycleNode,
    URLNode,
    WidthRatioNode,
)
from django.template.library import InclusionNode, SimpleNode
from django.template.loader_tags import BlockNode, ExtendsNode, IncludeNode
from django.templatetags.i18n import (
    BlockTranslateNode,
    GetAvailableLanguagesNode,
    GetCurrentLanguageBidiNode,
    GetCurrentLanguageNode,
    TranslateNode,
)
from django.templatetags.static import PrefixNode, StaticNode
from django.templatetags.tz import GetCurrentTimezoneNode

from livecomp.templating.compiler.code import Sink
from livecomp.templating.compiler.expressions import Expressions
from livecomp.templating.compiler.scopes import Local
from livecomp.templating.compiler.tag_runtime import variables_of

PartialNode: Any = getattr(defaulttags, "PartialNode", None)  # of Django 6


class Tags(Expressions):
    """Writes the code of one node that gives text."""

    def output(self, node: Any, sink: Sink) -> None:
        with self.code.at(node):
            writer = WRITERS.get(type(node)) or RUNNERS.get(type(node))
            if writer is None or needs_context(node):
                self.opaque(node, sink)
            else:
                writer(self, node, sink)

    def opaque(self, node: Node, sink: Sink) -> None:
        """A node that only Django knows."""
        sink.expression(self.watched(self.opaque_text(node)))

    def opaque_text(self, node: Node) -> str:
        """Source of what such a node gives."""
        return f"text_of({self.code.constant(node, 'node')}.render_annotated({self.context}))"

    # Variables that tags set

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

    def give(self, sink: Sink, source: str, asvar: str | None) -> None:
        """Output a tag's text, or set it as a variable."""
        if asvar:
            sink.settle()
            self.assign(asvar, source)
        else:
            sink.expression(self.watched(f"text_of({source})"))

    def found(self, name: str) -> str:
        """A local for the value of a name, MISSING if there is none."""
        return self.named(self.scopes.find(name)[0])

    def keywords(self, values: dict[str, FilterExpression]) -> str:
        return "{" + ", ".join(f"{name!r}: {self.value(value)}" for name, value in values.items()) + "}"

    # One writer for each kind of node

    def variable_node(self, node: VariableNode, sink: Sink) -> None:
        self.show(node.filter_expression, sink)

    def csrf_token(self, node: CsrfTokenNode, sink: Sink) -> None:
        sink.settle()
        sink.expression(f"csrf_input({self.found('csrf_token')})")

    def url(self, node: URLNode, sink: Sink) -> None:
        sink.settle()
        arguments = "[" + ", ".join([self.value(each) for each in node.args]) + "]"
        keywords = self.keywords(node.kwargs)
        view = self.value(node.view_name)
        name = self.code.name("u")
        optional = node.asvar is not None
        self.code.line(f"{name} = reverse_url({view}, {arguments}, {keywords}, {self.context}, {optional})")
        self.give(sink, name if node.asvar else f"escaped_if({name}, {self.context})", node.asvar)

    def static(self, node: StaticNode, sink: Sink) -> None:
        sink.settle()
        name = self.code.name("u")
        self.code.line(f"{name} = escaped_if(StaticNode.handle_simple({self.value(node.path)}), {self.context})")
        self.give(sink, name, node.varname)

    def prefix(self, node: PrefixNode, sink: Sink) -> None:
        self.give(sink, f"prefix_of({node.name!r})", node.varname)

    def now(self, node: NowNode, sink: Sink) -> None:
        self.give(sink, f"now_text({self.code.constant(node.format_string, 'constant')})", node.asvar)

    def first_of(self, node: FirstOfNode, sink: Sink) -> None:
        sink.settle()
        name = self.code.name("t")
        self.code.line(f'{name} = ""')
        depth = self.code.indent
        for variable in node.vars:
            value = self.value(variable, ignore=True)
            with self.code.block(f"if {value}:"):
                writer = "render_value_in_context" if node.asvar else self.write_value or "render_value_in_context"
                self.code.line(f"{name} = {writer}({value}, {self.context})")
            self.code.line("else:")
            self.code.indent += 1
        self.code.line("pass")
        self.code.indent = depth
        self.give(sink, name, node.asvar)

    def cycle(self, node: CycleNode, sink: Sink) -> None:
        sink.settle()
        turn, name = self.code.name("turn"), self.code.name("x")
        self.code.line(f"{turn} = next_turn({self.code.constant(node, 'cycle')}, {self.context})")
        for index, each in enumerate(node.cyclevars):
            known = self.code.constant(each, "expression")
            with self.code.block(f"{'el' if index else ''}if {turn} is {known}:"):
                self.code.line(f"{name} = {self.value(each)}")
        if node.variable_name:
            self.assign_upward(node.variable_name, name)
        if not node.silent and self.write_value:
            sink.expression(self.watched(f"{self.write_value}({name}, {self.context})"))
        elif not node.silent:
            sink.expression(self.shown(name))

    def reset_cycle(self, node: ResetCycleNode, sink: Sink) -> None:
        sink.settle()
        self.code.line(f"reset_turns({self.code.constant(node.node, 'cycle')}, {self.context})")

    def regroup(self, node: RegroupNode, sink: Sink) -> None:
        sink.settle()
        values = self.value(node.target, ignore=True)
        group_of, each = self.code.name("group_of"), self.code.name("each")
        with self.code.block(f"def {group_of}({each}):"):
            scope = self.scopes.push((), self.code.later())
            scope.names[node.var_name] = Local(each)
            self.code.line(f"return {self.value(node.expression, ignore=True)}")
            self.scopes.pop()
        self.assign(node.var_name, f"regrouped({values}, {group_of})")

    def width_ratio(self, node: WidthRatioNode, sink: Sink) -> None:
        sink.settle()
        name = self.code.name("t")
        values = [self.code.name("x") for _ in range(3)]
        with self.code.block("try:"):
            for value, expression in zip(values, (node.val_expr, node.max_expr, node.max_width), strict=True):
                self.code.line(f"{value} = {self.value(expression)}")
            self.code.line(f"{values[2]} = int({values[2]})")
        with self.code.block("except VariableDoesNotExist:"):
            self.code.line(f'{name} = ""')
        with self.code.block("except (ValueError, TypeError):"):
            self.code.line("raise TemplateSyntaxError('widthratio final argument must be a number')")
        with self.code.block("else:"):
            self.code.line(f"{name} = ratio_text({', '.join(values)})")
            if node.asvar:
                self.assign(node.asvar, name)
                self.code.line(f'{name} = ""')
        sink.expression(name, active=False)

    def simple(self, node: SimpleNode, sink: Sink) -> None:
        """A tag made by `simple_tag` that does not see the context."""
        sink.settle()
        arguments = [self.value(each) for each in node.args]
        if node.kwargs:
            arguments.append("**" + self.keywords(node.kwargs))
        name = self.code.name("x")
        self.code.line(f"{name} = {self.code.constant(node.func, 'tag')}({', '.join(arguments)})")
        writer = self.write_value or "escaped_if"
        self.give(sink, name if node.target_var else f"{writer}({name}, {self.context})", node.target_var)

    def inclusion(self, node: InclusionNode, sink: Sink) -> None:
        sink.settle()
        arguments = [self.value(each) for each in node.args]
        if node.kwargs:
            arguments.append("**" + self.keywords(node.kwargs))
        name = self.code.name("x")
        self.code.line(f"{name} = {self.code.constant(node.func, 'tag')}({', '.join(arguments)})")
        known = self.code.constant(node, "node")
        sink.expression(self.watched(f"inclusion({known}, {self.context}, {name}, {self.found('csrf_token')})"))

    # Translation

    def translate(self, node: TranslateNode, sink: Sink) -> None:
        sink.settle()
        message_context = self.value(node.message_context) if node.message_context else "None"
        expression, name = node.filter_expression, self.code.name("x")
        with self.code.block("try:"):
            source = self.unfiltered(expression)
            source = f"translatable({source}, {bool(node.noop)}, {message_context})"
            for function, arguments in expression.filters:
                source = self.filtered(function, source, arguments)
            self.code.line(f"{name} = {source}")
        with self.code.block("except Invalid as invalid:"):
            self.code.line(f"{name} = invalid.text")
        self.give(sink, f"translated({name}, {self.context})", node.asvar)

    def unfiltered(self, expression: FilterExpression) -> str:
        """Source of an expression's variable as it goes into the filters."""
        if expression.is_var and isinstance(expression.var, Variable) and expression.var.lookups is None:
            return self.constant(expression.var.literal)
        return self.start(expression, ignore=False)

    def block_translate(self, node: BlockTranslateNode, sink: Sink) -> None:
        sink.settle()
        message_context = self.value(node.message_context) if node.message_context else "None"
        given = {name: self.value(value) for name, value in node.extra_context.items()}
        scope = self.scopes.push((), self.code.later()) if self.scopes.hoist_at is not None else None
        count = "None"
        if scope is not None:
            scope.names.update({name: Local(source) for name, source in given.items()})
        if node.plural and node.countervar and node.counter:
            count = self.value(node.counter)
            given[node.countervar] = count
        values = ", ".join(f"{name!r}: {given.get(name) or self.found(name)}" for name in variables_of(node))
        if scope is not None:
            self.scopes.pop()
        known = self.code.constant(node, "node")
        name = self.code.name("t")
        self.code.line(f"{name} = block_translation({known}, {self.context}, {{{values}}}, {count}, {message_context})")
        self.give(sink, f"SafeString({name})" if node.asvar else name, node.asvar)

    def language(self, node: GetCurrentLanguageNode, sink: Sink) -> None:
        sink.settle()
        self.assign(node.variable, "get_language()")

    def language_bidi(self, node: GetCurrentLanguageBidiNode, sink: Sink) -> None:
        sink.settle()
        self.assign(node.variable, "get_language_bidi()")

    def all_languages(self, node: GetAvailableLanguagesNode, sink: Sink) -> None:
        sink.settle()
        self.assign(node.variable, "languages()")

    def time_zone(self, node: GetCurrentTimezoneNode, sink: Sink) -> None:
        sink.settle()
        self.assign(node.variable, "get_current_timezone_name()")

    # Tags that render other templates; they need the real context

    def runner(self, node: Node, sink: Sink) -> None:
        function = RUN_BY[type(node)]
        sink.expression(self.watched(f"{function}({self.code.constant(node, 'node')}, {self.context})"))


Writer = Callable[[Any, Any, Sink], None]

# Tags whose variables may be Python locals
WRITERS: dict[type, Writer] = {
    VariableNode: Tags.variable_node,
    CsrfTokenNode: Tags.csrf_token,
    URLNode: Tags.url,
    StaticNode: Tags.static,
    PrefixNode: Tags.prefix,
    NowNode: Tags.now,
    FirstOfNode: Tags.first_of,
    CycleNode: Tags.cycle,
    ResetCycleNode: Tags.reset_cycle,
    RegroupNode: Tags.regroup,
    WidthRatioNode: Tags.width_ratio,
    SimpleNode: Tags.simple,
    InclusionNode: Tags.inclusion,
    TranslateNode: Tags.translate,
    BlockTranslateNode: Tags.block_translate,
    GetCurrentLanguageNode: Tags.language,
    GetCurrentLanguageBidiNode: Tags.language_bidi,
    GetAvailableLanguagesNode: Tags.all_languages,
    GetCurrentTimezoneNode: Tags.time_zone,
}
RUN_BY: dict[type, str] = {IncludeNode: "include", BlockNode: "block", ExtendsNode: "extends"}
if PartialNode is not None:
    RUN_BY[PartialNode] = "partial"
RUNNERS: dict[type, Writer] = dict.fromkeys(RUN_BY, Tags.runner)

_SETS = {
    CycleNode: "variable_name",
    RegroupNode: "var_name",
    GetCurrentLanguageNode: "variable",
    GetCurrentLanguageBidiNode: "variable",
    GetAvailableLanguagesNode: "variable",
    GetCurrentTimezoneNode: "variable",
    SimpleNode: "target_var",
    StaticNode: "varname",
    PrefixNode: "varname",
}


def needs_context(node: Any) -> bool:
    """True for tags made by `simple_tag` and the like that ask for the context."""
    return bool(getattr(node, "takes_context", False))


def is_known(node: Node) -> bool:
    """True when the compiler writes this node's code itself, and its variables may be Python locals."""
    return type(node) in WRITERS and not needs_context(node)


def set_by(node: Any) -> str | None:
    """The name of the variable that this tag sets in its scope, if it sets one."""
    if type(node) not in WRITERS:
        return None
    name: str | None = getattr(node, _SETS.get(type(node), "asvar"), None)
    return name
