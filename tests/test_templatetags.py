"""The tags that a page uses."""

from typing import Any

import django
import pytest
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.template import Context, RequestContext, TemplateSyntaxError
from django.template.backends.django import DjangoTemplates
from django.test import override_settings

from livecomp import serving
from livecomp.constants import CLIENT_EXTRAS
from livecomp.templating.nodes import FillNode, LiveComponentNode
from tests.templating.rendering import make_engine


def parse(source: str, **options: Any) -> Any:
    return make_engine({}, **options).from_string("{% load livecomp %}" + source)


def node(source: str) -> LiveComponentNode:
    found: LiveComponentNode = parse(source).nodelist.get_nodes_by_type(LiveComponentNode)[0]
    return found


def test_a_component_s_name_and_arguments() -> None:
    found = node('{% live_component "row" key=a.id row=a ...b %}')
    assert (found.name.token, sorted(found.kwargs)) == ('"row"', ["key", "row"])
    assert [each.token for each in found.spread] == ["b"]


def test_a_closing_slash_is_accepted() -> None:
    assert node('{% live_component "row" a=1 / %}').fills == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% live_component %}", "takes the name of a component first"),
        ("{% live_component a=1 %}", "takes the name of a component first"),
        ('{% live_component "x" y %}', "does not understand 'y'"),
        ('{% live_component "x" lazy defer %}', "one of lazy and defer, not both"),
        ('{% live_component "x" lazy fills %}{% fill "a" %}{% endfill %}{% endlive_component %}', "takes one fill"),
        ('{% live_component "x" fills %}text{% endlive_component %}', "only {% fill %} may stand"),
        ('{% live_component "x" fills %}{% fill %}{% endfill %}{% endlive_component %}', "takes one argument"),
        ('{% live_component "x" %}{% fill "a" %}{% endfill %}', "Invalid block tag on line 1: 'fill'"),
        ('{% live_component "x" fills %}', "Unclosed tag on line 1: 'live_component'"),
    ],
)
def test_mistakes_are_explained(source: str, message: str) -> None:
    with pytest.raises(TemplateSyntaxError) as caught:
        parse(source)
    assert message in str(caught.value)


def test_fills_are_ours_only_inside_of_the_tag() -> None:
    source = (
        '{% live_component "x" fills %}\n{% fill "a" %}1{% endfill %}{% fill b %}2{% endfill %}{% endlive_component %}'
    )
    assert [type(each) for each in node(source).fills] == [FillNode, FillNode]
    assert [each.name.token for each in node(source).fills] == ['"a"', "b"]


def test_components_inside_of_fills() -> None:
    source = (
        '{% live_component "x" fills %}{% fill "a" %}{% live_component "y" fills %}{% fill "b" %}{% endfill %}'
        "{% endlive_component %}{% endfill %}{% endlive_component %}"
    )
    inner = node(source).fills[0].nodelist.get_nodes_by_type(LiveComponentNode)
    assert [each.name.token for each in inner] == ['"y"']


def test_the_script_tag(settings: Any) -> None:
    html = parse("{% live_scripts %}").render(Context())
    tag, texts = html.split(" data-livecomp-texts='")
    assert tag == (
        '<script type="module" src="/static/livecomp/livecomp.js" data-livecomp-url="/livecomp/ws" data-livecomp-frame="65536"'
        " data-livecomp-extras='{"
        + ", ".join(f'"{name}": "/static/livecomp/extras/{name}.js"' for name in CLIENT_EXTRAS)
        + "}'"
    )
    assert texts.endswith("}'></script>")


def test_the_script_tag_names_the_extras_as_the_storage_of_static_files_does(monkeypatch: Any) -> None:
    monkeypatch.setattr(serving, "static", lambda path: f"https://cdn.example/it's/{path.replace('.js', '.1f.js')}")
    html = parse("{% live_scripts %}").render(Context())
    assert '"commands": "https://cdn.example/it&#x27;s/livecomp/extras/commands.1f.js"' in html


def test_every_extra_of_the_client_is_shipped() -> None:
    for name in CLIENT_EXTRAS:
        assert finders.find(f"livecomp/extras/{name}.js")


def test_the_script_tag_below_a_prefix() -> None:
    from django.urls import set_script_prefix

    set_script_prefix("/below/")
    try:
        assert 'data-livecomp-url="/below/livecomp/ws"' in parse("{% live_scripts %}").render(Context())
    finally:
        set_script_prefix("/")


@pytest.mark.parametrize("where", ["csp_nonce", "_csp_nonce", "context"])
def test_t94_the_script_tag_carries_the_page_s_nonce(where: str) -> None:
    request = HttpRequest()
    names = {"csp_nonce": 'a"b'} if where == "context" else {}
    if where != "context":
        setattr(request, where, 'a"b')
    html = parse("{% live_scripts %}").render(RequestContext(request, names))
    assert ' nonce="a&quot;b"' in html


class LazyNonce:
    """As `django.utils.csp.LazyNonce` of Django 6 and the nonce of django-csp 4: made when it is read as text, false till
    then."""

    made = ""

    def __bool__(self) -> bool:
        return bool(self.made)

    def __str__(self) -> str:
        self.made = self.made or "n0nce"
        return self.made


@pytest.mark.parametrize("where", ["csp_nonce", "_csp_nonce", "context"])
def test_t94_the_script_tag_may_be_the_first_to_ask_for_the_nonce(where: str) -> None:
    request, nonce = HttpRequest(), LazyNonce()
    if where != "context":
        setattr(request, where, nonce)
    html = parse("{% live_scripts %}").render(
        RequestContext(request, {"csp_nonce": nonce} if where == "context" else {})
    )
    assert ' nonce="n0nce"' in html
    assert nonce  # so the header names it


def test_t94_no_nonce_is_none() -> None:
    request = HttpRequest()
    request.csp_nonce = None  # type: ignore[attr-defined]
    html = parse("{% live_scripts %}").render(RequestContext(request, {"csp_nonce": ""}))
    assert "nonce" not in html


if django.VERSION >= (6, 0):

    @pytest.mark.parametrize("processors", [[], ["django.template.context_processors.csp"]])
    def test_t94_the_nonce_is_that_of_django_s_own_header(processors: list[str]) -> None:
        from django.middleware.csp import ContentSecurityPolicyMiddleware
        from django.utils.csp import CSP

        engine = DjangoTemplates(
            {"NAME": "csp", "DIRS": [], "APP_DIRS": False, "OPTIONS": {"context_processors": processors}}
        )
        source = engine.from_string("{% load livecomp %}{% live_scripts %}")
        with override_settings(SECURE_CSP={"script-src": [CSP.SELF, CSP.NONCE]}):
            middleware = ContentSecurityPolicyMiddleware(lambda request: HttpResponse(source.render({}, request)))
            response: Any = middleware(HttpRequest())
        nonce = response.content.decode().partition('nonce="')[2].partition('"')[0]
        assert nonce
        assert f"'nonce-{nonce}'" in response["Content-Security-Policy"]
