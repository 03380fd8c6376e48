"""``manage.py startlivecomponent APP NAME``: a class and a template to begin with."""

import ast
import keyword
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.management.base import BaseCommand, CommandError, CommandParser

from livecomp.component import component_name

_CLASS = """\
class {class_name}(LiveComponent):
    template_name = "{template_name}"

    count: int = 0

    @event
    def add(self, by: int = 1):
        self.count += by
"""

_TEMPLATE = """\
<div class="{css_class}">
  <output>{{{{ count }}}}</output>
  <button type="button" live-click="add">+1</button>
</div>
"""


class Command(BaseCommand):
    help = "Add a live component to an app: a class in its live.py, and a template"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app_label", help="the app that gets the component")
        parser.add_argument("name", help="the class name, in CapWords: TodoList")

    def handle(self, *args: Any, app_label: str, name: str, **options: Any) -> None:
        try:
            app = apps.get_app_config(app_label)
        except LookupError as error:
            raise CommandError(str(error)) from None
        if not name.isidentifier() or keyword.iskeyword(name) or not name[0].isupper():
            raise CommandError(f"{name!r} is not a class name. Write it in CapWords, for example {_cap_words(name)!r}.")
        component = component_name(name)
        template_name = f"{app.label}/{component}.html"
        template = Path(app.path) / "templates" / template_name
        module = _module_for(app, component)
        source = module.read_text() if module.exists() else ""
        if template.exists() or f"class {name}(" in source:
            raise CommandError(f"{template if template.exists() else module} has it already; nothing was changed.")

        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text(_TEMPLATE.format(css_class=component.replace("_", "-")))
        module.write_text(_with_class(source, _CLASS.format(class_name=name, template_name=template_name)))
        if module.name != "live.py":
            _import_in(module.parent / "__init__.py", f"from .{component} import {name} as {name}")
        self.stdout.write(f"{module}\n{template}\n")
        self.stdout.write(f'Place it with {{% live_component "{component}" %}}')


def _module_for(app: AppConfig, component: str) -> Path:
    """The file that gets the class: ``live.py``, or a module of its own in a ``live`` package."""
    package = Path(app.path) / "live"
    return package / f"{component}.py" if package.is_dir() else package.with_suffix(".py")


def _with_class(source: str, code: str) -> str:
    """The module's source with the class at its end and what it needs imported."""
    tree = ast.parse(source)
    imported = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "livecomp"
        for alias in node.names
        if alias.asname is None
    }
    missing = sorted({"LiveComponent", "event"} - imported)
    lines = source.splitlines(keepends=True)
    if missing:
        lines.insert(_end_of_imports(tree), f"from livecomp import {', '.join(missing)}\n")
    return "".join(lines).rstrip() + "\n\n\n" + code


def _end_of_imports(tree: ast.Module) -> int:
    """The number of lines up to the last import, or to the docstring where there is none."""
    imports = [node.end_lineno or 0 for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    if imports:
        return imports[-1]
    return (tree.body[0].end_lineno or 0) if ast.get_docstring(tree) else 0


def _import_in(package: Path, line: str) -> None:
    source = package.read_text() if package.exists() else ""
    package.write_text(f"{source}{line}\n")


def _cap_words(name: str) -> str:
    words = "".join(char if char.isalnum() else " " for char in name).split()
    return "".join(word[0].upper() + word[1:] for word in words).lstrip("0123456789") or "TodoList"
