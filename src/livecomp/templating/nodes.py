"""The nodes of livecomp's own template tags."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.template.base import FilterExpression, Node, NodeList
from django.template.context import Context
from django.utils.safestring import SafeString


class FillNode(Node):
    """`{% fill "name" %}…{% endfill %}`: content for the component around it. Rendered by that component's tag."""

    def __init__(self, name: FilterExpression, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        return SafeString(self.nodelist.render(context))


class LiveComponentNode(Node):
    """`{% live_component "name" key=… arg=… ...args %}`: the place of a component.

    In a live template the compiler takes this node apart, and the child gets its place in the parent's tree. Elsewhere
    (an ordinary page, or inside a node that only Django can render) it renders the component whole.
    """

    child_nodelists = ("nodelist",)

    def __init__(
        self,
        name: FilterExpression,
        kwargs: Mapping[str, FilterExpression],
        spread: Sequence[FilterExpression] = (),
        nodelist: NodeList | None = None,
    ) -> None:
        self.name = name
        self.kwargs = dict(kwargs)
        self.spread = spread
        self.nodelist = nodelist

    @property
    def fills(self) -> list[FillNode]:
        return [node for node in self.nodelist or () if isinstance(node, FillNode)]

    @property
    def place(self) -> str:
        """Where the tag stands, the same in every process."""
        token: Any = self.token
        return f"{self.origin.template_name!s}:{token.lineno}"

    def render(self, context: Context) -> SafeString:
        from livecomp import fragments
        from livecomp.host import host_for

        kwargs: dict[str, Any] = {}
        for each in self.spread:
            kwargs |= each.resolve(context)
        kwargs |= {name: value.resolve(context) for name, value in self.kwargs.items()}
        fills = {str(fill.name.resolve(context)): fill.render_annotated(context) for fill in self.fills}
        name = str(self.name.resolve(context))
        if fragments.is_inside():
            return fragments.place(name, kwargs, fills or None)
        return SafeString(host_for(context).render_root(name, kwargs, fills or None, context, self.place))
