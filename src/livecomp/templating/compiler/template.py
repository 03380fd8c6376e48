"""`CompiledTemplate`: what the rest of livecomp renders with."""

import hashlib
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from django.template.base import Node, Template
from django.template.context import Context
from django.test.signals import template_rendered
from django.utils.safestring import SafeString

from livecomp.exceptions import TemplateError
from livecomp.templating import opaque
from livecomp.templating.compiler.code import Code, PartsSink
from livecomp.templating.compiler.function import Places, make, node_at, remember_source, source_of
from livecomp.templating.compiler.live import Live
from livecomp.templating.compiler.names import is_closed, names_set
from livecomp.templating.compiler.scopes import Scopes
from livecomp.templating.compiler.structure import Structure
from livecomp.templating.elements import Lost, Scanner, mark_values
from livecomp.templating.loops import LoopRender
from livecomp.templating.lower import LiveLowering, Lowering, Unsupported, correct_lines
from livecomp.templating.memory import RenderMemory
from livecomp.templating.placed import Placed
from livecomp.templating.render import Host, Rendered, Rendering
from livecomp.templating.rows import peek, surroundings
from livecomp.templating.specs import ScopeSpec, TargetSpec, fingerprint
from livecomp.templating.targets import Chooser, single_root
from livecomp.templating.tree import Element, Items, Text
from livecomp.templating.value_nodes import use_value_nodes
from livecomp.templating.watch import watch
from livecomp.this_process import after_fork

_lock = threading.Lock()
after_fork(lambda: globals().update(_lock=threading.Lock()))  # another thread of the parent may have held it
_SIGNALLING = "instrumented_test_render"


def compile_template(template: Any) -> "CompiledTemplate":
    """The compiled form of a `django.template.Template`, made once and kept with it."""
    template = getattr(template, "template", template)
    compiled: CompiledTemplate | None = template.__dict__.get("_livecomp")
    if compiled is None:
        with _lock:
            compiled = template.__dict__.setdefault("_livecomp", CompiledTemplate(template))
    return compiled


class PlainFunction:
    """The function that renders a node list without addresses."""

    def __init__(self, nodes: Any, template: Any, *, live: bool = False) -> None:
        writer = Structure()
        self.template = template
        items = Lowering().items(nodes)
        if live:
            mark_values(items)
            use_value_nodes(items)
        self.source, self.function, self.places = write(template, items, writer, "render(context)")

    def __call__(self, context: Context) -> str:
        try:
            text: str = self.function(context)
        except Exception as error:
            explain(error, context, self.function, self.places, self.template)
            raise
        return text


def explain(error: Exception, context: Context, function: Any, places: Places, template: Any) -> None:
    """Tell Django's debug page which node failed, as `Node.render_annotated` does."""
    if type(template) is Template:
        remember_source(str(template.origin.name), template.source)
    if not context.template.engine.debug:  # type: ignore[union-attr]
        return
    if not hasattr(error, "_culprit_node"):
        node = node_at(error.__traceback__, function.__code__, places)
        if node is None:
            return
        error._culprit_node = node  # type: ignore[attr-defined]
    culprit: Any = error._culprit_node  # type: ignore[attr-defined]
    inside: Any = context.render_context.template
    can_show = isinstance(inside, Template) or inside.origin.loader is not None  # a partial asks its loader
    if can_show and not hasattr(error, "template_debug") and inside.origin == culprit.origin:
        error.template_debug = inside.get_exception_info(error, culprit.token)  # type: ignore[attr-defined]


_blocks: "WeakKeyDictionary[Node, dict[bool, PlainFunction | None]]" = WeakKeyDictionary()


def is_live(context: Context) -> bool:
    """Whether this is part of a live component's render."""
    return getattr(context, "live_host", None) is not None


def render_nodes_of(node: Any, context: Context) -> str:
    """The content of a block, which may be rendered from another template."""
    functions, live = _blocks.setdefault(node, {}), is_live(context)
    if live not in functions:
        try:
            functions[live] = PlainFunction(node.nodelist, Located(node), live=live)
        except (SyntaxError, RecursionError):
            functions[live] = None
    function = functions[live]
    return node.nodelist.render(context) if function is None else function(context)


class Located:
    """Stands for the template of a block, as far as it is needed to compile it."""

    def __init__(self, node: Node) -> None:
        self.origin: Any = node.origin


def write(template: Any, items: Items, writer: Structure, header: str) -> tuple[str, Callable[..., Any], Places]:
    """Write and compile the function for these items."""
    code = writer.code = Code()
    scopes = writer.scopes = Scopes(code)
    code.line("S = string_class(context)")
    code.line("I = integer_class(context)")
    if all(is_closed(item, writer.closed_items) for item in items):
        code.line("get = getter(context)")
        scopes.fetch = "get({name!r}, MISSING)"
    if isinstance(writer, Live):
        sink = PartsSink(code, "parts", "own")
        code.line(f"own, parts, children, wild = [None] * {len(writer.spec.targets)}, [], [], []")
        writer.items(items, sink)
        sink.flush()
        code.line("return own, parts, children, bool(wild)")
        code.constants.update(LoopRender=LoopRender, Placed=Placed, peek=peek, surroundings=surroundings, watch=watch)
    else:
        code.line(f"return {writer.text(items)}")
    source, lines = source_of(f"def {header}:", code)
    places = Places(template.source if type(template) is Template else "")
    filename = "".join((str(template.origin.name),))  # never a SafeString
    return source, make(source, lines, code, places, filename), places


def name_of(template: Any) -> str:
    """The template's name as `get_template` takes it."""
    if isinstance(template, Template):
        return str(template.name or template.origin.name)
    return f"{template.origin.template_name or template.origin.name}#{template.name}"  # a partial


class CompiledTemplate:
    """One template, compiled. Holds nothing of any render; safe to use from many threads."""

    def __init__(self, template: Any) -> None:
        self.template = template
        self.name = name_of(template)
        if type(template) is Template:
            correct_lines(template)

    # Plain

    @cached_property
    def plain(self) -> PlainFunction | None:
        """None when only Django can render this template."""
        try:
            return PlainFunction(self.template.nodelist, self.template)
        except (SyntaxError, RecursionError):
            return None

    @cached_property
    def sets_names(self) -> bool:
        """Whether the template sets variables outside of any scope of its own."""
        return bool(names_set(Lowering().items(self.template.nodelist)))

    @cached_property
    def plain_in_live(self) -> PlainFunction | None:
        """The same where a live template renders this one: its `live-value-…` attributes can be read back."""
        try:
            return PlainFunction(self.template.nodelist, self.template, live=True)
        except (SyntaxError, RecursionError):
            return None

    def render_plain(self, context: Context, *, live: bool = False) -> SafeString:
        """The same as ``template.render(context)``, byte for byte.

        ``live``: a live template renders this one, so its `live-value-…` attributes are written to be read back.
        """
        template = self.template
        with context.render_context.push_state(template):
            if context.template is not None:
                return self.render_inside(context, live)
            with context.bind_template(template):
                context.template_name = template.name
                return self.render_inside(context, live)

    def render_inside(self, context: Context, live: bool = False) -> SafeString:
        """The same as ``template._render(context)``: the context is bound already."""
        if vars(Template)["_render"].__name__ == _SIGNALLING:
            template_rendered.send(sender=self.template, template=self.template, context=context)
        function = self.plain_in_live if live else self.plain
        if function is None:
            return self.template.nodelist.render(context)  # type: ignore[no-any-return]
        return SafeString(function(context))

    # Live

    @cached_property
    def live(self) -> "LiveFunction":
        return LiveFunction(self.template, self.name)

    @property
    def names(self) -> frozenset[str] | None:
        """Names that the template looks up in its context; None when that is not known."""
        return self.live.names

    @property
    def source(self) -> str:
        """The generated Python, for reading."""
        return self.live.source

    def render(
        self,
        context: Context,
        *,
        component_id: str,
        memory: RenderMemory,
        host: Host | None = None,
    ) -> Rendering:
        """Render as a live component, to be compared with what the browser has by ``memory``.

        Raises what the template's own code raises, and `TemplateError` if there is no single root element.
        """
        live = self.live
        known = memory.inner if memory.template == live.id and not memory.wild else None

        def again() -> Rendered:
            return self._render_live(context, host, component_id, None)

        rendered = self._render_live(context, host, component_id, known)
        return Rendering(live.id, self.name, live.scope, component_id, rendered, memory, host, again)

    def _render_live(self, context: Context, host: Host | None, component: str, old: Any) -> Rendered:
        template = self.template
        if type(context) is Context and context.template is None:  # as below, by hand: it is the way of most renders
            state = context.render_context
            outer, state.template, context.template = state.template, template, template
            state.push()
            context.template_name = template.name
            try:
                return self._render_bound(context, host, component, old)
            finally:
                context.template, state.template = None, outer
                state.pop()
        with context.render_context.push_state(template):
            if context.template is not None:
                return self._render_bound(context, host, component, old)
            with context.bind_template(template):
                context.template_name = template.name
                return self._render_bound(context, host, component, old)

    def _render_bound(self, context: Context, host: Host | None, component: str, old: Any) -> Rendered:
        live = self.live
        if host is not None:
            host.begin()
        if live.call is None:
            html = self.render_inside(context, live=True)
            return live.checked([opaque.steady(html) if opaque.steady is not None else html], [0], [], False)
        try:
            found: Rendered = live.call(context, host, component, old)
        except Exception as error:
            explain(error, context, live.call, live.places, self.template)
            raise
        return live.checked(*found) if live.risky else found


class LiveFunction:
    """The function that renders a template with its targets, and what is known of them beforehand."""

    def __init__(self, template: Any, name: str) -> None:
        self.name = name
        self.scope = ScopeSpec()
        self.call: Callable[..., Any] | None = None
        self.names: frozenset[str] | None = None
        self.source = ""
        self.why = ""  # why the whole is one target
        self.risky = False  # whether the root element holds everything is only seen in what was rendered
        try:
            self._write(template)
        except (Unsupported, Lost, SyntaxError, RecursionError) as error:
            self.why = str(error)
            self._one_target()
        self.id = hashlib.blake2b(
            f"{self.name}{self.source}{fingerprint(self.scope)}".encode("utf-8", "replace"), digest_size=8
        ).hexdigest()

    def _write(self, template: Any) -> None:
        scanner = Scanner()
        try:
            items = LiveLowering(template).template(template)
            self.items = items = scanner.scan(items)
        except TemplateError as error:
            raise TemplateError(f"{self.name}: {error}") from None
        if scanner.spilled:
            raise TemplateError(spilled_message(self.name, scanner.spilled))
        use_value_nodes(items)
        if not single_root(items, self.name):
            raise Lost("the root element stands inside of a tag that only Django can render")
        if scanner.poison:
            self.why, self.risky = scanner.poison, True
            for item in items:
                if isinstance(item, Element):
                    item.closed, item.why = True, scanner.poison
        Chooser(self.name).roots(items, self.scope)
        writer = Live(self.scope, self.name)
        self.source, self.call, self.places = write(template, items, writer, "render(context, host, component, old)")
        if all(is_closed(item, writer.closed_items) for item in items):
            self.names = frozenset(writer.scopes.used - {"True", "False", "None", "forloop"})

    def _one_target(self) -> None:
        self.scope = ScopeSpec([TargetSpec(0, "", None, "", 1, found=True, why=self.why)])
        self.call = None
        self.risky = True

    def checked(self, own: list[Any], parts: list[Any], children: list[str], _: bool) -> Rendered:
        """The render, if its root element holds everything. Its elements cannot be relied on."""
        root = next(part for part in parts if isinstance(part, int))
        spec, content = self.scope.targets[root], own[root]
        if isinstance(content, list):
            content = "".join([each for each in content if isinstance(each, str)])
        check_root(spec.head + (spec.start or "") + content + spec.end, self.name)
        return own, parts, children, True


def check_root(html: str, name: str) -> None:
    """Raise `TemplateError` unless this is one element, as a browser will nest it."""
    scanner = Scanner()
    try:
        items = scanner.scan([Text(html)])
    except Lost:
        return
    if scanner.spilled:
        raise TemplateError(spilled_message(name, scanner.spilled))
    single_root(items, name)


def spilled_message(name: str, why: str) -> str:
    return f"The root element of the live component's template {name} does not hold all of it: {why}."
