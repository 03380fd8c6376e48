"""Compiled templates as a whole: names, errors, threads, memory."""

import gc
import threading
import traceback
import tracemalloc
from typing import Any

import pytest
from django.template import Context, Engine, Template, TemplateDoesNotExist
from django.template.base import Node

from livecomp.templating import RenderMemory, compile_template, describe_targets
from tests.templating.rendering import Browser, FakeHost, compiled, make_engine


def render(template: Any, **state: Any) -> str:
    html: str = template.render(Context(state), component_id="c0", memory=RenderMemory(), host=FakeHost()).html()
    return html


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("<div>{{ a }}{% if b.c %}{{ d|default:e }}{% endif %}</div>", {"a", "b", "d", "e"}),
        ("<div>{% for r in rows %}{{ r.x }}{{ forloop.counter }}{{ y }}{% endfor %}</div>", {"rows", "y"}),
        ("<div>{% with z=a %}{{ z }}{% endwith %}{% csrf_token %}</div>", {"a", "csrf_token"}),
        ('<div>{% live_component "x" a=b key=c %}</div>', {"b", "c"}),
        ("<div>static</div>", set()),
    ],
)
def test_names_that_are_looked_up(source: str, names: set[str]) -> None:
    assert compiled(source).names == names


def test_names_are_not_known_where_a_tag_sees_the_whole_context() -> None:
    assert compiled("<div>{% debug %}</div>").names is None


@pytest.mark.parametrize(
    "child",
    [
        "{% with name='with' %}{{ block.super }}{% endwith %}",
        "{% with name='with' %}{{ block.super|upper }}{% endwith %}",
        "{% with name='with' %}{% if block.super %}{% firstof block.super %}{% endif %}{% endwith %}",
        "{% for name in rows %}{{ block.super }}{% endfor %}",
        "{% for name in rows %}{% with text=block.super %}{{ text }}{{ block.name }}{% endwith %}{% endfor %}",
    ],
)
def test_the_parent_s_block_sees_names_that_are_set_around_it(child: str) -> None:
    parent = "<div>{% block content %}<p>{{ name }}</p>{% endblock %}</div>"
    template = compiled(
        "x", parent=parent, child=f'{{% extends "parent" %}}{{% block content %}}{child}{{% endblock %}}'
    )
    template = compile_template(template.template.engine.get_template("child"))
    browser = Browser(template, {"name": "a", "rows": ["x", "y"]})
    for state in ({"name": "a", "rows": ["x", "y"]}, {"name": "b", "rows": ["y"]}):
        browser.check_plain(state)
        browser.show(state)


def test_compiled_once_and_kept_with_the_template() -> None:
    template = make_engine({}).from_string("<p>{{ a }}</p>")
    nodes = [vars(node).copy() for node in template.nodelist]
    first = compile_template(template)
    assert compile_template(template) is first
    assert render(first, a=1) == '<p lc="c0.0">1</p>'
    assert [vars(node) for node in template.nodelist] == nodes


def test_lines_are_right_where_another_parser_counts_them_wrong() -> None:
    line = "{% if a == \"x\" %}<b>{{ a }}</b>{% endif %}<i>{{ a|default:'x' }}</i>\n"
    template = Engine(debug=True).from_string("<div>\n" + line * 4 + "</div>")
    for node in template.nodelist.get_nodes_by_type(Node):
        node.token.lineno *= 2
    assert describe_targets(template).splitlines() == [
        "<div> .0 (line 1)",
        *(
            f"  <{name}> .{2 * row + number} (line {row + 2})"
            for row in range(4)
            for number, name in ((1, "b"), (2, "i"))
        ),
    ]


def test_a_traceback_shows_the_template_s_line(tmp_path: Any) -> None:
    (tmp_path / "broken.html").write_text("<div>\n  {{ fine }}\n  <p>{{ broken }}</p> {{ fine }}\n</div>")
    engine = Engine(dirs=[str(tmp_path)], debug=False)
    template = compile_template(engine.get_template("broken.html"))
    for call in (lambda: render(template, broken=fail), lambda: template.render_plain(Context({"broken": fail}))):
        with pytest.raises(ZeroDivisionError) as caught:
            call()
        frames = [frame for frame in traceback.extract_tb(caught.tb) if frame.filename.endswith("broken.html")]
        assert [(frame.lineno, frame.line) for frame in frames] == [(3, "<p>{{ broken }}</p> {{ fine }}")]


def fail() -> None:
    raise ZeroDivisionError


def test_the_debug_page_gets_what_django_would_give_it() -> None:
    source = "<div>\n{% if a %}{{ fine }}<b>{{ broken }}</b>{% endif %}</div>"
    template = make_engine({}, debug=True).from_string(source)
    infos = []
    for call in (
        lambda: template.render(Context({"broken": fail, "a": 1})),
        lambda: compile_template(template).render_plain(Context({"broken": fail, "a": 1})),
        lambda: render(compile_template(template), broken=fail, a=1),
    ):
        with pytest.raises(ZeroDivisionError) as caught:
            call()
        infos.append(caught.value.template_debug)  # type: ignore[attr-defined]
    assert infos[0] == infos[1] == infos[2]
    assert infos[0]["during"] == "{{ broken }}"


def test_a_template_that_includes_itself_ends() -> None:
    templates = {
        "tree.html": "<ul><li>{{ node.name }}{% for node in node.children %}{% include 'tree.html' %}{% endfor %}</li></ul>"
    }
    template = compile_template(make_engine(templates).get_template("tree.html"))
    tree = {"name": "a", "children": [{"name": "b", "children": [{"name": "c", "children": []}]}]}
    plain = template.template.render(Context({"node": tree}))
    assert render(template, node=tree).replace(' lc="c0.0"', "").replace(' lc="c0.1"', "") == plain


def test_a_missing_include_is_an_error_of_the_render_that_reaches_it() -> None:
    template = compiled("<div>{% if a %}{% include 'none.html' %}{% endif %}</div>")
    assert render(template, a=False) == '<div lc="c0.0"></div>'
    with pytest.raises(TemplateDoesNotExist):
        render(template, a=True)


def test_very_deep_templates_are_left_to_django() -> None:
    source = "<div>" + "{% for a in b %}" * 30 + "{{ a }}" + "{% endfor %}" * 30 + "</div>"
    template = compiled(source)
    assert template.render_plain(Context({"b": []})) == "<div></div>"
    assert render(template, b=[]) == '<div lc="c0.0"></div>'


def test_text_that_python_source_needs_to_escape() -> None:
    text = "\"'\\{}{{}}\t\x00\x07\x85\u2028\U0001f600\\n"
    template = Template("<p>{% verbatim %}" + text + "{% endverbatim %}{{ a }}</p>", engine=make_engine({}))
    assert compile_template(template).render_plain(Context({"a": 1})) == template.render(Context({"a": 1}))
    assert render(compile_template(template), a=1) == f'<p lc="c0.0">{text}1</p>'


def test_threads_render_one_template_at_once() -> None:
    source = """<div>{% for r in rows %}<p id="{{ r.id }}" class="{% cycle 'a' 'b' %}">{% ifchanged r.g %}{{ r.g }}{% endifchanged %}
        {% with v=r.id %}{{ v }}{{ name }}{% endwith %}</p>{% endfor %}{% firstof none name %}</div>"""
    template = compiled(source)
    wrong: list[str] = []

    def work(name: str) -> None:
        state = {"rows": [{"id": number, "g": number // 3} for number in range(20)], "name": name}
        wanted = template.template.render(Context(state))
        expected = render(template, **state)
        for _ in range(60):
            if template.render_plain(Context(state)) != wanted or render(template, **state) != expected:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(f"thread {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_renders_leave_nothing_behind() -> None:
    template = compiled(
        "<div>{{ n }}<ul>{% for r in rows %}<li id='{{ r.id }}'>{{ r.v }}, {{ n }}</li>{% endfor %}</ul></div>"
    )
    memory = RenderMemory()

    def go(count: int) -> None:
        nonlocal memory
        for number in range(count):
            state = {"n": number, "rows": [{"id": index, "v": number} for index in range(3)]}
            rendering = template.render(Context(state), component_id="c0", memory=memory)
            rendering.patches()
            memory = rendering.remembered()

    go(9000)  # fills the caches of escaped strings and the like
    gc.collect()
    tracemalloc.start()
    go(300)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    go(3000)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20_000


def test_the_memory_of_a_thousand_rows() -> None:
    source = "<table><tbody>{% for r in rows %}<tr id='row-{{ r.id }}'><td>{{ r.a }}</td><td>{{ r.b }}</td><td>{{ r.c }}</td><td>{{ r.d }}</td><td>{{ r.e }}</td></tr>{% endfor %}</tbody></table>"
    template = compiled(source)
    rows = [{"id": number, **{name: f"{name} {number}" for name in "abcde"}} for number in range(1000)]

    def first() -> RenderMemory:
        rendering = template.render(Context({"rows": rows}), component_id="c0", memory=RenderMemory())
        rendering.html()
        return rendering.remembered()

    first()
    gc.collect()
    tracemalloc.start()
    memory = first()
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(memory.hashes.strong)
    assert kept < 200 * len(rows)


def test_ifchanged_within_ifchanged_remembers_in_one_place() -> None:
    source = "{% for r in rows %}{% ifchanged %}{{ r }}{% ifchanged %}N{{ x }}{% endifchanged %}{% endifchanged %},{% endfor %}"
    template = Engine().from_string(source)
    context = {"rows": ["a", "", "b", ""], "x": 1}
    assert compile_template(template).render_plain(Context(context)) == template.render(Context(context)) == "aN1,,b,,"
