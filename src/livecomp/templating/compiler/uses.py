"""What a loop's body looks at: which parts of its items, which other variables, and whether that is all.

A round whose inputs are the same immutable values as last time, in a body of which every node is known to depend on
its inputs alone, gives the same output; then it need not be rendered. Anything not known here makes a body impure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.template import defaultfilters
from django.template.base import FilterExpression, Variable, VariableNode
from django.template.defaulttags import (
    AutoEscapeControlNode,
    CsrfTokenNode,
    FirstOfNode,
    URLNode,
    WidthRatioNode,
    WithNode,
)
from django.template.loader_tags import BlockNode, IncludeNode
from django.template.smartif import Literal
from django.templatetags import l10n, tz
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.l10n import LocalizeNode
from django.templatetags.static import PrefixNode, StaticNode
from django.templatetags.tz import LocalTimeNode

from livecomp.templating.tree import Arms, Capture, Element, Item, Items, Output, Region, Text, Value

_MOODY = {"random", "timesince", "timeuntil"}  # these also depend on chance, or on the time of day
PURE_FILTERS = {
    id(function)
    for library in (defaultfilters.register, l10n.register, tz.register)
    for name, function in library.filters.items()
    if name not in _MOODY
}
_INDEX_PARTS = {"counter", "counter0", "first"}
_COUNT_PARTS = {"revcounter", "revcounter0", "last", "length"}
_REGIONS = (WithNode, IncludeNode, BlockNode, AutoEscapeControlNode, LocalizeNode, LocalTimeNode)


@dataclass(slots=True)
class Uses:
    """The inputs of one loop's body."""

    parts: list[str] = field(default_factory=list)  # first names behind the loop variable
    item: bool = False  # the loop variable by itself
    free: list[tuple[str, ...]] = field(default_factory=list)  # other variables, as dotted names
    indexed: bool = False  # the round's number, from the start
    counted: bool = False  # the number of rounds
    urls: bool = False
    pure: bool = True


def uses_of(body: Items, name: str) -> Uses:
    """What the body of ``{% for name in … %}`` looks at."""
    uses = Uses()
    _Reader(name, uses).items(body, frozenset())
    return uses


class _Reader:
    def __init__(self, name: str, uses: Uses) -> None:
        self.name = name
        self.uses = uses

    def items(self, items: Sequence[Item], bound: frozenset[str]) -> None:
        for item in items:
            if isinstance(item, Output):
                self.output(item.node, bound)
            elif isinstance(item, Element):
                self.items(item.start, bound)
                self.items(item.children, bound)
            elif isinstance(item, Value):
                self.items(item.items, bound)
            elif isinstance(item, Arms):
                for test, each in item.arms:
                    if test is not None:
                        self.test(test, bound)
                    self.items(each, bound)
            elif isinstance(item, Region):
                self.region(item, bound)
            elif not isinstance(item, Text):
                self.uses.pure = False
                if isinstance(item, Capture):
                    self.items(item.items, bound)

    def region(self, item: Region, bound: frozenset[str]) -> None:
        node: Any = item.node
        if type(node) not in _REGIONS:
            self.uses.pure = False
        values = getattr(node, "extra_context", {})
        for value in values.values():
            self.expression(value, bound)
        inner = bound | values.keys()
        if isinstance(node, BlockNode):
            inner |= {"block"}
        if getattr(node, "isolated_context", False):
            self.uses.pure = False  # names mean something else inside
        self.items(item.items, inner)

    def output(self, node: Any, bound: frozenset[str]) -> None:
        read = _OUTPUTS.get(type(node))
        if read is None or any(getattr(node, name, None) for name in ("asvar", "varname")):
            self.uses.pure = False
            return
        for expression in read(node):
            self.expression(expression, bound)
        if type(node) is CsrfTokenNode:
            self.variable(("csrf_token",), bound)
        elif type(node) is URLNode:
            self.uses.urls = True
        elif type(node) is BlockTranslateNode:
            self.block_translation(node, bound)

    def block_translation(self, node: Any, bound: frozenset[str]) -> None:
        from livecomp.templating.compiler.tag_runtime import variables_of

        inner = bound | node.extra_context.keys() | {node.countervar}
        for name in variables_of(node):
            self.variable((name,), inner)

    def test(self, test: Any, bound: frozenset[str]) -> None:
        if isinstance(test, Literal):
            value: Any = test.value
            self.expression(value, bound)
            return
        for each in (test.first, test.second):
            if each is not None:
                self.test(each, bound)

    def expression(self, expression: FilterExpression, bound: frozenset[str]) -> None:
        if expression.is_var and isinstance(expression.var, Variable) and expression.var.lookups is not None:
            self.variable(expression.var.lookups, bound)
        for function, arguments in expression.filters:
            if id(function) not in PURE_FILTERS:
                self.uses.pure = False
            for is_variable, value in arguments:
                if is_variable and value.lookups is not None:
                    self.variable(value.lookups, bound)

    def variable(self, names: tuple[str, ...], bound: frozenset[str]) -> None:
        first, uses = names[0], self.uses
        if first in bound:
            return
        if first == self.name:
            if len(names) == 1:
                uses.item = True
            elif names[1] not in uses.parts:
                uses.parts.append(names[1])
        elif first == "forloop":
            part = names[1] if len(names) == 2 else ""
            uses.indexed = uses.indexed or part in _INDEX_PARTS
            uses.counted = uses.counted or part in _COUNT_PARTS
            uses.pure = uses.pure and part in _INDEX_PARTS | _COUNT_PARTS
        elif names not in uses.free:
            uses.free.append(names)


def _given(node: Any) -> Iterator[FilterExpression]:
    if node.message_context:
        yield node.message_context


def _translated(node: Any) -> Iterator[FilterExpression]:
    yield node.filter_expression
    yield from _given(node)


def _block_translated(node: Any) -> Iterator[FilterExpression]:
    yield from node.extra_context.values()
    yield from _given(node)
    if node.counter:
        yield node.counter


_OUTPUTS: dict[type, Any] = {
    VariableNode: lambda node: [node.filter_expression],
    CsrfTokenNode: lambda node: [],
    FirstOfNode: lambda node: node.vars,
    PrefixNode: lambda node: [],
    StaticNode: lambda node: [node.path],
    URLNode: lambda node: [node.view_name, *node.args, *node.kwargs.values()],
    WidthRatioNode: lambda node: [node.val_expr, node.max_expr, node.max_width],
    TranslateNode: _translated,
    BlockTranslateNode: _block_translated,
}
