"""The template of a component class: where it comes from, and its compiled form."""

from typing import Any

from django.conf import settings
from django.template import Template, engines
from django.template.backends.django import DjangoTemplates
from django.template.backends.django import Template as DjangoTemplate
from django.template.loader import get_template

from livecomp.component import LiveComponent
from livecomp.exceptions import ComponentError
from livecomp.templating import CompiledTemplate, compile_template

_compiled: dict[type[LiveComponent], CompiledTemplate] = {}


def compiled_template(cls: type[LiveComponent]) -> CompiledTemplate:
    """The compiled template of a component class. In DEBUG it is looked up each time, so that edits show."""
    compiled = _compiled.get(cls)
    if compiled is None or settings.DEBUG:
        compiled = compile_template(template_of(cls))
        _compiled[cls] = compiled
    return compiled


def template_of(cls: type[LiveComponent]) -> Template:
    """The template of a component class, as Django knows it."""
    if not cls.template:
        return django_template(cls, get_template(cls.template_name))
    made: Template | None = cls.__dict__.get("_inline_template")
    if made is None or made.source != cls.template:
        made = django_engine(cls).from_string(cls.template).template
        made.name = f"{cls.__module__}.{cls.__qualname__}.template"
        made.origin.name = made.origin.template_name = made.name
        cls._inline_template = made  # type: ignore[attr-defined]
    return made


def django_template(cls: type[LiveComponent], found: Any) -> Template:
    """The template that an engine has found. Raises `ComponentError` for one that is not Django's."""
    if isinstance(found, DjangoTemplate):
        return found.template
    raise ComponentError(
        f"The template {cls.template_name!r} of {cls.__name__} was found by {type(found).__module__}. A live component is "
        "rendered by Django's own template engine. Put the template where only that one looks for it (jinja2/ is the "
        "other one's folder), or list django.template.backends.django.DjangoTemplates first in TEMPLATES."
    )


def django_engine(cls: type[LiveComponent]) -> DjangoTemplates:
    """The engine of templates that are written in the class: the one named "django", else the first of its kind."""
    found = [engine for engine in engines.all() if isinstance(engine, DjangoTemplates)]
    if not found:
        raise ComponentError(f"{cls.__name__}.template needs Django's own template engine, and TEMPLATES has none.")
    return next((engine for engine in found if engine.name == "django"), found[0])
