"""Tags that only Django can render."""

from typing import Any

from django.template import Library, Node, NodeList


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
