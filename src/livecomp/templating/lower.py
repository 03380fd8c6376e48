"""Django's node lists to the compiler's items.

For a plain render every node stays where it is. For a live one, inherited and included templates are put in place at
compile time where their names are literal, since elements may begin in one and end in another.

Only Django's own node classes are taken apart, never subclasses: those may render otherwise.
"""

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.template import TemplateDoesNotExist, TemplateSyntaxError, defaulttags
from django.template.base import FilterExpression, Node, NodeList, Template, TextNode, Variable, VariableNode
from django.template.defaulttags import (
    AutoEscapeControlNode,
    CommentNode,
    FilterNode,
    ForNode,
    IfChangedNode,
    IfNode,
    LoadNode,
    SpacelessNode,
    TemplateTagNode,
    VerbatimNode,
    WithNode,
)
from django.template.loader_tags import BlockNode, ExtendsNode, IncludeNode, construct_relative_path
from django.template.smartif import TokenBase
from django.templatetags.i18n import LanguageNode
from django.templatetags.l10n import LocalizeNode
from django.templatetags.tz import LocalTimeNode, TimezoneNode

from livecomp.templating.nodes import LiveComponentNode
from livecomp.templating.tree import Arms, Capture, Changed, Child, Item, Items, Loop, Output, Region, Text

# Of Django 6
PartialDefNode: Any = getattr(defaulttags, "PartialDefNode", None)
PartialNode: Any = getattr(defaulttags, "PartialNode", None)

_REGIONS = (WithNode, AutoEscapeControlNode, LocalizeNode, LocalTimeNode, TimezoneNode, LanguageNode)
_NOTHING = (CommentNode, LoadNode)


class Unsupported(Exception):
    """The template cannot be taken apart; the message says why."""


def line_of(node: Node) -> int:
    """The template line of a node; 0 when it has no token."""
    return getattr(node.token, "lineno", 0) or 0


def correct_lines(template: Any) -> None:
    """Give nodes the line of their position, where both are known.

    django-components has a parser of its own, which counts wrong after a tag with quotes in it, but places tags right.
    """
    if not isinstance(template, Template):
        return  # a partial, which is part of one
    breaks = [index for index, character in enumerate(template.source) if character == "\n"]
    for node in template.nodelist.get_nodes_by_type(Node):
        token = getattr(node, "token", None)
        if token is not None and token.position:
            token.lineno = bisect(breaks, token.position[0] - 1) + 1


def shows_parent_block(node: Node) -> bool:
    """Whether an expression of this tag has `block.super` in it, which renders with the real context stack."""
    return any(_has_super(value) for value in vars(node).values())


def _has_super(value: Any) -> bool:
    if isinstance(value, Variable):
        return value.lookups is not None and value.lookups[:2] == ("block", "super")
    if isinstance(value, FilterExpression):
        arguments = [argument for _, given in value.filters for _, argument in given]
        return _has_super(value.var) or any(map(_has_super, arguments))
    if isinstance(value, TokenBase):
        return any(_has_super(getattr(value, part, None)) for part in ("value", "first", "second"))
    if isinstance(value, NodeList):
        return False
    if isinstance(value, list | tuple):
        return any(map(_has_super, value))
    return isinstance(value, dict) and any(map(_has_super, value.values()))


def literal_name(expression: FilterExpression) -> str | None:
    """The string that this expression always gives, or None."""
    if expression.is_var or expression.filters or not isinstance(expression.var, str):
        return None
    return str(expression.var)


class Lowering:
    """One template's way from nodes to items."""

    def __init__(self) -> None:
        self.children = 0

    def items(self, nodes: Iterable[Node]) -> Items:
        found: Items = []
        for node in nodes:
            for item in self.node(node):
                if isinstance(item, Text) and found and isinstance(found[-1], Text):
                    found[-1] = Text(found[-1].text + item.text, found[-1].line)
                elif not isinstance(item, Text) or item.text:
                    found.append(item)
        return found

    def node(self, node: Node) -> Sequence[Item]:
        kind = type(node)
        if kind is TextNode:
            return [Text(node.s, line_of(node))]  # type: ignore[attr-defined]
        if kind is VerbatimNode:
            return [Text(node.content, line_of(node))]  # type: ignore[attr-defined]
        if kind is TemplateTagNode:
            return [Text(node.mapping[node.tagtype], line_of(node))]  # type: ignore[attr-defined]
        if kind in _NOTHING:
            return []
        return self.compound(node, kind)

    def compound(self, node: Any, kind: type[Node]) -> Sequence[Item]:
        if kind is IfNode:
            return [Arms(node, [(test, self.items(nodes)) for test, nodes in node.conditions_nodelists])]
        if kind is ForNode:
            return [Loop(node, self.items(node.nodelist_loop), self.items(node.nodelist_empty))]
        if kind is IfChangedNode:
            return [Changed(node, self.items(node.nodelist_true), self.items(node.nodelist_false or ()))]
        if kind in _REGIONS:
            return [Region(node, self.items(node.nodelist))]
        if kind is FilterNode or kind is SpacelessNode:
            return [self.capture(node)]
        return self.special(node, kind)

    def capture(self, node: Any) -> Item:
        return Capture(node, self.items(node.nodelist))

    def special(self, node: Any, kind: type[Node]) -> Sequence[Item]:
        """Nodes that the live form treats otherwise than the plain one."""
        if PartialDefNode is not None and kind is PartialDefNode:
            return self.items(node.nodelist) if node.inline else []
        return [Output(node)]


class LiveLowering(Lowering):
    """As `Lowering`, with inherited and included templates put in place, and places for child components."""

    def __init__(self, template: Any, opened: tuple[Any, ...] = (), engine: Any = None) -> None:
        super().__init__()
        self.engine = engine or template.engine  # a partial has none
        self.templates: list[Template] = [template]
        self.opened = opened or (template,)
        self.blocks: dict[str, list[BlockNode]] = {}
        self.level: dict[str, int] = {}
        self.current: str | None = None
        self.captured = 0  # inside of nodes whose text passes through a function
        self.inherits = False

    def template(self, template: Any) -> Items:
        """The items of a whole template, its parents' included."""
        correct_lines(template)
        nodes: list[Node] = list(template.nodelist)
        first = next((node for node in nodes if not isinstance(node, TextNode)), None)
        if not isinstance(first, ExtendsNode):
            return self.items(nodes)
        if type(first) is not ExtendsNode:
            raise Unsupported(f"{type(first).__name__} is not Django's own extends tag")
        lead = [node for node in nodes[: nodes.index(first)] if isinstance(node, TextNode)]
        return self.items(lead) + self.inherited(first, [first.origin])

    def inherited(self, extends: Any, history: list[Any]) -> Items:
        name = literal_name(extends.parent_name)
        if name is None:
            raise Unsupported("the name of the extended template is a variable")
        self.inherits = True
        for block in extends.blocks.values():
            self.blocks.setdefault(block.name, []).append(block)
        parent, origin = self.engine.find_template(name, skip=history)
        history.append(origin)
        self.templates.append(parent)
        correct_lines(parent)
        first = next((node for node in parent.nodelist if not isinstance(node, TextNode)), None)
        if isinstance(first, ExtendsNode):
            lead = [node for node in parent.nodelist[: parent.nodelist.index(first)] if isinstance(node, TextNode)]
            return self.items(lead) + self.inherited(first, history)
        for block in parent.nodelist.get_nodes_by_type(BlockNode):
            self.blocks.setdefault(block.name, []).append(block)
        return self.items(parent.nodelist)

    def compound(self, node: Any, kind: type[Node]) -> Sequence[Item]:
        if shows_parent_block(node) and not (kind is VariableNode and self.is_super(node)):
            raise Unsupported(f"block.super passes through a filter or a tag (line {line_of(node)})")
        return super().compound(node, kind)

    def special(self, node: Any, kind: type[Node]) -> Sequence[Item]:
        if kind is LiveComponentNode and not self.captured:
            self.children += 1
            return [Child(node, self.children, [(fill.name, self.items(fill.nodelist)) for fill in node.fills])]
        if kind is BlockNode:
            return [self.block(node)]
        if kind is IncludeNode:
            return [self.include(node)]
        if kind is VariableNode and self.is_super(node):
            return self.super_of(node)
        if PartialNode is not None and kind is PartialNode:
            return [self.partial(node)]
        return super().special(node, kind)

    def capture(self, node: Any) -> Item:
        self.captured += 1
        try:
            return super().capture(node)
        finally:
            self.captured -= 1

    def block(self, node: Any) -> Item:
        level = self.level.get(node.name, 0)
        queue = self.blocks.get(node.name, [])
        chosen = queue[level] if level < len(queue) else node
        return Region(chosen, self.at_level(node.name, level + 1, chosen))

    def at_level(self, name: str, level: int, block: Any) -> Items:
        before, self.level[name] = self.level.get(name, 0), level
        around, self.current = self.current, name
        try:
            return self.items(block.nodelist)
        finally:
            self.level[name], self.current = before, around

    def is_super(self, node: Any) -> bool:
        expression = node.filter_expression
        return bool(
            self.inherits
            and expression.is_var
            and not expression.filters
            and expression.var.lookups == ("block", "super")
            and self.current
        )

    def super_of(self, node: Node) -> Sequence[Item]:
        name = self.current
        assert name is not None
        level = self.level[name]
        queue = self.blocks.get(name, [])
        if level >= len(queue):
            return []
        return [Region(queue[level], self.at_level(name, level + 1, queue[level]))]

    def include(self, node: Any) -> Item:
        name = literal_name(node.template)
        if name is None:
            return Output(node)
        try:
            name = construct_relative_path(node.origin.template_name, name)
            template = self.engine.select_template((name,))
        except (TemplateDoesNotExist, TemplateSyntaxError):
            return Output(node)  # the error belongs to the render that reaches it
        return self.placed(node, template)

    def partial(self, node: Any) -> Item:
        try:
            template = node.partial_mapping[node.partial_name]
        except KeyError:
            return Output(node)
        return self.placed(node, template)

    def placed(self, node: Node, template: Any) -> Item:
        """Another template's items in the place of this node, unless this is inside of that very template."""
        if any(template is each for each in self.opened):
            return Output(node)
        inner = LiveLowering(template, (*self.opened, template), self.engine)
        inner.children = self.children
        try:
            items = inner.template(template)
        except (Unsupported, TemplateDoesNotExist):
            return Output(node)
        self.children = inner.children
        self.templates += inner.templates
        return Region(node, items, template)


def nodes_in(node: Node) -> Iterator[Node]:
    """A node and all those inside of it. Some tags do not tell Django of theirs."""
    yield node
    lists = [getattr(node, name, None) for name in node.child_nodelists]
    lists += [each for each in vars(node).values() if isinstance(each, NodeList) and each not in lists]
    for each in lists:
        for inside in each or ():
            yield from nodes_in(inside)


def holds_component(node: Node) -> bool:
    """Whether a live component stands inside of this tag."""
    return any(isinstance(each, LiveComponentNode) for each in nodes_in(node))


def is_silent(node: Node) -> bool:
    """True for a tag that only sets a variable (`as name`) and gives no text."""
    return any(getattr(node, name, None) for name in ("asvar", "target_var")) or getattr(node, "silent", False) is True
