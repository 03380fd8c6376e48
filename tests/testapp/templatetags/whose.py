"""Tags that look at who has the page open, each in its own way."""

from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def whose_page(context: Any) -> str:
    return str(context["request"].user)


@register.simple_tag(takes_context=True)
def whose_request(context: Any) -> str:
    return str(context.request.user.is_authenticated)


@register.simple_tag(takes_context=True)
def whose_context_user(context: Any) -> str:
    return str(context["user"].username)


@register.simple_tag(takes_context=True)
def whose_session(context: Any) -> str:
    return str(context["request"].session.get("a"))


@register.simple_tag(takes_context=True)
def whose_path(context: Any) -> str:
    return str(context["request"].get_full_path())


@register.simple_tag(takes_context=True)
def whose_method(context: Any) -> str:
    return f"{context['request'].method} {context['request']!r}"
