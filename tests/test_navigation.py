"""livecomp.navigation: URLs and bound fields."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from livecomp import LiveComponent, event, protocol, state
from livecomp.constants import ErrorCode
from livecomp.exceptions import Refused
from livecomp.navigation import bound_values, fields_from_query, safe_redirect, url_with_fields
from livecomp.request import is_page_url
from livecomp.testing.client import LiveClient
from tests.driver import Driver


class Filter(LiveComponent):
    template = "<p></p>"
    query: str = state("", bind=True, url="q")
    page: int = state(1, url="page")
    tags: list[str] = state([], url="tag")
    secret: str = "x"


class Mounted:
    undo = None


@pytest.fixture
def component() -> Filter:
    return Filter(Mounted())  # type: ignore[arg-type]


def test_only_bound_fields_are_written(component: Filter) -> None:
    assert bound_values(component, {"query": "x"}) == {"query": "x"}


@pytest.mark.parametrize(
    "name",
    [
        "page",
        "secret",
        "_live",
        "__class__",
        "handler.__globals__.settings.SECRET_KEY",
        "query.__class__",
        "",
        "x" * 9999,
    ]
    + [name for name in dir(LiveComponent) if name != "query"],
)
def test_t18_t19_every_other_name_is_refused(component: Filter, name: str) -> None:
    with pytest.raises(Refused) as caught:
        bound_values(component, {name: "x"})
    assert caught.value.code is ErrorCode.FORBIDDEN_FIELD


@pytest.mark.parametrize("value", [1, None, ["x"], {"a": 1}])
def test_t18_a_value_of_another_type_is_refused(component: Filter, value: Any) -> None:
    with pytest.raises(Refused) as caught:
        bound_values(component, {"query": value})
    assert caught.value.code is ErrorCode.BAD_ARGUMENTS


def test_fields_come_from_the_query_string(component: Filter) -> None:
    values = fields_from_query(component, QueryDict("q=a+b&page=3&tag=x&tag=y&secret=z"))
    assert values == {"query": "a b", "page": 3, "tags": ["x", "y"]}


@pytest.mark.parametrize("page", ["9e9", "-", "1;drop", "", "9" * 400])
def test_t114_what_does_not_fit_gives_the_default(component: Filter, page: str) -> None:
    assert fields_from_query(component, QueryDict(f"page={page}"))["page"] == 1


def test_the_url_holds_what_differs_from_the_default(component: Filter) -> None:
    assert url_with_fields(component, "/x/", QueryDict("q=old&other=1")) == "/x/?other=1"
    component.__dict__.update(query="a&b", page=2, tags=["x", "y"])
    assert url_with_fields(component, "/x/", QueryDict("other=1")) == "/x/?other=1&q=a%26b&page=2&tag=x&tag=y"


BAD_URLS = [
    "javascript:alert(1)",
    " javascript:alert(1)",
    "\tjavascript:alert(1)",
    "//evil.example",
    "/\\evil.example",
    "/a\nb",
    "data:text/html,x",
    "https://evil.example/",
    "http:evil",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_t89_a_redirect_leaves_neither_the_site_nor_http(url: str) -> None:
    with pytest.raises(Exception, match=r"not a page of this site|Reverse for|not a registered namespace"):
        safe_redirect(RequestFactory().get("/"), url, (), {})


@pytest.mark.parametrize("url", ["/", "/a/?b=c#d", "https://testserver/x"])
def test_a_redirect_within_the_site_is_allowed(url: str) -> None:
    request = RequestFactory().get("/", secure=url.startswith("https"))
    assert safe_redirect(request, url, (), {}) == url


@pytest.mark.parametrize(
    ("url", "good"), [("/a?b", True), *[(url, False) for url in BAD_URLS], ("", False), ("/" * 9000, False)]
)
def test_t89_a_page_url_is_a_path_of_this_site(url: str, good: bool) -> None:
    assert is_page_url(url) is good


# A page and its URL


class Search(LiveComponent):
    name = "navigation.search"
    template = (
        "{% load livecomp %}<div><a href='{% querystring page=2 %}'>more</a><i>{{ self.query.q }}</i>"
        "<b>{{ request.GET.q }}</b>{% live_component 'navigation.tab' %}</div>"
    )
    q: str = state("", bind=True, url="q")

    @event
    def go(self, to: str) -> None:
        self.push_url(to)


class Tab(LiveComponent):
    """Has no field in the URL, and looks at it all the same."""

    name = "navigation.tab"
    template = "<p>{{ query.tab }} {{ path }} {{ shown_tab }}</p>"

    @property
    def shown_tab(self) -> str:
        return str(self.query.get("tab"))


class Nested(LiveComponent):
    name = "navigation.nested"
    template = "{% load livecomp %}<div>{% live_component 'navigation.search' %}</div>"


def joined(name: str, path: str = "/") -> Driver:
    driver = Driver(name, path=path)
    driver.join()
    return driver


@pytest.mark.django_db
def test_links_made_from_the_query_are_up_to_date_when_a_field_of_it_changes() -> None:
    driver = joined("navigation.search")
    (patch,) = driver.set(q="new")
    assert "?q=new&amp;page=2" in str(patch)
    assert driver.page.fresh_html()["c0"].count(">new<") == 2
    assert ("url", "replace", "/?q=new") in patch[4]


@pytest.mark.django_db
def test_what_looks_at_the_url_is_rendered_when_it_changes() -> None:
    driver = joined("navigation.tab")
    (patch,) = driver.give(protocol.Url(1, "/other/?tab=two"))
    assert "two /other/ two" in str(patch)
    driver.ref = 1
    driver = joined("navigation.search")
    (patch,) = driver.event("go", to="/third/?tab=three")
    assert "three /third/ three" in str(patch)


@pytest.mark.django_db
def test_a_child_reads_the_url_too() -> None:
    assert ">found<" in Driver("navigation.nested", path="/?q=found").html
    driver = joined("navigation.nested", path="/?q=found")
    assert driver.page.tree["c1"].component.q == "found"


@pytest.mark.django_db
def test_the_browser_shows_what_a_fresh_render_does_after_every_change_of_the_url(live: LiveClient) -> None:
    page = live.at("/?q=a").mount("navigation.search")
    page.call("go", to="/b/?tab=x")
    assert "x /b/ x" in page.html


class Sorted(LiveComponent):
    """Its mount sets url= fields: what an address without them stands for."""

    name = "navigation.sorted"
    template = (
        "<div><input name=q live-model=q value='{{ q }}'><p>{{ sort }} {{ page }} {{ tags|join:',' }}</p>"
        "<a href='?page=2' live-patch>two</a><a href='?page=3' live-patch>three</a><a href='#notes' live-patch>notes</a>"
        "<a href='?page=4' live-patch target=_blank>four</a><a href='?page=5' live-patch download>five</a>"
        "<a href='https://example.com/' live-patch>other</a></div>"
    )
    sort: str = state("name", url="sort")
    tags: list[str] = state([], url="tag")
    shop: int = state(url="shop")
    page: int = state(1, url="page")
    q: str = state("", bind=True, url="q")

    def mount(self, sort: str = "date", **kwargs: object) -> None:
        if "sort" not in self.query:
            self.sort = sort
        self.tags.append("new")
        self.shop = 7

    @event
    def go(self, **changed: str) -> None:
        for name, value in changed.items():
            setattr(self, name, int(value) if value.isdecimal() else value)

    @event
    def tag(self, tag: str) -> None:
        self.tags.append(tag)


def test_back_gives_the_fields_what_mount_made_of_them_and_not_the_default_of_the_class(live: LiveClient) -> None:
    page = live.mount("navigation.sorted")
    page.call("go", page="2", sort="size")
    assert page.url == "/?sort=size&page=2"
    page.call("go", sort="name")  # the default of the class is what the address has to say here
    page.call("tag", tag="old")
    page.call("go", shop="8")
    assert page.url == "/?sort=name&page=2&tag=new&tag=old&shop=8"
    for url, text in [
        ("/?sort=name&page=2&tag=new&tag=old", "name 2 new,old"),
        ("/?sort=name&page=2", "name 2 new"),
        ("/?sort=size&page=2", "size 2 new"),
        ("/", "date 1 new"),
    ]:
        assert page.back().url == url
        assert page.one("p").text == text
        assert page.component().shop == 7  # type: ignore[attr-defined]


def test_what_mount_made_of_the_fields_outlasts_the_connection(live: LiveClient) -> None:
    page = live.mount("navigation.sorted")
    page.call("go", page="2", sort="size")
    page.disconnect().reconnect()
    assert page.back().one("p").text == "date 1 new"


def test_a_field_that_the_address_named_has_the_default_of_the_class_without_it(live: LiveClient) -> None:
    page = live.at("/?sort=size").mount("navigation.sorted")
    assert page.one("p").text == "size 1 new"
    assert page.visit("/").one("p").text == "name 1 new"


def test_what_the_address_should_be_is_said_again_after_a_cut(live: LiveClient) -> None:
    page = live.mount("navigation.sorted")
    page.fill("input", "abc")
    page.tab.entries[-1].url = "/"  # the answer was lost
    page.disconnect().reconnect()
    assert page.url == "/?q=abc"


def test_typing_and_links_while_offline_keep_their_order(live: LiveClient) -> None:
    page = live.mount("navigation.sorted")
    page.disconnect()
    page.fill("input", "abc").click("two").click("three")
    assert page.url == "/?page=3"
    page.reconnect()
    assert page.history == ["/?q=abc", "/?page=2", "/?page=3"]
    assert (page.url, page.one("p").text) == ("/?page=3", "date 3 new")
    assert page.back().url == "/?page=2"
    assert page.back().url == "/?q=abc"
    assert page.one("input").value == "abc"


def test_links_that_the_browser_follows_by_itself_are_left_to_it(live: LiveClient) -> None:
    page = live.mount("navigation.sorted")
    page.click("two").click("notes")
    assert (page.url, page.one("p").text) == ("/?page=2", "date 2 new")
    for text in ("four", "five", "other"):
        with pytest.raises(AssertionError, match="ordinary link"):
            page.click(text)
    assert page.url == "/?page=2"
