"""From written lines to a Python function whose line numbers are the template's."""

import ast
import linecache
from collections.abc import Callable
from types import CodeType
from typing import Any

from django.template.base import Node, linebreak_iter

from livecomp.templating.compiler import runtime
from livecomp.templating.compiler.code import Code, Line, flatten

_GLOBALS: dict[str, Any] = {name: value for name, value in vars(runtime).items() if not name.startswith("__")}
_GLOBALS.update(E=runtime.ESCAPED, STR=str)


class Places:
    """Where template nodes are in the compiled function: by line and column."""

    def __init__(self, source: str) -> None:
        self.starts = list(linebreak_iter(source))
        self.nodes: dict[tuple[int, int], Node] = {}

    def of(self, node: Node | None) -> tuple[int, int, int]:
        """Line, column and end column that the code of this node claims."""
        token = getattr(node, "token", None)
        if token is None:
            return 1, 0, 0
        line, column, width = token.lineno or 1, 0, 0
        if token.position:
            start, end = token.position
            line_start = max(each for each in self.starts if each <= start)
            column, width = start - line_start, min(end - start, 250)
        self.nodes.setdefault((line, column), node)  # type: ignore[arg-type]
        return line, column, column + width


def source_of(header: str, code: Code) -> tuple[str, list[Line]]:
    """The source text, and its lines one by one (the first is the header)."""
    lines = [Line(0, header, None), *flatten(code.lines)]
    return "\n".join("    " * (line.indent + (index > 0)) + line.text for index, line in enumerate(lines)), lines


def make(source: str, lines: list[Line], code: Code, places: Places, filename: str) -> Callable[..., Any]:
    """The function. Raises `SyntaxError` or `RecursionError` where Python's compiler has enough."""
    tree = ast.parse(source)
    found = [places.of(line.node) for line in lines]
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            line, column, end = found[node.lineno - 1]
            node.lineno = node.end_lineno = line  # type: ignore[attr-defined]
            node.col_offset, node.end_col_offset = column, end  # type: ignore[attr-defined]
    compiled = compile(tree, filename, "exec", dont_inherit=True)
    space = {**_GLOBALS, **code.constants}
    exec(compiled, space)
    function: Callable[..., Any] = space["render"]
    return function


def node_at(traceback: Any, function: CodeType, places: Places) -> Node | None:
    """The template node whose code was running in this function when an exception came."""
    found: Node | None = None
    while traceback is not None:
        if traceback.tb_frame.f_code is function:
            position = list(function.co_positions())[traceback.tb_lasti // 2]
            found = places.nodes.get((position[0] or 0, position[2] or 0)) or _on_line(places, position[0])
        traceback = traceback.tb_next
    return found


def _on_line(places: Places, line: int | None) -> Node | None:
    return next((node for (at, _), node in places.nodes.items() if at == line), None)


def remember_source(filename: str, source: str) -> None:
    """Let tracebacks show the lines of a template that is not in a file."""
    if filename.startswith("<") and filename not in linecache.cache:
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
