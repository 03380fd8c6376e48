"""livecomp.packing: what a token can hold of a component's arguments."""

import datetime
import decimal
import enum
import uuid
import zoneinfo
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import ObjectDoesNotExist
from django.db import connections, models
from django.http import QueryDict
from django.template import engines
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy

from livecomp import LiveComponent
from livecomp.packing import Arguments, packed, reason_against, unpacked
from livecomp.shared import Key
from tests.driver import Driver, make_request
from tests.testapp.models import Note

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
WINTER_FOLD = datetime.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)


class Colour(enum.Enum):
    RED = "red"
    BLUE = 3


class Size(enum.StrEnum):
    LARGE = "large"


class Painted(LiveComponent):
    template = "<p>{{ shown }}</p>"
    shown: str = ""

    def mount(self, colour: Colour | None = None, sizes: list[Size] | None = None, plain: Any = None) -> None:
        self.shown = repr((colour, sizes, plain))


def there_and_back(value: Any, name: str = "plain") -> Any:
    plain = packed({name: value})
    assert plain is not None, reason_against({name: value})
    return unpacked("painted", msgspec.json.decode(msgspec.json.encode(plain)))[name]


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        5,
        2**70,
        -(2**63),
        1.5,
        float("inf"),
        "text",
        b"\x00\xff",
        decimal.Decimal("1.50"),
        uuid.UUID(int=7),
        datetime.date(2026, 1, 2),
        datetime.time(1, 2, 3, 4),
        datetime.datetime(2026, 1, 2, 3, 4, 5, 6),
        datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
        datetime.datetime(2026, 7, 2, tzinfo=BERLIN),
        datetime.timedelta(days=-1, microseconds=3),
        (1, ("a", None)),
        {1, 2},
        frozenset({"a"}),
        {"a": (1, 2), "b": {3: "c", None: {"\x00model": 1}}},
        [datetime.date(2026, 1, 2)],
        QueryDict("a=1&a=2"),
    ],
    ids=repr,
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    back = there_and_back(value)
    assert (type(back), back) == (type(value), value)


def test_what_is_not_a_number_stays_that() -> None:
    assert repr(there_and_back(float("nan"))) == "nan"


def test_a_moment_keeps_its_zone_and_the_second_of_two_equal_hours() -> None:
    back = there_and_back(WINTER_FOLD)
    assert (back.tzinfo, back.fold, back.isoformat()) == (BERLIN, 1, WINTER_FOLD.isoformat())
    assert there_and_back(
        timezone.make_aware(datetime.datetime(2026, 1, 1), timezone.get_fixed_timezone(90))
    ).utcoffset()


def test_an_enum_comes_back_by_the_annotation_of_its_parameter() -> None:
    assert there_and_back(Colour.RED, "colour") is Colour.RED
    assert there_and_back(Colour.BLUE, "colour") is Colour.BLUE
    (size,) = there_and_back([Size.LARGE], "sizes")
    assert size is Size.LARGE
    assert there_and_back(Colour.RED) == "red"  # no annotation names it, and a token names no class


def test_a_lazy_text_is_text_in_the_language_of_the_page() -> None:
    with translation.override("de"):
        plain = packed({"plain": gettext_lazy("Yes")})
    assert plain == {"plain": "Ja"}


def test_nobody_is_nobody_again() -> None:
    assert there_and_back(SimpleLazyObject(AnonymousUser)) == AnonymousUser()


@pytest.mark.parametrize(
    "value", [object(), namedtuple("Pair", "a b")(1, 2), Note(text="unsaved"), [lambda: 1], "\ud800"]
)
def test_what_has_no_form_is_said_in_words(value: Any) -> None:
    assert packed({"fine": 1, "thing": value}) is None
    assert reason_against({"fine": 1, "thing": value}).startswith("'thing' cannot be in a token (")


def test_a_list_that_holds_itself_has_no_form() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert packed({"thing": endless}) is None


@pytest.mark.django_db
def test_a_row_is_read_when_it_is_looked_at(django_assert_num_queries: Any) -> None:
    note = Note.objects.create(text="here")
    arguments = Arguments("painted", packed({"plain": note}) or {})
    with django_assert_num_queries(0):
        assert list(arguments) == ["plain"]
    with django_assert_num_queries(1):
        assert (arguments["plain"], arguments["plain"]) == (note, note)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"), [("colour", Colour.BLUE), ("sizes", [Size.LARGE]), ("plain", datetime.date(2026, 1, 2))]
)
def test_without_a_snapshot_a_page_is_mounted_from_its_token_as_it_was(name: str, value: Any) -> None:
    driver = Driver("painted", **{name: value})
    driver.join()
    (reply,) = driver.join()  # the first one took the snapshot
    assert (reply[0], reply[4]) == ("joined", [])


@pytest.mark.django_db
def test_a_join_with_a_snapshot_reads_no_row_of_the_token(django_assert_num_queries: Any) -> None:
    driver = Driver("painted", plain=Note.objects.create(text="here"))
    with django_assert_num_queries(0):
        driver.join()


# Rows of another database


@pytest.fixture
def archive(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A second database, with a table of notes."""
    monkeypatch.setitem(
        connections.settings, "archive", {**connections.settings["default"], "NAME": str(tmp_path / "archive.sqlite3")}
    )
    connections["archive"] = connections.create_connection("archive")
    connections["archive"].connect()  # Django's test case knows of no other database, and lets open ones be
    with connections["archive"].schema_editor() as editor:
        editor.create_model(Note)
    yield
    connections["archive"].close()


@pytest.fixture
def notes(archive: None) -> tuple[Note, Note]:
    """Two rows of the same primary key."""
    note = Note.objects.create(text="here")
    return note, Note.objects.using("archive").create(pk=note.pk, text="archived")


class Noted(LiveComponent):
    template = "<p>{{ note.text }}</p>"
    note: Note

    def mount(self, note: Note) -> None:
        self.note = note


def test_a_row_comes_back_from_its_own_database(notes: tuple[Note, Note]) -> None:
    for note in notes:
        found = there_and_back(note)
        assert (found.text, found._state.db) == (note.text, note._state.db)
        deferred = Note.objects.using(note._state.db).only("pk").get()
        assert there_and_back([deferred])[0].text == note.text


def test_the_same_key_in_two_databases_is_two_shared_components(notes: tuple[Note, Note]) -> None:
    here, archived = (Key.of("noted", {"note": note}, "en", "UTC") for note in notes)
    assert here.id != archived.id


def test_a_cached_fragment_shows_the_row_of_its_own_database(notes: tuple[Note, Note]) -> None:
    source = (
        "{% load livecomp cache %}{% cache 60 noted note.text %}{% live_component 'noted' note=note %}{% endcache %}"
    )
    for note in notes * 2:
        template: Any = engines["django"].from_string(source)
        assert f">{note.text}</p>" in template.render({"note": note}, make_request())


def test_a_page_whose_snapshot_is_gone_mounts_with_the_row_of_its_own_database(notes: tuple[Note, Note]) -> None:
    for note in notes:
        driver = Driver("noted", note=note)
        cache.clear()
        driver.join()
        assert driver.component.note.text == note.text


def test_a_database_that_is_gone_is_a_row_that_is_gone(
    notes: tuple[Note, Note], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = packed({"plain": notes[1]})
    assert plain is not None
    with monkeypatch.context() as patched:
        patched.delitem(connections.settings, "archive")
        with pytest.raises(ObjectDoesNotExist, match="'archive', which is not configured"):
            unpacked("painted", plain)


class Replicas:
    """Rows are read from a copy and written to the original."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "archive"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


def test_a_row_that_was_read_from_a_copy_is_the_row_of_the_original(notes: tuple[Note, Note], settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Replicas()]
    assert packed({"note": notes[0]}) == packed({"note": notes[1]}) == {"note": {"\x00model": ["testapp.note", "1"]}}
    assert there_and_back(notes[0]).text == "archived", "from where the router reads"


class Seat(models.Model):
    pk = models.CompositePrimaryKey("row", "number")
    row = models.CharField(max_length=2)
    number = models.IntegerField()

    class Meta:
        app_label = "testapp"
        managed = False


def test_a_row_with_a_key_of_several_columns_comes_back(archive: None) -> None:
    with connections["archive"].schema_editor() as editor:
        editor.create_model(Seat)
    seat = Seat.objects.using("archive").create(row="B", number=7)
    assert there_and_back(seat).pk == ("B", 7)
    assert packed({"seat": Seat(row="B")}) is None, "not saved"
