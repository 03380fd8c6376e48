"""livecomp.lifecycle: a component that failed to mount, to take its arguments or to come back is shown and called no more."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.core.exceptions import PermissionDenied

from livecomp import LiveComponent, event, every, inputs, on, protocol, resume, state
from livecomp.constants import CloseCode
from livecomp.effects import Close, Postpone, Publish, StartTask, StartTimer, StopTimer, Subscribe
from tests.driver import Driver

pytestmark = pytest.mark.django_db


class Document(LiveComponent):
    name = "failing.document"
    template = "<i>{{ title }} {{ pk }}</i>"
    fails: ClassVar[Exception | None] = None
    calls: ClassVar[list[Any]] = []
    title: str = ""
    pk: int = 0

    def mount(self, pk: int = 0) -> None:
        self.title, self.pk = f"secret {pk}", pk
        self.flash("info", "mounted")
        if type(self).fails:
            raise type(self).fails

    def updated(self, pk: int = 0) -> None:
        self.title, self.pk = f"secret {pk}", pk
        if type(self).fails:
            raise type(self).fails

    @event
    def delete(self) -> None:
        self.calls.append("delete")

    @on("news")
    def heard(self, message: Any) -> None:
        self.calls.append("heard")

    @every(seconds=1)
    def tick(self) -> None:
        self.calls.append("tick")


class Shelf(LiveComponent):
    name = "failing.shelf"
    template = (
        "{% load livecomp %}<div>{{ n }}{% if is_shown %}{% live_component 'failing.document' pk=n %}{% endif %}</div>"
    )
    n: int = state(0, bind=True)
    is_shown: bool = state(False, bind=True)


@pytest.fixture(autouse=True)
def _nothing_fails() -> Iterator[None]:
    yield
    Document.fails = None
    Document.calls.clear()


def joined(name: str, **arguments: Any) -> Driver:
    driver = Driver(name, **arguments)
    driver.join()
    return driver


@pytest.mark.parametrize("error", [PermissionDenied("no"), ValueError("a fault")])
def test_what_failed_to_mount_is_neither_shown_nor_called_until_its_parent_tries_again(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    driver = joined("failing.shelf")
    Document.fails = error
    sent = str(driver.set(is_shown=True))
    assert "secret" not in sent
    assert "mounted" not in sent
    assert ("not allowed" in sent) is isinstance(error, PermissionDenied)
    assert driver.out(StartTimer) == driver.out(Subscribe) == []
    for message in (
        inputs.TimerFired("c1:tick"),
        inputs.TopicMessages({"news": [1]}),
        inputs.Revalidated(True),
        inputs.RenderAgain("c1"),
        protocol.Render("c1"),
        protocol.Render(""),
    ):
        assert "secret" not in str(driver.give(message))
    assert "error" in str(driver.event("delete", component="c1"))
    assert Document.calls == []
    Document.fails = None
    assert "secret 5" in str(driver.set(n=5))
    assert driver.out(StartTimer)
    caplog.clear()


def test_a_root_that_failed_to_mount_at_its_join_is_neither_shown_nor_called(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver("failing.document", pk=1)
    driver.join()
    Document.fails = ValueError("a fault")
    (reply,) = driver.join()  # its snapshot is gone
    assert "secret" not in str(reply)
    assert driver.event("delete")[0][:3] == ["error", 1, "gone"]
    assert "secret" not in str(driver.give(protocol.Render("")))
    resume.save(driver.page, clean=True)
    Document.fails = None
    (reply,) = driver.join(resume=(driver.page.joined_id, driver.page.version))
    assert "secret 1" in str(reply), "its state is not taken for good"
    caplog.clear()


@pytest.mark.parametrize("error", [PermissionDenied("no"), ValueError("a fault")])
def test_arguments_that_a_child_failed_to_take_are_not_half_taken(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    driver = joined("failing.shelf")
    driver.set(is_shown=True)
    Document.fails = error
    sent = str(driver.set(n=7))
    assert "secret" not in sent
    assert "livecomp-error" in sent or "lc-keep" in sent
    assert driver.page.tree["c1"].component.pk == 0
    assert "secret" not in str(driver.give(inputs.TimerFired("c1:tick")))
    Document.fails = None
    assert "secret 8" in str(driver.set(n=8))
    caplog.clear()


class Leaving(LiveComponent):
    name = "failing.leaving"
    template = "<p>secret</p>"

    def mount(self) -> None:
        self.push_event("leak", {"secret": 1})
        self.push_url("/secret/")
        self.start_task(lambda: 1)
        self.flash("info", "bye")
        self.redirect("/login/")
        self.push_event("leak", {"secret": 2})


class Host(LiveComponent):
    name = "failing.host"
    template = "{% load livecomp %}<div>{% if is_shown %}{% live_component 'failing.leaving' %}{% endif %}</div>"
    is_shown: bool = state(False, bind=True)


def test_a_mount_that_leads_elsewhere_leaves_nothing_but_its_redirect_and_what_it_says() -> None:
    driver = joined("failing.host")
    sent = driver.set(is_shown=True)
    assert "secret" not in str(sent)
    effects = [effect for message in sent if message[0] == "patch" and len(message) > 4 for effect in message[4]]
    assert effects == [("flash", "info", "bye"), ("redirect", "/login/")]
    assert driver.out(StartTask) == []
    assert driver.page.url == "/"


# Handlers, found by the same attack


class Quiet(LiveComponent):
    name = "failing.quiet"
    template = "<p>{{ n }} {{ shown }}</p>"
    broken: ClassVar[bool] = False
    n: int = 0
    task: str = ""

    @property
    def shown(self) -> str:
        if type(self).broken:
            raise RuntimeError("broken")
        return ""

    @event
    def quiet(self, fail: bool = False) -> None:
        self.n += 1
        self.skip_render()
        if fail:
            raise ValueError("no")

    @on("news")
    def heard(self, message: Any) -> None:
        self.n += 1

    @event
    def touch_nothing(self) -> None:
        self.flash("info", "done")
        self.redirect("/away/")
        type(self).broken = True

    @event
    def steps(self) -> Iterator[None]:
        self.n = 50
        self.send_after(60, "heard", message=1)
        self.task = self.start_task(lambda: 1)
        self.subscribe("other")
        self.push_url("/two/")
        yield
        self.n = 60
        raise ValueError("no")


@pytest.mark.parametrize("fail", [False, True])
def test_skip_render_is_for_one_handler(fail: bool, caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("failing.quiet")
    driver.event("quiet", fail=fail)
    assert "patch" in str(driver.give(inputs.TopicMessages({"news": [1]})))
    caplog.clear()


def test_a_template_that_fails_after_a_handler_that_touched_no_field(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("failing.quiet")
    try:
        sent = driver.event("touch_nothing")
    finally:
        Quiet.broken = False
    assert [each[:3] for each in sent if each[0] == "error"] == [["error", 1, "failed"]]
    assert "done" not in str(sent)
    assert "/away/" not in str(sent)
    caplog.clear()


def test_a_generator_that_fails_after_a_yield_takes_back_what_can_be(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("failing.quiet")
    sent = driver.event("steps")
    mounted = driver.page.tree["c0"]
    assert driver.component.n == 0
    assert (mounted.later, mounted.tasks, mounted.wanted) == ({}, {}, set())
    assert driver.out(StopTimer)
    assert driver.page.url == driver.page.shown_url == "/"
    assert "'url', 'push', '/'" in str(sent)
    caplog.clear()


def test_more_query_parameters_than_django_reads_are_no_address(caplog: pytest.LogCaptureFixture) -> None:
    class Many(LiveComponent):
        name = "failing.many"
        template = "<p>{{ q|length }}</p>"
        q: list[str] = state([], bind=True, url="q")

    driver = joined("failing.many")
    assert "1001" in str(driver.set(q=[str(n) for n in range(1001)]))
    assert driver.give(protocol.Url(2, "/?" + "a&" * 1000))[0][:3] == ["error", 2, "bad_arguments"]
    driver.ref = 2
    assert "2" in str(driver.set(q=["a", "b"]))
    caplog.clear()


def test_children_that_a_render_of_the_whole_brings_are_started() -> None:
    class Late(LiveComponent):
        name = "failing.late"
        template = "{% load livecomp %}<div>{% if n %}{% live_component 'failing.document' %}{% endif %}</div>"
        n: int = 0

        @event
        def grow(self) -> None:
            self.n = 1
            self.skip_render()

    driver = joined("failing.late")
    driver.event("grow")
    driver.give(protocol.Render("c0"))
    assert driver.out(StartTimer)
    assert driver.out(Subscribe) == [Subscribe("news")]


def test_a_refused_root_leaves_the_others_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    from livecomp.page import LivePage
    from tests.driver import make_request

    page = LivePage(make_request())
    html = page.render_root("failing.document", {"pk": 1}) + page.render_root("failing.quiet", {})
    import re

    tokens = re.findall(r'lc-token="([^"]+)"', html)
    driver = Driver("failing.document")
    monkeypatch.setattr(Document, "has_permission", lambda self: False)
    (reply,) = driver.join(tokens=tokens)
    assert reply[0] == "joined"
    assert "not allowed" in str(reply)
    assert "secret" not in str(reply)
    assert "patch" in str(driver.give(inputs.TopicMessages({"news": [1]})))
    driver.join(tokens=tokens[:1])
    assert driver.out(Close)[0].code is CloseCode.FORBIDDEN


# Found by a second attack, and by a reader


class Boom(LiveComponent):
    """A child whose template, or whose guard, fails for a while."""

    name = "failing.boom"
    template = "{% load livecomp %}<i>{% live_component 'failing.grand' %}{{ boom }}</i>"
    fails: ClassVar[bool] = False
    guard_fails: ClassVar[bool] = False

    def has_permission(self) -> bool:
        if type(self).guard_fails:
            raise ConnectionError("no database")
        return True

    @property
    def boom(self) -> str:
        if type(self).fails:
            raise RuntimeError("boom")
        return "fine"

    @event
    def nothing(self) -> None: ...


class Grand(LiveComponent):
    name = "failing.grand"
    template = "<u>{{ n }}</u>"
    n: int = 0

    @event
    def plus(self) -> None:
        self.n += 1


class Around(LiveComponent):
    name = "failing.around"
    template = "{% load livecomp %}<div>{{ n }}{% live_component 'failing.boom' %}</div>"
    n: int = 0

    @event
    def plus(self) -> None:
        self.n += 1


@pytest.fixture(autouse=True)
def _boom_is_well() -> Iterator[None]:
    yield
    Boom.fails = Boom.guard_fails = False


@pytest.mark.parametrize("what", ["fails", "guard_fails"])
def test_t74_a_failing_child_does_not_take_its_parent_with_it(what: str, caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("failing.around")
    setattr(Boom, what, True)
    sent = str(driver.give(protocol.Render("")))
    assert "<div>0" in sent or "0<livecomp-error" in sent
    (again,) = driver.out(Postpone)
    assert "error" not in str(driver.event("plus")[0][0])
    assert driver.component.n == 1
    setattr(Boom, what, False)
    assert "fine" in str(driver.give(inputs.Again(again.input, again.times)))
    caplog.clear()


def test_what_a_grandchild_did_meanwhile_is_shown_when_its_parent_is_well_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Later(LiveComponent):
        name = "failing.later"
        template = "{% load livecomp %}<div>{% if n %}{% live_component 'failing.boom' %}{% endif %}</div>"
        n: int = 0

        @event
        def plus(self) -> None:
            self.n += 1

    driver = joined("failing.later")
    driver.event("plus")
    Boom.fails = True
    driver.give(inputs.RenderAgain("c1"))
    driver.event("plus", component="c2")
    Boom.fails = False
    driver.event("nothing", component="c1")
    sent = str(driver.give(inputs.RenderAgain("c1"))) + driver.page.fresh_html()["c0"]
    assert ">1</u>" in sent
    assert driver.page.tree["c2"].component.n == 1
    caplog.clear()


def test_a_notice_is_known_after_a_resume(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("failing.around")
    Boom.fails = True
    driver.give(inputs.RenderAgain("c1"))
    Boom.fails = False
    resume.save(driver.page, clean=True)
    (reply,) = driver.join(resume=(driver.page.joined_id, driver.page.version))
    assert "fine" in str(reply)
    caplog.clear()


class Ending(LiveComponent):
    name = "failing.ending"
    template = "<p>{{ n }}{{ busy }}{{ shown }}</p>"
    n: int = 0
    busy: bool = True
    heard: int = 0

    @property
    def shown(self) -> str:
        if self.n == 13:
            raise RuntimeError("broken")
        return ""

    @event
    def with_finally(self) -> Iterator[None]:
        try:
            self.n = 13
            yield
        finally:
            self.busy = False
            self.redirect("/done/")

    @event
    def leave(self) -> None:
        self.n = 5
        raise SystemExit(3)

    @event
    def publish_and_fail(self, how: str) -> Any:
        self.publish("ending", 1)
        if how == "render":
            self.n = 13
        elif how == "yield":
            return self.steps()

    def steps(self) -> Iterator[None]:
        self.publish("ending", 1)
        yield
        raise ValueError("no")


class Listening(LiveComponent):
    name = "failing.listening"
    template = "{% load livecomp %}<div>{{ heard }}{% live_component 'failing.ending' %}</div>"
    heard: int = 0

    @on("ending")
    def hear(self, message: Any) -> None:
        self.heard += 1


def test_a_generator_whose_template_failed_leaves_nothing_of_its_finally(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("failing.ending")
    sent = driver.event("with_finally")
    assert "done" not in str(sent)
    assert (driver.component.n, driver.component.busy) == (0, True)
    caplog.clear()


def test_t126_a_handler_that_exits_is_answered_and_undone(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("failing.ending")
    assert driver.event("leave")[0][:3] == ["error", 1, "failed"]
    assert (driver.component.n, driver.page.ack) == (0, 1)
    assert driver.out(Close) == []
    caplog.clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("how", "heard"), [("render", 0), ("yield", 2)])
def test_a_page_hears_of_its_own_publications_as_others_do(
    how: str, heard: int, caplog: pytest.LogCaptureFixture
) -> None:
    driver = joined("failing.listening")
    steps = driver.page.receive(protocol.Event(1, "c1", "publish_and_fail", {"how": how}))
    published = []
    step: Any = object()
    while step is not None:
        step = driver.page.advance(steps)
        published += [output for output in driver.page.take_output() if isinstance(output, Publish)]
    assert len(published) == driver.component.heard == heard
    caplog.clear()


def test_a_one_shot_timer_and_a_result_wait_until_their_component_is_well(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("failing.shelf")
    driver.set(is_shown=True)
    component: Any = driver.page.tree["c1"].component
    component.send_after(5, "heard", message=1)
    (timer,) = [output for output in driver.page.take_output() if isinstance(output, StartTimer)]
    Document.fails = ValueError("a fault")
    driver.set(n=7)
    driver.give(inputs.TimerFired(timer.id))
    (postponed,) = driver.out(Postpone)
    Document.fails = None
    driver.set(n=8)
    driver.give(inputs.Again(postponed.input, postponed.times))
    assert Document.calls == ["heard"]
    caplog.clear()


class Back(LiveComponent):
    name = "failing.back"
    template = "{% load livecomp %}<p>{{ n }}{% live_component 'failing.back_inside' %}</p>"
    n: int = 0

    @event
    def plus(self) -> None:
        self.n += 1

    def resumed(self) -> None:
        self.n = 99
        raise ValueError("broken by a deploy")


class BackInside(LiveComponent):
    name = "failing.back_inside"
    template = "<b>inside {{ n }}</b>"
    n: int = 5

    def resumed(self) -> None:
        self.n = 98
        raise ValueError("broken as well")


@pytest.mark.parametrize("seen", ["all", "less"])
def test_a_resumed_that_fails_is_told_and_has_not_happened_wherever_the_page_comes_back(
    seen: str, caplog: pytest.LogCaptureFixture
) -> None:
    driver = joined("failing.back")
    driver.event("plus")
    resume.save(driver.page, clean=True)
    version = driver.page.version if seen == "all" else driver.page.version - 1
    (reply,) = driver.join(resume=(driver.page.joined_id, version))
    assert [effect[:2] for effect in reply[5]] == [("flash", "error")] * 2
    assert "99" not in str(reply[4])
    assert "98" not in str(reply[4])
    assert "livecomp-error" not in str(reply)
    html = driver.page.fresh_html()["c0"]
    assert ">1<" in html
    assert "inside 5" in html
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 2
    caplog.clear()


class Listed(LiveComponent):
    name = "failing.listed"
    template = "<i>listed</i>"
    left: ClassVar[int] = 0

    def unmount(self) -> None:
        Listed.left += 1


class Room(LiveComponent):
    """The pattern of its topic fails with what the event leaves; its template does not."""

    name = "failing.room"
    template = (
        "{% load livecomp %}<div><p>{{ n }}</p><p>{{ rows }}</p>"
        "{% if n == 0 %}{% live_component 'failing.listed' %}{% endif %}</div>"
    )
    rows_there: ClassVar[int] = 0
    n: int = 0

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**kwargs, "rows": f"{Room.rows_there} rows"}

    @property
    def room(self) -> str:
        if self.n:
            raise ValueError("no such room")
        return "a"

    @on("room:{room}")
    def heard(self, message: Any) -> None: ...

    @event
    def add(self) -> None:
        Room.rows_there += 1
        self.n += 1


def test_what_a_topic_refuses_is_not_taken_for_what_the_browser_has(caplog: pytest.LogCaptureFixture) -> None:
    Room.rows_there = Listed.left = 0
    driver = joined("failing.room")
    sent = driver.event("add")
    assert [kind for kind, *_ in sent] == ["error", "patch"]
    assert "1 rows" in str(sent[1][3]), "the row is there, whatever became of the handler"
    assert "lc-keep" not in str(sent[1][3])
    assert Listed.left == 0, "the child is still shown"
    assert driver.page.tree.keys() == {"c0", "c1"}
    assert driver.give(inputs.RenderAgain("c0")) == []
    caplog.clear()


def test_a_topic_that_fails_at_a_join_is_shown_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    Room.rows_there = 0
    driver = joined("failing.room")
    driver.component.n = 1
    sent = driver.give(inputs.RenderAgain("c0"))
    assert "livecomp-error" in str(sent)
    resume.save(driver.page, clean=True)
    (reply,) = driver.join(resume=(driver.page.joined_id, driver.page.version))
    assert "livecomp-error" in str(reply)
    assert driver.out(Close) == []
    caplog.clear()
