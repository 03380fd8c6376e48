"""Tags whose content only Django can render."""

from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_block_tag
def box(content: str, **attributes: Any) -> SafeString:
    return mark_safe(f'<div class="box">{content}</div>')


@register.simple_block_tag
def twice(content: str) -> SafeString:
    return mark_safe(f"<div>{content}{content}</div>")


@register.simple_block_tag(takes_context=True)
def closed(context: Context, content: str) -> SafeString:
    return mark_safe("<div>closed</div>" if context["is_closed"] else f"<div>{content}</div>")
