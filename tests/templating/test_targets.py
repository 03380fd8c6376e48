"""Which elements can be patched, and why others cannot."""

import pytest
from django.template import TemplateSyntaxError

from livecomp.exceptions import TemplateError
from livecomp.templating import describe_targets
from tests.templating.rendering import Browser, compiled


def described(source: str, **templates: str) -> list[str]:
    return describe_targets(compiled(source, **templates).template).splitlines()


def test_elements_with_something_dynamic_are_targets() -> None:
    assert described("<div><h1>{{ a }}</h1>\n<p class='{{ b }}'>static</p><p>static</p></div>") == [
        "<div> .0 (line 1)",
        "  <h1> .1 (line 1)",
        "  <p> .2 (line 2)",
    ]


def test_loops_and_their_keys() -> None:
    assert described('<ul>{% for r in rows %}<li id="{{ r.id }}">{{ r.label }}</li>{% endfor %}</ul>') == [
        "<ul> .0 (line 1)",
        "  for (line 1), items told apart by key",
        "    <li> .1 (line 1)",
    ]
    assert "by position" in described("<ul>{% for r in rows %}<li>{{ r }}</li>{% endfor %}</ul>")[1]


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        ("<ul><li>{{ a }}<li><b>{{ b }}</b></ul>", "<li> (line 1) cannot stand inside this <li>"),
        ("<section><p><div>{{ a }}</div></p></section>", "<div> (line 1) cannot stand inside this <p>"),
        ("<svg><g>{{ a }}</g></svg>", "patched as a whole"),
        ("<template>{{ a }}</template>", "not part of the document"),
        ("<textarea>{{ a }}</textarea>", "is text"),
        ("<section><table>{{ a }}<tr></tr></table></section>", "moved before the table"),
        ("{% if a %}<b>{% endif %}{{ b }}", "<b> (line 1) has no end tag in the same branch"),
        ("{{ a }}</i>", "</i> (line 1) has no start tag in the same branch"),
    ],
)
def test_parts_that_are_not_split_say_why(inner: str, why: str) -> None:
    assert any(why in line for line in described(f"<div>{inner}</div>"))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("<div><{{ tag }}>x</{{ tag }}></div>", "the name of a tag is dynamic"),
        ("<div>{% if a %}<p class='x'{% endif %}>y</p></div>", "a branch ends inside a tag"),
        ("<div>{% if a %}<!--{% endif %}x--></div>", "a branch ends inside a tag, a comment"),
    ],
)
def test_a_template_that_cannot_be_read_is_one_target(source: str, why: str) -> None:
    assert "The whole component is one target" in described(source)[0]
    assert why in described(source)[0]
    Browser(compiled(source), {"tag": "b", "a": True})


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("", "there is no element"),
        ("just text", "stands outside of it"),
        ("<p>a</p><p>b</p>", "there is a second element"),
        ("<p>a</p> {{ b }} tail", "stands outside of it"),
        ("{% if a %}<p></p>{% endif %}", "one branch gives no element"),
        ("<p><div>{{ a }}</div></p>", "cannot stand inside this <p>"),
        ("<div></div></div>", "closes nothing"),
        ("<li>{{ a }}", "has no end tag"),
    ],
)
def test_a_root_that_is_not_one_element_is_an_error_that_names_the_template(source: str, what: str) -> None:
    template = compiled(source)
    with pytest.raises(TemplateError, match="root element") as caught:
        Browser(template, {"a": 1})
    assert isinstance(caught.value, TemplateSyntaxError)
    assert what in str(caught.value)
    assert "unknown source" in str(caught.value)


def test_the_root_may_be_different_in_each_branch() -> None:
    browser = Browser(
        compiled("{% if a %}<p>{{ x }}</p>{% else %}<ul><li>{{ x }}</li></ul>{% endif %}"), {"a": 1, "x": 1}
    )
    assert browser.show({"a": 0, "x": 1}) == [("c0.0", "<ul><li lc='c0.1'>1</li></ul>")]
    assert browser.show({"a": 0, "x": 2}) == [("c0.1", ">2")]
    assert browser.show({"a": 1, "x": 2}) == [("c0.0", "<p>2</p>")]


def test_the_root_may_stand_in_other_tags_and_after_comments() -> None:
    source = "<!-- card -->{% with b=a %}\n<div>{{ b }}</div>\n{% endwith %}"
    assert Browser(compiled(source), {"a": 1}).show({"a": 2}) == [("c0.0", ">2")]


def test_rows_right_inside_a_table_get_the_body_that_a_browser_makes() -> None:
    source = "<table>{% for r in rows %}<tr live-key='{{ r }}'><td>{{ r }}</td></tr>{% endfor %}</table>"
    browser = Browser(compiled(f"<div>{source}</div>"), {"rows": [1, 2]})
    assert browser.show({"rows": [3, 1, 2]}) == [
        ("c0.1", "><tr lc='c0.2.3' live-key='3'><td>3</td></tr><template lc-keep='c0.2. 1~2'></template>"),
    ]


def test_a_large_static_part_is_kept_instead_of_sent_again() -> None:
    large = "<nav>" + '<a href="/">Home</a>' * 20 + "</nav>"
    browser = Browser(compiled(f"<div class='{{{{ a }}}}'>{large}</div>"), {"a": 1})
    assert browser.show({"a": 2}) == [("c0.0", "<div class='2'><template lc-keep='c0.1'></template></div>")]


def test_inherited_and_included_templates_are_split_too() -> None:
    templates = {
        "base.html": "<div><h1>{% block title %}{{ a }}{% endblock %}</h1>{% block body %}{% endblock %}</div>",
        "part.html": "<p>{{ c }}</p>",
    }
    from django.template import Context

    from livecomp.templating import RenderMemory, compile_template
    from tests.templating.rendering import make_engine

    source = '{% extends "base.html" %}{% block title %}{{ block.super }}!{% endblock %}{% block body %}{% include "part.html" with c=b %}{% endblock %}'
    template = compile_template(make_engine(templates).from_string(source))
    html = template.render(Context({"a": 1, "b": 2}), component_id="c0", memory=RenderMemory()).html()
    assert html == '<div lc="c0.0"><h1 lc="c0.1">1!</h1><p lc="c0.2">2</p></div>'
