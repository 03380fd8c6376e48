"""One render of a live template, and what it changes in the browser.

A render gives each target its own content: a string, or a list of strings and references to the targets, loops and
child components inside of it. The memory holds a hash of each target's own content, for loops the order of the keys,
and nothing else. A target whose hash differs is a patch; inside of it, targets that the browser has already are
*kept*: a placeholder names them, and they stay as they are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from livecomp.exceptions import TemplateError
from livecomp.templating import opaque
from livecomp.templating.diff import Differ, Scope, Whole, Writer
from livecomp.templating.loops import LoopRender, Own, Part
from livecomp.templating.measure import measure
from livecomp.templating.memory import RenderMemory
from livecomp.templating.specs import ScopeSpec

# Targets' contents, what is around them, child components, and whether markup left its place (see `watch`)
Rendered = tuple[list[Own], list[Part], list[str], bool]


class Host(Protocol):
    """What a live template talks to while it is rendered."""

    @property
    def marks(self) -> opaque.Marks:
        """How the places of children in text are known."""

    def begin(self) -> None:
        """A render of the template begins, the first one or another."""

    def inlined_children(self) -> frozenset[str]:
        """Ids of the child components that may stand inside of text, as marks."""

    def place(
        self, name: str, slot: tuple[object, ...], kwargs: dict[str, Any], fills: Mapping[str, Any] | None
    ) -> str:
        """The id of the child component at this place, mounted now or given its new arguments."""

    def child_html(self, component_id: str) -> str:
        """Full HTML of a child component that the browser does not have."""

    def child_memory(self, component_id: str) -> RenderMemory | None:
        """What the browser has of a child component; None for one that is rendered elsewhere."""


class Rendering:
    """A finished render, compared with the memory. ``again`` renders once more, with nothing left out."""

    def __init__(
        self,
        template: str,
        name: str,
        spec: ScopeSpec,
        component_id: str,
        rendered: Rendered,
        memory: RenderMemory,
        host: Host | None,
        again: Callable[[], Rendered],
    ) -> None:
        self.template = template
        self.name = name
        self.spec = spec
        self.component_id = component_id
        self.memory = memory
        self.host = host
        self.again = again
        self._patches: list[tuple[str, str]] | None = None
        self._take(rendered)

    def _take(self, rendered: Rendered) -> None:
        own, self.parts, children, self.wild = rendered
        self.children = [*children, *self._children_in_text(own)]
        memory, known = self.memory, self.memory.template == self.template
        old, old_inner = (memory.hashes, memory.inner) if known else (None, ())
        self.hashes, self.inner = measure(self.spec, own, old, old_inner)
        strong = old.strong if old else None
        self.root = Scope(self.spec, own, self.hashes.strong, 0, self.inner, strong, old_inner, "")

    @property
    def changed(self) -> bool:
        """The browser needs at least one patch."""
        return bool(self.patches())

    def patches(self) -> list[tuple[str, str]]:
        """What brings the browser's copy up to date, in document order: address and HTML of each changed target."""
        if self._patches is None:
            self._patches = Differ(self).patches()
            if self._patches and (self.wild or (self.memory.wild and self.memory.template == self.template)):
                self._patches = self._whole()
        return list(self._patches)

    def _whole(self) -> list[tuple[str, str]]:
        """The component as one patch."""
        self._complete()
        return Whole(self).patches()

    def _complete(self) -> None:
        if any(_is_partial(own) for own in (*self.root.own, self.parts)):
            self._take(self.again())

    def html(self) -> str:
        """The whole component with addresses, children included."""
        self._complete()
        writer = Writer(self, '"')
        return self.with_children(writer.whole(self.parts), writer)

    # Children inside of text

    def _children_in_text(self, own: Sequence[Own]) -> list[str]:
        """Those that are shown, each once. Raises `TemplateError` for one that is shown twice."""
        possible = self.host.inlined_children() if self.host is not None else frozenset()
        if not possible or self.host is None:
            return []
        children_in = self.host.marks.children_in
        found: list[str] = []
        is_complete = True
        for text in texts_in([*own, *self.parts]):
            if text is None:
                is_complete = False
            else:
                found += [id for id in children_in(text) if id in possible]
        if len(set(found)) < len(found):
            raise TemplateError(
                f"The live component's template {self.name} shows one live component twice: a tag or a fill gives"
                " its content at two places. Place the component itself at both, with a key= of its own."
            )
        return found if is_complete else [*{*found, *(self.memory.children & possible)}]

    def with_children(self, html: str, writer: Writer) -> str:
        """HTML with the child components that stand inside of text."""

        def written(id: str) -> str:
            if id not in self.children:
                raise TemplateError(
                    f"The live component's template {self.name} shows content that was made for another render, with a"
                    " live component in it. Show what the component is given now ({{ fills.… }}), not what was kept of it."
                )
            out: list[str] = []
            writer.child(id, out)
            return "".join(out)

        return html if self.host is None else self.host.marks.replace(html, written)

    def remembered(self) -> RenderMemory:
        """What the browser has with this render."""
        memory = RenderMemory.__new__(RenderMemory)
        memory.template, memory.hashes, memory.inner = self.template, self.hashes, self.inner
        memory.children, memory.wild = frozenset(self.children), self.wild
        memory.around = comments_around(self.parts)
        return memory


def comments_around(parts: Sequence[Any]) -> tuple[str, str]:
    """What stands before and after a component's root, if there is a comment in it: it goes where the root goes."""
    root = parts.index(0) if 0 in parts else len(parts)
    texts = ["".join(part for part in side if part.__class__ is str) for side in (parts[:root], parts[root + 1 :])]
    before, after = [text if "<!--" in text else "" for text in texts]
    return before, after


def texts_in(parts: Sequence[Any]) -> Iterator[str | None]:
    """All texts of some content, None where rounds of a loop were skipped."""
    for part in parts:
        if part.__class__ is str:
            yield part
        elif part.__class__ is list:
            yield from texts_in(part)
        elif part.__class__ is LoopRender:
            if part.todo is not None:
                yield None
            yield from texts_in([each for each in part.rounds if each is not None])
            yield from texts_in(part.parts)


def _is_partial(own: Own) -> bool:
    """Rounds of a loop in this content were skipped."""
    if own.__class__ is not list:
        return False
    return any(part.__class__ is LoopRender and part.todo is not None for part in own)
