"""Tags that only Django can render."""

from typing import Any

from django.template import Engine, Library, Node, NodeList


class BoxNode(Node):
    """A block tag that only Django can render."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Any) -> Any:
        return self.nodelist.render(context)


def do_boxed(parser: Any, token: Any) -> BoxNode:
    nodelist = parser.parse(("endboxed",))
    parser.delete_first_token()
    return BoxNode(nodelist)


register = Library()
register.tag("boxed", do_boxed)

_SHOWN = Engine().from_string('<button live-value-x="{{ y }}"></button>')


@register.inclusion_tag(_SHOWN, takes_context=True)
def shown(context: Any) -> dict[str, Any]:
    return {"y": context["x"]}


@register.inclusion_tag(_SHOWN)
def shown_value(value: Any) -> dict[str, Any]:
    return {"y": value}
