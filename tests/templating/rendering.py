"""A browser's copy of one component, kept up to date by its patches."""

import re
from collections.abc import Mapping
from typing import Any

from django.template import Context, Engine

from livecomp.templating import CompiledTemplate, RenderMemory, compile_template
from livecomp.templating.opaque import Marks
from livecomp.testing.compare import difference
from livecomp.testing.dom import Dom

_ADDRESS = re.compile(r" lc=([\"'])[^\"']*\1")


class FakeHost:
    """Gives child components their ids, and HTML that never changes."""

    def __init__(self) -> None:
        self.ids: dict[tuple[object, ...], str] = {}
        self.inlined = 0
        self.marks = Marks()

    def begin(self) -> None: ...

    def inlined_children(self) -> frozenset[str]:
        return frozenset()

    def place(
        self, name: str, slot: tuple[object, ...], kwargs: dict[str, Any], fills: Mapping[str, Any] | None
    ) -> str:
        return self.ids.setdefault(slot, f"c{len(self.ids) + 1}")

    def child_html(self, component_id: str) -> str:
        return f'<span lc="{component_id}.0">child {component_id}</span>'

    def child_memory(self, component_id: str) -> None: ...

    def render_root(self, name: str, kwargs: dict[str, Any], fills: Any, context: Context, place: str = "") -> str:
        return "<span>inlined child</span>"


def make_engine(templates: dict[str, str], **options: Any) -> Engine:
    libraries = {
        "livecomp": "livecomp.templatetags.livecomp",
        "i18n": "django.templatetags.i18n",
        "l10n": "django.templatetags.l10n",
        "tz": "django.templatetags.tz",
        "static": "django.templatetags.static",
        "boxes": "tests.templating.boxes",
    }
    loaders = [("django.template.loaders.cached.Loader", [("django.template.loaders.locmem.Loader", templates)])]
    return Engine(loaders=loaders, libraries={**libraries, **options.pop("libraries", {})}, **options)


def compiled(source: str, **templates: str) -> CompiledTemplate:
    """A template that needs no `{% load %}` of ours."""
    engine = make_engine(templates)
    return compile_template(engine.from_string("{% load livecomp %}" + source))


class Browser:
    """Renders a template in one state after the other; `dom` is what a browser has made of the patches."""

    def __init__(self, template: CompiledTemplate, state: dict[str, Any]) -> None:
        self.template = template
        self.memory = RenderMemory()
        self.host = FakeHost()
        rendering = self._render(state, self.memory)
        self.dom = Dom.from_fragment(rendering.html())
        self.memory = rendering.remembered()

    def _context(self, state: dict[str, Any]) -> Context:
        context = Context(dict(state))
        context.live_host = self.host  # type: ignore[attr-defined]
        return context

    def _render(self, state: dict[str, Any], memory: RenderMemory) -> Any:
        return self.template.render(self._context(state), component_id="c0", memory=memory, host=self.host)

    def show(self, state: dict[str, Any]) -> list[tuple[str, str]]:
        """Render another state, apply its patches, and compare with a fresh render. Gives the patches."""
        rendering = self._render(state, self.memory)
        patches: list[tuple[str, str]] = rendering.patches()
        assert rendering.changed == bool(patches)
        missed = self.dom.apply(patches)
        assert not missed, (missed, patches)
        self.memory = rendering.remembered()
        found = difference(self.dom.root, Dom.from_fragment(self.fresh(state)).root)
        assert found is None, f"{patches}\n{found}"
        return patches

    def fresh(self, state: dict[str, Any]) -> str:
        html: str = self._render(state, RenderMemory()).html()
        return html

    def check_plain(self, state: dict[str, Any]) -> None:
        """Without its addresses the component is what Django makes of the template."""
        django = self.template.template.render(self._context(state))
        assert self.template.render_plain(self._context(state)) == django
        ours = _ADDRESS.sub("", self.fresh(state))
        if "lc=" not in django and "<table" not in django and not self.host.ids:
            assert ours == django
