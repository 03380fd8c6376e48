"""What generated code calls for single tags: what the `render` of their nodes in Django does."""

import itertools
import warnings
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.conf import settings
from django.template.base import Template, TextNode, TokenType, render_value_in_context
from django.template.context import Context
from django.template.defaultfilters import date as date_filter
from django.template.defaulttags import GroupedResult
from django.template.exceptions import TemplateSyntaxError
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockContext, BlockNode, ExtendsNode, construct_relative_path
from django.templatetags.static import PrefixNode
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeData, mark_safe
from django.utils.translation import gettext_lazy, pgettext_lazy

from livecomp.templating.atoms import MISSING
from livecomp.templating.compiler.runtime import text_of


def csrf_input(token: Any) -> str:
    """`{% csrf_token %}`, for the value of that name in the context."""
    if token is MISSING or not token:
        if settings.DEBUG:
            warnings.warn(
                "A {% csrf_token %} was used in a template, but the context "
                "did not provide the value. This is usually caused by not "
                "using RequestContext.",
                stacklevel=2,
            )
        return ""
    if token == "NOTPROVIDED":
        return ""
    return str.__str__(format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', token))


def reverse_url(view: Any, args: list[Any], kwargs: dict[str, Any], context: Context, optional: bool) -> str:
    """`{% url %}`. ``optional``: an unknown URL gives nothing."""
    try:
        current_app = context.request.current_app  # type: ignore[attr-defined]
    except AttributeError:
        try:
            current_app = context.request.resolver_match.namespace  # type: ignore[attr-defined]
        except AttributeError:
            current_app = None
    try:
        return reverse(view, args=args, kwargs=kwargs, current_app=current_app)
    except NoReverseMatch:
        if optional:
            return ""
        raise


def now_text(format_string: str) -> str:
    zone = timezone.get_current_timezone() if settings.USE_TZ else None
    return date_filter(datetime.now(tz=zone), format_string)


def next_turn(node: Any, context: Context) -> Any:
    """The next of a `{% cycle %}`'s expressions. Its state is where Django's node keeps it."""
    state = context.render_context
    if node not in state:
        state[node] = itertools.cycle(node.cyclevars)
    return next(state[node])


def reset_turns(node: Any, context: Context) -> None:
    context.render_context[node] = itertools.cycle(node.cyclevars)


def regrouped(values: Any, group_of: Callable[[Any], Any]) -> list[GroupedResult]:
    if values is None:
        return []
    return [GroupedResult(grouper=key, list=list(group)) for key, group in groupby(values, group_of)]


def ratio_text(value: Any, largest: Any, width: int) -> str:
    """`{% widthratio %}`."""
    try:
        return str(round(float(value) / float(largest) * width))
    except ZeroDivisionError:
        return "0"
    except (ValueError, TypeError, OverflowError):
        return ""


def prefix_of(name: str) -> str:
    """`{% get_static_prefix %}` and `{% get_media_prefix %}`."""
    return PrefixNode.handle_simple(name)


def languages() -> list[tuple[str, str]]:
    return [(code, translation.gettext(name)) for code, name in settings.LANGUAGES]


def translatable(value: Any, noop: bool, message_context: Any) -> Any:
    """What `{% translate %}` passes to its filters."""
    if noop:
        return value
    message = value.replace("%", "%%")
    if isinstance(value, SafeData):
        message = mark_safe(message)
    return pgettext_lazy(message_context, message) if message_context else gettext_lazy(message)


def translated(value: Any, context: Context) -> Any:
    """Text of a `{% translate %}`."""
    text = render_value_in_context(value, context)
    is_safe = isinstance(text, SafeData)
    text = text.replace("%%", "%")
    return mark_safe(text) if is_safe else text


def block_translation(
    node: Any, context: Context, values: dict[str, Any], count: Any, message_context: Any, nested: bool = False
) -> str:
    """`{% blocktranslate %}`; ``values`` has every variable in it, `MISSING` where there is none."""
    singular, names = node.render_token_list(node.singular)
    if node.plural and node.countervar and node.counter:
        if not isinstance(count, Decimal | float | int):
            raise TemplateSyntaxError(f"{node.countervar!r} argument to {node.tag_name!r} tag must be a number.")
        plural, more = node.render_token_list(node.plural)
        names.extend(more)
        if message_context:
            result = translation.npgettext(message_context, singular, plural, count)  # type: ignore[arg-type]
        else:
            result = translation.ngettext(singular, plural, count)  # type: ignore[arg-type]
    elif message_context:
        result = translation.pgettext(message_context, singular)
    else:
        result = translation.gettext(singular)
    data = {name: _translation_value(name, values[name], context) for name in names}
    try:
        return result % data
    except (KeyError, ValueError):
        if nested:
            raise TemplateSyntaxError(
                f"{node.tag_name!r} is unable to format string returned by gettext: {result!r} using {data!r}"
            ) from None
        with translation.override(None):
            return block_translation(node, context, values, count, message_context, nested=True)


def _translation_value(name: str, value: Any, context: Context) -> Any:
    if value is MISSING:
        default = context.template.engine.string_if_invalid  # type: ignore[union-attr]
        value = default % name if "%s" in default else default
    return render_value_in_context(value, context)


def variables_of(node: Any) -> list[str]:
    """Names of the variables in a `{% blocktranslate %}`."""
    tokens = [*node.singular, *(node.plural or ())]
    return list(dict.fromkeys(token.contents for token in tokens if token.token_type == TokenType.VAR))


def changed_frame(node: Any, context: Context) -> Any:
    """Where `{% ifchanged %}` keeps what it saw last, when the loop around it is not of this template."""
    frame: Any = context.get("forloop", context.render_context)
    frame.setdefault(node)
    return frame


# Tags that render other templates


def _render(template: Any, context: Context) -> Any:
    from livecomp.templating.compiler.template import compile_template, is_live

    if type(template) is Template or type(template).__name__ == "PartialTemplate":
        return compile_template(template).render_plain(context, live=is_live(context))
    return template.render(context)


def include(node: Any, context: Context) -> str:
    """`{% include %}`, at the time of the render."""
    engine: Any = context.template.engine  # type: ignore[union-attr]
    template = node.template.resolve(context)
    if not callable(getattr(template, "render", None)):
        name = template or ()
        if isinstance(name, str):
            name = (construct_relative_path(node.origin.template_name, name),)
        else:
            name = tuple(name)
        cache: Any = context.render_context.dicts[0].setdefault(node, {})  # type: ignore[arg-type]
        template = cache.get(name)
        if template is None:
            template = cache[name] = engine.select_template(name)
    elif hasattr(template, "template"):
        template = template.template
    values = {name: value.resolve(context) for name, value in node.extra_context.items()}
    if node.isolated_context:
        return text_of(_render(template, context.new(values)))
    with context.push(**values):
        return text_of(_render(template, context))


def inclusion(node: Any, context: Context, values: Any, token: Any) -> str:
    """A tag made by `inclusion_tag`: its template, with what its function gave."""
    template = context.render_context.get(node)
    if template is None:
        engine: Any = context.template.engine  # type: ignore[union-attr]
        if isinstance(node.filename, Template):
            template = node.filename
        elif isinstance(getattr(node.filename, "template", None), Template):
            template = node.filename.template
        elif not isinstance(node.filename, str) and isinstance(node.filename, Iterable):
            template = engine.select_template(node.filename)
        else:
            template = engine.get_template(node.filename)
        context.render_context[node] = template
    inner = context.new(values)
    if token is not MISSING and token is not None:
        inner["csrf_token"] = token
    return text_of(_render(template, inner))


def partial(node: Any, context: Context) -> str:
    """`{% partial %}`."""
    from livecomp.templating.compiler.template import compile_template

    try:
        template = node.partial_mapping[node.partial_name]
    except KeyError:
        return text_of(node.render(context))  # Django's error
    if compile_template(template).sets_names:  # in the context around it
        return text_of(node.render(context))
    return text_of(_render(template, context))


def block(node: Any, context: Context) -> str:
    """`{% block %}`."""
    from livecomp.templating.compiler.template import render_nodes_of

    block_context = context.render_context.get(BLOCK_CONTEXT_KEY)
    with context.push():
        if block_context is None:
            context["block"] = node
            return render_nodes_of(node, context)
        pushed = block_context.pop(node.name)
        chosen = node if pushed is None else pushed
        shown = type(node)(chosen.name, chosen.nodelist)
        shown.context = context
        context["block"] = shown
        result = render_nodes_of(chosen, context)
        if pushed is not None:
            block_context.push(node.name, pushed)
    return result


def extends(node: Any, context: Context) -> str:
    """`{% extends %}`."""
    from livecomp.templating.compiler.template import compile_template, is_live

    parent = node.get_parent(context)
    if BLOCK_CONTEXT_KEY not in context.render_context:
        context.render_context[BLOCK_CONTEXT_KEY] = BlockContext()
    block_context = context.render_context[BLOCK_CONTEXT_KEY]
    block_context.add_blocks(node.blocks)
    for first in parent.nodelist:
        if not isinstance(first, TextNode):
            if not isinstance(first, ExtendsNode):
                block_context.add_blocks({each.name: each for each in parent.nodelist.get_nodes_by_type(BlockNode)})
            break
    with context.render_context.push_state(parent, isolated_context=False):
        return text_of(compile_template(parent).render_inside(context, is_live(context)))
