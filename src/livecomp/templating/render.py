"""One render of a live template, what it changes in the browser, and the memory of what the browser has.

A render gives each target its own content: a string, or a list of strings and references to the targets, loops and
child components inside of it. The memory holds a hash of each target's own content, for loops the order of the keys,
and nothing else. A target whose hash differs is a patch; inside of it, targets that the browser has already are
*kept*: a placeholder names them, and they stay as they are.
"""

import logging
import re
from array import array
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Protocol
from urllib.parse import quote

from livecomp.templating.specs import LoopSpec, ScopeSpec, TargetSpec

logger = logging.getLogger("livecomp")

_SHORT = 26  # an element of fewer characters is sent rather than kept: its placeholder would be longer
_SAFE_KEY = re.compile(r"[A-Za-z0-9_:@/-]*\Z")
_ROOT = re.compile(r"\s*(?:<!--.*?-->\s*|<!(?!--)[^>]*>\s*)*<[A-Za-z][^\t\n\f\r />]*", re.DOTALL)

Part = Any  # str | int | LoopRender | Placed
Own = Any  # str | list[Part] | None


class Host(Protocol):
    """What a live template talks to while it is rendered."""

    def place(
        self, name: str, slot: tuple[object, ...], kwargs: dict[str, Any], fills: Mapping[str, Any] | None
    ) -> str:
        """The id of the child component at this place, mounted now or given its new arguments."""

    def child_html(self, component_id: str) -> str:
        """Full HTML of a child component that the browser does not have."""


class Placed:
    """The place of a child component in its parent's content."""

    __slots__ = ("id",)

    def __init__(self, id: str) -> None:
        self.id = id


def encode_key(text: str) -> str:
    """A loop item's key as it stands in addresses."""
    return text if _SAFE_KEY.match(text) else quote(text, safe="_:@/-").replace(".", "%2E").replace("~", "%7E")


def digest(text: str) -> int:
    """A hash that is the same in every process, and never 0."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") or 1


class LoopRender:
    """The rounds of a loop in one render."""

    __slots__ = ("hashes", "inner", "keys", "parts", "rounds", "seen", "spec")

    def __init__(self, spec: LoopSpec) -> None:
        self.spec = spec
        self.keys: list[str] = []
        self.rounds: list[Any] = []  # leaf: the target's content; else the scope's targets
        self.parts: list[list[Part]] = []  # of loops that are not leaf: what stands in each round
        self.seen: set[str] = set()
        self.hashes = array("Q")  # of each round's targets
        self.inner: list[list[LoopMemory | None]] = []

    def new_key(self, text: str) -> str:
        """The address form of a round's key; another one for every round."""
        key = encode_key(text)
        if key in self.seen or not key:
            key = self._another(key)
        self.seen.add(key)
        return key

    def _another(self, key: str) -> str:
        self._warn(key)
        number = len(self.keys)
        while f"{key}!{number}" in self.seen:
            number += 1
        return f"{key}!{number}"

    def add(self, key: str | None, own: list[Own], parts: list[Part]) -> None:
        if key is None:
            if any(content is not None for content in own):
                self._warn(None)
            key = self.new_key(str(len(self.keys)))
        self.keys.append(key)
        self.rounds.append(own)
        self.parts.append(parts)

    def check_keys(self) -> None:
        """Bring the keys of a leaf loop to their address form."""
        keys = self.keys
        if not self.spec.keyed:
            self._warn(None)
        if len(set(keys)) == len(keys) and _SAFE_KEY.match("".join(keys)) and "" not in keys:
            return
        texts, keys[:] = keys[:], []
        for text in texts:
            keys.append(self.new_key(text))

    def _warn(self, key: str | None) -> None:
        if key is None and self.spec.keyed:
            return
        warn_about_keys(self.spec, key)

    def own(self, index: int, target: int) -> Own:
        return self.rounds[index] if self.spec.leaf else self.rounds[index][target]


def warn_about_keys(spec: LoopSpec, key: str | None) -> None:
    """Tell the developer that loop items cannot be told apart. Once for each loop and kind, in DEBUG."""
    from django.conf import settings

    if not settings.DEBUG or (spec, key is None) in _warned:
        return
    _warned.add((spec, key is None))
    if key is None:
        logger.warning(
            "%s, line %d: the items of this loop have no key and are told apart by their position. Give their element"
            ' a live-key="{{ … }}" or an id.',
            spec.template,
            spec.line,
        )
    else:
        logger.warning(
            "%s, line %d: two items of this loop have the key %r. Keys must differ.", spec.template, spec.line, key
        )


_warned: set[tuple[LoopSpec, bool]] = set()


class LoopMemory:
    """What the browser has of a loop."""

    __slots__ = ("hashes", "inner", "keys")

    def __init__(self, keys: list[str], hashes: "array[int]", inner: "list[list[LoopMemory | None]]") -> None:
        self.keys = keys
        self.hashes = hashes
        self.inner = inner

    def __getstate__(self) -> tuple[Any, ...]:
        return self.keys, self.hashes.tobytes(), self.inner

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.keys, packed, self.inner = state
        self.hashes = array("Q")
        self.hashes.frombytes(packed)


class RenderMemory:
    """What the browser has of one component, as hashes. A new one: the browser has nothing."""

    __slots__ = ("children", "hashes", "inner", "template")

    def __init__(self) -> None:
        self.template = ""  # which compiled template it describes
        self.hashes = array("Q")
        self.inner: list[LoopMemory | None] = []
        self.children: frozenset[str] = frozenset()

    def __getstate__(self) -> tuple[Any, ...]:
        return self.template, self.hashes.tobytes(), self.inner, self.children

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.template, packed, self.inner, self.children = state
        self.hashes = array("Q")
        self.hashes.frombytes(packed)


class Scope:
    """One scope in one render: the root's, or a round's of a loop; with what the memory has of it."""

    __slots__ = ("address", "hashes", "inner", "old", "old_inner", "own", "spec", "start", "suffix")

    def __init__(
        self,
        spec: ScopeSpec,
        own: Sequence[Own],
        hashes: "array[int]",
        start: int,
        old: "Sequence[int] | None",
        old_inner: "Sequence[LoopMemory | None]",
        suffix: str,
    ) -> None:
        self.spec = spec
        self.own = own
        self.hashes = hashes
        self.start = start  # where the scope's hashes begin
        self.old = old
        self.old_inner = old_inner
        self.suffix = suffix

    def known(self, target: int) -> bool:
        """The browser has this target."""
        return self.old is not None and self.old[target] != 0


class Rendering:
    """A finished render, compared with the memory."""

    def __init__(
        self,
        template: str,
        spec: ScopeSpec,
        component_id: str,
        own: list[Own],
        parts: list[Part],
        children: list[str],
        memory: RenderMemory,
        host: Host | None,
    ) -> None:
        self.template = template
        self.spec = spec
        self.component_id = component_id
        self.parts = parts
        self.children = children
        self.memory = memory
        self.host = host
        self.hashes, self.inner = measure(spec, own)
        known = memory.template == template
        self.root = Scope(
            spec,
            own,
            self.hashes,
            0,
            memory.hashes if known else None,
            memory.inner if known else (),
            "",
        )
        self._patches: list[tuple[str, str]] | None = None

    @property
    def changed(self) -> bool:
        """The browser needs at least one patch."""
        return bool(self.patches())

    def patches(self) -> list[tuple[str, str]]:
        """What brings the browser's copy up to date, in document order: address and HTML of each changed target."""
        if self._patches is None:
            self._patches = Differ(self).patches()
        return list(self._patches)

    def html(self) -> str:
        """The whole component with addresses, children included."""
        return Writer(self, '"').whole(self.parts)

    def commit(self) -> None:
        """The browser is going to have this render: remember it."""
        memory = self.memory
        memory.template = self.template
        memory.hashes = self.hashes
        memory.inner = self.inner
        memory.children = frozenset(self.children)


def measure(spec: ScopeSpec, own: Sequence[Own]) -> "tuple[array[int], list[LoopMemory | None]]":
    """Hashes of a scope's targets, and the memory of its loops."""
    inner: list[LoopMemory | None] = [None] * len(spec.loops)
    hashes = array("Q", [0 if each is None else digest(_flat(each, inner)) for each in own])
    return hashes, inner


def _flat(own: Own, inner: list[LoopMemory | None]) -> str:
    """Text that stands for a target's own content; the loops in it are measured on the way."""
    if own.__class__ is str:
        return own  # type: ignore[no-any-return]
    texts: list[str] = []
    for part in own:
        if part.__class__ is str:
            texts.append(part)
        elif part.__class__ is int:
            texts.append(f"\0{part}\0")
        elif part.__class__ is Placed:
            texts.append(f"\0{part.id}\0")
        else:
            texts.append("\0loop\0")
            inner[part.spec.index] = measure_loop(part)
            if not part.spec.regular:
                around: list[LoopMemory | None] = inner
                for index, parts in enumerate(part.parts):
                    texts.append(_flat(parts, part.inner[index] if part.inner else around))
    return "".join(texts)


def measure_loop(loop: LoopRender) -> LoopMemory:
    spec = loop.spec
    if spec.leaf:
        loop.hashes = array("Q", map(digest, loop.rounds))
    else:
        for own in loop.rounds:
            hashes, inner = measure(spec.scope, own)
            loop.hashes += hashes
            if spec.scope.loops:
                loop.inner.append(inner)
    return LoopMemory(loop.keys, loop.hashes, loop.inner)


class Writer:
    """Writes targets out in full, with their addresses."""

    def __init__(self, rendering: Rendering, quote: str) -> None:
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
            found = _ROOT.match(own)
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
        for index in range(len(loop.keys)):
            self.content(self.round(scope, loop, index, None), loop.parts[index], out)

    def round(self, scope: Scope, loop: LoopRender, index: int, old: "tuple[LoopMemory, int] | None") -> Scope:
        """The scope of one round; ``old`` is where the memory has it."""
        spec = loop.spec
        count = len(spec.scope.targets)
        own = [loop.rounds[index]] if spec.leaf else loop.rounds[index]
        hashes: Sequence[int] | None = None
        inner: Sequence[LoopMemory | None] = ()
        if old is not None:
            memory, at = old
            hashes = memory.hashes[at * count : (at + 1) * count]
            inner = memory.inner[at] if memory.inner else ()
        return Scope(spec.scope, own, loop.hashes, index * count, hashes, inner, f"{scope.suffix}.{loop.keys[index]}")


class Differ(Writer):
    """Finds what changed, and writes it with the unchanged parts kept."""

    def __init__(self, rendering: Rendering) -> None:
        super().__init__(rendering, "'")
        self.found: list[tuple[str, str]] = []
        self.later: list[tuple[Scope, int]] = []  # kept targets with changes inside

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
        memory = scope.old_inner[loop.spec.index]
        assert memory is not None
        if not loop.spec.scope.loops and memory.hashes == loop.hashes:
            return
        for index in range(len(loop.keys)):
            self.descend(self.round(scope, loop, index, (memory, index)), loop.parts[index] if loop.parts else [0])

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
                        if self.is_reordered(self.round(scope, part, index, (memory, index)), parts):
                            return True
        return False

    # Writing a changed target

    def patch(self, scope: Scope, target: int) -> None:
        spec = scope.spec.targets[target]
        out: list[str] = []
        later, self.later = self.later, []
        if spec.found:
            out.append(scope.own[target].strip())
        elif spec.by_content and scope.known(target):
            out.append(">")
            self.content(scope, scope.own[target], out)
        else:
            out.append(f"{spec.head}{spec.start or ''}")
            self.content(scope, scope.own[target], out)
            out.append(spec.end)
        self.found.append((self.address(spec, scope.suffix), "".join(out)))
        mine, self.later = self.later, later
        for kept_scope, kept in mine:
            self.descend(kept_scope, kept_scope.own[kept])

    def inner(self, scope: Scope, target: int, out: list[str]) -> None:
        if not scope.known(target) or self.is_changed(scope, target):
            self.target(scope, target, out)
            return
        spec = scope.spec.targets[target]
        keep = f"<template lc-keep='{self.address(spec, scope.suffix)}'></template>"
        own = scope.own[target]
        if own.__class__ is str and len(spec.head) + len(spec.start or "") + len(own) + len(spec.end) < _SHORT:
            self.target(scope, target, out)
        else:
            out.append(keep)
            self.later.append((scope, target))

    def child(self, id: str, out: list[str]) -> None:
        if id in self.rendering.memory.children:
            out.append(f"<template lc-keep='{id}.0'></template>")
        else:
            super().child(id, out)

    def loop(self, scope: Scope, loop: LoopRender, out: list[str]) -> None:
        memory = scope.old_inner[loop.spec.index] if scope.old is not None and scope.old_inner else None
        if memory is None:
            return super().loop(scope, loop, out)
        at = {key: index for index, key in enumerate(memory.keys)}
        if not loop.spec.regular:
            for index, key in enumerate(loop.keys):
                old = (memory, at[key]) if key in at else None
                self.content(self.round(scope, loop, index, old), loop.parts[index], out)
            return None
        LoopWriter(self, scope, loop, memory, at, out).write()


class LoopWriter:
    """Writes the rounds of a regular loop: runs that stay are one placeholder."""

    def __init__(
        self,
        differ: Differ,
        scope: Scope,
        loop: LoopRender,
        memory: LoopMemory,
        at: dict[str, int],
        out: list[str],
    ) -> None:
        self.differ = differ
        self.scope = scope
        self.loop = loop
        self.memory = memory
        self.at = at
        self.out = out
        self.spec = loop.spec
        target = next(part for part in (loop.parts[0] if loop.parts else [0]) if part.__class__ is int)
        self.target: int = target
        self.prefix = differ.address(self.spec.scope.targets[target], scope.suffix) + "."

    def write(self) -> None:
        kept: list[list[int]] = []  # runs: first round, last round, where the last one was
        for index, key in enumerate(self.loop.keys):
            old = self.at.get(key)
            if old is None:
                self.flush(kept)
                self.round(index, None)
                continue
            if self.is_kept(index, old):
                if kept and kept[-1][2] == old - 1:
                    kept[-1][1:] = [index, old]
                else:
                    kept.append([index, index, old])
            else:
                self.flush(kept)
                self.round(index, old)
        self.flush(kept)

    def is_kept(self, index: int, old: int) -> bool:
        count = len(self.spec.scope.targets)
        if self.spec.leaf:
            return self.loop.hashes[index] == self.memory.hashes[old]
        scope = self.differ.round(self.scope, self.loop, index, (self.memory, old))
        if not scope.known(self.target) or self.differ.is_changed(scope, self.target):
            return False
        if count > 1 or self.spec.scope.loops:
            self.differ.later.append((scope, self.target))
        return True

    def round(self, index: int, old: int | None) -> None:
        differ, out = self.differ, self.out
        scope = differ.round(self.scope, self.loop, index, None if old is None else (self.memory, old))
        out.append(self.spec.before)
        differ.target(scope, self.target, out)
        out.append(self.spec.after)

    def flush(self, kept: list[list[int]]) -> None:
        if not kept:
            return
        keys = self.loop.keys
        items = [keys[first] if first == last else f"{keys[first]}~{keys[last]}" for first, last, _ in kept]
        gap = self.spec.after + self.spec.before
        keep = "<template lc-keep='{}'>{}</template>"
        if len(items) == 1 and "~" not in items[0]:
            placeholders = keep.format(self.prefix + items[0], "")
        elif "<" in gap and len(items) > 1:
            placeholders = gap.join(keep.format(f"{self.prefix} {item}", "") for item in items)
        else:
            placeholders = keep.format(f"{self.prefix} {' '.join(items)}", gap if len(items) > 1 else "")
        self.out.append(f"{self.spec.before}{placeholders}{self.spec.after}")
        kept.clear()
