"""livecomp.fragments: live components within `{% cache %}`."""

import re
from typing import Any, ClassVar

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.template import engines

from livecomp import LiveComponent, event, state
from livecomp.exceptions import ComponentError
from livecomp.testing import LiveClient
from tests.driver import Driver, make_request
from tests.testapp.models import Note

pytestmark = pytest.mark.django_db
TAGS = "{% load livecomp cache %}"


class Cached(LiveComponent):
    template = "<p>{{ text }} {{ count }} {{ fills.more }}</p>"
    text: str = ""
    count: int = 0

    @event
    def add(self) -> None:
        self.count += 1


class CachedRow(LiveComponent):
    template = "<p>{{ note.text }}</p>"
    note: Note

    def mount(self, note: Note) -> None:
        self.note = note


class CachedSecret(LiveComponent):
    template = "<p>for users</p>"
    login_required = True


class CachedSecretPage(LiveComponent):
    template = "<p>for users</p>"

    def mount(self) -> None:
        if "open" not in self.query:
            self.redirect("/login/")


class CachedChildren(LiveComponent):
    template = (
        TAGS
        + """<div>{{ number }}{% cache 60 box %}<b>{% live_component "cached" text="child" %}</b>{% endcache %}</div>"""
    )
    number: int = state(0)

    @event
    def add(self) -> None:
        self.number += 1


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


def rendered(source: str, request: Any = None, **context: Any) -> str:
    template: Any = engines["django"].from_string(TAGS + source)
    html: str = template.render(context, request or make_request())
    return html


def tokens(html: str) -> list[str]:
    return re.findall(r'lc-token="([^"]+)"', html)


BOX = '{% cache 60 box %}<b>{{ text }}</b>{% live_component "cached" text=text %}{% endcache %}{% live_component "cached" %}'


def test_a_cached_fragment_holds_the_place_and_never_the_token(live: LiveClient, django_user_model: Any) -> None:
    first = live.render(TAGS + BOX, {"text": "one"})
    second = live.as_user(django_user_model.objects.create_user("other")).render(TAGS + BOX, {"text": "two"})
    for page in (first, second):
        assert page.one("b").text == "one"  # it is cached
        assert page.all("p")[0].text.startswith("one 0")
    assert set(tokens(str(first.html))).isdisjoint(tokens(str(second.html)))


def test_a_visitor_s_component_goes_on_by_itself() -> None:
    one, two = rendered(BOX, text="one"), rendered(BOX, text="two")
    driver = Driver("cached")
    for html in (one, two):
        (joined,) = driver.join(tokens=tokens(html))
        assert (joined[0], joined[4]) == ("joined", [])
        assert sorted(driver.page.tree) == ["c0", "c1"]
        driver.ref = 0
        driver.event("add")
        assert driver.component.count == 1


def test_within_an_included_template_too(tmp_path: Any, settings: Any) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    (tmp_path / "box.html").write_text(TAGS + '{% live_component "cached" text="in" %}')
    source = '{% cache 60 included %}{% include "box.html" %}{% endcache %}'
    assert set(tokens(rendered(source))).isdisjoint(tokens(rendered(source)))


def test_fills_and_nested_fragments_are_cached_with_their_components() -> None:
    source = (
        '{% cache 60 outer %}{% cache 60 inner %}{% live_component "cached" text="outer" fills %}{% fill "more" %}'
        '<i>{{ text }}</i>{% live_component "cached" text="inner" %}{% endfill %}{% endlive_component %}{% endcache %}'
        "{% endcache %}"
    )
    for text in ("one", "two"):
        html = rendered(source, text=text)
        assert "<i>one</i>" in html
        assert len(set(tokens(html))) == 2
        assert "<!--" not in html


def test_in_a_live_template_children_are_those_of_the_page(live: LiveClient) -> None:
    for _ in range(2):
        page = live.mount("cached_children")
        page.call("add")
        assert page.one("p").text.startswith("child 0")


def test_a_row_that_was_deleted_since_is_no_error_of_the_page() -> None:
    note = Note.objects.create(text="here")
    source = '{% cache 60 row %}{% if note %}{% live_component "cached_row" note=note %}{% endif %}{% endcache %}'
    assert "here" in rendered(source, note=note)
    assert "here" in rendered(source, note=note)
    note.delete()
    assert rendered(source, note=None) == ""


class CachedFirst(LiveComponent):
    template = "<p>first</p>"
    mounted: ClassVar[int] = 0

    def mount(self) -> None:
        CachedFirst.mounted += 1


def test_a_row_that_was_deleted_since_in_a_fill_mounts_nothing_twice() -> None:
    note = Note.objects.create(text="milk")
    source = (
        '{% cache 60 rows %}{% live_component "cached_first" %}'
        '{% live_component "cached" fills %}{% fill "more" %}{% if note %}{% live_component "cached_row" note=note %}{% endif %}'
        "{% endfill %}{% endlive_component %}{% endcache %}"
    )
    assert "milk" in rendered(source, note=note)
    note.delete()
    CachedFirst.mounted = 0
    html = rendered(source, note=None)
    assert "first" in html
    assert "milk" not in html
    assert CachedFirst.mounted == 1
    assert len(tokens(html)) == 2


def test_a_component_in_a_fragment_asks_each_visitor_for_permission(django_user_model: Any) -> None:
    source = '{% cache 60 secret %}{% live_component "cached_secret" %}{% endcache %}'
    anna = django_user_model.objects.create_user("anna")
    assert "for users" in rendered(source, make_request(anna))
    with pytest.raises(PermissionDenied):
        rendered(source)


def test_a_redirect_is_that_of_each_visitor() -> None:
    source = '{% cache 60 secret %}{% live_component "cached_secret_page" %}{% endcache %}'
    assert "for users" in rendered(source, make_request(path="/?open"))
    html = rendered(source)
    assert 'content="0;url=/login/"' in html
    assert "for users" not in html


def test_an_argument_that_cannot_be_cached_is_refused_in_words() -> None:
    with pytest.raises(ComponentError, match=r"'cached' stands within \{% cache %\}.*'text' cannot be in a token"):
        rendered('{% cache 60 bad %}{% live_component "cached" text=text %}{% endcache %}', text=object())


def test_what_only_looks_like_a_place_is_left_alone() -> None:
    text = "{% cache 60 fake %}<!--livecomp abc:def-->{% endcache %}"
    assert rendered(text) == "<!--livecomp abc:def-->"


def test_the_script_tag_in_a_fragment_has_the_nonce_of_each_response() -> None:
    source = "{% cache 60 head %}{% live_scripts %}{% endcache %}"
    for nonce in ("one", "two"):
        request = make_request()
        request.csp_nonce = nonce
        assert f'nonce="{nonce}"' in rendered(source, request)


def test_a_fragment_without_live_components_is_django_s() -> None:
    request = make_request()
    assert rendered("{% cache 60 plain %}{{ text }}{% endcache %}", request, text="one") == "one"
    assert rendered("{% cache 60 plain %}{{ text }}{% endcache %}", request, text="two") == "one"
