"""Components inside of components: what they are given, and that each keeps its own state."""

import dataclasses
from typing import Any

import hypothesis
import pytest
from django.core.cache import cache
from django.utils.functional import lazystr
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from livecomp import LiveComponent, event, state, this_process
from livecomp.exceptions import TemplateError
from livecomp.testing import LiveClient
from tests.testapp.models import Note

pytestmark = pytest.mark.django_db


class Kid(LiveComponent):
    name = "nested.kid"
    template = '<i id="k{{ label }}" live-click="add">{{ label }}:{{ count }}</i>'
    label: str = ""
    count: int = 0

    def mount(self, label: str = "", count: int = 0) -> None:
        self.label, self.count = label, count

    @event
    def add(self) -> None:
        self.count += 1

    def reset(self) -> None:
        self.count = 0


# Arguments


class Giver(LiveComponent):
    name = "nested.giver"
    template = """{% load livecomp %}<div><b>{{ renders }}</b>
{% live_component "nested.taker" count=5 value=value %}</div>"""
    value: Any = None
    renders: int = 0

    def mount(self, value: Any = None) -> None:
        self.value = value

    @event
    def render(self) -> None:
        self.renders += 1


class Taker(LiveComponent):
    name = "nested.taker"
    template = '<i live-click="add">{{ count }} {{ value }} {{ given }}</i>'
    count: int = 0
    value: Any = None
    given: int = 0

    def mount(self, count: int, value: Any) -> None:
        self.count, self.value = count, value

    def updated(self, **changed: Any) -> None:
        super().updated(**changed)
        self.given += "value" in changed

    @event
    def add(self) -> None:
        self.count += 1


@dataclasses.dataclass
class Point:
    x: int
    tags: list[str]


def note() -> Note:
    return Note.objects.create(text="a")


def shown(page: Any) -> str:
    return page.one("i").text


@pytest.mark.parametrize("again", [False, True], ids=["first", "resumed"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: 1,
        note,
        lambda: [1, {"a": (2, 3)}],
        lambda: Point(1, ["a"]),
        lambda: {"note": note()},
        lambda: SafeString("<b>"),
        lambda: "long " * 100,
        lambda: lazystr("later"),
        lambda: float("nan"),
        lambda: {3, 1, 2},
        lambda: [{3, 1, 2}, "<b>"],
        lambda: [SafeString("<b>"), "".join(["a", "b"]), 0.1, None],
    ],
)
def test_an_argument_that_is_as_before_resets_nothing(
    make: Any, again: bool, live: LiveClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = live.mount("nested.giver", value=make())
    page.click("i")
    if again:
        page.disconnect()
        monkeypatch.setattr("livecomp.this_process._id", "another process1")
        page.reconnect()
    page.call("render").call("render")
    assert shown(page).startswith("6 ")
    assert shown(page).endswith(" 0")


def test_a_child_is_given_a_model_whose_fields_changed_and_nothing_else(live: LiveClient) -> None:
    page = live.mount("nested.giver", value=note())
    page.click("i")
    giver = page.component()
    giver.value = Note(pk=giver.value.pk, text="b")  # type: ignore[attr-defined]
    giver.value._state.db = "default"  # type: ignore[attr-defined]
    page.call("render")
    assert shown(page).startswith("6 ")
    assert page.component("nested.taker").value.text == "b"  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", [[1], {"a": [1]}, Point(1, ["a"])])
def test_a_value_that_the_parent_edits_in_place_is_noticed(value: Any, live: LiveClient) -> None:
    page = live.mount("nested.giver", value=value)
    page.click("i")
    page.call("render")
    value = page.component().value  # type: ignore[attr-defined]
    match value:
        case list():
            value.append(2)
        case dict():
            value["a"].append(2)
        case _:
            value.tags.append("b")
    page.call("render")
    assert shown(page).startswith("6 ")
    assert shown(page).endswith(" 1")


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), ("<b>", SafeString("<b>")), ("1", 1), ([1], (1,))])
def test_values_that_only_compare_as_equal_are_not_the_same(one: Any, other: Any, live: LiveClient) -> None:
    page = live.mount("nested.giver", value=one)
    page.component().value = other  # type: ignore[attr-defined]
    page.call("render")
    assert shown(page).endswith(" 1")


class Lister(LiveComponent):
    name = "nested.lister"
    template = """{% load livecomp %}<div>{{ renders }}
{% live_component "nested.taker" count=5 value=self.notes %}</div>"""
    renders: int = 0

    @property
    def notes(self) -> Any:
        return Note.objects.all()

    @event
    def render(self) -> None:
        self.renders += 1


def test_a_queryset_is_passed_on_at_each_render_and_resets_nothing_else(
    live: LiveClient, django_assert_num_queries: Any
) -> None:
    page = live.mount("nested.lister")
    page.click("i")
    note()
    page.call("render")
    assert shown(page).startswith("6 ")
    assert shown(page).endswith(" 1")
    assert "[&lt;Note: a&gt;]" in page.html


# Keys


def loop_of(body: str, called: str) -> type[LiveComponent]:
    class Rows(LiveComponent):
        name = called
        template = "{% load livecomp boxes %}" + body
        rows: list[str] = state(["1", "2", "3"])
        others: list[str] = state(["1"])

        @event
        def show(self, rows: list[str], others: list[str] | None = None) -> None:
            self.rows = rows
            self.others = self.others if others is None else others

        @property
        def is_closed(self) -> bool:
            return "closed" in self.others

        @property
        def groups(self) -> list[list[str]]:
            return [self.rows[:2], self.rows[2:]]

    return Rows


CHILD = '{% live_component "nested.kid" key=r label=r %}'
BODIES = {
    "bare": f"<ul>{{% for r in rows %}}{CHILD}{{% endfor %}}</ul>",
    "li": f"<ul>{{% for r in rows %}}<li>{CHILD}</li>{{% endfor %}}</ul>",
    "deep": f"<ul>{{% for r in rows %}}<li><p><b>{CHILD}</b></p>{{{{ r }}}}</li>{{% endfor %}}</ul>",
    "two": f'<ul>{{% for r in rows %}}<li>{{% live_component "counter" key="same" %}}{CHILD}</li>{{% endfor %}}</ul>',
    "live_key": f'<ul>{{% for r in rows %}}<li live-key="{{{{ r }}}}">{CHILD}</li>{{% endfor %}}</ul>',
    "branch": f"<ul>{{% for r in rows %}}<li>{{% if r != 'x' %}}{CHILD}{{% endif %}}</li>{{% endfor %}}</ul>",
    "with": f"<ul>{{% for s in rows %}}<li>{{% with r=s %}}{CHILD}{{% endwith %}}</li>{{% endfor %}}</ul>",
    "unequal": f"<ul>{{% for r in rows %}}<li>{CHILD}</li>{{% if forloop.first %}}<li>-</li>{{% endif %}}{{% endfor %}}</ul>",
    "groups": f"<ul>{{% for g in groups %}}<li>{{% for r in g %}}<p>{CHILD}</p>{{% endfor %}}</li>{{% endfor %}}</ul>",
    "bare_groups": f"<ul>{{% for g in groups %}}{{% for r in g %}}{CHILD}{{% endfor %}}{{% endfor %}}</ul>",
    "table": f"<table><tbody>{{% for r in rows %}}<tr><td>{CHILD}</td></tr>{{% endfor %}}</tbody></table>",
    "unclosed": f"<ul>{{% for r in rows %}}<li>{CHILD}{{% endfor %}}</ul>",
    "box": f"<ul>{{% for r in rows %}}<li>{{% box %}}{CHILD}{{% endbox %}}</li>{{% endfor %}}</ul>",
    "around": f"<div>{{% box %}}{{% for r in rows %}}<p>{CHILD}</p>{{% endfor %}}{{% endbox %}}</div>",
    "spaceless": f"<div>{{% spaceless %}}{{% for r in rows %}} <p>{CHILD}</p> {{% endfor %}}{{% endspaceless %}}</div>",
    "upper": f"<div>{{% filter upper %}}{{% for r in rows %}} <p>{CHILD}</p> {{% endfor %}}{{% endfilter %}}</div>",
}
loop_of(
    "<ul>{% for r in rows %}<li>{% if r.owner %}"
    '{% live_component "nested.kid" key=r.owner.pk %}{% else %}none{% endif %}</li>{% endfor %}</ul>',
    "nested.guarded",
)
LOOPS = {name: loop_of(body, f"nested.{name}") for name, body in BODIES.items()}


@pytest.mark.parametrize("name", LOOPS)
def test_a_child_with_a_key_keeps_its_state_wherever_it_moves(name: str, live: LiveClient) -> None:
    page = live.mount(f"nested.{name}")
    page.click("#k1").click("#k1").click("#k3")
    for rows in (["3", "2", "1"], ["0", "1", "3"], ["1", "0", "3"], ["3", "1"], ["5", "6", "7", "3", "1"]):
        page.call("show", rows=rows)
        assert page.one("#k1").text == "1:2", rows
        assert page.one("#k3").text == "3:1", rows


def test_a_key_in_a_branch_is_looked_up_in_that_branch_only(
    live: LiveClient, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = True
    page = live.mount("nested.guarded")
    page.call("show", rows=["2", "1"])
    assert [each.text for each in page.all("li")] == ["none", "none"]
    assert "the key ''" not in caplog.text


def test_two_children_with_one_key_are_told_apart_by_their_order_and_reported(
    live: LiveClient, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = True
    loop_of(
        f"<ul>{{% for g in groups %}}<li>{{% for r in g %}}<p>{CHILD}</p>{{% endfor %}}</li>{{% endfor %}}</ul>",
        "nested.dup",
    )
    page = live.mount("nested.dup")
    page.call("show", rows=["1", "2", "1"])
    page.click(page.all("#k1")[1])
    page.call("show", rows=["2", "1", "1"])
    assert [each.text for each in page.all("#k1")] == ["1:0", "1:1"]
    assert "two components with key='1'" in caplog.text


def test_a_second_row_with_the_same_key_keeps_its_state_when_rows_come_before(live: LiveClient) -> None:
    page = live.mount("nested.li")
    page.call("show", rows=["1", "2", "1"])
    page.click(page.all("#k1")[1])
    page.call("show", rows=["0", "1", "2", "3", "1"])
    assert [each.text for each in page.all("#k1")] == ["1:0", "1:1"]


# Inside of what only Django renders


class Boxed(LiveComponent):
    name = "nested.boxed"
    template = """{% load livecomp boxes %}<div>{% box %}{{ word }}{% live_component "nested.kid" label="a" %}{% endbox %}</div>"""
    word: str = "x"

    @event
    def reset(self, id: str) -> None:
        self.send_to(id, "reset")

    @event
    def rename(self, word: str) -> None:
        self.word = word


class Filler(Boxed):
    name = "nested.filler"
    template = """{% load livecomp %}<div>{% live_component "nested.frame" fills %}{% fill "inside" %}<p>{{ word }}</p>
{% live_component "nested.kid" label="a" %}{% endfill %}{% endlive_component %}</div>"""


class Frame(LiveComponent):
    name = "nested.frame"
    template = "<section>{{ turns }}<div> {{ fills.inside }}</div></section>"
    turns: int = 0

    @event
    def turn(self) -> None:
        self.turns += 1


@pytest.mark.parametrize("name", ["nested.boxed", "nested.filler"])
def test_a_child_in_what_only_django_renders_is_patched_by_itself(name: str, live: LiveClient) -> None:
    page = live.mount(name)
    kid = page.component("nested.kid").id
    page.click("#ka")
    assert [address for address, _ in page.received[-1][3]] == [f"{kid}.0"]
    page.call("reset", id=kid)
    assert page.one("#ka").text == "a:0"
    page.click("#ka")
    page.call("rename", word="y")
    assert page.one("#ka").text == "a:1"
    assert f"{kid}.0'></template>" in page.received[-1][3][0][1]
    page.call("reset", id=kid)
    assert page.one("#ka").text == "a:0"


def test_a_child_in_a_fill_stays_when_the_component_around_it_changes(live: LiveClient) -> None:
    page = live.mount("nested.filler")
    page.click("#ka")
    page.call("turn", "nested.frame")
    page.disconnect().reconnect()
    page.click("#ka").call("turn", "nested.frame")
    assert page.one("section").text.split() == ["2", "x", "a:2"]


class Twice(LiveComponent):
    name = "nested.twice"
    template = """{% load livecomp boxes %}<div>{% twice %}{% live_component "nested.kid" %}{% endtwice %}</div>"""


def test_a_child_that_a_tag_shows_twice_is_refused(live: LiveClient) -> None:
    with pytest.raises(TemplateError, match="shows one live component twice"):
        live.mount("nested.twice")


class Cached(LiveComponent):
    name = "nested.cached"
    template = """{% load livecomp cache %}<div>
{% cache 60 box %}<p>{% include "nested/kid.html" %}</p>{% endcache %}</div>"""


class CachedBox(LiveComponent):
    name = "nested.cached_box"
    template = """{% load livecomp cache boxes %}<div>{% if 1 %}
{% cache 60 box %}{% box %}{% live_component "nested.kid" %}{% endbox %}{% endcache %}{% endif %}</div>"""


class BoxedCache(LiveComponent):
    name = "nested.boxed_cache"
    template = """{% load livecomp cache boxes %}<div>{% box %}
{% cache 60 box %}{% live_component "nested.kid" %}{% endcache %}{% endbox %}</div>"""


class CachedByName(LiveComponent):
    name = "nested.cached_by_name"
    template = """{% load livecomp cache %}<div>{% with t="nested/kid.html" %}
{% cache 60 box %}<p>{% include t %}</p>{% endcache %}{% endwith %}{{ renders }}</div>"""
    renders: int = 0

    @event
    def render(self) -> None:
        self.renders += 1


@pytest.mark.parametrize("name", ["nested.cached", "nested.cached_box", "nested.boxed_cache", "nested.cached_by_name"])
def test_a_child_in_a_cached_fragment_belongs_to_its_page(name: str, live: LiveClient) -> None:
    cache.clear()
    one = live.mount(name)
    two = live.mount(name)  # out of the cache
    one.call("add", "nested.kid")
    if name == "nested.cached_by_name":
        one.call("render", "nested.cached_by_name")
    assert one.one("i").text.endswith(":1")
    assert two.one("i").text.endswith(":0")
    two.call("add", "nested.kid")
    two.disconnect()
    two.reconnect()
    two.call("add", "nested.kid")
    assert two.one("i").text.endswith(":2")


def test_a_visitor_s_text_places_no_child(live: LiveClient) -> None:
    page = live.mount("nested.boxed")
    kid = page.component("nested.kid").id
    for text in (f"\ue000{kid}\ue001", f"\ue000{kid}-0123456789abcdef\ue001", "\ue000"):
        page.call("rename", word=text)
        assert page.one(".box").text == f"{text}a:0"


class InAttribute(LiveComponent):
    name = "nested.in_attribute"
    template = """{% load livecomp boxes %}<div title="{% box %}{% live_component "nested.kid" %}{% endbox %}"></div>"""


def test_a_child_in_a_tag_in_an_attribute_is_refused(live: LiveClient) -> None:
    with pytest.raises(TemplateError, match="cannot stand inside a tag"):
        live.mount("nested.in_attribute")


class Closing(LiveComponent):
    name = "nested.closing"
    template = (
        """{% load livecomp boxes %}<div>{% closed %}{% live_component "nested.kid" label="a" %}{% endclosed %}</div>"""
    )
    is_closed: bool = False

    @event
    def toggle(self) -> None:
        self.is_closed = not self.is_closed

    @event
    def reset(self, id: str) -> None:
        self.send_to(id, "reset")


def test_a_child_that_its_tag_does_not_show_waits_with_its_state(live: LiveClient) -> None:
    page = live.mount("nested.closing")
    kid = page.component("nested.kid").id
    page.click("#ka").click("#ka").call("toggle")
    page.call("reset", id=kid)
    assert page.received[-1][0] == "ack"
    page.call("toggle")
    assert page.one("#ka").text == "a:0"
    page.click("#ka")
    assert page.one("#ka").text == "a:1"


# Any sequence of events

BRANCH = '{% live_component "nested.bough" key=r label=r word=word %}'
TREES = {
    "bare": f"<ul>{{% for r in rows %}}{BRANCH}{{% endfor %}}</ul>",
    "li": f"<ul>{{% for r in rows %}}<li>{{{{ word }}}}{BRANCH}</li>{{% endfor %}}</ul>",
    "with": f"<ul>{{% for s in rows %}}<li>{{% with r=s %}}{BRANCH}{{% endwith %}}</li>{{% endfor %}}</ul>",
    "groups": f"<div>{{% for g in groups %}}<ul>{{% for r in g %}}<li>{BRANCH}</li>{{% endfor %}}</ul>{{% endfor %}}</div>",
    "box": f"<ul>{{% for r in rows %}}<li>{{% box %}}{{{{ word }}}}{BRANCH}{{% endbox %}}</li>{{% endfor %}}</ul>",
    "around": f"<div>{{% box %}}{{{{ word }}}}{{% for r in rows %}}{BRANCH}{{% endfor %}}{{% endbox %}}</div>",
    "unclosed": f"<ul>{{% for r in rows %}}<li>{{{{ word }}}}{BRANCH}{{% endfor %}}</ul>",
    "anchors": f"<div><a><a>{{{{ word }}}}{{% for r in rows %}}{BRANCH}{{% endfor %}}</a></a></div>",
    "fill": '<div>{% live_component "nested.frame" fills %}{% fill "inside" %}'
    f"{{{{ word }}}}{{% for r in rows %}}<p>-</p>{BRANCH}{{% endfor %}}{{% endfill %}}{{% endlive_component %}}</div>",
}


def tree_of(body: str, called: str) -> type[LiveComponent]:
    class Tree(LiveComponent):
        name = called
        template = "{% load livecomp boxes %}" + body
        rows: list[str] = state(["a", "b"])
        word: str = "x"

        @event
        def show(self, rows: list[str]) -> None:
            self.rows = rows

        @event
        def rename(self, word: str) -> None:
            self.word = word

        @event
        def reset(self, id: str) -> None:
            self.send_to(id, "reset")

        @property
        def groups(self) -> list[list[str]]:
            return [self.rows[:2], self.rows[2:]]

    return Tree


for called, body in TREES.items():
    tree_of(body, f"tree.{called}")


class Bough(LiveComponent):
    name = "nested.bough"
    template = """{% load livecomp boxes %}<section><h4 id="h{{ label }}">{{ label }} {{ word }}</h4><ul>{% for k in kids %}
<li>{% box %}{% live_component "nested.kid" key=k label=k %}{% endbox %}</li>{% endfor %}</ul></section>"""
    label: str = ""
    word: str = ""
    kids: list[str] = state(["1", "2"])

    def mount(self, label: str, word: str) -> None:
        self.label, self.word = label, word
        self.kids = [f"{label}{number}" for number in "12"]

    @event
    def reverse(self) -> None:
        self.kids.reverse()

    @event
    def grow(self) -> None:
        self.kids.insert(0, f"{self.label}{len(self.kids) + 1}")


def names() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from("abcd"), unique=True, max_size=4)


STEPS = st.one_of(
    st.tuples(st.just("show"), names()),
    st.tuples(st.just("rename"), st.sampled_from("xyz")),
    st.tuples(st.sampled_from(["click", "reset"]), st.integers(0, 20)),
    st.tuples(st.sampled_from(["reverse", "grow"]), st.integers(0, 20)),
    st.tuples(st.just("reconnect"), st.booleans()),
)


@pytest.mark.parametrize("name", TREES)
@given(steps=st.lists(STEPS, max_size=12))
@hypothesis.settings(max_examples=15, deadline=None)
def test_every_child_s_state_is_what_its_own_events_made_it(name: str, steps: list[tuple[str, Any]]) -> None:
    """`TestPage` compares the page with a fresh render after each step; this, the fresh render with what was done."""
    visitor = LiveClient()
    page = visitor.mount(f"tree.{name}")
    counts: dict[str, dict[str, int]] = {each: {f"{each}1": 0, f"{each}2": 0} for each in "ab"}
    own = this_process.process_id()
    try:
        for number, (step, value) in enumerate(steps):
            if step == "show":
                page.call("show", rows=value)
                counts = {each: counts.get(each, {f"{each}1": 0, f"{each}2": 0}) for each in value}
            elif step == "rename":
                page.call("rename", word=value)
            elif step == "reconnect":
                page.disconnect()
                this_process._id = f"process{number:09}" if value else own
                page.reconnect()
            elif step in ("reverse", "grow") and counts:
                branch = sorted(counts)[value % len(counts)]
                page.call(step, f"#h{branch}")
                if step == "grow":
                    counts[branch][f"{branch}{len(counts[branch]) + 1}"] = 0
            elif counts:
                kids = [(branch, kid) for branch in counts for kid in counts[branch]]
                branch, kid = kids[value % len(kids)]
                if step == "click":
                    page.click(f"#k{kid}")
                    counts[branch][kid] += 1
                else:
                    page.call("reset", None, id=page.component(f"#k{kid}").id)
                    counts[branch][kid] = 0
            shown = dict(each.text.split(":") for each in page.all("i"))
            assert shown == {kid: str(count) for kids in counts.values() for kid, count in kids.items()}
    finally:
        this_process._id = own
        visitor.close()


class Commented(LiveComponent):
    name = "nested.commented"
    template = "<!-- a row -->\n<li>{{ label }}</li><!-- end -->"
    label: str = ""

    def mount(self, label: str = "") -> None:
        self.label = label


class CommentedList(LiveComponent):
    name = "nested.commented_list"
    template = """{% load livecomp %}
        <ul>{% for label in labels %}{% live_component "nested.commented" key=label label=label %}{% endfor %}</ul>"""
    labels: list[str] = state(["a", "b", "c"])

    @event
    def show(self, labels: str) -> None:
        self.labels = list(labels)


@pytest.mark.parametrize("is_new_connection", [False, True])
def test_comments_before_and_after_a_childs_root_go_with_it(is_new_connection: bool, live: LiveClient) -> None:
    page = live.mount("nested.commented_list")
    for labels in ("cba", "bac", "xb", "bxyz"):
        if is_new_connection:
            page.disconnect().reconnect()
        page.call("show", labels=labels)
        assert page.one("ul").html.count("<!-- a row -->") == page.one("ul").html.count("<!-- end -->") == len(labels)
