"""Which Python name holds a template variable: the compile-time picture of Django's context stack."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from livecomp.templating.compiler.code import Code, Later


@dataclass(slots=True)
class Local:
    """A template variable in a Python local."""

    source: str
    sure: bool = True  # it is always set; otherwise it may hold MISSING, and the next scope outward is asked
    parts: dict[str, str] = field(default_factory=dict)  # locals of values behind it, MISSING where not fetched


@dataclass(slots=True)
class ForLoop:
    """The parts of `forloop` that are plain locals."""

    index: str
    length: str
    parent: "ForLoop | None"
    source: str  # the local of the dict that Django would make
    before: Later  # lines before the first round
    wanted: bool = False  # something needs that dict
    last_seen: dict[int, str] = field(
        default_factory=dict
    )  # id of an `{% ifchanged %}` node -> the local it remembers in

    def want(self) -> None:
        self.wanted = True
        if self.parent is not None:
            self.parent.want()


@dataclass(slots=True)
class Scope:
    """One dict of the context stack."""

    names: dict[str, Local] = field(default_factory=dict)
    loop: ForLoop | None = None
    isolated: str = ""  # the context that is seen from here when nothing outside of this scope is
    real: bool = False  # that context has the names; otherwise they are all in locals


class Scopes:
    """The stack, and the names taken from the real context below it."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.stack: list[Scope] = []
        self.hoisted: dict[str, str] = {}
        self.hoist_at: Later | None = None
        self.fetch = "find({context}, {name!r})"
        self.used: set[str] = set()

    @property
    def context(self) -> str:
        """The context that Django's own code is to see."""
        for scope in reversed(self.stack):
            if scope.isolated:
                return scope.isolated
        return "context"

    def find(self, name: str) -> tuple[str, bool]:
        """Source of the value of a name, and whether it is a simple local that is never MISSING."""
        unsure: list[str] = []
        for scope in reversed(self.stack):
            local = scope.names.get(name)
            if local is not None:
                if scope.loop is not None and local.source == scope.loop.source:
                    scope.loop.want()
                if local.sure:
                    return self._first_set(unsure, local.source), not unsure
                unsure.append(local.source)
            if scope.real:
                break
            if scope.isolated:
                return self._first_set(unsure, "MISSING"), False
        return self._first_set(unsure, self.base(name)), False

    def _first_set(self, unsure: list[str], last: str) -> str:
        source = last
        for each in reversed(unsure):
            source = f"({each} if {each} is not MISSING else {source})"
        return source

    def base(self, name: str) -> str:
        """The name's value in the real context."""
        self.used.add(name)
        if self.hoist_at is None:
            fetched = self.code.name("n")
            self.code.line(f"{fetched} = " + self.fetch.format(name=name, context=self.context))
            return fetched
        if name not in self.hoisted:
            self.hoisted[name] = self.code.name("n_" if not name.isidentifier() else f"{name}_")
            self.hoist_at.line(f"{self.hoisted[name]} = " + self.fetch.format(name=name, context=self.context))
        return self.hoisted[name]

    def part(self, names: tuple[str, ...]) -> str | None:
        """The local of the value behind a dotted name, where it was fetched beforehand."""
        if len(names) != 2:
            return None
        for scope in reversed(self.stack):
            local = scope.names.get(names[0])
            if local is not None:
                return local.parts.get(names[1])
            if scope.isolated:
                break
        return None

    @property
    def top(self) -> Scope | None:
        """The innermost scope that is in locals."""
        return self.stack[-1] if self.stack and not self.stack[-1].real else None

    def loop(self) -> ForLoop | None:
        """The loop around, as far as the template itself knows it."""
        for scope in reversed(self.stack):
            if scope.loop is not None:
                return scope.loop
            if scope.isolated:
                return None
        return None

    def push(self, names: Iterable[str], at: Later, **options: object) -> Scope:
        """A new scope; ``names`` are those that tags inside of it may set."""
        scope = Scope(**options)  # type: ignore[arg-type]
        for name in names:
            self.declare(scope, name, at)
        self.stack.append(scope)
        return scope

    def declare(self, scope: Scope, name: str, at: Later) -> None:
        source = self.code.name("v")
        at.line(f"{source} = MISSING")
        scope.names[name] = Local(source, sure=False)

    def pop(self) -> None:
        self.stack.pop()
