"""Writing Python: lines that remember which template node they came from, and the strings they build."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.template.base import Node


@dataclass(slots=True)
class Line:
    indent: int
    text: str
    node: Node | None
    strings: "list[list[Node | None]]" = field(default_factory=list)  # whose the holes of its f-strings are


Lines = list["Line | Lines"]


class Code:
    """The source of one generated function, growing."""

    def __init__(self) -> None:
        self.lines: Lines = []
        self.indent = 0
        self.node: Node | None = None
        self.constants: dict[str, Any] = {}
        self.strings: list[list[Node | None]] = []  # written, and part of the line to come
        self._known: dict[int, str] = {}
        self._count = 0

    def line(self, text: str) -> None:
        self.lines.append(Line(self.indent, text, self.node, self.strings))
        self.strings = []

    def later(self) -> "Later":
        """A place here where lines can be added afterwards."""
        lines: Lines = []
        self.lines.append(lines)
        return Later(self, lines, self.indent, self.node)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        self.line(header)
        self.indent += 1
        before = len(self.lines)
        yield
        if not any(True for _ in flatten(self.lines[before:])):
            self.line("pass")
        self.indent -= 1

    @contextmanager
    def at(self, node: Node | None) -> Iterator[None]:
        """The lines written inside belong to this node."""
        before, self.node = self.node, node or self.node
        yield
        self.node = before

    def name(self, hint: str) -> str:
        """A new local name."""
        self._count += 1
        return f"{hint}{self._count}"

    def constant(self, value: Any, hint: str) -> str:
        """The global name of a value that the code needs and that has no source form."""
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = f"{hint}_{len(self.constants) + 1}"
            self.constants[known] = value
        return known


@dataclass(slots=True)
class Later:
    code: Code
    lines: Lines
    indent: int
    node: Node | None

    def line(self, text: str) -> None:
        self.lines.append(Line(self.indent, text, self.node))


def flatten(lines: Lines) -> Iterator[Line]:
    for line in lines:
        if isinstance(line, list):
            yield from flatten(line)
        else:
            yield line


_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
_ESCAPES.update({code: f"\\x{code:02x}" for code in (*range(9), 11, 12, *range(14, 32), 127)})
_ESCAPES.update({code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)})


def quoted(text: str) -> str:
    """The inside of a double-quoted Python string."""
    plain = text.translate(_ESCAPES)
    if any("\ud800" <= char <= "\udfff" for char in plain):
        plain = "".join(f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in plain)
    return plain


class Sink:
    """Where output goes: pieces of text, collected until something else has to happen in between."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.pieces: list[tuple[str, bool, Node | None]] = []  # source in an f-string, whether it is code, and whose
        self.active = False  # some piece still has to be evaluated in its turn

    def static(self, text: str) -> None:
        if text:
            self.pieces.append((quoted(text).replace("{", "{{").replace("}", "}}"), False, None))

    def expression(self, source: str, *, active: bool = True) -> None:
        self.pieces.append((source, True, self.code.node))
        self.active = self.active or active

    def take(self) -> str:
        """Source of a string expression for all that was collected."""
        pieces, self.pieces, self.active = self.pieces, [], False
        if not any(is_code for _, is_code, _ in pieces):
            return '"' + "".join(text for text, _, _ in pieces).replace("{{", "{").replace("}}", "}") + '"'
        self.code.strings.append([node for _, is_code, node in pieces if is_code])
        return 'f"' + "".join(f"{{{text}}}" if is_code else text for text, is_code, _ in pieces) + '"'

    def settle(self) -> None:
        """Evaluate what is waiting, because a statement comes."""
        raise NotImplementedError


class TextSink(Sink):
    """Builds one string."""

    def settle(self) -> None:
        if self.active:
            name = self.code.name("t")
            self.code.line(f"{name} = {self.take()}")
            self.expression(name, active=False)


class PartsSink(Sink):
    """Builds a list of strings and references: the own content of a target that has others inside."""

    def __init__(self, code: Code, parts: str, own: str) -> None:
        super().__init__(code)
        self.parts = parts
        self.own = own  # the list of the scope's targets

    def settle(self) -> None:
        if self.active:
            self.flush()

    def flush(self) -> None:
        if self.pieces:
            self.code.line(f"{self.parts}.append({self.take()})")

    def reference(self, source: str) -> None:
        self.flush()
        self.code.line(f"{self.parts}.append({source})")
