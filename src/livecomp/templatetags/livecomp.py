"""`{% load livecomp %}`: placing components, and the client's script tag."""

from typing import Any

from django import template
from django.template.base import NodeList, Parser, TextNode, Token, token_kwargs
from django.template.context import Context
from django.template.exceptions import TemplateSyntaxError
from django.templatetags.static import static
from django.urls import get_script_prefix
from django.utils.html import format_html
from django.utils.safestring import SafeString

from livecomp.conf import settings
from livecomp.templating.nodes import FillNode, LiveComponentNode

register = template.Library()

_FLAGS = frozenset(("fills", "lazy", "defer"))


@register.tag
def live_component(parser: Parser, token: Token) -> LiveComponentNode:
    """Place a live component.

    ``{% live_component "name" argument=value … %}``, with ``key=`` in a loop, ``lazy`` or ``defer`` to render it later.
    A component that is given content says ``fills``, and then has an end tag::

        {% live_component "card" fills %}{% fill "title" %}…{% endfill %}{% endlive_component %}
    """
    tag, *bits = token.split_contents()
    if not bits or bits[0] in _FLAGS or "=" in bits[0].split('"')[0].split("'")[0]:
        raise TemplateSyntaxError(f"{{% {tag} %}} takes the name of a component first.")
    name = parser.compile_filter(bits.pop(0))
    if bits and bits[-1] == "/":
        bits.pop()
    flags = {bit for bit in bits if bit in _FLAGS}
    bits = [bit for bit in bits if bit not in _FLAGS]
    kwargs = token_kwargs(bits, parser)
    if bits:
        raise TemplateSyntaxError(
            f"{{% {tag} %}} does not understand {bits[0]!r}. After the name it takes key=value arguments and the words"
            f" {', '.join(sorted(_FLAGS))}."
        )
    nodelist = _fills(parser) if "fills" in flags else None
    return LiveComponentNode(name, kwargs, frozenset(flags - {"fills"}), nodelist)


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
    nonce = _nonce(context)
    return format_html(
        '<script type="module" src="{}" data-livecomp-url="{}"{}></script>',
        static("livecomp/livecomp.js"),
        get_script_prefix() + settings.path,
        format_html(' nonce="{}"', nonce) if nonce else "",
    )


def _nonce(context: Context) -> str:
    """The nonce of the page's Content-Security-Policy: of Django 6, or of django-csp."""
    request = getattr(context, "request", None) or context.get("request")
    found = context.get("csp_nonce") or getattr(request, "csp_nonce", None) or getattr(request, "_csp_nonce", None)
    return str(found) if found else ""
