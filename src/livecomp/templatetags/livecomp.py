"""`{% load livecomp %}`: placing components, and the client's script tag."""

from typing import Any

from django import template
from django.template.base import NodeList, Parser, TextNode, Token, token_kwargs
from django.template.context import Context
from django.template.exceptions import TemplateSyntaxError
from django.utils.safestring import SafeString

from livecomp import fragments, serving
from livecomp.templating.nodes import FillNode, LiveComponentNode

register = template.Library()

_LATER = ("lazy", "defer")
_WORDS = ("fills", *_LATER)
_PLACEHOLDER = "placeholder"


@register.tag
def live_component(parser: Parser, token: Token) -> LiveComponentNode:
    """Place a live component.

    ``{% live_component "name" argument=value … %}``, with ``key=`` in a loop, ``...arguments`` for those in a dict, ``lazy``
    to mount it when it is scrolled to, ``defer`` right after the page is live.
    A component that is given content says ``fills``, and then has an end tag::

        {% live_component "card" fills %}{% fill "title" %}…{% endfill %}{% endlive_component %}
    """
    tag, *bits = token.split_contents()
    if not bits or bits[0] in _WORDS or "=" in bits[0].split('"')[0].split("'")[0]:
        raise TemplateSyntaxError(f"{{% {tag} %}} takes the name of a component first.")
    name = parser.compile_filter(bits.pop(0))
    if bits and bits[-1] == "/":
        bits.pop()
    words = {bit for bit in bits if bit in _WORDS}
    spread = [parser.compile_filter(bit[3:]) for bit in bits if bit.startswith("...")]
    bits = [bit for bit in bits if bit not in _WORDS and not bit.startswith("...")]
    kwargs = token_kwargs(bits, parser)
    if bits:
        raise TemplateSyntaxError(
            f"{{% {tag} %}} does not understand {bits[0]!r}. After the name it takes key=value arguments, ...arguments and"
            f" the words {', '.join(sorted(_WORDS))}."
        )
    nodelist = _fills(parser) if "fills" in words else None
    node = LiveComponentNode(name, kwargs, spread, nodelist)
    when = [word for word in _LATER if word in words]
    return _later(parser, node, when) if when else node


def _later(parser: Parser, node: LiveComponentNode, when: list[str]) -> LiveComponentNode:
    """The node that places a component later: see `livecomp.live.Later`."""
    if len(when) > 1:
        raise TemplateSyntaxError("{% live_component %} takes one of lazy and defer, not both.")
    if any(fill.name.token.strip("\"'") != _PLACEHOLDER for fill in node.fills):
        raise TemplateSyntaxError(
            f'A component that is {when[0]} takes one fill, {{% fill "{_PLACEHOLDER}" %}}: what is shown until it is there.'
        )
    own = {"later_name": node.name, "later_when": parser.compile_filter(f'"{when[0]}"')}
    return LiveComponentNode(parser.compile_filter('"livecomp.later"'), own | node.kwargs, node.spread, node.nodelist)


def _fills(parser: Parser) -> NodeList:
    """Everything up to the end tag. `fill` is a tag of ours only here: other libraries have one too."""
    outer = parser.tags.get("fill")

    def fill(parser: Parser, token: Token) -> FillNode:
        _, *bits = token.split_contents()
        if len(bits) != 1:
            raise TemplateSyntaxError('{% fill %} takes one argument: the name of the fill, as in {% fill "title" %}.')
        name = parser.compile_filter(bits[0])
        _set_tag(parser, outer)
        try:
            nodelist = parser.parse(("endfill",))
        finally:
            _set_tag(parser, fill)
        parser.delete_first_token()
        return FillNode(name, nodelist)

    _set_tag(parser, fill)
    try:
        nodelist = parser.parse(("endlive_component",))
    finally:
        _set_tag(parser, outer)
    parser.delete_first_token()
    for node in nodelist:
        if not isinstance(node, FillNode) and not (isinstance(node, TextNode) and not node.s.strip()):
            raise TemplateSyntaxError(
                "Between {% live_component … fills %} and its end only {% fill %} may stand:"
                ' put the content into {% fill "default" %}…{% endfill %}.'
            )
    return nodelist


def _set_tag(parser: Parser, function: Any) -> None:
    if function is None:
        parser.tags.pop("fill", None)
    else:
        parser.tags["fill"] = function


@register.simple_tag(takes_context=True)
def live_scripts(context: Context) -> SafeString:
    """The script tag of the client, for the page's head."""
    return fragments.place_scripts() if fragments.is_inside() else serving.render_scripts(context)
