"""Hashes of what a render gave, for the memory. What the last render hashed already is not hashed again."""

from collections.abc import Sequence

from livecomp.templating.loops import LoopRender, Own
from livecomp.templating.memory import Hashes, LoopMemory
from livecomp.templating.placed import Placed
from livecomp.templating.specs import ScopeSpec

Inner = list[LoopMemory | None]
Texts = list[str | None]


def measure(
    spec: ScopeSpec, own: Sequence[Own], old: Hashes | None, old_inner: Sequence[LoopMemory | None]
) -> tuple[Hashes, Inner]:
    """The hashes of a template's targets, and the memory of its loops. ``old``: those of the last render."""
    inner: Inner = [None] * len(spec.loops)
    hashes = Hashes()
    hashes.add(texts_of(own, inner, old_inner), old, range(len(own)) if old else None)
    return hashes, inner


def texts_of(own: Sequence[Own], inner: Inner, old_inner: Sequence[LoopMemory | None]) -> Texts:
    """Text that stands for the own content of each target of a scope; the loops in it are measured on the way."""
    return [each if each is None or each.__class__ is str else _flat(each, inner, old_inner) for each in own]


def _flat(own: Own, inner: Inner, old_inner: Sequence[LoopMemory | None]) -> str:
    texts: list[str] = []
    for part in own:
        if part.__class__ is str:
            texts.append(part)
        elif part.__class__ is int:
            texts.append(f"\0{part}\0")
        elif part.__class__ is Placed:
            texts.append(f"\0{part.id}\0")
        else:
            index = part.spec.index
            old = old_inner[index] if old_inner else None
            memory = inner[index] = measure_loop(part, old)
            texts.append("\0loop\0")
            if not part.spec.regular:
                _flat_rounds(part, memory, old, texts)
    return "".join(texts)


def _flat_rounds(loop: LoopRender, memory: LoopMemory, old: LoopMemory | None, texts: list[str]) -> None:
    """What stands around the targets of an irregular loop belongs to the content that the loop is in."""
    was = loop.positions(old)
    for number, parts in enumerate(loop.parts):
        before = was(loop.keys[number])
        old_inner = old.inner[before] if old is not None and old.inner and before is not None else ()
        texts.append("\0round\0")
        texts.append(_flat(parts, memory.inner[number] if memory.inner else [], old_inner))


def measure_loop(loop: LoopRender, old: LoopMemory | None) -> LoopMemory:
    """The memory of one loop."""
    if loop.unchanged:
        assert loop.old is not None
        return loop.old
    memory = LoopMemory(loop.keys, Hashes(), [])
    if loop.todo is None:
        _measure_rounds(loop, range(len(loop.keys)), memory, old)
    else:
        assert old is not None
        _measure_changed(loop, loop.todo, memory, old)
    if loop.site is not None:
        memory.rows, memory.wait = loop.snapshot()
    if old is not None and old.wait:
        memory.wait = old.wait - 1
    return memory


def _measure_rounds(loop: LoopRender, which: Sequence[int], memory: LoopMemory, old: LoopMemory | None) -> None:
    """Append the hashes of rounds that were rendered."""
    spec, was = loop.spec, loop.positions(old)
    before: list[int] | None = None
    if old is not None:
        before = [-1 if at is None else at for at in (was(loop.keys[index]) for index in which)]
    if spec.leaf:
        rounds = loop.rounds if len(which) == len(loop.rounds) else [loop.rounds[index] for index in which]
        memory.hashes.add(rounds, old.hashes if old else None, before)
        return
    texts: Texts = []
    for number, index in enumerate(which):
        inner: Inner = [None] * len(spec.scope.loops)
        at = before[number] if before else -1
        old_inner = old.inner[at] if old is not None and old.inner and at >= 0 else ()
        texts += texts_of(loop.rounds[index], inner, old_inner)
        if inner:
            memory.inner.append(inner)
    width = len(spec.scope.targets)
    places = [at * width + each if at >= 0 else -1 for at in before for each in range(width)] if before else None
    memory.hashes.add(texts, old.hashes if old else None, places)


def _measure_changed(loop: LoopRender, todo: Sequence[int], memory: LoopMemory, old: LoopMemory) -> None:
    """The hashes of the last render, with those of some rounds anew."""
    width = len(loop.spec.scope.targets)
    rendered = [index for index in todo if loop.rounds[index] is not None]
    changed = LoopMemory([], Hashes(), [])
    _measure_rounds(loop, rendered, changed, old)
    hashes = memory.hashes
    if not loop.shift:
        if len(loop.origin) > len(loop.keys) // 8:
            order = list(range(len(loop.keys)))
            for index, before in loop.origin.items():
                order[index] = before
            hashes.pick(old.hashes, order, width)
        else:
            hashes.copy(old.hashes, 0, len(old.hashes.strong))
            for index, before in loop.origin.items():
                hashes.put(index * width, old.hashes, before * width, width)
        for number, index in enumerate(rendered):
            hashes.put(index * width, changed.hashes, number * width, width)
        return
    hashes.copy(old.hashes, 0, loop.first * width)
    number = 0
    for index in todo:
        if loop.rounds[index] is None:
            before = loop.origin[index]
            hashes.copy(old.hashes, before * width, (before + 1) * width)
        else:
            hashes.copy(changed.hashes, number * width, (number + 1) * width)
            number += 1
    stop = loop.first + len(todo) - loop.shift
    hashes.copy(old.hashes, stop * width, len(old.hashes.strong))
