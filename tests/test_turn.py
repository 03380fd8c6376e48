"""livecomp.turn: what was acknowledged stays, and what failed has not happened."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.core.signals import got_request_exception
from django.test import override_settings

from livecomp import LiveComponent, event, inputs, on, protocol, publish_now, state
from livecomp.effects import CancelTask, Close, Publish, StartTask, StartTimer, Subscribe, Unsubscribe
from livecomp.presence import directory
from livecomp.testing import LiveClient
from tests.driver import Driver

pytestmark = pytest.mark.django_db


class Fragile(LiveComponent):
    """Whose template and topics can be made to fail."""

    name = "turn.fragile"
    template = "{% load livecomp %}<div>{{ count }} {{ shown }} {{ seen|length }}</div>"
    is_broken: ClassVar[bool] = False
    count: int = state(0, bind=True)
    seen: list[Any] = state([])
    task: str = ""
    row: Any = None

    @property
    def shown(self) -> str:
        if type(self).is_broken or self.count == 13:
            raise RuntimeError("the template fails")
        return "fine"

    @event
    def set_count(self, to: int) -> None:
        self.count = to

    @on("hint")
    def heard(self, message: Any) -> None:
        self.seen.append(message)

    @event
    def do_everything(self, fail: bool = True, how: str = "raise") -> Any:
        self.count += 1
        self.flash("success", "done")
        self.push_event("done", {"n": 1})
        self.replace_url("/other/")
        self.redirect("/away/")
        self.send_after(5, "later")
        self.task = self.start_task(lambda: 1, then="later")
        self.subscribe("new topic")
        self.unsubscribe("old topic")
        self.publish("elsewhere", 1)
        self.join_presence("room", name="ann")
        if fail and how == "render":
            self.count = 13
        elif fail:
            raise ValueError("no")

    @event
    def prepare(self) -> None:
        self.subscribe("old topic")
        self.task = self.start_task(lambda: 1)

    @event
    def cancel_and_fail(self) -> None:
        self.cancel_task(self.task)
        raise ValueError("no")

    @event
    def stream(self) -> Iterator[None]:
        self.flash("info", "one")
        self.count = 1
        yield
        self.flash("info", "two")
        self.count = 13
        yield
        self.flash("info", "three")

    @event
    def push(self, what: str = "") -> None:
        self.count += 1
        self.push_event("x", object() if what == "object" else {"self": self} if what == "component" else "\ud800")

    @event
    def publish_object(self) -> None:
        self.count += 1
        self.publish("hint", object())

    def later(self, value: Any = None) -> None: ...


@pytest.fixture(autouse=True)
def nothing_is_broken() -> Iterator[None]:
    yield
    Fragile.is_broken = False
    directory.clear()


def joined(name: str = "turn.fragile", **arguments: Any) -> Driver:
    driver = Driver(name, **arguments)
    driver.join()
    return driver


def test_t120_what_was_acknowledged_stays_when_a_later_message_fails(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined()
    driver.event("set_count", to=1)
    Fragile.is_broken = True
    driver.give(inputs.TopicMessages({"hint": ["x"]}))
    driver.give(inputs.RenderAgain("c0"))
    driver.give(protocol.Render("c0"))
    assert driver.component.count == 1
    Fragile.is_broken = False
    assert "1 fine" in str(driver.give(inputs.RenderAgain("c0")))
    caplog.clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["raise", "render"])
def test_t125_nothing_of_a_handler_that_failed_has_happened(how: str, caplog: pytest.LogCaptureFixture) -> None:
    driver = joined()
    driver.event("prepare")
    page, mounted = driver.page, driver.page.tree["c0"]
    before = (page.url, set(mounted.wanted), dict(mounted.later), dict(mounted.tasks), dict(mounted.joined))
    sent = driver.event("do_everything", how=how)
    assert [each[:3] for each in sent if each[0] == "error"] == [["error", 2, "failed"]]
    effects = [
        effect
        for each in sent
        if each[0] in ("ack", "patch")
        for effect in (each[2:] if each[0] == "ack" else each[4:])
    ]
    assert effects == []
    for kind in (StartTimer, StartTask, Publish, Subscribe, Unsubscribe):
        assert driver.out(kind) == []
    assert driver.component.count == 0
    assert before == (page.url, mounted.wanted, mounted.later, mounted.tasks, mounted.joined)
    assert not directory.present("room")
    assert page.ack == 2
    caplog.clear()
    sent = driver.event("do_everything", fail=False)
    assert {effect[0] for effect in sent[0][4]} == {"flash", "push", "url", "redirect"}
    assert driver.out(StartTimer)
    assert driver.out(StartTask)
    assert driver.out(Publish) == [Publish("elsewhere", 1)]
    assert driver.out(Subscribe) == [Subscribe("new topic")]
    assert driver.out(Unsubscribe) == [Unsubscribe("old topic")]


def test_t125_a_task_that_a_failed_handler_cancelled_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined()
    driver.event("prepare")
    tasks = dict(driver.page.tree["c0"].tasks)
    driver.event("cancel_and_fail")
    assert driver.out(CancelTask) == []
    assert driver.page.tree["c0"].tasks == tasks
    caplog.clear()


def test_a_generator_whose_template_fails_ends_there(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined()
    steps = driver.page.receive(protocol.Event(1, "c0", "stream", {}))
    frames: list[Any] = []
    step: Any = object()
    while step is not None:
        step = driver.page.advance(steps)
        frames += [output.message for output in driver.page.take_output() if hasattr(output, "message")]
    text = str(frames)
    assert "one" in text
    assert "two" not in text
    assert "three" not in text
    assert "'error', 1, 'failed'" in text
    assert driver.component.count == 0
    caplog.clear()


# One message, many pages


def test_t119_what_one_page_makes_of_a_message_is_its_own() -> None:
    one, two = joined(), joined()
    message = {"items": [1]}
    for driver in (one, two):
        driver.give(inputs.TopicMessages({"hint": [message]}))
    one.component.seen[0]["items"].append(2)
    assert two.component.seen == [{"items": [1]}]
    assert message == {"items": [1]}


@pytest.mark.django_db(transaction=True)
def test_t119_what_a_page_publishes_it_hears_as_everybody_does() -> None:
    import datetime

    class Speaker(LiveComponent):
        name = "turn.speaker"
        template = "<p>{{ heard|length }}</p>"
        said: dict[str, Any] = state({})
        heard: list[Any] = state([])

        @event
        def say(self) -> None:
            self.said = {"on": datetime.date(2026, 1, 2), "items": [1]}
            self.publish("hint", self.said)

        @on("hint")
        def hear(self, message: Any) -> None:
            message["items"].append(2)
            self.heard.append(message)

    driver = joined("turn.speaker")
    driver.event("say")
    assert driver.component.heard == [{"on": "2026-01-02", "items": [1, 2]}]
    assert driver.component.said["items"] == [1]


# What cannot be sent is refused where it is made


@pytest.mark.parametrize("what", ["object", "component", "surrogate"])
def test_t126_t140_a_payload_without_a_json_form_is_a_failed_handler(
    what: str, caplog: pytest.LogCaptureFixture
) -> None:
    driver = joined()
    assert driver.event("push", what=what)[0][:3] == ["error", 1, "failed"]
    assert "push_event('x', …)" in caplog.text
    assert driver.component.count == 0
    assert driver.event("publish_object")[0][:3] == ["error", 2, "failed"]
    assert driver.component.count == 0
    caplog.clear()


def test_t126_half_a_character_in_a_template_is_replaced() -> None:
    assert protocol.encode(["ack", 1, [("flash", "info", "a\ud800b")]]) == '["ack",1,[["flash","info","a���b"]]]'


class Picky(LiveComponent):
    """Its topic is named by a row that may be missing."""

    name = "turn.picky"
    template = "<p>{{ n }}</p>"
    row: Any = state({"pk": 1})
    n: int = 0

    class Row:
        pk = 1

    def mount(self) -> None:
        self.row = self.Row()

    @on("row:{row.pk}")
    def heard(self, message: Any) -> None:
        self.n += 1

    @event
    def lose(self) -> None:
        self.n = 5
        self.row = None


def test_t126_a_topic_that_cannot_be_named_is_a_failed_handler(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("turn.picky")
    sent = driver.event("lose")
    assert [each[:3] for each in sent if each[0] == "error"] == [["error", 1, "failed"]]
    assert (driver.component.n, driver.component.row.pk) == (0, 1)
    assert "1" in str(driver.give(inputs.TopicMessages({"row:1": ["x"]})))
    caplog.clear()


def test_t126_whatever_is_raised_on_the_way_is_an_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from livecomp import navigation

    def fail(*args: Any) -> Any:
        raise RuntimeError("somewhere in between")

    class InTheUrl(LiveComponent):
        name = "turn.in_the_url"
        template = "<p>{{ q }}</p>"
        q: str = state("", bind=True, url="q")

    driver = joined("turn.in_the_url")
    with monkeypatch.context() as patch:
        patch.setattr(navigation, "url_with_fields", fail)
        sent = driver.set(q="x")
    assert [each[:3] for each in sent if each[0] == "error"] == [["error", 1, "failed"]]
    assert driver.out(Close) == []
    assert driver.page.ack == 1
    assert driver.component.q == ""
    assert "x" in str(driver.set(q="x"))
    caplog.clear()


def test_t127_a_value_that_makes_too_long_an_address_stays_and_the_address_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Long(LiveComponent):
        name = "turn.long"
        template = "<p>{{ q|length }}</p>"
        q: str = state("", bind=True, url="q")

    driver = joined("turn.long")
    assert "5000" in str(driver.set(q="ä" * 5000))
    assert driver.page.url == "/"
    assert "make no address" in caplog.text
    driver.set(q="b" * 5000)
    assert len(driver.page.url) > 5000
    caplog.clear()


@pytest.mark.parametrize("path", ["/?q=C:\\temp", "/?q=" + "a" * 10_000])
def test_t127_a_page_of_an_unusual_address_joins(path: str) -> None:
    driver = Driver("counter")
    driver.url = path
    (reply,) = driver.give(protocol.Join(1, [driver.token], None, path))
    assert reply[0] == "joined"


# Reports


def test_a_failed_task_is_reported_as_the_exception_that_is_handled(caplog: pytest.LogCaptureFixture) -> None:
    import sys

    heard: list[Any] = []

    def listen(**kwargs: Any) -> None:
        heard.append(sys.exc_info()[1])

    driver = joined()
    driver.event("prepare")
    (task,) = driver.out(StartTask)
    error = ValueError("in the task")
    got_request_exception.connect(listen)
    try:
        driver.give(inputs.TaskDone(task.id, None, error))
    finally:
        got_request_exception.disconnect(listen)
    assert heard == [error]
    caplog.clear()


def test_a_receiver_that_raises_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("the tracker is down")

    driver = joined()
    got_request_exception.connect(fail)
    try:
        sent = driver.event("do_everything")
    finally:
        got_request_exception.disconnect(fail)
    assert sent[0][:3] == ["error", 1, "failed"]
    assert "the tracker is down" in caplog.text
    caplog.clear()


@override_settings(
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [("django.template.loaders.locmem.Loader", {"livecomp/error.html": "{{ a|first.b }}"})]
            },
        }
    ]
)
def test_an_error_page_that_fails_itself_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined()
    Fragile.is_broken = True
    sent = driver.give(inputs.RenderAgain("c0"))
    assert "<livecomp-error>Something went wrong (" in str(sent)
    assert "<!-- turn.fragile -->" in str(sent)
    assert "livecomp/error.html could not be rendered" in caplog.text
    caplog.clear()


class HalfWay(LiveComponent):
    """The example of docs/reference/events.md."""

    name = "turn.half_way"
    template = "<p>{{ done }}</p>"
    done: int = 0

    @event
    def publish_both(self) -> Iterator[None]:
        self.done = 1
        self.flash("info", "One is published.")
        self.publish("published", 1)
        yield
        self.done = 2
        self.flash("info", "Both are published.")
        self.publish("published", 2)
        raise OSError


@pytest.mark.django_db(transaction=True)
def test_a_generator_that_fails_half_way_keeps_what_went_out_at_its_yields() -> None:
    driver = joined("turn.half_way")
    first, *others = driver.event("publish_both")
    assert first[3:] == [[("c0.0", ">1")], [("flash", "info", "One is published.")]]
    assert "Both" not in str(others)
    assert [reply[2] for reply in others if reply[0] == "error"] == ["failed"]
    assert driver.component.done == 0
    assert [each.message for each in driver.outputs if isinstance(each, Publish)] == [1]


def test_messages_of_the_time_without_connection_are_not_made_up_for(live: LiveClient) -> None:
    page = live.mount(Fragile)
    page.disconnect()
    publish_now("hint", 1)
    page.reconnect()
    assert page.component().seen == []  # type: ignore[attr-defined]
    publish_now("hint", 2)
    assert "fine 1" in page.text
    assert page.component().seen == [2]  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_t125_what_a_handler_publishes_while_its_connection_is_cut_waits_for_its_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from livecomp import topics

    said: list[Any] = []
    monkeypatch.setattr(topics, "_send", lambda *args, **kwargs: said.append(args))

    class Cut(LiveComponent):
        name = "turn.cut"
        template = "<p></p>"

        @event
        def go(self, fail: bool) -> None:
            self._live.page.is_cut = True  # as the driver does when the socket is gone
            assert not self.connected
            self.publish("elsewhere", 1)
            topics.publish("elsewhere", 2)
            topics.publish_batch([("elsewhere", 3)])
            if fail:
                raise ValueError("no")

    driver = joined("turn.cut")
    driver.event("go", fail=True)
    assert driver.out(Publish) == said == []
    driver.event("go", fail=False)
    assert driver.out(Publish) == [Publish("elsewhere", number) for number in (1, 2, 3)]
    assert said == []
    caplog.clear()
