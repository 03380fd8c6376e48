"""What generated code calls while it renders: Django's rules for looking up, calling, localising and escaping.

Each function repeats what `django.template.base` does for one variable, with the common cases first. Where nothing
common applies, Django's own code decides.
"""

import html
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from django import VERSION
from django.conf import settings
from django.template.base import FilterExpression, Variable, VariableDoesNotExist, render_value_in_context
from django.template.context import BaseContext, Context, ContextDict
from django.utils.html import conditional_escape
from django.utils.inspect import signature
from django.utils.safestring import SafeData, SafeString, mark_safe

from livecomp.constants import JSON_MARK
from livecomp.control_values import FORMS, control_text
from livecomp.spelling import simplify, spell
from livecomp.templating.atoms import MISSING

logger = logging.getLogger("django.template")


class Off:
    """Never the class of a value: compared with where a fast way is switched off."""


class Invalid(Exception):
    """A variable could not be resolved, and `string_if_invalid` stands for the whole expression."""

    def __init__(self, text: str) -> None:
        self.text = text


class EscapeCache(dict[str, str]):
    """Escaped forms of strings met before. Small: it forgets everything when it is full."""

    __slots__ = ()
    limit: Final = 8192
    longest: Final = 128

    def write(self, text: str) -> str:
        return html.escape(text)

    def __missing__(self, text: str) -> str:
        escaped = self.write(text)
        if len(text) <= self.longest:
            if len(self) >= self.limit:
                self.clear()
            self[text] = escaped
        return escaped


class SpeltCache(EscapeCache):
    """The same for the values of `live-value-…` attributes."""

    __slots__ = ()

    def write(self, text: str) -> str:
        return html.escape(spell(text))


ESCAPED: Final = EscapeCache()
SPELT: Final = SpeltCache()
LOOP_HAS_LENGTH: Final = VERSION >= (6, 0)


def string_class(context: Context) -> type:
    """`str` where strings are to be escaped."""
    return str if context.autoescape else Off


def integer_class(context: Context) -> type:
    """`int` where integers are written as Python writes them."""
    return int if context.use_l10n is False or not settings.USE_THOUSAND_SEPARATOR else Off


def as_text(value: Any, context: Context) -> str:
    """A value as it stands in the output: localised and, if the context says so, escaped."""
    kind = value.__class__
    if kind is str:
        return ESCAPED[value] if context.autoescape else value
    if kind is SafeString:
        return str.__str__(value)
    if kind is bool or value is None:
        return "True" if value else "None" if value is None else "False"
    text = render_value_in_context(value, context)
    return text if text.__class__ is str else _exact(text)


def _exact(text: Any) -> str:
    return "".join((text,))


def value_text(value: Any, context: Context) -> str:
    """A value that makes up a `live-value-…` attribute, in the form that the server reads back."""
    if isinstance(value, SafeString):
        if not value.startswith(JSON_MARK):
            return str.__str__(value)
        value = html.unescape(value)
    try:
        text = spell(value)
    except TypeError:
        return as_text(value, context)
    return ESCAPED[text] if context.autoescape else text


def part_text(value: Any, context: Context) -> str:
    """A value in the text of a `live-value-…` attribute: without the language's marks."""
    kind = value.__class__
    if kind is str or kind is SafeString or kind is bool or value is None:
        return as_text(value, context)
    try:
        simple = simplify(value)
    except TypeError:
        return as_text(value, context)
    if isinstance(simple, list | dict):
        return as_text(value, context)
    return as_text(simple if simple.__class__ is str else repr(simple), context)


def _control_writer(form: str) -> Callable[[Any, Context], str]:
    def write(value: Any, context: Context) -> str:
        if value.__class__ is SafeString and form != "number":
            return str.__str__(value)
        text = control_text(value, form)
        if text is None:
            return as_text(value, context)
        return ESCAPED[text] if context.autoescape else text

    return write


WRITERS: Final = {
    "whole": value_text,
    "part": part_text,
    **{form: _control_writer(form) for form in FORMS},
}
"""How an output is written that stands in a value which is not written for the eye; see `live_values`."""


def variable_text(root: Any, expression: FilterExpression, context: Context) -> str:
    """Text of a variable without filters. ``root`` is the value of its first name, `MISSING` if there is none."""
    try:
        value = value_of(root, expression, context)
    except UnicodeDecodeError:
        return ""
    return as_text(value, context)


def value_of(root: Any, expression: FilterExpression, context: Context) -> Any:
    """Value of a variable without filters, as `FilterExpression.resolve` gives it."""
    try:
        return look_up(root, expression.var, context)
    except VariableDoesNotExist:
        return invalid(expression, context)


def invalid(expression: FilterExpression, context: Context) -> Any:
    text = context.template.engine.string_if_invalid  # type: ignore[union-attr]
    if text and "%s" in text:
        return text % expression.var
    return text


def to_filter(root: Any, expression: FilterExpression, context: Context) -> Any:
    """Value of a variable that is to pass through filters. Raises `Invalid`."""
    try:
        return look_up(root, expression.var, context)
    except VariableDoesNotExist:
        text = invalid(expression, context)
        if text:
            raise Invalid(text) from None
        return text


def value_or_none(root: Any, expression: FilterExpression, context: Context) -> Any:
    """Value of a variable, None where it cannot be found (`ignore_failures`)."""
    try:
        return look_up(root, expression.var, context)
    except VariableDoesNotExist:
        return None


def look_up(root: Any, variable: Variable, context: Context) -> Any:
    """Value of a variable whose first name has the value ``root``. Raises `VariableDoesNotExist`."""
    if root is MISSING:
        return variable.resolve(context)
    names = variable.lookups
    assert names is not None
    bit = names[0]
    current = root
    try:
        if callable(current):
            current = _call(current, context)
        for bit in names[1:]:
            current = _step(current, bit)
            if callable(current):
                current = _call(current, context)
    except Exception as error:
        return _failed(error, bit, context)
    return current


def _failed(error: Exception, bit: str, context: Context) -> Any:
    logger.debug(
        "Exception while resolving variable '%s' in template '%s'.",
        bit,
        getattr(context, "template_name", None) or "unknown",
        exc_info=True,
    )
    if getattr(error, "silent_variable_failure", False):
        return context.template.engine.string_if_invalid  # type: ignore[union-attr]
    raise error


_SEQUENCES: Final = (tuple.__getitem__, list.__getitem__, str.__getitem__)


def _step(current: Any, bit: str) -> Any:
    """One step of a dotted name: key, attribute, index."""
    try:
        if getattr(type(current), "__getitem__", _SEQUENCES[0]) in _SEQUENCES:
            raise TypeError  # it has no keys
        return current[bit]
    except (TypeError, AttributeError, KeyError, ValueError, IndexError):
        try:
            if isinstance(current, BaseContext) and getattr(type(current), bit):
                raise AttributeError
            return getattr(current, bit)
        except (TypeError, AttributeError):
            if not isinstance(current, BaseContext) and bit in dir(current):
                raise
            try:
                return current[int(bit)]
            except (IndexError, ValueError, KeyError, TypeError):
                raise VariableDoesNotExist("Failed lookup for key [%s] in %r", (bit, current)) from None


def _call(current: Any, context: Context) -> Any:
    if getattr(current, "do_not_call_in_templates", False):
        return current
    if getattr(current, "alters_data", False):
        return context.template.engine.string_if_invalid  # type: ignore[union-attr]
    try:
        return current()
    except TypeError:
        try:
            found = signature(current)
        except ValueError:
            return context.template.engine.string_if_invalid  # type: ignore[union-attr]
        try:
            found.bind()
        except TypeError:
            return context.template.engine.string_if_invalid  # type: ignore[union-attr]
        raise


def find(context: Context, name: str) -> Any:
    """The value of a name in the context as it is now, or `MISSING`."""
    for names in reversed(context.dicts):
        if name in names:
            return names[name]
    return MISSING


def keep_safe(new: Any, old: Any) -> Any:
    """What a filter with ``is_safe`` gives: safe if what it got was."""
    return mark_safe(new) if isinstance(old, SafeData) else new


def safe_filter(function: Callable[..., Any], value: Any, *args: Any, **kwargs: Any) -> Any:
    return keep_safe(function(value, *args, **kwargs), value)


def argument(root: Any, variable: Variable, context: Context) -> Any:
    """Value of a filter's argument. Raises `VariableDoesNotExist`, which nothing around it catches."""
    return look_up(root, variable, context)


def loop_values(values: Any) -> Any:
    """What `{% for %}` goes through: something with a length."""
    if values is None:
        return ()
    return values if hasattr(values, "__len__") else list(values)


def unpack(item: Any, names: tuple[str, ...]) -> Sequence[Any]:
    """The values for several loop variables."""
    try:
        length = len(item)
    except TypeError:
        length = 1
    if length != len(names):
        raise ValueError(f"Need {len(names)} values to unpack in for loop; got {length}. ")
    if item.__class__ is tuple or item.__class__ is list:
        return item
    values = dict(zip(names, item, strict=False))
    return [values.get(name, MISSING) for name in names]


def escaped_if(value: Any, context: Context) -> Any:
    return conditional_escape(value) if context.autoescape else value


def joined(parts: Iterable[str]) -> SafeString:
    return SafeString("".join(parts))


def loop_dict(parent: Any, length: int) -> dict[str, Any]:
    """The dict that Django puts under the name `forloop`."""
    return {"parentloop": parent, "length": length} if LOOP_HAS_LENGTH else {"parentloop": parent}


def turn(loop: dict[str, Any], index: int, length: int) -> None:
    """Bring that dict to a round of the loop."""
    loop["counter0"] = index
    loop["counter"] = index + 1
    loop["revcounter"] = length - index
    loop["revcounter0"] = length - index - 1
    loop["first"] = index == 0
    loop["last"] = index == length - 1


def outer_loop(context: Context) -> Any:
    """The loop of the template that includes this one."""
    return context.get("forloop", {})


def text_of(output: Any) -> str:
    """What a node gave, as a plain string."""
    return output if output.__class__ is str else _exact(output)


def getter(context: Context) -> Callable[[str, Any], Any]:
    """Looks up names in the context as it is now; for templates in which nothing can change it."""
    names: dict[str, Any] = {}
    for each in context.dicts:
        if each.__class__ is not dict and each.__class__ is not ContextDict:
            return lambda name, _: find(context, name)
        names.update(each)
    return names.get
