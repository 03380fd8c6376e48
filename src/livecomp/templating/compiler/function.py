"""From written lines to a Python function whose line numbers are the template's."""

import ast
import linecache
import os
from collections.abc import Callable
from types import CodeType
from typing import Any

from django.template.base import Node, VariableDoesNotExist, linebreak_iter, render_value_in_context
from django.template.exceptions import TemplateSyntaxError
from django.templatetags.static import StaticNode
from django.utils import timezone, translation
from django.utils.html import strip_spaces_between_tags
from django.utils.safestring import SafeString

from livecomp.templating.atoms import ATOMS, MISSING
from livecomp.templating.compiler import runtime, tag_runtime
from livecomp.templating.compiler.code import Code, Line, flatten

_GLOBALS: dict[str, Any] = {
    **{name: value for module in (runtime, tag_runtime) for name, value in vars(module).items() if name[:2] != "__"},
    "ATOMS": ATOMS,
    "MISSING": MISSING,
    **{f"write_{form}": write for form, write in runtime.WRITERS.items()},
    "E": runtime.ESCAPED,
    "V": runtime.SPELT,
    "STR": str,
    "SafeString": SafeString,
    "StaticNode": StaticNode,
    "TemplateSyntaxError": TemplateSyntaxError,
    "VariableDoesNotExist": VariableDoesNotExist,
    "get_language": translation.get_language,
    "get_language_bidi": translation.get_language_bidi,
    "get_current_timezone_name": timezone.get_current_timezone_name,
    "override_language": translation.override,
    "override_timezone": timezone.override,
    "render_value_in_context": render_value_in_context,
    "strip_spaces_between_tags": strip_spaces_between_tags,
    "template_localtime": vars(timezone)["template_localtime"],
}


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
    relocate(tree, lines, places)
    compiled = compile(tree, filename, "exec", dont_inherit=True)
    space = {**_GLOBALS, **code.constants}
    exec(compiled, space)
    function: Callable[..., Any] = space["render"]
    return function


def relocate(tree: ast.AST, lines: list[Line], places: Places) -> None:
    """Give the code the template's line numbers. The holes of an f-string can belong to different nodes."""
    found = [places.of(line.node) for line in lines]
    stack: list[tuple[ast.AST, tuple[int, int, int] | None]] = [(tree, None)]
    while stack:
        node, claimed = stack.pop()
        holes: list[Node | None] = []
        number = getattr(node, "lineno", 0)
        if number:
            line = lines[number - 1]
            if claimed is None and line.strings and isinstance(node, ast.JoinedStr):
                holes = line.strings.pop(0)
            place = claimed or found[number - 1]
            node.lineno = node.end_lineno = place[0]  # type: ignore[attr-defined]
            node.col_offset, node.end_col_offset = place[1], place[2]  # type: ignore[attr-defined]
        children: list[tuple[ast.AST, tuple[int, int, int] | None]] = []
        for field in node._fields:
            value = getattr(node, field, None)
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, ast.FormattedValue) and holes:
                    children.append((child, places.of(holes.pop(0))))
                elif isinstance(child, ast.AST):
                    children.append((child, claimed))
        stack += reversed(children)


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
    if filename not in linecache.cache and not os.path.exists(filename):
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
