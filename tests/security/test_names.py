"""Rows of the threat list on names and rows that a browser sends, and which the server must not simply follow."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models

from livecomp import LiveComponent, event, on, protocol, state
from livecomp.topics import group_name
from tests.driver import Driver
from tests.testapp.models import Note

pytestmark = pytest.mark.django_db
PATHS = ["../../settings.py", "livecomp/error.html", "/etc/passwd", "admin/base.html", "c0.title", "c0.0", "c99"]


class GuardedRoom(LiveComponent):
    template = "<div><p>{{ room }}</p></div>"
    room: str = "lobby"
    heard: int = 0

    @on("room:{room}")
    def said(self, message: Any) -> None:
        self.heard += 1

    @event
    def look(self) -> None:
        pass


class OwnNotes(LiveComponent):
    template = """<ul>{% for note in notes %}<li live-key="{{ note.pk }}">{{ note.text }}
{% if may_delete %}<button live-click="delete" live-value-note="{{ note.pk }}">x</button>{% endif %}</li>{% endfor %}</ul>"""
    done: list[str] = state([])

    @property
    def notes(self) -> Any:
        return self.get_queryset(Note)

    @property
    def may_delete(self) -> bool:
        return self.user.is_staff

    def get_queryset(self, model: type[models.Model]) -> Any:
        return model._default_manager.filter(owner=self.user.get_username())

    @event
    def open(self, note: Note) -> None:
        self.done = [*self.done, note.text]

    @event(permission_required="testapp.delete_note")
    def delete(self, note: Note) -> None:
        note.delete()


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


@pytest.fixture
def notes() -> list[Note]:
    return [Note.objects.create(text=f"of {owner}", owner=owner) for owner in ("anna", "bert")]


@pytest.mark.parametrize("name", PATHS)
def test_t22_no_template_or_part_of_one_is_named_by_the_browser(name: str) -> None:
    driver = Driver("guarded_room")
    driver.join()
    (reply,) = driver.give(protocol.Render(name))
    assert [address for address, _ in reply[3]] == ["c0.0"]  # the page as it is: what else could be shown?
    for field in ("template", "template_name", "layout_template_name"):
        assert driver.set(**{field: name})[0][2] == "forbidden_field"


@pytest.mark.parametrize("topic", ["room:secret", "user:1", "*", "livecomp.control", "../x", "x" * 200])
def test_t23_no_topic_is_named_by_the_browser(topic: str) -> None:
    driver = Driver("guarded_room")
    driver.join()
    before = set(driver.page.topics)
    assert before == {"room:lobby"}
    assert driver.set(room=topic.partition(":")[2] or topic)[0][2] == "forbidden_field"
    assert driver.event("look", room=topic)[0][2] == "bad_arguments"
    assert driver.event("subscribe", topic=topic)[0][2] == "unknown_event"
    assert set(driver.page.topics) == before
    assert group_name(topic).replace(".", "").isalnum()
    assert len(group_name(topic)) < 100


def test_t24_a_row_out_of_reach_is_no_argument(anna: User, notes: list[Note]) -> None:
    driver = Driver("own_notes", anna)
    driver.join()
    assert driver.event("open", note=notes[0].pk)[0][0] in ("patch", "ack")
    for pk in (notes[1].pk, 10**9, -1, "1 OR 1=1", None):
        assert driver.event("open", note=pk)[0][2] == "bad_arguments"
    assert driver.component.done == ["of anna"]


def test_t24_a_button_that_is_not_shown_does_nothing_either(anna: User, notes: list[Note]) -> None:
    driver = Driver("own_notes", anna)
    driver.join()
    assert "delete" not in driver.html
    assert driver.event("delete", note=notes[0].pk)[0][2] == "forbidden"
    assert Note.objects.count() == 2


def test_t40_a_row_that_moved_to_another_owner_is_refused_at_the_next_event(anna: User, notes: list[Note]) -> None:
    driver = Driver("own_notes", anna)
    driver.join()
    driver.event("open", note=notes[0].pk)
    Note.objects.filter(pk=notes[0].pk).update(owner="bert")
    assert driver.event("open", note=notes[0].pk)[0][2] == "bad_arguments"
    assert driver.component.done == ["of anna"]
    assert "of anna" not in driver.page.fresh_html()["c0"]


def test_t60_two_messages_are_two_events_and_one_number_is_one() -> None:
    driver = Driver("counter")
    driver.join()
    driver.event("add")
    driver.event("add")
    assert driver.component.count == 2
    driver.ref -= 1
    assert driver.event("add") == [["ack", 2]]
    assert driver.component.count == 2


def test_t61_each_render_has_the_next_version() -> None:
    driver = Driver("counter")
    driver.join()
    replies = [reply for _ in range(20) for reply in driver.event("steps") + driver.event("add")]
    versions = [reply[1] for reply in replies if reply[0] == "patch"]
    assert versions == list(range(1, len(versions) + 1))
    assert len(versions) > 40
