"""livecomp.packing: what a token can hold of a component's arguments."""

import datetime
import decimal
import enum
import uuid
import zoneinfo
from collections import namedtuple
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy

from livecomp import LiveComponent
from livecomp.packing import Arguments, packed, reason_against, unpacked
from tests.driver import Driver
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
