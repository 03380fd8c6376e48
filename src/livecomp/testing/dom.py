"""The page's DOM in lxml, and patches applied to it the browser's way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml.etree import _Element as Element

from livecomp.testing.html_builder import WHITE_SPACE
from livecomp.testing.html_stack import make_element
from livecomp.testing.html_tree import context_of, parse_document, parse_fragment
from livecomp.testing.morph import morph

Patch = tuple[str, str]


class PatchError(AssertionError):
    """A patch that no browser could apply: the server is at fault."""


class _Missing(Exception):
    """The DOM does not have the target, or something that the patch keeps."""


@dataclass
class _Keep:
    """A placeholder and the nodes that go into its place, each with the text after it."""

    placeholder: Element
    runs: list[list[Element]]
    separator: str


@dataclass
class _Change:
    """A patch, parsed, with what it keeps."""

    target: Element
    new: Element
    keeps: list[_Keep]


class Dom:
    """One page's elements.

    `root` is the `html` element. `changed(old, new)` is called for every element that a patch
    touches, before it does.
    """

    def __init__(
        self,
        root: Element,
        changed: Callable[[Element, Element], None] = lambda old, new: None,
    ) -> None:
        self.root = root
        self.changed = changed
        self._targets: dict[str, Element] = {}
        self._is_stale = True

    @classmethod
    def from_page(cls, html: str) -> Dom:
        """The DOM of a complete page."""
        return cls(parse_document(html))

    @classmethod
    def from_fragment(cls, html: str, context: str = "body") -> Dom:
        """A page whose body (or other element) has this content."""
        root = make_element("html")
        root.append(parse_fragment(html, context))
        return cls(root)

    def target(self, address: str) -> Element | None:
        """The element with this `lc`, or None."""
        found = self._lookup(address)
        if found is None and self._is_stale:
            self._index()
            found = self._lookup(address)
        return found

    def components(self) -> dict[str, Element]:
        """The root elements of the components on the page, by component id."""
        self._index()
        suffix = ".0"
        return {
            address.removesuffix(suffix): element
            for address, element in self._targets.items()
            if address.count(".") == 1 and address.endswith(suffix)
        }

    def apply(self, patches: Iterable[Patch]) -> list[str]:
        """Applies patches as one change: what they keep is found before the first of them moves anything.

        Returns the addresses of those that were skipped, because their target or something that they keep is not
        there.
        """
        missed: list[Patch] = []
        changes: list[_Change] = []
        for address, html in patches:
            try:
                changes.append(self._read(address, html))
            except _Missing:
                missed.append((address, html))
        for change in changes:
            self._apply(change)
        self._is_stale = self._is_stale or bool(changes)
        if changes and missed:  # a target may have come with a patch before its own
            return self.apply(missed)
        return [address for address, _ in missed]

    # -- one patch ---------------------------------------------------------------------------

    def _read(self, address: str, html: str) -> _Change:
        target = self.target(address)
        if target is None:
            raise _Missing
        if html.startswith(">"):
            new = parse_fragment(_as_content(target, html[1:]), context_of(target))
            new.attrib.update(target.attrib)
        else:
            new = self._one_element(address, html, target)
            new.set("lc", address)
        return _Change(target, new, self._find_keeps(target, new))

    def _apply(self, change: _Change) -> None:
        kept = {node for keep in change.keeps for run in keep.runs for node in run}
        for keep in change.keeps:
            _fill_placeholder(keep)
        if change.new.tag == change.target.tag:
            morph(change.target, change.new, kept, self.changed)
        else:
            self._replace(change.target, change.new)

    def _one_element(self, address: str, html: str, target: Element) -> Element:
        """The patch's element. What stands around it (white space, comments) is not part of it."""
        parent = target.getparent()
        holder = parse_fragment(html, "html" if parent is None else context_of(parent))
        elements = [node for node in holder if isinstance(node.tag, str)]
        around = (holder.text or "") + "".join(node.tail or "" for node in holder)
        if len(elements) != 1 or around.strip(WHITE_SPACE):
            raise PatchError(
                f"The patch of {address} must be one element where it stands, in <{holder.tag}>; got {html!r}."
            )
        return elements[0]

    def _replace(self, target: Element, new: Element) -> None:
        token = target.get("lc-token")
        if token is not None:
            new.set("lc-token", token)
        parent = target.getparent()
        if parent is None:
            raise PatchError(f"A patch cannot turn <{target.tag}> into <{new.tag}>.")
        new.tail = target.tail
        parent.replace(target, new)

    # -- keeps -------------------------------------------------------------------------------

    def _find_keeps(self, target: Element, new: Element) -> list[_Keep]:
        keeps = [
            self._find_keep(target, placeholder)
            for placeholder in new.iter("template")
            if placeholder.get("lc-keep") is not None
        ]
        kept: set[Element] = set()
        for keep in keeps:
            for run in keep.runs:
                if not kept.isdisjoint(run):
                    raise PatchError(f"Kept twice in one patch: {keep.placeholder.get('lc-keep')!r}.")
                kept.update(run)
        return keeps

    def _find_keep(self, target: Element, placeholder: Element) -> _Keep:
        value = placeholder.get("lc-keep", "")
        prefix, *items = value.split(" ")
        if not items:
            prefix, items = "", [prefix]
        elif not prefix.endswith("."):
            raise PatchError(f"The first word of lc-keep={value!r} must end in a dot.")
        runs = [self._run(target, prefix, *item.split("~")) for item in items]
        return _Keep(placeholder, runs, placeholder.text or "")

    def _run(self, target: Element, prefix: str, first: str, last: str | None = None) -> list[Element]:
        start = self._kept(target, prefix + first)
        if last is None:
            return [start]
        end = self._kept(target, prefix + last)
        run = [start]
        while run[-1] is not end:
            following = run[-1].getnext()
            if following is None:
                raise _Missing
            run.append(following)
        return run

    def _kept(self, target: Element, address: str) -> Element:
        element = self.target(address)
        if element is None or element is target or element in target.iterancestors():
            raise _Missing
        return element

    # -- the index ---------------------------------------------------------------------------

    def _index(self) -> None:
        self._targets = {}
        for element in self.root.xpath("//*[@lc]"):
            self._targets.setdefault(element.get("lc"), element)
        self._is_stale = False

    def _lookup(self, address: str) -> Element | None:
        found = self._targets.get(address)
        if found is None or found.get("lc") != address:
            return None
        is_attached = any(ancestor is self.root for ancestor in found.iterancestors("html"))
        return found if is_attached or found is self.root else None


def _as_content(target: Element, content: str) -> str:
    # A parser drops a line feed right after these start tags, but a fragment has no start tag.
    return content.removeprefix("\n") if target.tag in ("textarea", "pre", "listing") else content


def _fill_placeholder(keep: _Keep) -> None:
    placeholder = keep.placeholder
    parent = placeholder.getparent()
    assert parent is not None
    for number, run in enumerate(keep.runs):
        for node in run:
            tail = node.tail
            if node is run[-1]:
                _leave_tail(node)
                tail = keep.separator if number < len(keep.runs) - 1 else None
            placeholder.addprevious(node)
            node.tail = tail
    _remove(placeholder)


def _leave_tail(node: Element) -> None:
    """Leaves the text after `node` where it is when the node moves away."""
    if node.tail and node.getparent() is not None:
        tail, node.tail = node.tail, None
        previous = node.getprevious()
        if previous is not None:
            previous.tail = (previous.tail or "") + tail
        else:
            parent = node.getparent()
            assert parent is not None
            parent.text = (parent.text or "") + tail


def _remove(node: Element) -> None:
    _leave_tail(node)
    parent = node.getparent()
    assert parent is not None
    parent.remove(node)
