"""Template partials of Django 6 in live templates. Older Djangos have none, and this file no tests."""

from typing import Any

import django
import pytest
from django.template import TemplateSyntaxError

from livecomp import LiveComponent, event, state
from livecomp.templating import compile_template
from livecomp.testing import LiveClient
from tests.templating.rendering import Browser, make_engine

if django.VERSION >= (6, 0):
    PAGE = (
        "<main>{% block body %}{% partialdef row inline %}<li>{{ x }}</li>{% endpartialdef %}"
        "{% partial row %}{% endblock %}</main>"
    )
    TEMPLATES = {"page.html": PAGE, "text.html": "{{ q }}<b>{{ x }}</b>"}
    SOURCES = {
        "inline": PAGE,
        "twice": "<div>{% partialdef a %}<b>{{ x }}</b>{% endpartialdef %}{% partial a %}{% partial a %}</div>",
        "loop": "<ul>{% partialdef a %}<li id='{{ r }}'>{{ r }}{{ x }}</li>{% endpartialdef %}"
        "{% for r in rows %}{% partial a %}{% endfor %}</ul>",
        "include": "<ul>{% include 'page.html#row' %}{% include 'page.html#row' with x=5 only %}</ul>",
        "dynamic include": "<ul>{% with t='page.html#row' %}{% include t %}{% endwith %}</ul>",
        "extends": "{% extends 'page.html' %}{% partialdef own %}<u>{{ x }}</u>{% endpartialdef %}"
        "{% block body %}{% partial own %}{{ block.super }}{% endblock %}",
        "state": "<p>{% partialdef a %}{% cycle 'p' 'q' %}{{ x }}{% endpartialdef %}{% partial a %}{% partial a %}</p>",
        "names": "<p>{% partialdef a %}{% firstof x as y %}{% endpartialdef %}{% partial a %}[{{ y }}]</p>",
        "itself": "<p>{% partialdef a %}{{ x }}{% if x == 1 %}{% with x=2 %}{% partial a %}{% endwith %}{% endif %}"
        "{% endpartialdef %}{% partial a %}</p>",
        "nested": "<p>{% partialdef a %}<b>{{ x }}{% partialdef b inline %}<i>{{ x }}</i>{% endpartialdef %}</b>"
        "{% endpartialdef %}{% partial a %}{% partial b %}</p>",
        "captured": "<p>{% partialdef a %}<b>{{ x }}</b>{% endpartialdef %}{% filter upper %}{% partial a %}{% endfilter %}</p>",
    }

    @pytest.mark.parametrize("name", SOURCES)
    def test_a_template_with_partials_is_django_s_and_its_patches_are_right(name: str) -> None:
        template = compile_template(make_engine(TEMPLATES).from_string(SOURCES[name]))
        states: list[dict[str, Any]] = [{"x": 1, "rows": [1, 2]}, {"x": 2, "rows": [2, 1]}, {"x": 1, "rows": []}]
        browser = Browser(template, states[0])
        for each in states:
            browser.check_plain(each)
            browser.show(each)

    def test_a_partial_is_compiled_like_an_include() -> None:
        template = compile_template(make_engine(TEMPLATES).from_string(SOURCES["twice"]))
        assert Browser(template, {"x": 1}).show({"x": 2}) == [("c0.1", ">2"), ("c0.2", ">2")]

    def test_a_partial_alone_is_a_template() -> None:
        template = compile_template(make_engine(TEMPLATES).get_template("page.html#row"))
        assert template.name == "page.html#row"
        browser = Browser(template, {"x": 1})
        browser.check_plain({"x": 1})
        assert browser.show({"x": 2}) == [("c0.0", ">2")]

    def test_a_partial_that_is_not_there_is_django_s_error() -> None:
        template = compile_template(make_engine({}).from_string("<p>{% partial nope %}</p>"))
        with pytest.raises(TemplateSyntaxError, match="'nope' is not defined"):
            Browser(template, {})

    def test_an_error_inside_of_a_partial_comes_through() -> None:
        source = "<p>{% partialdef a %}{{ x|add:y }}{% endpartialdef %}{% partial a %}</p>"
        template = compile_template(make_engine({}, debug=True).from_string(source))
        with pytest.raises(Exception, match="Failed lookup for key"):
            Browser(template, {"x": 1})

    class PartialRow(LiveComponent):
        name = "partials.row"
        template_name = "nested/partials.html#row"
        label: str = ""
        count: int = 0

        @event
        def add(self) -> None:
            self.count += 1

    class PartialRows(LiveComponent):
        name = "partials.rows"
        template_name = "nested/partials.html"
        rows: list[str] = state(["a", "b"])

        @event
        def reverse(self) -> None:
            self.rows.reverse()

    @pytest.mark.django_db
    def test_children_that_a_partial_places_keep_their_state(live: LiveClient) -> None:
        page = live.mount("partials.rows")
        page.click("#ka").call("reverse")
        assert [each.text for each in page.all("i")] == ["b:0", "a:1"]
