"""``manage.py livecomponents``: what components there are, and what the browser may do with each."""

import inspect
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from livecomp import registry
from livecomp.component import LiveComponent
from livecomp.events import EventSpec
from livecomp.exceptions import UnknownComponent
from livecomp.state import MISSING, Field

Description = dict[str, Any]


class Command(BaseCommand):
    help = "List the live components with their state, events, topics and timers"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="name", help="only these components")
        shown = parser.add_mutually_exclusive_group()
        shown.add_argument("--json", action="store_true", help="as JSON, for programs")
        shown.add_argument(
            "--targets", action="store_true", help="the targets of each template, and why a part was not split"
        )
        shown.add_argument("--source", action="store_true", help="the Python code generated for each template")

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        classes = _chosen(names)
        if options["json"]:
            self.stdout.write(json.dumps([describe(cls) for cls in classes], indent=2))
            return
        write = self._show_targets if options["targets"] else self._show_source if options["source"] else self._show
        for number, cls in enumerate(classes):
            if number:
                self.stdout.write("")
            write(cls)

    def _show(self, cls: type[LiveComponent]) -> None:
        described = describe(cls)
        self._heading(cls)
        for part in ("template", "access", "state", "events", "topics", "timers"):
            lines = described[part] if isinstance(described[part], list) else [described[part]]
            for number, line in enumerate(filter(None, lines)):
                self.stdout.write(f"  {'' if number else part:<9} {line}")

    def _show_targets(self, cls: type[LiveComponent]) -> None:
        from livecomp.source import template_of
        from livecomp.templating import describe_targets

        self._heading(cls)
        self.stdout.write(describe_targets(template_of(cls)))

    def _show_source(self, cls: type[LiveComponent]) -> None:
        from livecomp.source import compiled_template

        self._heading(cls)
        self.stdout.write(compiled_template(cls).source)

    def _heading(self, cls: type[LiveComponent]) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f'{cls.__module__}.{cls.__qualname__}  "{cls.name}"'))


def describe(cls: type[LiveComponent]) -> Description:
    """What a component declares, in words: texts and lists of texts only."""
    return {
        "name": cls.name,
        "class": f"{cls.__module__}.{cls.__qualname__}",
        "template": cls.template_name or "in the class",
        "access": _access(cls.login_required, cls.permission_required),
        "state": [_field(field) for field in cls.fields.values()],
        "events": [_event(spec) for spec in cls.events.values()],
        "topics": [f"{trigger.pattern} → {trigger.method or 'render'}" for trigger in cls.topics],
        "timers": [f"every {trigger.seconds:g} s → {trigger.method}" for trigger in cls.timers],
    }


def _chosen(names: list[str]) -> list[type[LiveComponent]]:
    if not names:
        return list(registry.all_components().values())
    try:
        return [registry.get(name) for name in names]
    except UnknownComponent as error:
        raise CommandError(str(error)) from None


def _field(field: Field) -> str:
    default = "" if field.default is MISSING else f" = {field.default!r}"
    marks = [mark for mark in ("bind" if field.bind else "", f"url {field.url}" if field.url else "") if mark]
    notes = f"  ({', '.join(marks)})" if marks else ""
    return f"{field.name}: {inspect.formatannotation(field.annotation)}{default}{notes}"


def _event(spec: EventSpec) -> str:
    signature = inspect.signature(spec.function)
    own = signature.replace(parameters=list(signature.parameters.values())[1:])
    access = _access(spec.access.login_required, spec.access.permission_required)
    return f"{spec.name}{own}" + (f"  ({access})" if access else "")


def _access(login_required: bool, permissions: str | tuple[str, ...]) -> str:
    needed = (permissions,) if isinstance(permissions, str) else permissions
    if any(needed):
        return f"needs {', '.join(needed)}"
    return "needs a login" if login_required else ""
