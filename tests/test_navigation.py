"""livecomp.navigation: URLs and bound fields."""

import datetime
from typing import Any, ClassVar

import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import RequestFactory

from livecomp import LiveComponent, event, protocol, state
from livecomp.constants import ErrorCode
from livecomp.navigation import bound_values, fields_from_query, safe_redirect, url_with_fields
from livecomp.request import build_request, is_page_url, set_page_url
from livecomp.testing.client import LiveClient
from tests.driver import Driver
from tests.testapp.models import Note


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
    assert bound_values(component, {"query": "x"}) == ({"query": "x"}, None)


def test_one_bad_value_keeps_none_of_the_others_out(component: Filter) -> None:
    values, refused = bound_values(component, {"secret": "x", "query": "y"})
    assert values == {"query": "y"}
    assert (refused.code, refused.field) == (ErrorCode.FORBIDDEN_FIELD, "secret")  # type: ignore[union-attr]


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
    values, refused = bound_values(component, {name: "x"})
    assert not values
    assert refused is not None
    assert refused.code is ErrorCode.FORBIDDEN_FIELD


@pytest.mark.parametrize("value", [1, None, ["x"], {"a": 1}, "a\x00b"])
def test_t18_a_value_of_another_type_is_refused(component: Filter, value: Any) -> None:
    values, refused = bound_values(component, {"query": value})
    assert not values
    assert refused is not None
    assert (refused.code, refused.field) == (ErrorCode.BAD_ARGUMENTS, "query")


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


PATHS = ["/café/", "/caf%C3%A9/?x=1", "/a%20b/", "/%F0%9F%8D%B5/", "/a%2Bb+c/", "/%FF/", "/de/stra%C3%9Fe/?q=%C3%BC"]


@pytest.mark.parametrize("path", PATHS)
def test_t127_a_path_is_read_as_django_reads_it_over_http(path: str) -> None:
    over_http = RequestFactory().get(path)
    live = build_request({"path": "/livecomp/ws", "headers": [(b"host", b"testserver")], "server": ("testserver", 80)})
    set_page_url(live, over_http.get_full_path())
    for look in ("get_full_path", "build_absolute_uri", "get_full_path_info"):
        assert getattr(live, look)() == getattr(over_http, look)()
    assert (live.path, live.path_info) == (over_http.path, over_http.path_info)


def test_t127_a_path_below_a_prefix_is_read_so_too() -> None:
    scope = {"path": "/caf\u00e9/ws", "root_path": "/caf\u00e9", "headers": [], "server": ("testserver", 80)}
    live = build_request(scope)
    set_page_url(live, "/caf%C3%A9/stra%C3%9Fe/")
    assert (live.path, live.path_info) == ("/caf\u00e9/stra\u00dfe/", "/stra\u00dfe/")
    assert live.get_full_path() == "/caf%C3%A9/stra%C3%9Fe/"


class Place(LiveComponent):
    name = "navigation.place"
    template = "<p>{{ n }} {{ request.path }} {{ request.get_full_path }}</p>"
    n: int = 0

    @event
    def plus(self) -> None:
        self.n += 1


@pytest.mark.django_db
def test_t127_what_a_page_shows_of_its_path_stays() -> None:
    driver = joined("navigation.place", path="/caf%C3%A9/")
    assert "/café/ /caf%C3%A9/" in driver.html
    assert "1 /café/ /caf%C3%A9/" in str(driver.event("plus"))


class Shelf(LiveComponent):
    """Its field in the address is a row of what its argument names."""

    name = "navigation.shelf"
    template = "<p>{{ item.text }} {{ mounted_with }}</p>"
    cat: str
    item: Note | None = state(None, url="item")
    mounted_with: str = ""

    def get_queryset(self, model: Any) -> Any:
        return Note.objects.filter(owner=self.cat)

    @event
    def choose(self, text: str) -> None:
        self.item = Note.objects.get(text=text)


class Careful(Shelf):
    """Has a mount() of its own, which makes something else of the argument, and looks at the address."""

    name = "navigation.careful"
    cat: str = "none"

    def mount(self, cat: str) -> None:
        self.mounted_with = f"{self.cat} {self.item and self.item.text}"
        self.cat = cat.upper()


@pytest.mark.django_db
def test_a_field_of_the_address_is_read_when_the_arguments_are_there() -> None:
    tea = Note.objects.create(text="tea", owner="drinks")
    rice = Note.objects.create(text="rice", owner="food")
    driver = joined_with("navigation.shelf", "/", cat="drinks")
    driver.event("choose", text="tea")
    url = driver.page.url
    assert url == f"/?item={tea.pk}"
    again = joined_with("navigation.shelf", url, cat="drinks")
    assert "tea" in again.html
    assert again.component.item == tea
    assert "rice" not in joined_with("navigation.shelf", f"/?item={rice.pk}", cat="drinks").html
    child = Driver("navigation.around_shelf", path=url)
    assert "tea" in child.html
    child.join(tokens=[child.token])
    careful = joined_with("navigation.careful", url, cat="drinks")
    assert "none tea" in careful.html
    assert careful.component.cat == "DRINKS"


class AroundShelf(LiveComponent):
    name = "navigation.around_shelf"
    template = "{% load livecomp %}<div>{% live_component 'navigation.shelf' cat='drinks' %}</div>"


def joined_with(name: str, path: str, **arguments: Any) -> Driver:
    driver = Driver(name, path=path, **arguments)
    cache.clear()  # without its snapshot it is mounted again
    driver.join()
    return driver


@pytest.mark.django_db
@pytest.mark.parametrize("when", ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00Z"])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
def test_t127_a_moment_that_has_no_place_in_some_time_zone_is_no_value(when: str, zone: str, settings: Any) -> None:
    settings.TIME_ZONE = zone
    driver = joined("navigation.moment", path=f"/?when={when}")
    assert "<p>none</p>" in driver.html.replace(' lc="c0.0"', "").replace(f' lc-token="{driver.token}"', "")
    driver.ref = 1
    (reply, *_) = driver.give(protocol.Url(1, f"/?when={when}")) or [["ack"]]
    assert reply[0] in ("ack", "patch")
    assert "2020" in joined("navigation.moment", path="/?when=2020-01-01T00:00Z").html or zone == "America/New_York"


class Moment(LiveComponent):
    name = "navigation.moment"
    template = "<p>{{ when|date:'c'|default:'none' }}</p>"
    when: datetime.datetime | None = state(None, url="when")


class Frame(LiveComponent):
    name = "navigation.frame"
    template = "{% load livecomp %}<div>{{ tab }}{% live_component 'navigation.closed' %}</div>"
    tab: str = state("", url="tab")

    @event
    def again(self) -> None:
        self.tab += "!"


class Closed(LiveComponent):
    name = "navigation.closed"
    template = "<p>secret {{ k }}</p>"
    k: str = state("", url="k")
    is_closed: ClassVar[bool] = False

    def has_permission(self) -> bool:
        return not self.is_closed


def test_the_page_moves_though_one_of_its_components_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver("navigation.frame")
    driver.join()
    monkeypatch.setattr(Closed, "is_closed", True)
    for number, tab in enumerate(("two", "three"), 1):
        sent = driver.give(protocol.Url(number, f"/?tab={tab}&k=1"))
        assert "error" not in [each[0] for each in sent]
        assert f">{tab}" in str(sent)
        assert driver.page.ack == number
    assert driver.page.tree["c1"].component.k == ""  # type: ignore[attr-defined]
    driver.ref = 2
    driver.event("again")
    assert driver.page.url == "/?tab=three%21&k=1", "what may not be seen does not write the address"
