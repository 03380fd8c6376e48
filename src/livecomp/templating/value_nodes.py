"""Values in nodes that only Django renders, written so that the server reads them back.

They stand in `live-value-…` attributes inside of `{% cache %}` or a block tag of another package, and in
`{% querystring %}`. Such a node is copied, with nodes in it that write these values. The template's own nodes stay as
they are: other views share them.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import QueryDict
from django.template.base import Node, NodeList, VariableNode
from django.template.context import Context
from django.template.defaulttags import querystring
from django.template.library import InclusionNode, SimpleNode
from django.template.loader_tags import BlockNode, ExtendsNode, IncludeNode
from django.utils.safestring import SafeString

from livecomp.query import write_link
from livecomp.templating.compiler.runtime import WRITERS
from livecomp.templating.compiler.tag_runtime import include, inclusion
from livecomp.templating.elements import mark_values
from livecomp.templating.lower import Lowering
from livecomp.templating.tree import Child, Items, Output, walk

_BLOCKS = (BlockNode, ExtendsNode)  # found by what they are, not only by where they stand


class ValueNode(VariableNode):
    """A variable in such an attribute."""

    def __init__(self, node: VariableNode, form: str) -> None:
        super().__init__(node.filter_expression)
        self.origin, self.token = node.origin, node.token
        self.form = form

    def render(self, context: Context) -> Any:
        value = self.filter_expression.resolve(context)
        return WRITERS[self.form](value, context)


class ValueInclusionNode(InclusionNode):
    """A tag made by `inclusion_tag`, with such attributes in its template."""

    def render(self, context: Context) -> Any:
        args, kwargs = self.get_resolved_arguments(context)
        return inclusion(self, context, self.func(*args, **kwargs), context.get("csrf_token"))


class ValueIncludeNode(IncludeNode):
    """An `{% include %}` in a node that only Django renders, with such attributes in its template."""

    def render(self, context: Context) -> Any:
        return SafeString(include(self, context))


def live_querystring(context: Context, *given: Any, **parameters: Any) -> Any:
    """Django's `{% querystring %}`, with values as fields with ``url=`` read them."""
    return querystring(context, *map(_as_links, given), **_as_links(parameters))


def _as_links(given: Any) -> Any:
    if isinstance(given, QueryDict) or not isinstance(given, Mapping):
        return given
    return {name: each if isinstance(each, QueryDict) else write_link(each) for name, each in given.items()}


_TEMPLATE_NODES: dict[type, type[Node]] = {InclusionNode: ValueInclusionNode, IncludeNode: ValueIncludeNode}


def use_value_nodes(items: Items) -> None:
    """Put copies in the place of nodes that have such attributes in them."""
    for item in walk(items):
        if isinstance(item, Output):
            if type(item.node) not in _TEMPLATE_NODES or getattr(item.node, "takes_context", False):
                item.node = with_values(item.node)
        elif isinstance(item, Child):
            for _, fill in item.fills:
                use_value_nodes(fill)


def with_values(node: Node) -> Node:
    """The node, or a copy of it that writes the values of such attributes."""
    if isinstance(node, _BLOCKS):
        return node
    if type(node) in _TEMPLATE_NODES:
        other = copy.copy(node)
        other.__class__ = _TEMPLATE_NODES[type(node)]
        return other
    if type(node) is SimpleNode and node.func is querystring:
        other = copy.copy(node)
        other.func = live_querystring
        return other
    changed: dict[int, Node] = {}
    for nodes in _node_lists(vars(node)):
        items = Lowering().items(nodes)
        mark_values(items)
        for item in walk(items):
            if not isinstance(item, Output):
                continue
            if item.value and type(item.node) is VariableNode:
                changed[id(item.node)] = ValueNode(item.node, item.value)
            elif (inner := with_values(item.node)) is not item.node:
                changed[id(item.node)] = inner
    return _replaced(node, changed) if changed else node


def _node_lists(value: Any) -> Iterator[NodeList]:
    if isinstance(value, NodeList):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _node_lists(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _node_lists(each)


def _replaced(value: Any, changed: dict[int, Node]) -> Any:
    """The same with other nodes in it."""
    if isinstance(value, Node):
        if id(value) in changed:
            return changed[id(value)]
        copied = copy.copy(value)
        for name, each in vars(value).items():
            if any(True for _ in _node_lists(each)):
                setattr(copied, name, _replaced(each, changed))
        return copied
    if isinstance(value, NodeList):
        nodes = type(value)(_replaced(each, changed) for each in value)
        nodes.contains_nontext = value.contains_nontext
        return nodes
    if isinstance(value, dict):
        return {key: _replaced(each, changed) for key, each in value.items()}
    if type(value) is tuple or type(value) is list:
        return type(value)([_replaced(each, changed) for each in value])
    return value
