"""livecomp.rendering: components in their places."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.core.exceptions import PermissionDenied
from django.test import override_settings

from livecomp import LiveComponent, event, inputs, on, protocol, resume, state
from livecomp.exceptions import ComponentError
from livecomp.source import template_of
from tests.driver import Driver

pytestmark = pytest.mark.django_db


class InlinedRow(LiveComponent):
    template = "<i>{{ label }}{{ clicks }}</i>"
    label: str
    clicks: int = 0

    @event
    def click(self) -> None:
        self.clicks += 1


class InlinedRows(LiveComponent):
    template = """{% load livecomp %}<ul>{% spaceless %}{% for label in labels %}
        <li>{% live_component "inlined_row" key=label label=label %}</li>
    {% endfor %}{% endspaceless %}</ul>"""
    labels: list[str] = state(["a", "b"])

    @event
    def reverse(self) -> None:
        self.labels.reverse()


def test_a_child_in_a_node_that_only_django_renders_keeps_its_state_when_its_key_moves() -> None:
    driver = Driver("inlined_rows")
    driver.join()
    first = next(mounted for mounted in driver.page.tree.values() if mounted.component.__dict__.get("label") == "a")
    driver.event("click", component=first.id)
    driver.event("reverse")
    assert driver.page.tree[first.id] is first
    html = driver.page.fresh_html()["c0"]
    assert html.index("b0") < html.index("a1")


class OtherEngine(LiveComponent):
    template_name = "other.html"


def engine(name: str, **options: Any) -> dict[str, Any]:
    return {"BACKEND": f"django.template.backends.{name}", "DIRS": [], "APP_DIRS": False, "OPTIONS": {}, **options}


def test_a_template_of_another_engine_is_refused_with_its_name(tmp_path: Any) -> None:
    (tmp_path / "other.html").write_text("<p></p>")
    engines = [engine("dummy.TemplateStrings", DIRS=[tmp_path]), engine("django.DjangoTemplates")]
    with override_settings(TEMPLATES=engines), pytest.raises(ComponentError, match=r"'other.html'.*backends.dummy"):
        template_of(OtherEngine)


def test_an_inline_template_finds_django_s_engine_by_its_kind() -> None:
    class Inline(LiveComponent):
        name = "inline_by_kind"
        template = "<p></p>"

    with override_settings(TEMPLATES=[engine("django.DjangoTemplates", NAME="other")]):
        assert template_of(Inline).source == "<p></p>"


def test_an_inline_template_without_django_s_engine_is_refused() -> None:
    class Alone(LiveComponent):
        name = "inline_alone"
        template = "<p></p>"

    with (
        override_settings(TEMPLATES=[engine("dummy.TemplateStrings")]),
        pytest.raises(ComponentError, match="TEMPLATES"),
    ):
        template_of(Alone)


class Leaving(LiveComponent):
    """Leads elsewhere, or fails, while it is rendered."""

    name = "rendering.leaving"
    template = "<p>{{ n }} {{ secret }}</p>"
    act: ClassVar[str] = ""
    n: int = 0

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if Leaving.act:
            self.flash("info", "Please sign in.")
            self.push_event("seen", 1)
            self.redirect("/login/")
        if Leaving.act == "fail":
            raise ValueError("no")
        if Leaving.act == "refuse":
            raise PermissionDenied
        return {"secret": f"TOPSECRET{self.n}"}

    @on("rendering.leaving")
    def hear(self, message: Any) -> None:
        self.n += 1

    @event
    def add(self) -> None:
        self.n += 1


class AroundLeaving(LiveComponent):
    name = "rendering.around_leaving"
    template = """{% load livecomp %}<div>{% if is_open %}opened{% live_component 'rendering.leaving' %}{% endif %}
        {% live_component 'rendering.card' fills %}{% fill 'default' %}{% live_component 'rendering.leaving' %}{% endfill %}
        {% endlive_component %}</div>"""
    is_open: bool = False

    @event
    def open(self) -> None:
        self.is_open = True


class HidingCard(LiveComponent):
    name = "rendering.card"
    template = "<i>{% if is_open %}{{ fills.default }}{% endif %}</i>"
    is_open: bool = False

    @event
    def open(self) -> None:
        self.is_open = True


@pytest.fixture
def leaving() -> Iterator[type[Leaving]]:
    yield Leaving
    Leaving.act = ""


WAY_ON = [("flash", "info", "Please sign in."), ("redirect", "/login/")]


@pytest.mark.parametrize("act", ["go", "refuse"])
@pytest.mark.parametrize("message", ["event", "topic", "render", "whole", "again", "join", "resume"])
def test_a_redirect_while_it_is_rendered_shows_nothing_of_the_component(
    message: str, act: str, leaving: type[Leaving]
) -> None:
    driver = Driver("rendering.leaving")
    driver.join()
    leaving.act = act
    sent = {
        "event": lambda: driver.event("add"),
        "topic": lambda: driver.give(inputs.TopicMessages({"rendering.leaving": [1]})),
        "render": lambda: driver.give(protocol.Render("c0")),
        "whole": lambda: driver.give(protocol.Render("")),
        "again": lambda: driver.give(inputs.RenderAgain("c0")),
        "join": lambda: Driver.join(driver),
        "resume": lambda: (
            resume.save(driver.page, clean=True),
            driver.join(resume=(driver.page.joined_id, driver.page.version)),
        )[1],
    }[message]()
    assert "TOPSECRET" not in str(sent)
    effects = [effect for each in sent if each[0] != "error" for effect in each[-1 if each[0] != "joined" else 5]]
    if message != "join":
        assert effects == WAY_ON, sent
    leaving.act = ""
    if driver.page.tree:
        assert "TOPSECRET" in str(driver.event("add")), "it goes on, should the browser stay"


def test_what_a_render_asked_for_that_failed_has_not_happened(
    leaving: type[Leaving], caplog: pytest.LogCaptureFixture
) -> None:
    driver = Driver("rendering.leaving")
    driver.join()
    leaving.act = "fail"
    sent = str(driver.event("add"))
    assert "failed" in sent
    assert not any(word in sent for word in ("redirect", "flash", "push")), sent
    assert driver.component.n == 0
    assert driver.page.leaving == ""
    caplog.clear()


class OnlySmall(LiveComponent):
    """Refuses to be rendered with a number that is too high, and says where to go. So does its child, when it is mounted."""

    name = "rendering.only_small"
    template = (
        "{% load livecomp %}<p>{{ n }}{% if n %}{% live_component 'rendering.only_small' n=child %}{% endif %}</p>"
    )
    n: int = 0
    child: int = 0

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.n > 1:
            self.flash("info", "Please sign in.")
            self.push_event("seen", 1)
            self.subscribe("rendering.high")
            self.redirect("/login/")
            raise PermissionDenied("Too high.")
        return {}

    @event
    def set_number(self, n: int = 0, child: int = 0) -> None:
        self.flash("info", "set")
        self.n, self.child = n, child


def test_a_redirect_of_a_render_that_is_refused_outlives_the_event_that_is_undone() -> None:
    driver = Driver("rendering.only_small")
    driver.join()
    sent = driver.event("set_number", n=2)
    assert sent == [["error", 1, "forbidden", "Too high.", "c0"], ["patch", 1, 1, [], WAY_ON]]
    assert (driver.component.n, driver.page.topics) == (0, {})
    assert driver.event("set_number", n=0) == [["patch", 2, 2, [], [("flash", "info", "set")]]], "all else goes on"


def test_a_child_that_is_refused_and_leads_elsewhere_takes_nothing_of_its_parent_s_event() -> None:
    driver = Driver("rendering.only_small")
    driver.join()
    (patch,) = driver.event("set_number", n=1, child=2)
    assert (patch[0], driver.component.n) == ("patch", 1)
    assert patch[-1] == [("flash", "info", "set"), *WAY_ON]
    assert driver.page.topics == {}
    assert "seen" not in str(patch)


def test_a_child_that_leads_elsewhere_is_not_shown_with_its_parent(leaving: type[Leaving]) -> None:
    driver = Driver("rendering.around_leaving")
    driver.join()
    leaving.act = "go"
    sent = driver.event("open")
    assert "TOPSECRET" not in str(sent)
    assert sent[0][-1] == WAY_ON


def test_a_child_that_leads_elsewhere_is_not_shown_when_its_place_comes(leaving: type[Leaving]) -> None:
    driver = Driver("rendering.around_leaving")
    driver.join()
    leaving.act = "go"
    (card,) = [id for id, each in driver.page.tree.items() if each.component.name == "rendering.card"]
    sent = driver.event("open", card)
    assert "TOPSECRET" not in str(sent)
    assert sent[0][-1] == WAY_ON
