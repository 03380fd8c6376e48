"""Tags in angle brackets."""

import pytest
from django.template import Engine, TemplateSyntaxError
from django.template.base import Origin

from livecomp.loaders import AngleTags, to_django_tags

PAGE = '{{ before }}\n<body><% live_scripts %>\n<% live_component "counter" start=5 %></body>'


def engine(templates: dict[str, str], cached: bool = False) -> Engine:
    inner = ("livecomp.loaders.AngleTags", [("django.template.loaders.locmem.Loader", templates)])
    loaders = [("django.template.loaders.cached.Loader", [inner])] if cached else [inner]
    return Engine(loaders=loaders, libraries={"livecomp": "livecomp.templatetags.livecomp"})


@pytest.mark.parametrize("cached", [False, True])
def test_tags_are_parsed_like_django_s(cached: bool) -> None:
    nodes = engine({"page.html": PAGE}, cached).get_template("page.html").nodelist
    assert [type(node).__name__ for node in nodes] == [
        *("VariableNode", "TextNode", "LoadNode", "SimpleNode", "TextNode", "LiveComponentNode", "TextNode"),
    ]


def test_fills_keep_their_lines() -> None:
    source = (
        '<% live_component "card" fills %>\n<% fill "title" %>{{ x }}\n<% endfill %><% endlive_component %>{% bad %}'
    )
    with pytest.raises(TemplateSyntaxError, match="line 3: 'bad'"):
        engine({"page.html": source}).get_template("page.html")


def test_a_template_that_loads_the_tags_itself_is_left_alone() -> None:
    assert to_django_tags("{% load i18n livecomp %}<% live_scripts %>") == "{% load i18n livecomp %}{% live_scripts %}"
    assert to_django_tags("<% load livecomp %><% live_scripts %>") == "{% load livecomp %}{% live_scripts %}"


def test_other_angle_brackets_stay() -> None:
    assert to_django_tags("<%= name %> <% if x %> a < b %>") == "<%= name %> <% if x %> a < b %>"


def test_the_origin_is_that_of_the_file() -> None:
    found = engine({"page.html": PAGE}).get_template("page.html").origin
    assert isinstance(found, Origin)
    assert found.template_name == "page.html"


def test_a_missing_template_is_reported_as_usual() -> None:
    loader = engine({}).template_loaders[0]
    assert isinstance(loader, AngleTags)
    assert list(loader.get_dirs()) == []
    assert [origin.name for origin in loader.get_template_sources("none.html")] == ["none.html"]
    loader.reset()
