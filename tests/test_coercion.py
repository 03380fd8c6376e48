"""livecomp.coercion: what the browser sends becomes what is declared, or is refused."""

import datetime
import decimal
import enum
import inspect
import sys
import typing
import uuid
from typing import Annotated, Any, Literal, NewType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecomp.coercion import coercion


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Loose(enum.IntFlag):
    """A flag that takes any bits when it is called."""

    READ = 1


class Point(msgspec.Struct):
    x: int
    y: int


GOOD = [
    (int, "12", 12),
    (int, -3, -3),
    (float, "1.5", 1.5),
    (float, 2, 2.0),
    (bool, "true", True),
    (bool, "on", True),
    (bool, "", False),
    (bool, False, False),
    (str, "x", "x"),
    (decimal.Decimal, "1.20", decimal.Decimal("1.20")),
    (datetime.date, "2026-02-28", datetime.date(2026, 2, 28)),
    (datetime.datetime, "2026-02-28T10:00:00+01:00", datetime.datetime.fromisoformat("2026-02-28T10:00:00+01:00")),
    (datetime.time, "10:30", datetime.time(10, 30)),
    (uuid.UUID, "12345678123456781234567812345678", uuid.UUID(int=0x12345678123456781234567812345678)),
    (Colour, "red", Colour.RED),
    (Level, 1, Level.LOW),
    (Level, "1", Level.LOW),
    (Literal["a", "b"], "b", "b"),
    (int | None, None, None),
    (int | None, "", None),
    (int | None, "4", 4),
    (str | None, "", ""),
    (list[int], ["1", 2], [1, 2]),
    (list[str], "alone", ["alone"]),
    (dict[str, int], {"a": "1"}, {"a": 1}),
    (Point, {"x": 1, "y": 2}, Point(1, 2)),
    (Any, {"a": [1]}, {"a": [1]}),
    (inspect.Parameter.empty, "x", "x"),
]

D = decimal.Decimal
UserId = NewType("UserId", int)
Small = Annotated[int, msgspec.Meta(ge=1, le=5)]

GOOD += [
    # Numbers as browsers give them
    (float, ".5", 0.5),
    (float, "-.5", -0.5),
    (float, "5.", 5.0),
    (float, "1e3", 1000.0),
    (D, ".5", D("0.5")),
    (D, "1e3", D("1e3")),
    (int, "9223372036854775807", 9223372036854775807),
    (int, "9007199254740993", 9007199254740993),
    # Dates as inputs give them
    (datetime.datetime, "2026-02-28T10:00", datetime.datetime(2026, 2, 28, 10)),
    (datetime.time, "10:30:15", datetime.time(10, 30, 15)),
    (datetime.timedelta, "90061.000001", datetime.timedelta(1, 3661, 1)),
    # What Django prints where no template of ours did
    (bool, "True", True),
    (bool, "False", False),
    (int | None, "None", None),
    (datetime.date | None, "None", None),
    (datetime.date | None, "json:null", None),
    # Texts stay texts
    *[(str, text, text) for text in ("None", "true", "007", "1e5", "json:null")],
    *[(str | None, text, text) for text in ("None", "null", "", "json:null")],
    (str | None, None, None),
    # The narrower type first, whatever the order
    (int | str, "5", 5),
    (str | int, "5", 5),
    (str | int, "5x", "5x"),
    (float | int, "5", 5),
    (float | int, "5.0", 5.0),
    (bool | int, "1", 1),
    (bool | int, "true", True),
    (bool | None, "false", False),
    (bool | None, "", None),
    (datetime.datetime | datetime.date, "2026-02-28", datetime.date(2026, 2, 28)),
    (str | list[str], "a", "a"),
    (str | list[str], ["a"], ["a"]),
    (Literal["5"] | int, "5", "5"),
    # Choices
    (Literal[1, 2, 3], "2", 2),
    (Literal[1, "1"], "1", "1"),
    (Literal[1, "1"], 1, 1),
    (Literal[True, None], "true", True),
    (Literal[True, None], "", None),
    (Literal[Colour.RED], "red", Colour.RED),
    (Right, "3", Right.READ | Right.WRITE),
    (Right, 0, Right(0)),
    # Shapes
    (tuple[int, str], ["1", "2"], (1, "2")),
    (tuple[int, ...], ["1", "2"], (1, 2)),
    (frozenset[int], ["1", "1"], frozenset({1})),
    (dict[int, str], {"1": "a"}, {1: "a"}),
    (list[int | None], ["1", None], [1, None]),
    (list[int], "json:[1,2]", [1, 2]),
    (UserId, "7", 7),
    (list[UserId], ["7"], [7]),
    # Limits
    (Small, "5", 5),
    (Small | None, "", None),
    (Annotated[int | None, msgspec.Meta(ge=1)], None, None),
    (Annotated[str, msgspec.Meta(pattern="^a", min_length=2, max_length=3)], "ab", "ab"),
    (Annotated[D, msgspec.Meta(multiple_of=0.1)], "0.3", D("0.3")),
    (Annotated[datetime.datetime, msgspec.Meta(tz=False)], "2026-02-28T10:00", datetime.datetime(2026, 2, 28, 10)),
    (Annotated[int, "a note"], "5", 5),
]

BAD = [
    (Small, "999"),
    (Small, 0),
    (Small | None, "6"),
    (list[Small], ["6"]),
    (tuple[Small, ...], ["6"]),
    (dict[str, Small], {"a": 6}),
    (Annotated[list[int], msgspec.Meta(max_length=1)], [1, 2]),
    (Annotated[int, msgspec.Meta(gt=1)], 1),
    (Annotated[float, msgspec.Meta(lt=1)], 1),
    (Annotated[int, msgspec.Meta(multiple_of=2)], 3),
    (Annotated[str, msgspec.Meta(pattern="^a")], "ba"),
    (Annotated[str, msgspec.Meta(min_length=1)], ""),
    (Annotated[D, msgspec.Meta(le=5)], "5.01"),
    (Annotated[datetime.datetime, msgspec.Meta(tz=True)], "2026-02-28T10:00"),
    (NewType("Few", Small), "9"),
    (tuple[int, str], ["1"]),
    (tuple[int, str], ["1", "2", "3"]),
    (tuple[int, str], ["x", "y"]),
    (dict[int, str], {"x": "a"}),
    (set[list[int]], [[1]]),
    (float, "."),
    (float, "+5"),
    (float, "1,5"),
    (float, "Infinity"),
    (D, "Infinity"),
    (D, "1.234,5"),
    (int, "1.234"),
    (int, "1\u00a0234"),
    (int, "json:5"),
    (bool, "TRUE"),
    (bool, "json:true"),
    (int, "None"),
    (datetime.date, "2026-02-28T10:00"),
    (datetime.date, "20260228"),
    (datetime.date, "2026-02"),
    (datetime.time, "2026"),
    (datetime.timedelta, "1e300"),
    (Literal[1, 2], "3"),
    (Literal[1], True),
    (Literal["1"], 1),
    (Right, 4),
    (Right, -1),
    (Right, True),
    (Loose, 4),
    (int, "1.0"),
    (int, "+10 years"),
    (int, "1e3"),
    (int, True),
    (int, "true"),
    (int, [1]),
    (int, None),
    (int, "٣"),
    (int, "1" * 5000),
    (float, "1e999"),
    (float, "nan"),
    (float, "inf"),
    (float, float("inf")),
    (float, True),
    (bool, 1),
    (bool, "yes"),
    (str, 1),
    (str, ["x"]),
    (str, None),
    (decimal.Decimal, "NaN"),
    (decimal.Decimal, "sNaN"),
    (datetime.date, "tomorrow"),
    (datetime.date, "2026-W01-1"),
    (datetime.date, 0),
    (datetime.datetime, 1700000000),
    (datetime.datetime, "+10 years"),
    (uuid.UUID, "x"),
    (Colour, "RED"),
    (Colour, ["red"]),
    (Literal["a"], "b"),
    (Literal[1], True),
    (list[int], ["x"]),
    (dict[str, int], [1]),
    (Point, {"x": 1}),
    (inspect.Parameter.empty, {"__type__": "os.system"}),
    (inspect.Parameter.empty, [1]),
]


@pytest.mark.parametrize(("annotation", "value", "expected"), GOOD)
def test_what_fits_is_coerced(annotation: Any, value: Any, expected: Any) -> None:
    result = coercion(annotation)(value, None)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(("annotation", "value"), BAD)
def test_t16_t25_what_does_not_fit_is_refused(annotation: Any, value: Any) -> None:
    with pytest.raises((ValueError, ArithmeticError, msgspec.ValidationError)):
        coercion(annotation)(value, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)


@given(value=JSON)
@pytest.mark.parametrize(
    "annotation", [int, float, bool, str, decimal.Decimal, datetime.date, uuid.UUID, Colour, list[int]]
)
def test_t16_any_json_gives_the_declared_type_or_a_refusal(annotation: Any, value: Any) -> None:
    try:
        result = coercion(annotation)(value, None)
    except (ValueError, ArithmeticError, msgspec.ValidationError):
        return
    assert type(result) is (list if annotation == list[int] else annotation)


def test_t17_a_type_named_in_an_argument_is_plain_data() -> None:
    before = set(sys.modules)
    value = {"__type__": "os.system", "__class__": "subprocess.Popen", "py/object": "antigravity.Fly"}
    assert coercion(dict)(value, None) == value
    assert set(sys.modules) == before


class _StandIn:
    """What `type X = …` makes, for Python 3.11."""

    def __init__(self, name: str, value: Any) -> None:
        self.__value__ = value


_StandIn.__name__ = "TypeAliasType"


def test_the_name_of_a_type_statement_is_the_type_behind_it() -> None:
    make: Any = getattr(typing, "TypeAliasType", _StandIn)
    numbers, small = make("numbers", list[int] | None), make("small", Small)
    assert coercion(numbers)(["1"], None) == [1]
    assert coercion(numbers)(None, None) is None
    assert coercion(dict[str, small])({"a": "5"}, None) == {"a": 5}
    with pytest.raises(ValueError, match="at most 5"):
        coercion(small)("6", None)
