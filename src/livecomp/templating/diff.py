"""From a render and the memory of the last one to the patches between them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from livecomp.templating.loops import LoopRender, Own, Part
from livecomp.templating.memory import Hashes, LoopMemory
from livecomp.templating.placed import Placed
from livecomp.templating.specs import ROOT, ScopeSpec, TargetSpec

if TYPE_CHECKING:
    from livecomp.templating.render import Rendering

_SHORT = 26  # an element of fewer characters is sent rather than kept: its placeholder would be longer


class Scope:
    """One scope in one render: the root's, or a round's of a loop; with what the memory has of it."""

    __slots__ = ("hashes", "inner", "old", "old_inner", "own", "spec", "start", "suffix")

    def __init__(
        self,
        spec: ScopeSpec,
        own: Sequence[Own],
        hashes: Sequence[int],
        start: int,
        inner: Sequence[LoopMemory | None],
        old: Sequence[int] | None,
        old_inner: Sequence[LoopMemory | None],
        suffix: str,
    ) -> None:
        self.spec = spec
        self.own = own
        self.hashes = hashes
        self.start = start  # where the scope's hashes begin
        self.inner = inner
        self.old = old
        self.old_inner = old_inner
        self.suffix = suffix

    def known(self, target: int) -> bool:
        """The browser has this target."""
        return self.old is not None and self.old[target] != 0


class Writer:
    """Writes targets out in full, with their addresses."""

    def __init__(self, rendering: "Rendering", quote: str) -> None:
        self.rendering = rendering
        self.component = rendering.component_id
        self.quote = quote

    def address(self, spec: TargetSpec, suffix: str) -> str:
        return f"{self.component}.{spec.ordinal}{suffix}"

    def whole(self, parts: list[Part]) -> str:
        out: list[str] = []
        self.content(self.rendering.root, parts, out)
        return "".join(out)

    def target(self, scope: Scope, target: int, out: list[str]) -> None:
        spec = scope.spec.targets[target]
        mark = f" lc={self.quote}{self.address(spec, scope.suffix)}{self.quote}"
        if spec.found:
            own: str = scope.own[target]
            found = ROOT.match(own)
            assert found is not None
            out.append(f"{own[: found.end()]}{mark}{own[found.end() :]}")
            return
        out.append(f"{spec.head}{mark}{spec.start or ''}")
        self.content(scope, scope.own[target], out)
        out.append(spec.end)

    def content(self, scope: Scope, own: Own, out: list[str]) -> None:
        if own.__class__ is str:
            out.append(own)
            return
        for part in own:
            if part.__class__ is str:
                out.append(part)
            elif part.__class__ is int:
                self.inner(scope, part, out)
            elif part.__class__ is Placed:
                self.child(part.id, out)
            else:
                self.loop(scope, part, out)

    def inner(self, scope: Scope, target: int, out: list[str]) -> None:
        self.target(scope, target, out)

    def child(self, id: str, out: list[str]) -> None:
        assert self.rendering.host is not None
        out.append(self.rendering.host.child_html(id))

    def loop(self, scope: Scope, loop: LoopRender, out: list[str]) -> None:
        spec = loop.spec
        if spec.leaf:
            target = spec.scope.targets[0]
            before = f"{spec.before}{target.head} lc={self.quote}{self.component}.{target.ordinal}{scope.suffix}."
            start, after = f"{self.quote}{target.start or ''}", target.end + spec.after
            out.extend([f"{before}{key}{start}{own}{after}" for key, own in zip(loop.keys, loop.rounds, strict=True)])
            return
        if loop.parts or spec.scope.loops:
            for index in range(len(loop.keys)):
                self.round(scope, loop, index, None, out)
        else:
            self.rounds(scope, loop, out)

    def rounds(self, scope: Scope, loop: LoopRender, out: list[str]) -> None:
        """All rounds of a regular loop that has no others inside."""
        spec = loop.spec
        heads = [
            f"{each.head} lc={self.quote}{self.component}.{each.ordinal}{scope.suffix}." for each in spec.scope.targets
        ]
        starts = [f"{self.quote}{each.start or ''}" for each in spec.scope.targets]
        ends = [each.end for each in spec.scope.targets]
        for key, own in zip(loop.keys, loop.rounds, strict=True):
            out.append(spec.before)
            stack: list[Iterator[Part]] = [iter((0,))]
            tails = [spec.after]
            while stack:
                part: Part
                for part in stack[-1]:
                    if part.__class__ is str:
                        out.append(part)
                        continue
                    content = own[part]
                    out.append(f"{heads[part]}{key}{starts[part]}")
                    if content.__class__ is str:
                        out.append(content)
                        out.append(ends[part])
                    else:
                        stack.append(iter(content))
                        tails.append(ends[part])
                        break
                else:
                    stack.pop()
                    out.append(tails.pop())

    def round(self, scope: Scope, loop: LoopRender, index: int, old: int | None, out: list[str]) -> None:
        """One round of a loop, with what stands around its targets."""
        inner = self.round_scope(scope, loop, index, old)
        if loop.parts:
            self.content(inner, loop.parts[index], out)
        else:
            out.append(loop.spec.before)
            self.target(inner, 0, out)
            out.append(loop.spec.after)

    def round_scope(self, scope: Scope, loop: LoopRender, index: int, old: int | None) -> Scope:
        """The scope of one round; ``old`` is where the memory has it."""
        spec, mine = loop.spec, scope.inner[loop.spec.index]
        assert mine is not None
        count = len(spec.scope.targets)
        own = [loop.rounds[index]] if spec.leaf else loop.rounds[index] or ()
        hashes: Sequence[int] | None = None
        old_inner: Sequence[LoopMemory | None] = ()
        memory = scope.old_inner[spec.index] if scope.old_inner else None
        if old is not None and memory is not None:
            hashes = memory.hashes.strong[old * count : (old + 1) * count]
            old_inner = memory.inner[old] if memory.inner else ()
        suffix = f"{scope.suffix}.{loop.keys[index]}"
        inner = mine.inner[index] if mine.inner else ()
        return Scope(spec.scope, own, mine.hashes.strong, index * count, inner, hashes, old_inner, suffix)


class Differ(Writer):
    """Finds what changed, and writes it with the unchanged parts kept."""

    def __init__(self, rendering: "Rendering") -> None:
        super().__init__(rendering, "'")
        self.found: list[tuple[str, str]] = []
        self.later: list[tuple[Scope, int]] = []  # kept targets with changes inside
        self.full = False  # in a closed target, where a browser would not nest a placeholder as it nests a child

    def patches(self) -> list[tuple[str, str]]:
        root = self.rendering.root
        for part in self.rendering.parts:
            if part.__class__ is int:
                if root.known(part):
                    self.compare(root, part)
                else:
                    self.patch(root, part)
        return self.found

    # Which targets changed

    def compare(self, scope: Scope, target: int) -> None:
        """Patch this target, or those inside of it. The browser has it."""
        if self.is_changed(scope, target):
            self.patch(scope, target)
        else:
            self.descend(scope, scope.own[target])

    def descend(self, scope: Scope, own: Own) -> None:
        if own.__class__ is not list:
            return
        for part in own:
            if part.__class__ is int:
                self.compare(scope, part)
            elif part.__class__ is LoopRender:
                self.compare_loop(scope, part)

    def compare_loop(self, scope: Scope, loop: LoopRender) -> None:
        """The order is as before; which rounds are not?"""
        memory, mine = scope.old_inner[loop.spec.index], scope.inner[loop.spec.index]
        assert memory is not None
        assert mine is not None
        if memory is mine or (not loop.spec.scope.loops and memory.hashes.strong == mine.hashes.strong):
            return
        for index in range(len(loop.keys)) if loop.todo is None else loop.todo:
            if loop.rounds[index] is not None:
                self.descend(self.round_scope(scope, loop, index, index), loop.parts[index] if loop.parts else [0])

    def is_changed(self, scope: Scope, target: int) -> bool:
        assert scope.old is not None
        if scope.hashes[scope.start + target] != scope.old[target]:
            return True
        return self.is_reordered(scope, scope.own[target])

    def is_reordered(self, scope: Scope, own: Own) -> bool:
        """A loop right inside of this content has other keys, or the same in another order."""
        if own.__class__ is not list:
            return False
        for part in own:
            if part.__class__ is LoopRender:
                memory = scope.old_inner[part.spec.index]
                if memory is None or memory.keys != part.keys:
                    return True
                if not part.spec.regular:
                    for index, parts in enumerate(part.parts):
                        if self.is_reordered(self.round_scope(scope, part, index, index), parts):
                            return True
        return False

    # Writing a changed target

    def patch(self, scope: Scope, target: int) -> None:
        spec = scope.spec.targets[target]
        out: list[str] = []
        later, self.later = self.later, []
        self.full = spec.closed
        if spec.found:
            out.append(scope.own[target].strip())
        elif spec.by_content and scope.known(target):
            out.append(">")
            self.content(scope, scope.own[target], out)
        else:
            out.append(f"{spec.head}{spec.start or ''}")
            self.content(scope, scope.own[target], out)
            out.append(spec.end)
        html = self.rendering.with_children("".join(out), self)
        self.found.append((self.address(spec, scope.suffix), html))
        mine, self.later = self.later, later
        for kept_scope, kept in mine:
            self.descend(kept_scope, kept_scope.own[kept])

    def inner(self, scope: Scope, target: int, out: list[str]) -> None:
        if not scope.known(target) or self.is_changed(scope, target):
            self.target(scope, target, out)
            return
        spec = scope.spec.targets[target]
        own = scope.own[target]
        if own.__class__ is str and len(spec.head) + len(spec.start or "") + len(own) + len(spec.end) < _SHORT:
            self.target(scope, target, out)
        else:
            out.append(f"<template lc-keep='{self.address(spec, scope.suffix)}'></template>")
            self.later.append((scope, target))

    def target(self, scope: Scope, target: int, out: list[str]) -> None:
        if self.full or not scope.spec.targets[target].closed:
            return super().target(scope, target, out)
        self.full, start = True, len(out)
        super().target(scope, target, out)
        out[start:] = [self.rendering.with_children("".join(out[start:]), self)]
        self.full = False

    def child(self, id: str, out: list[str]) -> None:
        if id in self.rendering.memory.children and not self.full:
            assert self.rendering.host is not None
            memory = self.rendering.host.child_memory(id)
            before, after = memory.around if memory is not None else ("", "")
            out.append(f"{before}<template lc-keep='{id}.0'></template>{after}")
        else:
            super().child(id, out)

    def loop(self, scope: Scope, loop: LoopRender, out: list[str]) -> None:
        memory = scope.old_inner[loop.spec.index] if scope.old is not None and scope.old_inner else None
        if memory is None:
            super().loop(scope, loop, out)
            return
        if loop.spec.regular:
            LoopWriter(self, scope, loop, memory, out).write()
        else:
            was = loop.positions(memory)
            for index, key in enumerate(loop.keys):
                self.round(scope, loop, index, was(key), out)


class Whole(Differ):
    """Writes the root target with everything in it, for when the elements inside cannot be relied on."""

    def is_changed(self, scope: Scope, target: int) -> bool:
        return True

    def loop(self, scope: Scope, loop: LoopRender, out: list[str]) -> None:
        Writer.loop(self, scope, loop, out)

    def child(self, id: str, out: list[str]) -> None:
        Writer.child(self, id, out)  # a browser would not nest a placeholder as it nests the child


class LoopWriter:
    """Writes the rounds of a regular loop: runs that stay are one placeholder."""

    def __init__(self, differ: Differ, scope: Scope, loop: LoopRender, memory: LoopMemory, out: list[str]) -> None:
        self.differ = differ
        self.scope = scope
        self.loop = loop
        self.memory = memory
        self.out = out
        self.spec = loop.spec
        self.mine: Hashes = scope.inner[loop.spec.index].hashes  # type: ignore[union-attr]
        self.prefix = differ.address(self.spec.scope.targets[0], scope.suffix) + "."
        self.kept: list[tuple[int, int]] = []  # runs: first round and last round
        self.was_last = 0  # where the last one of them was

    def write(self) -> None:
        loop, done = self.loop, 0
        rounds, origin, was = loop.rounds, loop.origin, loop.positions(self.memory)
        for index in range(len(loop.keys)) if loop.todo is None else loop.todo:
            if done < index:
                self.keep_up_to(done, index)
            done = index + 1
            if rounds[index] is None:
                self.keep(index, index, origin[index])
                continue
            old = was(loop.keys[index])
            if old is not None and self.is_kept(index, old):
                self.keep(index, index, old)
            else:
                self.flush()
                self.differ.round(self.scope, loop, index, old, self.out)
        self.keep_up_to(done, len(loop.keys))
        self.flush()

    def keep_up_to(self, start: int, stop: int) -> None:
        """Keep these rounds, which are as before."""
        loop = self.loop
        middle = min(max(start, loop.first), stop)
        if start < middle:
            self.keep(start, middle - 1, start)
        if middle < stop:
            self.keep(middle, stop - 1, middle - loop.shift)

    def keep(self, first: int, last: int, old: int) -> None:
        """Keep these rounds, of which the first one was at ``old``."""
        if self.kept and self.was_last == old - 1:
            self.kept[-1] = (self.kept[-1][0], last)
        else:
            self.kept.append((first, last))
        self.was_last = old + last - first

    def is_kept(self, index: int, old: int) -> bool:
        if self.spec.leaf:
            return self.mine.strong[index] == self.memory.hashes.strong[old]
        scope = self.differ.round_scope(self.scope, self.loop, index, old)
        if not scope.known(0) or self.differ.is_changed(scope, 0):
            return False
        self.differ.later.append((scope, 0))
        return True

    def flush(self) -> None:
        if not self.kept:
            return
        keys = self.loop.keys
        items = [keys[first] if first == last else f"{keys[first]}~{keys[last]}" for first, last in self.kept]
        gap = self.spec.after + self.spec.before
        keep = "<template lc-keep='{}'>{}</template>"
        if len(items) == 1 and "~" not in items[0]:
            placeholders = keep.format(self.prefix + items[0], "")
        elif "<" in gap and len(items) > 1:
            placeholders = gap.join(keep.format(f"{self.prefix} {item}", "") for item in items)
        else:
            placeholders = keep.format(f"{self.prefix} {' '.join(items)}", gap if len(items) > 1 else "")
        self.out.append(f"{self.spec.before}{placeholders}{self.spec.after}")
        self.kept.clear()
