"""Test pages: looking, clicking, calling, time, and what every step checks."""

from __future__ import annotations

import pytest

from livecomp.testing import LiveClient, LiveError, TestPage
from tests.testapp.models import Note
from tests.testing.components import Stale, Traveller, echo

BUTTONS = echo("""
<button id="plain" live-click="say" live-value-value="plain">Plain</button>
<button id="off" live-click="say" disabled>Off</button>
<fieldset disabled><button id="inside" live-click="say">Inside</button></fieldset>
<button id="hidden" live-click="say" hidden>Hidden</button>
<button id="dead">Dead</button>
<a id="link" href="/other/">Elsewhere</a>
<div id="outer" live-click="note" live-value-item-id="7"><b id="inner">deep</b>
<span live-click="say" live-value-value="stopped" live-stop><i id="stopped">still</i></span></div>
<span id="self" live-click="say" live-value-value="self" live-self>self <i id="notself">not self</i></span>
<button id="once" live-click="say" live-value-value="once" live-once>Once</button>
<button id="ask" live-click="say" live-value-value="asked" live-confirm="Sure?">Ask</button>
<button class="twin" live-click="say">Twin</button><button class="twin" live-click="say">Twin</button>
<button id="js" live-js="toggle:#menu; push:say">JS</button>
<b id="dbl" live-dblclick="say" live-value-value="double">double</b>
<b id="custom" live-chosen="note">custom</b>
""")


@pytest.fixture
def page(live: LiveClient) -> TestPage:
    return live.mount(BUTTONS)


def log(page: TestPage) -> list[object]:
    found: list[object] = page.component().log  # type: ignore[attr-defined]
    return found


# Looking


def test_one_all_and_has(page: TestPage) -> None:
    assert page.one("#plain").text == "Plain"
    assert [button.text for button in page.all(".twin")] == ["Twin", "Twin"]
    assert page.has("#plain")
    assert not page.has("#nothing")
    assert page.one("#outer").one("b").text == "deep"
    assert page.one("button:-soup-contains('Plain')") == page.one("#plain")


def test_one_names_the_ids_of_the_page_when_nothing_matches(page: TestPage) -> None:
    with pytest.raises(AssertionError, match=r"No element matches '#nope'(.|\n)*<button id=\"plain\""):
        page.one("#nope")


def test_one_lists_all_that_match(page: TestPage) -> None:
    with pytest.raises(AssertionError, match=r"not one element but 2(.|\n)*Twin(.|\n)*Twin"):
        page.one(".twin")


def test_a_selector_that_is_none(page: TestPage) -> None:
    with pytest.raises(ValueError, match="not a CSS selector"):
        page.one("p..")


def test_an_element_shows_what_it_is(page: TestPage) -> None:
    element = page.one("#outer")
    assert element.tag == "div"
    assert element["live-value-item-id"] == "7"
    assert element.get("nothing") is None
    assert "id" in element
    assert element.html.startswith('<div id="outer"')
    assert element.inner_html.startswith('<b id="inner">')
    assert page.all(".twin")[0].classes == {"twin"}
    assert page.one("#off").disabled
    assert not page.one("#hidden").visible
    assert "Hidden" not in page.text


# Clicking


def test_a_click_by_selector_by_text_and_by_element(page: TestPage) -> None:
    page.click("#plain").click("Plain")
    page.one("#plain").click()
    assert log(page) == ["plain", "plain", "plain"]


def test_a_click_bubbles_to_what_listens(page: TestPage) -> None:
    page.click("#inner")
    assert log(page) == [{"item_id": "7"}]


def test_live_stop_and_live_self(page: TestPage) -> None:
    page.click("#stopped")
    assert log(page) == ["stopped"]
    with pytest.raises(AssertionError, match="does nothing"):
        page.click("#notself")
    page.click("#self")
    assert log(page) == ["stopped", "self"]


def test_live_once(page: TestPage) -> None:
    page.click("#once")
    page.click("#once")
    assert log(page) == ["once"]


def test_live_confirm(page: TestPage) -> None:
    page.click("#ask", confirm=False)
    assert log(page) == []
    page.click("#ask")
    assert log(page) == ["asked"]


def test_live_patch_asks_and_stops(live: LiveClient) -> None:
    page = live.mount(echo('<a href="/x/?a=1" live-patch live-confirm="Sure?" live-click="say"><b>go</b></a>'))
    page.click("go", confirm=False)
    assert (page.url, log(page)) == ("/", [])
    page.click("go")
    assert (page.url, log(page)) == ("/x/?a=1", [""])


def test_live_click_away(live: LiveClient) -> None:
    made = echo(
        '<div live-click-away="say" live-value-value="away"><b live-click="say">in</b></div><i live-click="note">x</i>'
    )
    page = live.mount(made)
    page.click("in")
    assert log(page) == [""]
    page.click("x")
    assert log(page) == ["", "away", {}]


def test_live_js_pushes(page: TestPage) -> None:
    page.click("#js")
    assert log(page) == [""]


def test_any_dom_event(page: TestPage) -> None:
    page.trigger("#dbl", "dblclick")
    page.trigger("#custom", "chosen", detail={"colour": "red"})
    assert log(page) == ["double", {"detail": {"colour": "red"}}]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("#off", "is disabled"),
        ("Off", "is disabled"),
        ("#inside", "is disabled"),
        ("#hidden", "is hidden"),
        ("Hidden", "Nothing on the page is 'Hidden'"),
        ("#dead", "does nothing(.|\n)*What listens to clicks:(.|\n)*plain"),
        ("#link", "ordinary link: go there with live.get\\('/other/'\\)"),
        ("Missing", "Nothing on the page is 'Missing'(.|\n)*Plain"),
        ("Twin", "not one element but 2"),
        (".twin", "not one element but 2"),
    ],
)
def test_a_click_that_no_user_could_make(page: TestPage, target: str, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        page.click(target)
    assert log(page) == []


def test_an_element_that_is_gone(live: LiveClient) -> None:
    page = live.mount("table", count=2)
    row = page.one("li[live-key='1']")
    page.call("remove", id=1)
    assert not row.on_page
    with pytest.raises(AssertionError, match="not on the page any more"):
        page.click(row)


# Past the template


def test_call_set_and_send(live: LiveClient) -> None:
    page = live.mount("counter", start=5)
    page.call("add", by=2)
    page.set(step=4)
    page.click("+")
    assert page.one("#count").text == "11"
    assert page.send(["ping"]) == [["pong"]]
    assert page.sent[1:3] == [["event", 1, "c0", "add", {"by": 2}], ["ack", 1]]


def test_which_component(live: LiveClient) -> None:
    page = live.mount("parent")
    page.call("add", label="z")
    page.call("like", "c1")
    page.call("like", "li:-soup-contains('z')")
    assert [likes.text for likes in page.all(".likes")] == ["1", "0", "1"]
    assert page.component("c1").likes == 1  # type: ignore[attr-defined]
    assert page.component().labels == ["a", "b", "z"]  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match=r"Which component\?(.|\n)*c1 \(child\)"):
        page.call("like", "child")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('["event", 1, "c0"', "protocol"),
        ('["event", 1, "c0", "nope", {}]', "unknown_event"),
        ('["event", 1, "c9", "add", {}]', "unknown_component"),
        ('["event", 1, "c0", "add", {"by": "many"}]', "bad_arguments"),
        ('["set", 1, "c0", {"count": 7}]', "forbidden_field"),
    ],
)
def test_a_refusal_is_an_error_unless_expected(live: LiveClient, message: str, code: str) -> None:
    page = live.mount("counter")
    with pytest.raises(LiveError, match=code) as caught:
        page.send(message)
    assert caught.value.code == code
    page = live.mount("counter")
    with page.expect_error(code) as errors:
        page.send(message)
    assert [error.code for error in errors] == [code]
    assert len(page.errors) == 1


def test_an_expected_error_has_to_come(live: LiveClient) -> None:
    page = live.mount("counter")
    with pytest.raises(AssertionError, match="Expected the error 'forbidden'"), page.expect_error("forbidden"):
        page.call("add")


def test_another_error_than_the_expected_one(live: LiveClient) -> None:
    page = live.mount("counter")
    with pytest.raises(LiveError, match="unknown_event"), page.expect_error("forbidden"):
        page.call("nope")


def test_the_exception_of_a_handler_is_raised_as_it_is(live: LiveClient) -> None:
    page = live.mount("counter", start=5)
    with pytest.raises(ValueError, match="<b>no</b>"):
        page.call("fail")
    assert page.one("#count").text == "5"
    with page.expect_error("failed"):
        page.call("fail")


# Handlers of every kind, timers, tasks


def test_async_handlers_and_generators(live: LiveClient) -> None:
    page = live.mount("counter")
    page.call("add_later")
    assert page.one("#count").text == "10"
    page.call("steps")
    page.call("async_steps")
    renders = [patches for kind, *rest in page.received if kind == "patch" for patches in [rest[2]]]
    assert renders == [[["c0.1", f">{number}"]] for number in (10, 1, 2, 3, 1, 2)]


def test_timers_run_when_time_passes(live: LiveClient) -> None:
    page = live.mount("clock")
    page.tick(4.9)
    assert page.one("p").text.startswith("0")
    page.tick(0.2)
    assert page.one("p").text.startswith("1")
    page.tick(10)
    assert page.one("p").text.startswith("3")
    page.click("later")
    page.tick()
    assert page.one("p").text.startswith("13")


def test_there_is_no_next_timer(live: LiveClient) -> None:
    with pytest.raises(AssertionError, match="No timer is set"):
        live.mount("counter").tick()


def test_tasks_run_after_the_step(live: LiveClient) -> None:
    page = live.mount("worker")
    page.call("start")
    assert page.one("p").text == "100:done"
    page.call("start", fail=True)
    assert page.one("p").text == "50:failed: broken"


def test_tasks_can_be_held_back(live: LiveClient) -> None:
    page = live.mount("worker")
    page.holds_tasks = True
    page.call("start")
    assert page.one("p").text == "0:"
    page.run_tasks()
    assert page.one("p").text == "100:done"


def test_a_task_outlives_a_cut(live: LiveClient) -> None:
    page = live.mount("worker")
    page.holds_tasks = True
    page.call("start")
    page.disconnect()
    page.reconnect()
    assert page.one("p").text == "0:"
    page.run_tasks()
    assert page.one("p").text == "100:done"


def test_a_task_that_is_lost_has_failed(live: LiveClient) -> None:
    page = live.mount("worker")
    page.holds_tasks = True
    page.call("start")
    page.disconnect()
    page.driver.away.clear()
    page.reconnect()
    assert (
        page.one("p").text
        == "0:failed: The page is back without its task: whether that has done its work is not known."
    )


# Effects


def test_urls(live: LiveClient) -> None:
    page = live.at("/book/").mount(Traveller)
    page.call("turn", to=3)
    assert page.url == "/book/?page=3"
    page.click("seven")
    assert page.one("p").text.startswith("7")
    page.back()
    assert (page.url, page.one("p").text[0]) == ("/book/?page=3", "3")
    page.back()
    assert (page.url, page.one("p").text[0]) == ("/book/", "1")
    with pytest.raises(AssertionError, match="no earlier URL"):
        page.back()
    page.visit("/book/?page=9")
    assert page.one("p").text.startswith("9")


def test_redirects_pushed_events_and_flashes(live: LiveClient) -> None:
    page = live.mount(Traveller)
    assert page.redirect is None
    page.call("leave")
    assert page.redirect == "/elsewhere/"
    page.call("push")
    assert page.pushed == [("hit", {"at": 3}, "c0")]
    page.call("tell")
    assert page.flashes == [("success", "Done")]


# The comparison with a fresh render


@pytest.mark.django_db
def test_data_that_changed_without_a_word_is_found(live: LiveClient) -> None:
    page = live.render('{% live_component "testing.stale" %}{% live_component "counter" %}')
    Note.objects.create(text="x")
    with pytest.raises(AssertionError, match=r"'testing.stale' would render now(.|\n)*-  '1'\n\+  '0'"):
        page.call("add", "counter")


@pytest.mark.django_db
def test_a_page_may_be_left_unchecked(live: LiveClient) -> None:
    page = live.render('{% live_component "testing.stale" %}{% live_component "counter" %}')
    Note.objects.create(text="x")
    with page.unchecked():
        page.call("add", "counter")
    page.call("look", "testing.stale")
    assert page.one("p").text == "1"


@pytest.mark.django_db
def test_skip_render_is_no_difference(live: LiveClient) -> None:
    page = live.mount(Stale)
    page.call("skip")
    assert page.one("p").text == "0"


def test_a_wrong_patch_is_found(live: LiveClient) -> None:
    page = live.mount("counter")
    page.dom.root.xpath("//b")[0].text = "wrong"
    with pytest.raises(AssertionError, match=r"-    '0'\n\+    'wrong'"):
        page.call("add", by=0)


def test_a_patch_without_a_target_is_healed_and_told(live: LiveClient) -> None:
    page = live.mount("counter")
    target = page.dom.target("c0.1")
    target.getparent().remove(target)  # type: ignore[union-attr]
    with pytest.raises(AssertionError, match=r"Patches of c0\.1 found no place"):
        page.click("+")
    assert ["render", "c0"] in page.sent
    assert page.one("#count").text == "1"
    with page.unchecked():
        page.dom.target("c0.1").attrib.pop("lc")  # type: ignore[union-attr]
        page.click("+")
    assert page.one("#count").text == "2"


def test_an_empty_query_string_is_one(live: LiveClient) -> None:
    for href, path in (("?", "/list/"), ("?page=2", "/list/?page=2"), ("", "/list/?page=3"), ("x", "/list/x")):
        assert live.path_of(href, "/list/?page=3") == path
    assert live.path_of("//testserver/?", "/list/") == "/"
