"""What items do to the names around them: whether variables can be Python locals, and which are set on the way."""

from collections.abc import Sequence

from django.template.defaulttags import CycleNode, ResetCycleNode, WithNode
from django.template.loader_tags import BlockNode, IncludeNode

from livecomp.templating.compiler.tags import is_known, set_by
from livecomp.templating.lower import shows_parent_block
from livecomp.templating.tree import Arms, Changed, Child, Element, Item, Output, Region, Text, Value, walk

_SCOPED = (WithNode, IncludeNode, BlockNode)  # regions that push a dict on the context stack


def is_closed(item: Item, known: dict[int, bool]) -> bool:
    """True when nothing in this item needs the real context stack: its variables can be Python locals."""
    found = known.get(id(item))
    if found is None:
        if isinstance(item, Output):
            found = is_known(item.node) and not shows_parent_block(item.node)
        elif isinstance(item, Text):
            found = True
        elif isinstance(item, Child):
            found = all(is_closed(each, known) for _, items in item.fills for each in items)
        elif isinstance(item, Element):
            found = all(is_closed(each, known) for each in (*item.start, *item.children))
        elif isinstance(item, Value):
            found = all(is_closed(each, known) for each in item.items)
        else:
            inner = (each for items in item.lists() for each in items)
            found = not shows_parent_block(item.node) and all(is_closed(each, known) for each in inner)
        known[id(item)] = found
    return found


def names_set(items: Sequence[Item]) -> set[str]:
    """Names that tags among these items set in the scope around them."""
    names: set[str] = set()
    for item in items:
        if isinstance(item, Output):
            name = set_by(item.node)
            if name:
                names.add(name)
        elif isinstance(item, Element):
            names |= names_set(item.start) | names_set(item.children)
        elif isinstance(item, Value):
            names |= names_set(item.items)
        elif isinstance(item, Arms | Changed) or (isinstance(item, Region) and not isinstance(item.node, _SCOPED)):
            for each in item.lists():
                names |= names_set(each)
    return names


def needs_state(region: Region) -> bool:
    """True when something in an included template keeps state for the time of one render."""
    return any(
        isinstance(item, Changed)
        or (isinstance(item, Output) and (not is_known(item.node) or isinstance(item.node, CycleNode | ResetCycleNode)))
        for item in walk(region.items)
    )
