"""Random templates that people could write, good ones and careless ones, and random states for them.

Everything is drawn through `pick`, which takes one of several options: by Hypothesis, so that a failure shrinks, or by
a plain random generator.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Pick = Callable[[Sequence[Any]], Any]
State = dict[str, Any]

FLAGS = ("a", "b", "c")
TEXTS = ("x", "y")
YES_NO = (False, True)
INCLUDES = {
    "leaf.html": "<em>{{ x }}</em>",
    "text.html": "{{ y }} and {{ v }}",
    "list.html": '<ul class="{{ x }}">{% for row in rows %}<li id="l{{ row.id }}">{{ row.label }}{{ v }}</li>{% endfor %}</ul>',
    "branch.html": "{% if a %}<p>{{ x }}</p>{% else %}<div>{{ y }}</div>{% endif %}",
}

WORDS = ("", "z", "two words", "<b>", "a & b", '"q"', "'s'", "é ü", "1", "</div>", "&amp;", " ")
_STATIC = ("", "", " ", "\n  ", "text", "a &lt; b", "&nbsp;", "<!-- note -->", "<br>", "<hr>", "x < y")
_VALUES = (
    "{{ x }}",
    "{{ y }}",
    "{{ x|upper }}",
    "{{ n }}",
    "{{ missing }}",
    "{{ person.name }}",
    "{{ x|default:'none' }}",
)
_TESTS = ("a", "b", "c", "not a", "a and b", "n > 1", "x == 'z'", "rows", "person.name")
_FLOW = ("div", "section", "p", "ul", "table", "form", "h2", "span", "pre", "select", "button", "a", "dl")
_INLINE = ("span", "em", "b", "a", "label", "small")
_ATTRIBUTES = (
    ' class="k"',
    ' class="{{ x }}"',
    " title='{{ y }}'",
    ' data-n="{{ n }} {{ x }}"',
    "{% if a %} hidden{% endif %}",
    '{% if b %} data-b="{{ x }}"{% else %} data-c{% endif %}',
    ' data-v="{% if c %}one{% else %}two{% endif %}"',
    ' data-l="{% for name in names %}{{ name }} {% endfor %}"',
    " data-u={{ n }}",
)


def attributes(pick: Pick) -> str:
    """Attributes of a start tag, some dynamic."""
    found: list[str] = []
    for _ in range(pick((0, 0, 1, 2))):
        found.append(pick(_ATTRIBUTES))
    return "".join(dict.fromkeys(found))


def content(pick: Pick, depth: int, inside: str = "div", loop: str = "") -> str:
    """What can stand in an element of this name."""
    return "".join(piece(pick, depth, inside, loop) for _ in range(pick((0, 1, 2, 3))))


def piece(pick: Pick, depth: int, inside: str, loop: str) -> str:
    kinds = ["static", "value", "value"]
    if depth > 0:
        kinds += ["element", "element", "branch", "bound", "careless", "region", "child"]
        kinds += [] if loop else ["included", "loops"]
    kind = pick(kinds)
    if kind == "static":
        return pick(_STATIC)  # type: ignore[no-any-return]
    if kind == "value":
        return f"{{{{ {loop}.label }}}}" if loop and pick(YES_NO) else pick(_VALUES)
    return _COMPOUND[kind](pick, depth - 1, inside, loop)


def element(pick: Pick, depth: int, inside: str, loop: str) -> str:
    if pick(range(10)) == 9:
        return special(pick)
    name = pick(_INLINE if inside in ("p", "span", "h2", "button", "a", "em", "b") else _FLOW)
    start = attributes(pick)
    if name == "ul":
        return f"<ul{start}>{loops(pick, depth, 'ul', loop)}</ul>"
    if name == "table":
        return table(pick, start)
    if name == "select":
        return (
            f"<select{start}>{{% for row in rows %}}<option value='{{{{ row.id }}}}'{{% if row.on %}} selected{{% endif %}}>"
            "{{ row.label }}</option>{% endfor %}</select>"
        )
    if name == "dl":
        return (
            f"<dl{start}>{{% for row in rows %}}<dt id='t{{{{ row.id }}}}'>{{{{ row.label }}}}</dt>"
            "<dd>{{ row.on }}</dd>{% endfor %}</dl>"
        )
    return f"<{name}{start}>{content(pick, depth, name, loop)}</{name}>"


def special(pick: Pick) -> str:
    """Raw text, void, foreign and inert elements."""
    value = pick(_VALUES)
    found: str = pick(
        (
            f"<textarea>{value}</textarea>",
            f"<textarea>\n{value}</textarea>",
            f"<pre>\n\n{value}</pre>",
            f"<title>{value}<b></title>",
            "<style>p > b { content: '{% if a %}x{% endif %}' }</style>",
            f"<script>if (1 < 2) {{ {value} }} </scr</script>",
            f'<input value="{value}">',
            f'<img alt="{value}"/>',
            '<svg viewBox="0 0 1 1"><g>{% for row in rows %}<circle r="{{ row.id }}"/>{% endfor %}</g>'
            + value
            + "</svg>",
            f"<template><p>{value}</p></template>",
            f"<!-- {value} {{% if a %}}<b>{{% endif %}} -->",
            f"<iframe>{value}</iframe>",
            "{% csrf_token %}",
        )
    )
    return found


def table(pick: Pick, start: str) -> str:
    cells = pick(
        (
            "<td>{{ row.label }}</td><td>{{ x }}</td>",
            "<td>{{ row.id }}</td>{% if row.on %}<td>{{ row.label }}</td>{% endif %}",
            "<td>{{ row.label }}<td>{{ row.on }}",
            "<th><b>{{ row.label }}</b></th>",
        )
    )
    key = pick(("", ' id="r{{ row.id }}"', ' live-key="{{ row.id }}"', ' class="{{ x }}" id="{{ row.id }}"'))
    rows = f"{{% for row in rows %}}\n<tr{key}>{cells}</tr>\n{{% endfor %}}"
    shape: str = pick(
        (
            rows,
            f"<tbody>{rows}</tbody>",
            f"<thead><tr><th>{{{{ x }}}}</th></tr></thead>{rows}",
            f"<caption>{{{{ y }}}}</caption><tbody>{rows}</tbody><tfoot><tr><td>{{{{ n }}}}</td></tr></tfoot>",
            f"{rows}{{{{ x }}}}",
            f"{{% if a %}}<tr><td>{{{{ x }}}}</td></tr>{{% endif %}}{rows}",
            "<tr>{% for name in names %}<td>{{ name }}</td>{% endfor %}</tr>",
            f"<col>{rows}",
            f"{rows}<tbody><tr><td>{{{{ x }}}}</td></tr></tbody>",
        )
    )
    return f"<table{start}>{shape}</table>"


def loops(pick: Pick, depth: int, inside: str, loop: str) -> str:
    """A loop, keyed or not, of list items or whatever."""
    key = pick(("", ' id="i{{ row.id }}"', ' live-key="{{ row.id }}"', ' live-key="{{ row.label }}"'))
    tag = "li" if inside == "ul" else pick(("div", "span", "article"))
    static = pick(("", "", f'<i class="{"k" * 90}">much static markup</i>' * 2))
    item = (
        f"<{tag}{key}{attributes(pick)}>{{{{ row.label }}}}{content(pick, max(depth, 0), tag, 'row')}{static}</{tag}>"
    )
    body = pick(
        (
            item,
            f"\n  {item}\n",
            f"{{% if row.on %}}{item}{{% endif %}}",
            f"{{% if row.on %}}{item}{{% else %}}<{tag}>off</{tag}>{{% endif %}}",
            f"{item}<hr>",
            f"{item}, ",
            f"{{{{ row.label }}}}{item}",
            f"<{tag}{key}>{{{{ row.label }}}}",
            f"{{% with v=row.label %}}{item}{{{{ v }}}}{{% endwith %}}",
            f"{{% with v=row.label %}}{item}{{% endwith %}}",
            f"{item}{item.replace('id=', 'data-i=')}",
            f"<{tag}{key}>{{% for name in names %}}<b>{{{{ name }}}}{{{{ row.label }}}}</b>{{% endfor %}}</{tag}>",
            f'<{tag}{key}>{{% for sub in row.subs %}}<b id="{{{{ sub }}}}">{{{{ sub }}}}</b> {{% endfor %}}</{tag}>',
            f"{{% for sub in row.subs %}}<{tag}>{{{{ sub }}}}</{tag}>{{% endfor %}}",
            f"{{% cycle 'odd' 'even' as parity silent %}}<{tag} class='{{{{ parity }}}}'{key}>{{{{ forloop.counter }}}}</{tag}>",
            f"{{% ifchanged row.on %}}<b>{{{{ row.on }}}}</b>{{% endifchanged %}}{item}",
            '{% live_component "child" key=row.id label=row.label %}',
            f'<{tag}{key}>{{% live_component "child" key=row.id label=row.label %}}</{tag}>',
        )
    )
    empty = pick(("", "{% empty %}none", f"{{% empty %}}<{tag}>{{{{ x }}}}</{tag}>"))
    return f"{{% for row in rows{pick(('', '', ' reversed'))} %}}{body}{empty}{{% endfor %}}"


def branch(pick: Pick, depth: int, inside: str, loop: str) -> str:
    found = f"{{% if {pick(_TESTS)} %}}{content(pick, depth, inside, loop)}"
    if pick(YES_NO):
        found += f"{{% elif {pick(_TESTS)} %}}{content(pick, depth, inside, loop)}"
    if pick(YES_NO):
        found += f"{{% else %}}{content(pick, depth, inside, loop)}"
    return found + "{% endif %}"


def bound(pick: Pick, depth: int, inside: str, loop: str) -> str:
    return f"{{% with v={pick(('x', 'y', 'n'))} %}}{content(pick, depth, inside, loop)}{{{{ v }}}}{{% endwith %}}"


def region(pick: Pick, depth: int, inside: str, loop: str) -> str:
    tag = pick(("spaceless", "autoescape on", "filter upper", "localize off", "ifchanged", "language 'de'"))
    return f"{{% {tag} %}}{content(pick, depth, inside, loop)}{{% end{tag.split()[0]} %}}"


def careless(pick: Pick, depth: int, inside: str, loop: str) -> str:
    """Markup that a browser nests otherwise than it is written, or that a branch leaves open."""
    inner = content(pick, depth, "div", loop)
    found: str = pick(
        (
            f"<p>{inner}<div>{{{{ x }}}}</div></p>",
            f"<ul><li>{inner}<li>{{{{ y }}}}</ul>",
            f"<p>{{{{ x }}}}<p>{inner}",
            f"<b>{inner}",
            f"{inner}</i>",
            f"{{% if a %}}<div class='w'>{{% endif %}}{inner}{{% if a %}}</div>{{% endif %}}",
            f"{{% if a %}}<a href='1'>{{% else %}}<a href='2'>{{% endif %}}{{{{ x }}}}</a>{inner}",
            f"{{% if b %}}</div><div>{{% endif %}}{inner}",
            f"<a href='{{{{ x }}}}'><a>{inner}</a></a>",
            f"<button>{inner}<button>{{{{ y }}}}</button></button>",
            f"<h2>{inner}<h3>{{{{ x }}}}</h3></h2>",
            f"<form>{inner}<form>{{{{ x }}}}</form></form>",
            f"<div><td>{{{{ x }}}}</td>{inner}</div>",
            f"<select><div>{{{{ x }}}}</div><option>{{{{ y }}}}</select>{inner}",
            f"<{{{{ tag }}}}>{inner}</{{{{ tag }}}}>",
            f"<div {{{{ attribute }}}}>{inner}</div>",
            f"<dl><dt>{{{{ x }}}}<dd>{inner}</dl>",
            f"<table><tr><td>{inner}</table>",
            f"<svg><p>{inner}</p></svg>",
        )
    )
    return found


def included(pick: Pick, depth: int, inside: str, loop: str) -> str:
    return f'{{% include "{pick(sorted(INCLUDES))}" {pick(("", "with v=n", "with v=x x=y only"))} %}}'


def child(pick: Pick, depth: int, inside: str, loop: str) -> str:
    return f'{{% live_component "child"{f" key={loop}.id" if loop else ""} label=x %}}'


_COMPOUND: dict[str, Callable[[Pick, int, str, str], str]] = {
    "element": element,
    "branch": branch,
    "loops": loops,
    "bound": bound,
    "region": region,
    "careless": careless,
    "included": included,
    "child": child,
}


def template(pick: Pick) -> str:
    """A component's template."""
    root = pick(("div", "div", "section", "p", "ul", "article"))
    inner = content(pick, 3, root) + content(pick, 2, root)
    return f"{{% load livecomp i18n l10n %}}<{root}{attributes(pick)}>{inner}</{root}>"


def row(pick: Pick, known: Sequence[State] = ()) -> State:
    taken = {each["id"] for each in known}
    free = [number for number in range(10) if number not in taken] if pick((True, True, True, False)) else range(10)
    return {
        "id": pick(free),
        "label": pick(WORDS),
        "on": pick(YES_NO),
        "subs": [pick(("s", "t", "u.v", "w~")) for _ in range(pick((0, 0, 1, 2, 3)))],
    }


def rows(pick: Pick, before: Sequence[State] = ()) -> list[State]:
    found = list(before)
    for _ in range(pick((0, 1, 2, 3, 4))):
        found.append(row(pick, found))
    return found


def value(pick: Pick, name: str) -> Any:
    if name in FLAGS:
        return pick(YES_NO)
    return {
        "n": lambda: pick(range(4)),
        "rows": lambda: rows(pick),
        "names": lambda: [pick(WORDS) for _ in range(pick(range(4)))],
        "person": lambda: {"name": pick(WORDS)},
        "tag": lambda: pick(("i", "section")),
        "attribute": lambda: pick(("", "hidden")),
    }.get(name, lambda: pick(WORDS))()


_NAMES = (*FLAGS, *TEXTS, "n", "rows", "names", "person", "tag", "attribute")


def state(pick: Pick) -> State:
    """What the template can see."""
    return {name: value(pick, name) for name in _NAMES}


def changed(pick: Pick, before: State) -> State:
    """The state a step later."""
    after = dict(before)
    for _ in range(pick((0, 1, 1, 2, 3))):
        _change(pick, after)
    return after


def _change(pick: Pick, after: State) -> None:
    known = after["rows"]
    name = pick((*_NAMES, "order", "one row", "some rows", "more rows", "more rows"))
    if name == "order":
        left, after["rows"] = list(known), []
        while left:
            after["rows"].append(left.pop(pick(range(len(left)))))
    elif name == "one row" and known:
        at = pick(range(len(known)))
        after["rows"] = [{**each, "label": pick(WORDS)} if index == at else each for index, each in enumerate(known)]
    elif name == "some rows":
        after["rows"] = [each for each in known if pick(YES_NO)]
    elif name == "more rows":
        new = row(pick, known)
        after["rows"] = [new, *known] if pick(YES_NO) else [*known, new]
    elif name in _NAMES:
        after[name] = value(pick, name)


_INDEXES = [st.integers(0, last) for last in range(40)]


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[State]]:
    """A template, a first state, and the states that follow."""

    def pick(options: Sequence[T]) -> T:
        return options[draw(_INDEXES[len(options) - 1])]

    return case(pick)


def case(pick: Pick) -> tuple[str, list[State]]:
    source = template(pick)
    steps = [state(pick)]
    for _ in range(pick((1, 2, 3, 4))):
        steps.append(changed(pick, steps[-1]))
    return source, steps
