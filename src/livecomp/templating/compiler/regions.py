"""Python for regions: items rendered with something set around them, or with names of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.template.base import FilterExpression
from django.template.defaulttags import AutoEscapeControlNode
from django.template.loader_tags import BlockNode, IncludeNode
from django.templatetags.i18n import LanguageNode
from django.templatetags.l10n import LocalizeNode
from django.templatetags.tz import LocalTimeNode, TimezoneNode

from livecomp.templating.compiler.code import Sink
from livecomp.templating.compiler.names import names_set, needs_state
from livecomp.templating.compiler.scopes import Local
from livecomp.templating.compiler.tags import Tags
from livecomp.templating.lower import PartialNode
from livecomp.templating.tree import Items, Region


class Regions(Tags):
    """Writes the code of regions."""

    closed = False  # all around is closed: variables are locals

    def items(self, items: Items, sink: Sink) -> None:
        """Write the code of items."""
        raise NotImplementedError

    def region(self, item: Region, sink: Sink) -> None:
        node: Any = item.node
        sink.settle()
        if isinstance(node, AutoEscapeControlNode):
            with self.setting("autoescape", node.setting, string="STR" if node.setting else "Off"):
                self.items(item.items, sink)
                sink.settle()
        elif isinstance(node, LocalizeNode):
            with self.setting("use_l10n", node.use_l10n):
                self.items(item.items, sink)
                sink.settle()
        elif isinstance(node, LocalTimeNode):
            with self.setting("use_tz", node.use_tz):
                self.items(item.items, sink)
                sink.settle()
        elif isinstance(node, TimezoneNode | LanguageNode):
            self.overriding(item, sink)
        else:
            self.scoped(item, sink)

    @contextmanager
    def setting(self, name: str, value: bool, string: str = "") -> Iterator[None]:
        """An attribute of the context set while items are rendered; as in Django, an exception leaves it set."""
        old, context = self.code.name("old"), self.context
        self.code.line(f"{old} = {context}.{name}")
        self.code.line(f"{context}.{name} = {value}")
        strings, integers = self.string, self.integer
        if string:
            self.string = string
        if name == "use_l10n":
            self.integer = self.code.name("I")
            self.code.line(f"{self.integer} = integer_class({context})")
        yield
        self.string, self.integer = strings, integers
        self.code.line(f"{context}.{name} = {old}")

    def overriding(self, item: Region, sink: Sink) -> None:
        node: Any = item.node
        zone = isinstance(node, TimezoneNode)
        value = self.value(node.tz if zone else node.language)
        with self.code.block(f"with {'override_timezone' if zone else 'override_language'}({value}):"):
            self.items(item.items, sink)
            sink.settle()

    def scoped(self, item: Region, sink: Sink) -> None:
        """`with`, an included template, a block: a dict of its own on the context stack.

        An included template has a render state of its own too (where `cycle` stands, the names of blocks).
        """
        if PartialNode is not None and isinstance(item.node, PartialNode):
            self.partial(item, sink)
        elif item.template is not None and needs_state(item):
            self.included(item, sink)
        else:
            self.with_names(item, item.items, sink)

    def partial(self, item: Region, sink: Sink) -> None:
        """A partial: its names are those around it, only its render state is its own."""
        if needs_state(item):
            known = self.code.constant(item.template, "template")
            with self.code.block(f"with {self.context}.render_context.push_state({known}):"):
                self.items(item.items, sink)
                sink.settle()
        else:
            self.items(item.items, sink)
            sink.settle()

    def included(self, item: Region, sink: Sink) -> None:
        known = self.code.constant(item.template, "template")
        with self.code.block(f"with {self.context}.render_context.push_state({known}):"):
            self.with_names(item, item.items, sink)
            sink.settle()

    def with_names(self, item: Region, items: Items, sink: Sink) -> None:
        node: Any = item.node
        values: dict[str, FilterExpression] = getattr(node, "extra_context", {})
        names = {name: self.value(value) for name, value in values.items()}
        isolated = bool(getattr(node, "isolated_context", False)) and isinstance(node, IncludeNode)
        if isinstance(node, BlockNode):
            names["block"] = self.code.constant(node, "block")
        if self.closed:
            self.closed_scope(item, names, isolated, sink)
        else:
            self.open_scope(item, names, isolated, sink)

    def closed_scope(self, item: Region, names: dict[str, str], isolated: bool, sink: Sink) -> None:
        before = self.code.later()
        own: dict[str, Local] = {}
        for name, source in names.items():
            kept = self.code.name("w")
            self.code.line(f"{kept} = {source}")
            own[name] = Local(kept)
        context = ""
        if isolated:
            context = self.code.name("context")
            self.code.line(f"{context} = {self.context}.new()")
        scope = self.scopes.push(names_set(item.items) - names.keys(), before, isolated=context)
        scope.names.update(own)
        self.items(item.items, sink)
        sink.settle()
        self.scopes.pop()

    def open_scope(self, item: Region, names: dict[str, str], isolated: bool, sink: Sink) -> None:
        values = "{" + ", ".join(f"{name!r}: {source}" for name, source in names.items()) + "}"
        if not isolated:
            with self.code.block(f"with {self.context}.push({values}):"):
                self.items(item.items, sink)
                sink.settle()
            return
        context = self.code.name("context")
        self.code.line(f"{context} = {self.context}.new({values})")
        self.scopes.push((), self.code.later(), isolated=context, real=True)
        self.items(item.items, sink)
        sink.settle()
        self.scopes.pop()
