"""livecomp.page: one event's way through the page."""

import functools
import logging
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied
from django.test import override_settings
from django.utils import functional as django_functional

from livecomp import LiveComponent, event, inputs, protocol
from livecomp.constants import CloseCode
from livecomp.effects import CancelTask, Close, Publish, Save, StartTask, StartTimer, StopTimer, Subscribe, Unsubscribe
from livecomp.exceptions import ComponentError
from livecomp.page import LivePage
from tests.driver import Driver, make_request
from tests.testapp.live import Counter, Note

pytestmark = pytest.mark.django_db


def joined(name: str, **arguments: Any) -> Driver:
    driver = Driver(name, **arguments)
    driver.join()
    return driver


# Join


def test_joining_an_unchanged_page_sends_no_html() -> None:
    driver = Driver("counter", start=5)
    assert '<b id="count" lc="c0.1">5</b>' in driver.html or "5</b>" in driver.html
    (reply,) = driver.join()
    assert reply[0] == "joined"
    assert reply[2:] == [0, 0, [], []]
    assert driver.component.count == 5


def test_without_a_snapshot_the_arguments_of_the_token_mount_it_again() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    (reply,) = driver.join()  # the snapshot was taken by the first join
    assert reply[4] == []
    assert driver.component.count == 5


def test_t20_tokens_of_two_pages_do_not_join_together() -> None:
    one, two = Driver("counter", start=1), Driver("counter", start=2)
    joined, error = one.join(tokens=[one.token, two.token])
    assert (joined[0], error[:3]) == ("joined", ["error", 0, "gone"])
    assert [mounted.component.count for mounted in one.page.tree.values()] == [1]  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["", "x", "//evil", "/a\n", "javascript:x"])
def test_a_join_needs_a_path_of_this_site(path: str) -> None:
    driver = Driver("counter")
    driver.give(protocol.Join(1, [driver.token], None, path))
    assert driver.out(Close)[0].code is CloseCode.PROTOCOL


def test_t9_another_protocol_version_is_closed() -> None:
    driver = Driver("counter")
    driver.give(protocol.Join(99, [driver.token], None, "/"))
    assert driver.out(Close)[0].code is CloseCode.VERSION_CHANGED


def test_t72_an_exception_in_mount_over_http_is_raised() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        Driver("counter", nonsense=1)


# Events


def test_an_event_changes_state_and_sends_the_changed_target() -> None:
    driver = joined("counter", start=5)
    (reply,) = driver.event("add", by=2)
    assert reply[:3] == ["patch", 1, 1]
    assert [html for _, html in reply[3]] == [">7"]
    assert driver.out(Save)


def test_an_event_that_changes_nothing_is_acknowledged() -> None:
    driver = joined("counter")
    assert driver.event("add", by=0) == [["ack", 1]]


def test_t59_an_event_that_was_applied_is_not_applied_again() -> None:
    driver = joined("counter")
    driver.event("add")
    assert driver.give(protocol.Event(1, "c0", "add", {})) == [["ack", 1]]
    assert driver.component.count == 1


@pytest.mark.parametrize(
    "name", ["nope", "_save", "__init__", "mount", "render", "count", "id", "publish", "x" * 10_000]
)
def test_t11_t12_an_unknown_event_is_refused_and_nothing_happens(name: str) -> None:
    driver = joined("counter")
    (reply,) = driver.event(name)
    assert reply[:3] == ["error", 1, "unknown_event"]
    assert "add" not in reply[3]
    assert driver.component.count == 0
    assert len(reply[3]) < 200


@override_settings(DEBUG=True)
def test_t11_in_debug_the_events_are_listed() -> None:
    driver = joined("counter")
    (reply,) = driver.event("nope")
    assert "Events of 'counter': add" in reply[3]


@pytest.mark.parametrize(
    ("id", "code"), [("c9", "unknown_component"), ("x", "unknown_component"), ("", "unknown_component")]
)
def test_t20_a_component_is_looked_up_on_this_page_only(id: str, code: str) -> None:
    driver = joined("counter")
    (reply,) = driver.event("add", component=id)
    assert reply[2] == code


def test_t63_an_event_for_a_removed_component_is_answered_gone(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("parent")
    driver.event("drop", label="b")
    (reply,) = driver.event("like", component="c2")
    assert reply[2] == "gone"
    assert not caplog.records


def test_t15_bad_arguments_are_an_error_reply_and_no_call() -> None:
    driver = joined("counter")
    (reply,) = driver.event("add", by="many")
    assert reply[:3] == ["error", 1, "bad_arguments"]
    assert driver.component.count == 0
    assert driver.event("add")[0][0] == "patch"


def test_async_handlers_are_awaited() -> None:
    driver = joined("counter")
    driver.event("add_later")
    assert driver.component.count == 10


@pytest.mark.parametrize(("name", "shown"), [("steps", [">1", ">2", ">3"]), ("async_steps", [">1", ">2"])])
def test_a_generator_renders_at_every_yield(name: str, shown: list[str]) -> None:
    driver = joined("counter")
    replies = driver.event(name)
    assert [html for reply in replies for _, html in reply[3]] == shown
    assert [reply[1] for reply in replies] == list(range(1, len(shown) + 1))
    assert [reply[2] for reply in replies] == [0] * (len(shown) - 1) + [1]


def test_bound_fields_are_set_and_others_refused() -> None:
    driver = joined("counter")
    driver.set(step="3")
    assert driver.component.step == 3
    (reply,) = driver.set(count="3")
    assert reply[2] == "forbidden_field"
    assert driver.component.count == 0


# Failures


def test_t70_a_failing_handler_has_not_happened(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("counter", start=5)
    replies = driver.event("fail")
    assert [reply[:3] for reply in replies] == [["error", 1, "failed"]]
    assert driver.component.count == 5
    assert "<b>no</b>" not in replies[0][3]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("livecomp", logging.ERROR)
    assert "counter.fail" in record.getMessage()
    assert record.exc_info
    assert driver.event("add")[0][0] == "patch"


@override_settings(DEBUG=True)
def test_t70_in_debug_the_exception_is_told(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("counter")
    assert "ValueError" in driver.event("fail")[0][3]
    caplog.clear()


def test_t70_lists_changed_in_place_are_put_back(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("table")
    before = [dict(row) for row in driver.component.rows]
    driver.event("break_off", id=2)
    assert driver.component.rows == before
    caplog.clear()


def test_t74_a_failing_child_leaves_its_parent_alone(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("parent")
    driver.component.labels.append(object())  # cannot be a label: str(object) is fine, so break the child itself
    driver.page.tree["c1"].component.__dict__.pop("label")
    driver.page.tree["c1"].component.like()
    assert driver.event("like", component="c2")[0][0] == "patch"
    caplog.clear()


# Children


def test_a_child_renders_alone() -> None:
    driver = joined("parent")
    (reply,) = driver.event("like", component="c1")
    assert [html for _, html in reply[3]] == [">1"]
    assert all(address.startswith("c1.") for address, _ in reply[3])


def test_children_are_kept_by_key_when_they_move() -> None:
    driver = joined("parent")
    driver.event("like", component="c1")
    driver.event("swap")
    assert [driver.page.tree[id].component.likes for id in ("c1", "c2")] == [1, 0]
    driver.event("drop", label="a")
    assert set(driver.page.tree) == {"c0", "c2"}
    driver.event("add", label="z")
    assert driver.page.tree["c3"].component.label == "z"


def test_send_to_renders_the_other_component_too() -> None:
    driver = joined("parent")
    (reply,) = driver.event("tell", component="c1", label="hello")
    assert [(address.partition(".")[0], html) for address, html in reply[3]] == [("c0", ">hello")]


@override_settings(LIVECOMP={"MAX_COMPONENTS": 3})
def test_t109_too_many_components_are_a_named_error(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("parent")
    (reply,) = driver.event("add", label="one too many")
    assert reply[:3] == ["error", 1, "failed"]
    assert driver.component.labels == ["a", "b"]
    assert "MAX_COMPONENTS" in caplog.text
    caplog.clear()


# Topics, timers, tasks


def test_topics_follow_the_state() -> None:
    driver = Driver("room", room="a")
    driver.join()
    assert driver.out(Subscribe) == [Subscribe("room:a")]
    driver.event("move", room="b")
    assert driver.out(Unsubscribe) == [Unsubscribe("room:a")]
    assert driver.out(Subscribe) == [Subscribe("room:b")]


@pytest.mark.django_db(transaction=True)
def test_t68_what_a_page_publishes_it_sees_itself_in_the_same_render() -> None:
    driver = joined("room", room="a")
    replies = driver.event("say", text="hi")
    assert driver.out(Publish) == [Publish("room:a", {"text": "hi"})]
    assert len(replies) == 1
    assert driver.component.messages == ["hi"]


def test_many_topic_messages_are_one_render() -> None:
    driver = joined("room", room="a")
    replies = driver.give(inputs.TopicMessages({"room:a": [{"text": str(n)} for n in range(50)]}))
    assert [reply[0] for reply in replies] == ["patch"]
    assert len(driver.component.messages) == 50


def test_watched_models_render_again() -> None:
    driver = Driver("notes")
    driver.join()
    assert Subscribe("model:testapp.note") in driver.out(Subscribe)
    Note.objects.create(text="new")
    (reply,) = driver.give(inputs.TopicMessages({"model:testapp.note": []}))
    assert "new" in reply[3][0][1]


def test_timers_start_with_the_page_and_stop_with_it() -> None:
    driver = Driver("clock")
    driver.join()
    assert driver.out(StartTimer) == [StartTimer("c0:tick", 5.0, True)]
    driver.give(inputs.TimerFired("c0:tick"))
    assert driver.component.ticks == 1
    driver.event("later")
    (timer,) = driver.out(StartTimer)
    assert (timer.seconds, timer.repeat) == (2.0, False)
    driver.give(inputs.TimerFired(timer.id))
    assert driver.component.ticks == 11
    driver.page.close()
    assert StopTimer("c0:tick") in driver.page.take_output()


@pytest.mark.parametrize("fail", [False, True])
def test_a_task_gives_its_progress_and_its_end(fail: bool) -> None:
    driver = joined("worker")
    driver.event("start", fail=fail)
    (task,) = driver.out(StartTask)
    driver.give(inputs.TaskProgress(task.id, 50))
    assert driver.component.progress == 50
    driver.give(inputs.TaskDone(task.id, error=ValueError("broken") if fail else None))
    assert driver.component.result == ("failed: broken" if fail else "done")
    assert driver.give(inputs.TaskDone(task.id)) == []


def test_tasks_are_cancelled_with_the_page() -> None:
    driver = joined("worker")
    driver.event("start")
    (task,) = driver.out(StartTask)
    driver.page.close()
    assert CancelTask(task.id) in driver.page.take_output()


# Access


def test_t41_http_refuses_whom_the_component_refuses() -> None:
    with pytest.raises(PermissionDenied):
        Driver("private")


def test_t39_a_revoked_permission_is_refused_at_the_next_event() -> None:
    alice = User.objects.create_user("alice", password="x")
    permission = Permission.objects.get(codename="delete_note")
    alice.user_permissions.add(permission)
    driver = joined("private", user=alice)
    assert driver.event("purge")[0][0] == "patch"
    alice.user_permissions.remove(permission)
    assert driver.event("purge")[0][2] == "forbidden"


# URL


def test_url_fields_are_read_and_mirrored() -> None:
    driver = Driver("search", path="/find/?q=cats&page=2")
    assert "cats/2" in driver.html
    driver.join()
    assert driver.set(query="dogs")[0][4] == [("url", "replace", "/find/?q=dogs&page=2")]
    assert driver.event("next")[0][4] == [("url", "push", "/find/?q=dogs&page=3")]
    driver.ref += 1
    (reply,) = driver.give(protocol.Url(driver.ref, "/find/?q=birds"))
    assert (driver.component.query, driver.component.page) == ("birds", 1)
    assert len(reply) == 4


@pytest.mark.parametrize("to", ["javascript:alert(1)", "//evil.example", "https://evil.example/", "/a\nb"])
def test_t89_a_redirect_elsewhere_is_an_error(to: str, caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("search")
    (reply,) = driver.event("leave", to=to)
    assert reply[0] == "error"
    caplog.clear()


def test_a_redirect_within_the_site_is_an_effect() -> None:
    driver = joined("search")
    assert driver.event("leave", to="/next/") == [["patch", 1, 1, [], [("redirect", "/next/")]]]


# The whole


def test_the_present_html_equals_a_fresh_render() -> None:
    driver = joined("parent")
    driver.event("like", component="c1")
    before = driver.page.version
    html = driver.page.fresh_html()["c0"]
    assert "likes" in html
    assert driver.page.fresh_html()["c0"] == html
    assert driver.page.version == before
    assert driver.event("like", component="c1")[0][1] == before + 1


def test_undeclared_state_is_refused_with_the_fix() -> None:
    driver = joined("counter")
    with pytest.raises(AttributeError, match="Declare it as state, `colour: str`"):
        driver.component.colour = "red"
    driver.component._cache = 1


@pytest.mark.parametrize("decorator", [functools.cached_property, django_functional.cached_property])
def test_a_computed_property_is_fresh_for_each_render_and_cannot_be_set(decorator: Any) -> None:
    class Doubled(LiveComponent):
        template = "<p>{{ twice }}</p>"
        count: int = 1

        @decorator
        def twice(self) -> int:
            return self.count * 2

        @event
        def add(self) -> None:
            assert self.twice == self.count * 2
            self.count += 1

        @event
        def set_it(self) -> None:
            self.twice = 7

    driver = joined("doubled")
    assert driver.event("add")[0][3] == [("c0.0", ">4")]
    (reply,) = driver.event("set_it")
    assert reply[0] == "error"
    with pytest.raises(AttributeError, match=r"twice is a cached_property, .* 7 would be lost"):
        driver.component.twice = 7


def test_a_component_without_a_request_says_what_to_do() -> None:
    from django.template import Context, Template

    with pytest.raises(ComponentError, match=r"render with render\(request"):
        Template('{% load livecomp %}{% live_component "counter" %}').render(Context())


def test_two_components_of_one_page_share_it() -> None:
    page = LivePage(make_request())
    assert "c0.0" in page.render_root("counter", {})
    assert "c1.0" in page.render_root("counter", {})
    assert [type(mounted.component) for mounted in page.roots()] == [Counter, Counter]


def test_a_page_keeps_the_time_zone_of_its_render() -> None:
    from django.utils import timezone

    with timezone.override("Asia/Tokyo"):
        page = LivePage(make_request())
    assert page.timezone == "Asia/Tokyo"
    with timezone.override(timezone.get_fixed_timezone(120)):
        assert LivePage(make_request()).timezone == "+02:00"


def test_a_property_is_computed_only_where_the_template_comes_to_it() -> None:
    computed = []

    class Lazy(LiveComponent):
        template = "<div>{% if more %}{% for n in numbers %}{{ n }}{% endfor %}{% endif %}</div>"
        more: bool = False

        @property
        def numbers(self) -> list[int]:
            computed.append(1)
            return [1, 2]

        @event
        def show(self) -> None:
            self.more = True

    driver = joined("lazy")
    assert not computed
    assert driver.event("show")[0][3][0][1] == ">12"
    assert computed == [1]
