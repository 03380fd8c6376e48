"""What is known of a template's targets before any render: the static half of every patch."""

import re
from dataclasses import dataclass, field

# The start tag of the first element in rendered HTML
ROOT = re.compile(r"\s*(?:<!--.*?-->\s*|<!(?!--)[^>]*>\s*)*<[A-Za-z][^\t\n\f\r />]*", re.DOTALL)


@dataclass(slots=True, eq=False)
class TargetSpec:
    """One element that can be patched.

    Its HTML is ``head`` + its address + ``start`` + its own content + ``end``. ``start`` is None where the start tag is
    dynamic; then the content begins with the rest of the start tag.
    """

    ordinal: int
    head: str
    start: str | None
    end: str
    line: int
    whole: bool = False  # its content cannot be sent without its start tag
    found: bool = False  # the element is only known from the rendered text
    keyed: bool = False
    why: str = ""
    closed: bool = False  # a browser may nest what is inside otherwise than it is written

    @property
    def by_content(self) -> bool:
        """The start tag never changes, so a patch leaves it out."""
        return self.start is not None and not self.whole


@dataclass(slots=True, eq=False)
class ScopeSpec:
    """The targets and loops of a template, or of one loop's body: what exists at most once in each round."""

    targets: list[TargetSpec] = field(default_factory=list)
    loops: list["LoopSpec"] = field(default_factory=list)


def fingerprint(scope: ScopeSpec) -> str:
    """Text that differs between templates whose targets are not the same."""
    targets = [
        (each.ordinal, each.head, each.start, each.end, each.whole, each.found, each.closed) for each in scope.targets
    ]
    loops = [(each.regular, each.leaf, each.before, each.after, fingerprint(each.scope)) for each in scope.loops]
    return repr((targets, loops))


@dataclass(slots=True, eq=False)
class LoopSpec:
    """A loop that places targets.

    ``regular``: each round is exactly ``before`` + the only target + ``after``; such a round's own content is one
    string if ``leaf``.
    """

    index: int  # among its scope's loops
    scope: ScopeSpec
    line: int
    template: str
    regular: bool = False
    leaf: bool = False
    keyed: bool = False
    before: str = ""
    after: str = ""
