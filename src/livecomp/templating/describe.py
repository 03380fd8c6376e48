"""The tree of a template's targets, for people: what is patched by itself, and why the rest is not."""

from typing import Any

from livecomp.templating.compiler import compile_template
from livecomp.templating.specs import ScopeSpec, TargetSpec
from livecomp.templating.tree import Child, Element, Items, Loop, Output, Text, Value


def describe_targets(template: Any) -> str:
    """One line for each target of a `django.template.Template`, indented as they stand inside each other."""
    live = compile_template(template).live
    if live.call is None:
        return f"The whole component is one target: {live.why}."
    lines: list[str] = []
    _describe(live.items, live.scope, 0, lines)
    return "\n".join(lines)


def _describe(items: Items, scope: ScopeSpec, depth: int, lines: list[str]) -> None:
    for item in items:
        if isinstance(item, Element):
            inner = depth
            if item.target is not None:
                lines.append("  " * depth + _line(scope.targets[item.target]))
                inner += 1
            _describe(item.children, scope, inner, lines)
        elif isinstance(item, Loop):
            _describe(item.empty, scope, depth, lines)
            if item.spec is not None:
                key = "by key" if item.spec.keyed else "by position"
                lines.append("  " * depth + f"for (line {item.spec.line}), items told apart {key}")
                _describe(item.body, item.spec.scope, depth + 1, lines)
        elif isinstance(item, Child):
            lines.append("  " * depth + f"component {item.node.name.token}")  # type: ignore[attr-defined]
        elif not isinstance(item, Text | Output | Value):
            for each in item.lists():
                _describe(each, scope, depth, lines)


def _line(target: TargetSpec) -> str:
    parts = [f"{target.head}> .{target.ordinal} (line {target.line})"]
    if target.why:
        parts.append(f"not split: {target.why}")
    return ", ".join(parts)
