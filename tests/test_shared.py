"""Shared components: one state, one render for all viewers."""

from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import Permission, User
from django.db import OperationalError
from django.template import engines
from django.utils import translation

from livecomp import LiveComponent, event, every, on, publish, sharing, state
from livecomp.effects import Attach
from livecomp.exceptions import ComponentError
from livecomp.shared import Key
from livecomp.testing import LiveClient
from tests.driver import Driver
from tests.testapp.models import Note

pytestmark = pytest.mark.django_db


class Counts:
    mounts = 0
    renders = 0


@pytest.fixture
def counts() -> type[Counts]:
    Counts.mounts = Counts.renders = 0
    return Counts


class Scoreboard(LiveComponent, shared=True):
    template = """<ul>{% for name, points in teams.items %}<li live-key="{{ name }}">{{ name }} {{ points }}</li>
{% endfor %}<li id="title">{{ title }} {{ ticks }}</li></ul>"""
    title: str = "Scores"
    teams: dict[str, int] = state({"red": 0, "blue": 0})
    ticks: int = 0

    def mount(self, title: str = "Scores") -> None:
        self.title = title
        Counts.mounts += 1

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        Counts.renders += 1
        return kwargs

    @on("scores")
    def scored(self, team: Any) -> None:
        if team == "visitor":
            _ = self.user
        elif team == "goal":
            self.push_event("goal", {"by": "red"})
        elif team:
            self.teams[team] = self.teams.get(team, 0) + 1

    @every(seconds=10)
    def tick(self) -> None:
        self.ticks += 1


class Score(LiveComponent):
    template = "<b>{{ points }}</b>"
    points: int = 0


class Board(LiveComponent, shared=True):
    template = """{% load livecomp %}<div><i>{{ points|length }}</i>{% for name, value in points.items %}
{% live_component "score" key=name points=value %}{% endfor %}</div>"""
    points: dict[str, int] = state({"red": 0})

    @on("scores")
    def scored(self, team: str) -> None:
        self.points[team] = self.points.get(team, 0) + 1


class Frame(LiveComponent):
    template = """{% load livecomp %}<section><h1>{{ heading }}</h1>
{% if is_first %}{% live_component "scoreboard" title=title %}{% endif %}<p>{{ heading }}</p>
{% if not is_first and not is_away %}{% live_component "scoreboard" title=title %}{% endif %}</section>"""
    heading: str = "Frame"
    title: str = "Scores"
    is_first: bool = True
    is_away: bool = False

    @event
    def change(self, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(self, name, value)


class Latest(LiveComponent, shared=True):
    template = "<p>{{ texts|join:', ' }}</p>"
    watch = [Note]

    @property
    def texts(self) -> list[str]:
        return [note.text for note in Note.objects.order_by("pk")]


class StaffOnly(LiveComponent, shared=True):
    template = "<p>{{ count }}</p>"
    permission_required = "testapp.view_note"
    count: int = 0

    @on("staff")
    def changed(self, message: Any) -> None:
        self.count += 1


# One for all


def test_it_is_mounted_once_and_rendered_once_for_each_change(live: LiveClient, counts: type[Counts]) -> None:
    pages = [live.mount("scoreboard") for _ in range(5)]
    for page in pages:
        page.is_checking = False  # the check renders too
    assert counts.mounts == 2, "once for the first page over HTTP, once to stay"
    counts.renders = 0
    publish("scores", "red")
    assert {page.one("[live-key=red]").text for page in pages} == {"red 1"}
    assert counts.renders == 1


def test_all_viewers_get_the_same_message(live: LiveClient) -> None:
    one, two = live.mount("scoreboard"), live.mount("scoreboard")
    publish("scores", "red")
    assert one.received[-1] == two.received[-1]
    [kind, component, version, patches] = one.received[-1]
    assert (kind, component, version) == ("shared", next(iter(sharing.living)), 1)
    assert [html for _, html in patches] == ['<li live-key="red">red 1</li>']


def test_joining_what_has_not_changed_sends_no_html(live: LiveClient) -> None:
    one = live.mount("scoreboard")
    two = live.mount("scoreboard")
    for page in (one, two):
        assert [message[3:] for message in page.received if message[0] == "shared"] == [[[], True]]


def test_who_comes_later_gets_the_present_state_over_http_already(live: LiveClient, counts: type[Counts]) -> None:
    page = live.mount("scoreboard")
    publish("scores", "red")
    assert page.text
    late = live.mount("scoreboard")
    assert late.received[-1][3:] == [[], True]
    assert late.one("[live-key=red]").text == "red 1"
    assert counts.mounts == 2


def test_it_ends_with_the_last_viewer(live: LiveClient, counts: type[Counts]) -> None:
    one, two = live.mount("scoreboard"), live.mount("scoreboard")
    publish("scores", "red")
    one.close()
    assert two.one("[live-key=red]").text == "red 1"
    two.close()
    assert not sharing.living


def test_who_comes_back_gets_all_anew(live: LiveClient) -> None:
    page, other = live.mount("scoreboard"), live.mount("scoreboard")
    page.disconnect()
    publish("scores", "blue")
    assert other.one("[live-key=blue]").text == "blue 1"
    page.reconnect()
    assert page.one("[live-key=blue]").text == "blue 1"


def test_other_arguments_are_another_component(live: LiveClient) -> None:
    one, two = live.mount("scoreboard", title="A"), live.mount("scoreboard", title="B")
    assert len(sharing.living) == 2
    assert (one.one("#title").text, two.one("#title").text) == ("A 0", "B 0")


def test_each_language_has_its_own() -> None:
    keys = {Key.of("scoreboard", {}, language, "UTC").id for language in ("en", "de", "en")}
    assert len(keys) == 2


def test_a_page_of_another_language_is_joined_without_its_snapshot() -> None:
    with translation.override("de"):
        driver = Driver("scoreboard")
    driver.join()
    assert [output.key.language for output in driver.outputs if type(output).__name__ == "Attach"] == ["de"]


def test_timers_run_once_for_all(live: LiveClient) -> None:
    one, two = live.mount("scoreboard"), live.mount("scoreboard")
    one.tick(10)
    assert one.one("#title").text == two.one("#title").text == "Scores 1"


def test_events_for_browser_hooks_go_to_all_viewers(live: LiveClient) -> None:
    one, two = live.mount("scoreboard"), live.mount("scoreboard")
    publish("scores", "goal")
    assert one.text == two.text
    assert [pushed.name for page in (one, two) for pushed in page.pushed] == ["goal", "goal"]


def test_watched_models_render_it_again(live: LiveClient) -> None:
    page = live.mount("latest")
    Note.objects.create(text="news")
    assert page.text == "news"


def test_children_belong_to_it(live: LiveClient) -> None:
    one, two = live.mount("board"), live.mount("board")
    publish("scores", "red")
    publish("scores", "blue")
    assert one.text == two.text == "2 1 1"
    late = live.mount("board")
    assert late.text == "2 1 1"
    publish("scores", "blue")
    assert one.text == late.text == "2 1 2"


# On pages


def test_two_on_one_page_need_a_key(live: LiveClient) -> None:
    with pytest.raises(ComponentError, match="stands twice"):
        live.render('{% live_component "scoreboard" %}{% live_component "scoreboard" %}')
    page = live.render('{% live_component "scoreboard" %}{% live_component "scoreboard" key="side" %}')
    publish("scores", "red")
    assert [each.text for each in page.all("[live-key=red]")] == ["red 1", "red 1"]


def test_beside_an_ordinary_component(live: LiveClient) -> None:
    page = live.render('{% live_component "counter" %}{% live_component "scoreboard" %}')
    page.call("add", "counter")
    publish("scores", "red")
    page.call("add", "counter")
    assert page.one("#count").text == "2"
    assert page.one("[live-key=red]").text == "red 1"


def test_inside_an_ordinary_component_it_is_kept(live: LiveClient) -> None:
    page, other = live.mount("frame"), live.mount("scoreboard")
    publish("scores", "red")
    assert page.one("[live-key=red]").text == other.one("[live-key=red]").text == "red 1"
    page.call("change", heading="New")
    assert "red" not in str(page.received[-1])
    page.call("change", is_first=False)
    assert page.one("p ~ ul [live-key=red]").text == "red 1"
    publish("scores", "red")
    assert page.one("[live-key=red]").text == "red 2"


def test_a_parent_that_places_another_one_leaves_the_first(live: LiveClient) -> None:
    page = live.mount("frame")
    page.call("change", title="Other")
    assert page.one("#title").text == "Other 0"
    assert len(sharing.living) == 1
    page.call("change", is_first=False, is_away=True)
    assert not sharing.living
    page.call("change", is_away=False)
    publish("scores", "blue")
    assert page.one("[live-key=blue]").text == "blue 1"


def test_a_nested_one_is_resumed_with_its_parent(live: LiveClient) -> None:
    page, other = live.mount("frame"), live.mount("scoreboard", title="Scores")
    assert page.received[-1][3:] == [[], True], "the HTML of the first request was right"
    page.disconnect()
    publish("scores", "red")
    assert other.text
    page.reconnect()
    assert page.one("[live-key=red]").text == "red 1"


def test_a_component_that_the_browser_misses_is_sent_again(live: LiveClient) -> None:
    page = live.mount("frame")
    [shared] = sharing.living
    for asked in (shared, f"{shared}-3"):
        [message] = page.send(["render", asked])
        assert message[:2] == ["shared", shared]
        assert message[4] is True
        assert message[3][0][0] == f"{shared}.0"
    kinds = [message[0] for message in page.send(["render", ""])]
    assert kinds == ["patch", "shared"]


def test_t20_another_pages_shared_component_cannot_be_asked_for(live: LiveClient) -> None:
    live.mount("scoreboard", title="Secret")
    [shared] = sharing.living
    page = live.mount("counter")
    answers = page.send(["render", shared])
    assert [message[0] for message in answers] == ["patch"]
    with page.expect_error("unknown_component"):
        page.send(["event", page.wire.last_ref + 1, shared, "tick", {}])


# Access


def test_t41_permissions_are_those_of_the_viewer(live: LiveClient, django_user_model: type[User]) -> None:
    user = django_user_model.objects.create_user("ann")
    from django.core.exceptions import PermissionDenied

    with pytest.raises(PermissionDenied):
        live.as_user(user).mount("staff_only")
    user.user_permissions.add(Permission.objects.get(codename="view_note"))
    page = live.as_user(user).mount("staff_only")
    publish("staff")
    assert page.text == "1"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"press": event(lambda self: None)}, "no @event methods"),
        ({"__annotations__": {"q": str}, "q": state("", bind=True)}, "no fields that visitors write"),
        ({"__annotations__": {"q": str}, "q": state("", url="q")}, "no fields that visitors write"),
        ({"has_permission": lambda self: True}, "no visitor to ask"),
    ],
)
def test_what_belongs_to_a_visitor_is_refused_when_the_class_is_made(body: dict[str, Any], message: str) -> None:
    for value in body.values():
        if callable(value):
            value.__name__ = "press"
            value.__qualname__ = "press"
    with pytest.raises(ComponentError, match=message):
        type("Bad", (LiveComponent,), {"template": "<p></p>", **body}, shared=True)


class GuardedChild(LiveComponent):
    name = "guarded_child"
    template = "<p>FOR FEW</p>"
    asked: ClassVar[int] = 0

    def has_permission(self) -> bool:
        GuardedChild.asked += 1
        return False


class HeirOfGuarded(GuardedChild):
    name = "guarded_heir"


class SharedAroundGuarded(LiveComponent, shared=True):
    name = "shared_around_guarded"
    template = "{% load livecomp %}<div>{% live_component child %}</div>"
    child: str


@pytest.mark.parametrize("child", ["guarded_child", "guarded_heir"])
def test_t118_a_child_whose_rule_nobody_would_ask_is_refused_in_a_shared_component(child: str) -> None:
    words = rf"'{child}' stands inside a shared component and has a has_permission\(\) of its own"
    with pytest.raises(ComponentError, match=words):
        Driver("shared_around_guarded", child=child)
    assert GuardedChild.asked == 0


@pytest.mark.parametrize("name", ["user", "request", "perms", "csrf_token", "messages"])
def test_a_template_that_looks_at_the_visitor_is_refused(name: str) -> None:
    class Personal(LiveComponent, shared=True):
        template = "<p>{{ " + name + " }}</p>"

    with pytest.raises(ComponentError, match="rendered once for all"):
        Driver("personal")


@pytest.mark.parametrize("name", ["user", "session", "request", "path", "query"])
def test_a_method_that_looks_at_the_visitor_gets_a_clear_error(name: str) -> None:
    class Nosy(LiveComponent, shared=True):
        template = "<p></p>"

        def mount(self) -> None:
            getattr(self, name)

    with pytest.raises(ComponentError, match="belongs to no visitor"):
        Driver("nosy")


@pytest.mark.parametrize("call", ["redirect", "push_url", "replace_url"])
def test_one_viewers_browser_cannot_be_steered(call: str) -> None:
    class Steering(LiveComponent, shared=True):
        template = "<p></p>"

        def mount(self) -> None:
            getattr(self, call)("/")

    with pytest.raises(ComponentError, match="belongs to no visitor"):
        Driver("steering")


def test_children_with_events_are_refused() -> None:
    class Around(LiveComponent, shared=True):
        template = '{% load livecomp %}<div>{% live_component "counter" %}</div>'

    with pytest.raises(ComponentError, match="has @event methods"):
        Driver("around")


def test_one_in_another_is_refused() -> None:
    class Outer(LiveComponent, shared=True):
        template = '{% load livecomp %}<div>{% live_component "scoreboard" %}</div>'

    with pytest.raises(ComponentError, match="shared too"):
        Driver("outer")


def test_fills_are_refused(live: LiveClient) -> None:
    with pytest.raises(ComponentError, match="takes no fills"):
        live.render('{% live_component "scoreboard" fills %}{% fill "x" %}y{% endfill %}{% endlive_component %}')


def test_arguments_are_the_same_for_everybody() -> None:
    with pytest.raises(ComponentError, match="same for everybody"):
        Driver("scoreboard", title=object())


def test_model_instances_are_read_afresh(live: LiveClient) -> None:
    class OneNote(LiveComponent, shared=True):
        template = "<p>{{ note.text }}</p>"
        note: Note

    note = Note.objects.create(text="new")
    note.text = "not saved"
    assert live.mount("one_note", note=note).text == "new"


# Failures


def test_t70_a_failing_handler_leaves_it_as_it_was(live: LiveClient) -> None:
    page = live.mount("scoreboard")
    publish("scores", "visitor")
    with pytest.raises(ComponentError, match="belongs to no visitor"):
        _ = page.text
    publish("scores", "red")
    assert page.one("[live-key=red]").text == "red 1"


class FragileShared(LiveComponent, shared=True):
    name = "fragile_shared"
    template = "<p>{{ n }}</p>"
    fails: ClassVar[bool] = False
    n: int = 0

    def mount(self) -> None:
        if FragileShared.fails:
            raise OperationalError("the database is away")


class Cupboard(LiveComponent):
    template = (
        "{% load livecomp %}<div>{{ is_open }}{% if is_open %}{% live_component 'fragile_shared' %}{% endif %}</div>"
    )
    is_open: bool = state(False, bind=True)


def test_t74_a_shared_child_that_fails_does_not_take_its_parent_with_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    driver = Driver("cupboard")
    driver.join()
    monkeypatch.setattr(FragileShared, "fails", True)
    sent = str(driver.set(is_open=True))
    assert "'ack'" not in sent
    assert "'error'" not in sent
    assert ">True<livecomp-error lc=" in sent
    assert driver.component.is_open
    [attach] = driver.out(Attach)
    assert f'lc="{attach.key.id}.0"' in sent
    caplog.clear()


@pytest.mark.parametrize(
    "tag",
    [
        "{% whose_page %}",
        "{% whose_context_user %}",
        "{% whose_request %}",
        "{% include part %}",
        "{% include part_perms %}",
        "{% whose_session %}",
        "{% whose_path %}",
    ],
)
def test_a_tag_that_looks_at_the_visitor_is_an_error(tag: str) -> None:
    class Tagged(LiveComponent, shared=True):
        name = "shared.tagged"
        template = "{% load whose %}<p>" + tag + "</p>"

        def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
            part = engines["django"].from_string("{{ user.username }}")
            return {"part": part, "part_perms": engines["django"].from_string("{{ perms.auth }}")}

    with pytest.raises(ComponentError, match="belongs to no visitor"):
        Driver("shared.tagged", path="/?b=2")


def test_the_query_string_of_a_page_is_not_that_of_a_shared_component() -> None:
    class Query(LiveComponent, shared=True):
        name = "shared.query"
        template = "<p>{% querystring a=1 %}</p>"

    with pytest.raises(ComponentError, match=r"no request\.GET"):
        Driver("shared.query", path="/?b=2")


def test_a_tag_that_does_not_look_at_the_visitor_works() -> None:
    class Quiet(LiveComponent, shared=True):
        name = "shared.quiet"
        template = (
            "{% load whose %}<p>{% whose_method %} {% url 'nowhere' as place %}[{{ place }}] {% include part %}</p>"
        )

        def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
            return {"part": engines["django"].from_string("{{ self.name }}")}

    assert "GET &lt;NobodysRequest of &#x27;shared.quiet&#x27;&gt; [] shared.quiet" in Driver("shared.quiet").html
