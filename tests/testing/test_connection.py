"""Disconnecting, reconnecting, and a server that says what it must not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import pytest
from django.core.cache import cache
from django.test import override_settings

from livecomp import LiveComponent, state, topics
from livecomp.effects import Send
from livecomp.testing import LiveClient, LiveClosed


class Draft(LiveComponent):
    name = "testing.draft"
    template = """<section><textarea id="note" live-model="note">{{ note }}</textarea>
    <input id="short" live-model="short" value="{{ short }}">
    <input id="number" live-model="number" value="{{ number }}"><p id="seen">{{ note|slice:":9" }} {{ number }}</p></section>"""
    note: str = state("", bind=True)
    short: Annotated[str, msgspec.Meta(max_length=3)] = state("", bind=True)
    number: int = state(3, bind=True)
    secret: str = ""


def test_what_is_done_offline_is_sent_afterwards(live: LiveClient) -> None:
    page = live.mount("counter", start=5)
    page.disconnect()
    assert not page.is_connected
    page.click("+").click("+")
    assert page.one("#count").text == "5"
    page.fill("#step", "3").fill("#step", "4")
    page.reconnect()
    assert page.one("#count").text == "7"
    assert [message[:2] for message in page.sent if message[0] in ("event", "set")] == [
        ["event", 1],
        ["event", 2],
        ["set", 3],
    ]
    page.click("+")
    assert page.one("#count").text == "11"


def test_one_value_that_does_not_fit_spoils_no_other_that_was_typed_offline(live: LiveClient) -> None:
    page = live.mount(Draft)
    page.disconnect()
    page.fill("#note", "wri").fill("#number", "").fill("#note", "written")
    with page.expect_error("bad_arguments") as errors:
        page.reconnect()
    assert [(error.ref, error.field) for error in errors] == [(2, "number")]
    assert page.component().note == "written"  # type: ignore[attr-defined]
    assert page.one("#note").value == "written"
    assert page.one("#number").value == ""


def test_one_bad_value_of_a_message_spoils_no_other(live: LiveClient) -> None:
    page = live.mount(Draft)
    with page.expect_error("bad_arguments", "forbidden_field") as errors:
        page.set(number="x", note="one")
        page.set(secret="x", note="two", number=4)
    assert [error.field for error in errors] == ["number", "secret"]
    assert (page.component().note, page.component().number) == ("two", 4)  # type: ignore[attr-defined]
    assert page.one("#seen").text == "two 4"


@pytest.mark.parametrize(
    "text", ["x" * 70_000, "ü" * 1_000_000, "a\ud83d"], ids=["long", "megabyte", "half a character"]
)
def test_any_text_that_a_field_takes_gets_there(live: LiveClient, text: str) -> None:
    page = live.mount(Draft)
    page.fill("#note", text)
    assert page.component().note == text.replace("\ud83d", "�")  # type: ignore[attr-defined]
    with page.expect_error("bad_arguments") as errors:
        page.fill("#short", text + text[:2])
    assert errors[0].field == "short"


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1_000)
def test_what_is_too_long_is_refused_by_the_browser(live: LiveClient) -> None:
    page = live.mount(Draft)
    with page.expect_error("too_large") as errors:
        page.fill("#note", "x" * 1_000)
    assert (errors[0].field, errors[0].component) == ("note", "c0")
    assert page.one("#note").value == "x" * 1_000
    page.fill("#note", "x" * 900)
    assert len(page.component().note) == 900  # type: ignore[attr-defined]


def test_the_page_resumes_with_its_state(live: LiveClient) -> None:
    page = live.mount("counter", start=5)
    page.click("+")
    page.disconnect()
    joined_before = page.wire.page_id
    page.reconnect()
    assert page.received[-1][0] == "joined"
    assert page.sent[-1][3] == [joined_before, 1]
    assert page.one("#count").text == "6"
    page.click("+")
    assert page.one("#count").text == "7"


def test_without_its_snapshot_the_page_mounts_again(live: LiveClient) -> None:
    page = live.mount("counter", start=5)
    page.click("+")
    page.disconnect()
    cache.clear()
    page.reconnect()
    assert page.one("#count").text == "5"


def test_timers_stop_with_the_connection(live: LiveClient) -> None:
    page = live.mount("clock")
    page.disconnect()
    page.tick(20)
    page.reconnect()
    assert page.one("p").text.startswith("0")
    page.tick(5)
    assert page.one("p").text.startswith("1")


def test_messages_do_not_come_while_disconnected(live: LiveClient) -> None:
    one, other = live.mount("room"), live.mount("room")
    other.disconnect()
    one.call("say", text="hi")
    assert other.one("#messages").text == ""
    other.reconnect()
    one.call("say", text="again")
    assert other.one("#messages").text == "again"


def test_a_page_is_connected_or_not(live: LiveClient) -> None:
    page = live.mount("counter")
    with pytest.raises(AssertionError, match="is connected"):
        page.reconnect()
    page.disconnect()
    with pytest.raises(AssertionError, match="not connected"):
        page.disconnect()


def test_a_forged_token_closes_the_connection(live: LiveClient) -> None:
    page = live.mount("counter")
    page.disconnect()
    page.one("div").node.set("lc-token", "forged")
    with page.expect_error(4409):
        page.reconnect()
    with pytest.raises(LiveClosed, match="4409"):
        page.reconnect()


@pytest.mark.django_db
def test_signing_out_closes_the_page(live: LiveClient, django_user_model: Any) -> None:
    user = django_user_model.objects.create_user("alice")
    alice = live.as_user(user)
    page, other = alice.mount("private"), live.mount("counter")
    assert "alice" in page.text
    alice.client.logout()
    with page.expect_error(4401):
        topics.announce("revalidate", f"user:{user.pk}")
        other.click("+")
    assert not page.is_connected


@pytest.mark.django_db
def test_the_clock_looks_at_the_visitor_afresh_after_revalidate_session(
    live: LiveClient, django_user_model: Any
) -> None:
    user = django_user_model.objects.create_user("alice")
    page = live.as_user(user).mount("private")
    django_user_model.objects.update(first_name="Alice")
    page.tick(30).send(["ping"])
    assert page.component().user.first_name == ""
    page.tick(31).send(["ping"])
    assert page.component().user.first_name == "Alice"
    django_user_model.objects.update(is_active=False)
    page.tick(59).send(["ping"])
    page.tick(1)
    with page.expect_error(4401):
        page.send(["ping"])


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([["patch", 2, 1, [["c0.1", ">1"]]]], "Version 2 came after version 0"),
        ([["patch", 1, 1, []]], "has nothing in it"),
        ([["patch", 1, 1, [["c0.1", ">1"]], [["dance"]]]], "effect that no browser knows"),
        ([["hello"]], "message that no browser knows"),
        ([["patch", 1, 0, [["c0.1", ">1"]]]], "did not answer"),
        ([], "did not answer"),
        ([["patch", 1, 1, [["c0.1", ">7"]]]], "shows something else"),
        ([["patch", 1, 1, [["c0.1", "<b>1</b><b>2</b>"]]]], "must be one element"),
    ],
)
def test_a_server_that_breaks_the_protocol(
    live: LiveClient, monkeypatch: pytest.MonkeyPatch, messages: list[Any], why: str
) -> None:
    page = live.mount("counter")
    answers: list[Callable[[], list[Any]]] = [lambda: [Send(message) for message in messages]]

    def take_output(original: Callable[[], list[Any]] = page.driver.page.take_output) -> list[Any]:
        output = original()
        return answers.pop()() if answers else [each for each in output if not isinstance(each, Send)]

    monkeypatch.setattr(page.driver.page, "take_output", take_output)
    with pytest.raises(AssertionError, match=why):
        page.click("+")


def test_a_server_that_leaves_a_timer(live: LiveClient, monkeypatch: pytest.MonkeyPatch) -> None:
    page = live.mount("clock")
    monkeypatch.setattr(page.driver.page, "close", lambda: None)
    with pytest.raises(AssertionError, match=r"these timers, subscriptions or tasks are left: c0:tick"):
        page.disconnect()


def test_events_in_doubt(live: LiveClient) -> None:
    page = live.mount("counter", start=5)
    page.click("+")
    page.disconnect()
    page.wire.post("event", "c0", "add", {}, {})
    page.wire.entries[0].is_sent = True
    cache.clear()
    with page.expect_error("doubt") as errors:
        page.reconnect()
    assert [error.ref for error in errors] == [2]
    assert page.doubts == 1
    assert page.one("#count").text == "5"
