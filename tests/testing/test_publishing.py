"""`publish` in tests: to every open page, whatever transaction the test is in."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import transaction
from django.test import TestCase

from livecomp import LiveComponent, publish, topics
from livecomp.testing import LiveClient, LiveTestCase, LiveTestMixin
from tests.testapp.models import Note
from tests.testing.components import Saver, Tally, Writer


def heard(page: Any) -> list[Any]:
    found: list[Any] = page.component().heard
    return found


def test_without_a_database(live: LiveClient) -> None:
    one, other = live.mount("room"), live.at("/x/").mount("room")
    one.call("say", text="hi")
    topics.publish_now("room:lobby", {"text": "from outside"})
    assert one.one("#messages").text == other.one("#messages").text == "hi from outside"


def test_several_messages_are_one_render(live: LiveClient) -> None:
    page = live.mount("room")
    for text in "abc":
        topics.publish_now("room:lobby", {"text": text})
    assert page.one("#messages").text == "a b c"
    assert [message[0] for message in page.received] == ["joined", "patch"]


def test_another_topic_is_not_for_the_page(live: LiveClient) -> None:
    page = live.mount("room", room="here")
    topics.publish_now("room:there", {"text": "x"})
    page.call("move", room="there")
    assert page.one("#messages").text == ""
    topics.publish_now("room:there", {"text": "y"})
    assert page.one("#messages").text == "y"


def test_from_another_thread(live: LiveClient) -> None:
    page = live.mount("room")
    thread = threading.Thread(target=topics.publish_now, args=("room:lobby", {"text": "x"}))
    thread.start()
    thread.join()
    assert page.one("#messages").text == "x"


@pytest.mark.django_db
def test_in_the_tests_own_transaction(live: LiveClient) -> None:
    page = live.mount(Saver)
    publish("saved", 1)
    assert page.one("p").text == "[1]"
    with transaction.atomic():
        publish("saved", 2)
        assert heard(page) == [1]
        assert page.one("p").text == "[1]"
    assert page.one("p").text == "[1, 2]"


@pytest.mark.django_db
def test_what_is_rolled_back_was_never_published(live: LiveClient) -> None:
    page = live.mount(Saver)
    with transaction.atomic():
        publish("saved", 1)
        transaction.set_rollback(True)
    assert page.one("p").text == "[]"


@pytest.mark.django_db
def test_a_handlers_transaction(live: LiveClient) -> None:
    page, other = live.mount(Saver), live.mount(Saver)
    page.call("save")
    assert sorted(heard(page)) == ["by function", "inside", "not yet"]
    assert sorted(heard(other)) == ["by function", "inside"]
    with page.expect_error("failed"):
        page.call("save", fail=True)
    assert len(heard(page)) == 3
    assert len(heard(other)) == 2


@pytest.mark.django_db
def test_captured_hooks_do_not_publish_twice(live: LiveClient, django_capture_on_commit_callbacks: Any) -> None:
    page = live.mount(Saver)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        publish("saved", 1)
        transaction.on_commit(lambda: publish("saved", 2))
        with transaction.atomic():
            publish("saved", 3)
    assert len(callbacks) == 1
    assert heard(page) == []
    assert page.one("p").text == "[1, 3, 2]"


@pytest.mark.django_db
def test_what_django_deletes_in_a_transaction_of_its_own_is_published(live: LiveClient) -> None:
    class NoteCount(LiveComponent):
        template = "<p>{{ count }}</p>"
        watch = [Note]

        @property
        def count(self) -> int:
            return Note.objects.count()

    page = live.mount(NoteCount)
    note = Note.objects.create(text="x")
    assert page.text == "1"
    note.delete()  # without a savepoint: nothing is "committed" at its end
    assert page.text == "0"


@pytest.mark.django_db(transaction=True)
def test_with_real_transactions(live: LiveClient) -> None:
    page = live.mount(Saver)
    with transaction.atomic():
        publish("saved", 1)
        assert page.one("p").text == "[]"
    assert page.one("p").text == "[1]"


@pytest.mark.django_db
def test_watched_models(live: LiveClient) -> None:
    page = live.mount("notes")
    Note.objects.create(text="from a shell")
    assert page.one("li").text == "from a shell"


def test_publishing_round_and_round(live: LiveClient, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = live.mount("room"), live.mount("room")

    def answer(self: Any, message: Any) -> None:
        self.publish("room:lobby", message)

    monkeypatch.setattr(type(one.component()), "heard", answer)
    topics.publish_now("room:lobby", {"text": "x"})
    with pytest.raises(AssertionError, match="round and round"):
        _ = other.text
    monkeypatch.undo()
    for page in (one, other):
        page.driver.marked.clear()


def test_nothing_listens_after_the_test() -> None:
    client = LiveClient()
    client.mount("room")
    assert client.world in topics.listeners
    client.close()
    assert not topics.listeners


class Case(LiveTestCase):
    """The unittest way."""

    def test_publish(self) -> None:
        page = self.live.mount(Saver)
        publish("saved", 1)
        assert page.one("p").text == "[1]"

    def test_captured(self) -> None:
        page = self.live.mount(Saver)
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            page.call("save")
        assert callbacks == []
        assert len(heard(page)) == 3


class MixinCase(LiveTestMixin, TestCase):
    """With another base class, and no `live` in some tests."""

    def test_live(self) -> None:
        assert self.live.mount("counter", start=2).one("#count").text == "2"

    def test_none(self) -> None:
        assert not topics.listeners


@pytest.mark.django_db
def test_a_shared_component_follows_within_the_step(live: LiveClient) -> None:
    one, other = live.mount(Writer), live.mount(Tally)
    one.click("Write")
    assert one.one("#tally").text == other.one("#tally").text == "1"
    Note.objects.create(text="from outside")
    assert one.one("#tally").text == other.one("#tally").text == "2"
