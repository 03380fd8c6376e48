"""Rows of the threat list on names and rows that a browser sends, and which the server must not simply follow."""

import datetime
import functools
import uuid
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.conf import settings
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


class Attic(LiveComponent):
    """Full of what can be called, one of which is an event."""

    template = "<p>{{ n }}</p>"
    n: int = 0
    called: ClassVar[list[str]] = []

    class Inner:
        def __init__(self, *args: Any) -> None:
            Attic.called.append("nested class")

    partial = functools.partial(lambda *args: Attic.called.append("partial"), 1)
    bound = called.append

    @property
    def prop(self) -> None:
        Attic.called.append("property")

    @functools.cached_property
    def cached(self) -> None:
        Attic.called.append("cached property")

    @classmethod
    def of_class(cls, *args: Any) -> None:
        Attic.called.append("classmethod")

    @staticmethod
    def static(*args: Any) -> None:
        Attic.called.append("staticmethod")

    def plain(self) -> None:
        Attic.called.append("method")

    @event
    def allowed(self) -> None:
        self.n += 1


Attic.lam = lambda *args: Attic.called.append("lambda")  # type: ignore[attr-defined]
CALLABLE = ("Inner", "partial", "bound", "prop", "cached", "of_class", "static", "plain", "lam", "called")


@pytest.mark.parametrize("name", CALLABLE)
def test_t14_what_can_be_called_is_no_event_for_that(name: str) -> None:
    driver = Driver("attic")
    driver.join()
    assert hasattr(Attic, name)
    assert driver.event(name)[0][2] == "unknown_event"
    assert driver.event("allowed")[0][0] == "patch"
    assert Attic.called == []


def test_t14_only_what_was_declared_is_an_event() -> None:
    assert list(Attic.events) == ["allowed"]
    driver = Driver("attic")
    driver.join()
    for name in {*dir(Attic), *dir(driver.component), *vars(driver.component)} - {"allowed"}:
        assert driver.event(name)[0][2] == "unknown_event", name
    assert Attic.called == []


class Garage(LiveComponent):
    template = "<p>{{ options }}</p>"
    options: dict[str, Any] = state({"a": {"b": 1}}, bind=True)
    title: str = state("t", bind=True, url="title")

    @event
    def change(self, options: dict[str, Any]) -> None:
        self.options = options


POLLUTING = (
    "options.a.b",
    "options__a__b",
    "options[a]",
    "title.__class__",
    "__class__",
    "__dict__",
    "change.__globals__.settings.SECRET_KEY",
    "change.__func__.__globals__",
    "_live.page.request.user.is_superuser",
    "self.request.session",
    "0",
    "",
)


@pytest.mark.parametrize("path", POLLUTING)
def test_t19_a_path_is_no_name_of_a_field(path: str) -> None:
    driver = Driver("garage")
    driver.join()
    secret = settings.SECRET_KEY
    before = dict(vars(driver.component))
    assert driver.set(**{path: "changed"})[0][2] == "forbidden_field"
    assert driver.event(path)[0][2] == "unknown_event"
    driver.ref += 1
    driver.give(protocol.Url(driver.ref, f"/?{path}=changed"))
    assert dict(vars(driver.component)) == before
    assert secret == settings.SECRET_KEY


def test_t19_keys_of_a_declared_field_are_data() -> None:
    driver = Driver("garage")
    driver.join()
    value = {"__class__": {"__init__": {"__globals__": {}}}, "__proto__": 1, "a.b": 2}
    assert driver.set(options=value)[0][0] == "patch"
    assert driver.component.options == value
    assert type(driver.component) is Garage
    assert driver.event("change", options={"__dict__": 1})[0][0] == "patch"
    assert driver.component.options == {"__dict__": 1}


class Till(LiveComponent):
    template = "<p>{{ got }}</p>"
    got: str = ""

    @event
    def take(
        self,
        i: int = 0,
        f: float = 0.0,
        b: bool = False,
        d: Decimal = Decimal(0),
        day: datetime.date = datetime.date.min,
        at: datetime.datetime = datetime.datetime.min,
        u: uuid.UUID | None = None,
    ) -> None:
        self.got = repr((i, f, b, d, day, at, u))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("i", [True, 1.5, "1e3", "+5", " 5", "5 ", "0x10", "1_000", "٥", "5.0", "", None, [], {}, 2**53 + 0.0]),
        ("f", [True, "1e999", "nan", "inf", "-Infinity", "1_0", "0x1p3", "", None, []]),
        ("b", ["yes", "1.0", "TRUE ", 2, -1, 1.0, None, [], "y"]),
        ("d", [True, "1e999999999", "NaN", "sNaN", "Infinity", "1,5", "", None, []]),
        ("day", ["+10 years", "tomorrow", "01/02/2024", "2024-1-2", "2024-02-30", "20240102", 0, True, None]),
        ("at", ["now", "2024-01-02 at 3", "1704153600 UTC", "2024-01-02T25:00:00", True, None]),
        ("u", ["1", "{}", "urn:x", 5, "g" * 32]),
    ],
)
def test_t25_only_the_exact_form_of_a_value_is_read(name: str, values: list[Any]) -> None:
    driver = Driver("till")
    driver.join()
    for value in values:
        reply = driver.event("take", **{name: value})[0]
        assert reply[2] == "bad_arguments", (name, value, driver.component.got)
    assert driver.component.got == ""
