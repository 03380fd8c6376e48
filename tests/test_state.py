"""livecomp.state: declared fields."""

import array
import copy
import datetime
import gc
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

import pytest
from django.http import QueryDict
from django.utils.safestring import mark_safe

from livecomp import LiveComponent, state
from livecomp.exceptions import ComponentError
from livecomp.values import copy_value, preserve, restore


def test_annotated_attributes_are_fields_in_order_of_declaration() -> None:
    class Base(LiveComponent):
        first: int = 0

    class Both(Base):
        template = "<p></p>"
        second: str = "x"
        CONSTANT: ClassVar[int] = 3
        _private: int = 4

    assert list(Both.fields) == ["first", "second"]


@pytest.mark.parametrize("default", [[], {}, set(), [1]])
def test_t113_a_mutable_default_is_refused_with_the_fix(default: Any) -> None:
    with pytest.raises(ComponentError, match=r"Write `items: list = state\("):
        type("Broken", (LiveComponent,), {"__annotations__": {"items": list}, "items": default, "template": "<p></p>"})


def test_t113_a_mutable_class_attribute_without_annotation_is_refused() -> None:
    with pytest.raises(ComponentError, match="shared by all users"):

        class Broken(LiveComponent):
            template = "<p></p>"
            items = []


def test_state_without_a_type_is_refused() -> None:
    with pytest.raises(ComponentError, match="needs a type"):

        class Broken(LiveComponent):
            template = "<p></p>"
            items = state([])


@pytest.mark.parametrize("name", ["mount", "publish", "fields", "name", "template"])
def test_a_field_cannot_take_a_name_of_the_framework(name: str) -> None:
    with pytest.raises(ComponentError, match="call the state field something else"):
        type("Broken", (LiveComponent,), {"__annotations__": {name: str}, "template_name": "x.html"})


def test_copy_value_copies_containers_deep_and_nothing_else() -> None:
    thing = object()
    value = {"rows": [{"id": 1}], "tags": {1, 2}, "thing": thing, "pair": ([1], 2)}
    copied = copy_value(value)
    assert copied == value
    value["rows"][0]["id"] = 2  # type: ignore[index]
    value["pair"][0].append(3)  # type: ignore[index]
    assert copied["rows"] == [{"id": 1}]
    assert copied["pair"] == ([1], 2)
    assert copied["thing"] is thing


@pytest.mark.parametrize(
    "value",
    [
        [{"id": 1, "tags": {1, 2}, "pair": (1, [2])}],
        {"when": datetime.date(2026, 1, 1), "rows": [[1]]},
        [mark_safe("<b>")],
        [OrderedDict(a=1)],
        {},
    ],
)
def test_what_is_preserved_is_restored_whatever_happens_to_the_value(value: Any) -> None:
    expected = copy.deepcopy(value)
    preserved = preserve(value)
    value.clear()
    restored = restore(preserved)
    assert restored == expected
    assert [type(item) for item in restored] == [type(item) for item in expected]


def test_an_object_that_is_no_container_is_restored_by_reference() -> None:
    thing = object()
    value = [thing]
    preserved = preserve(value)
    value.clear()
    assert restore(preserved) == [thing]


class Basket(list[Any]):
    label = ""


class Tags(set[str]):
    pass


class Pair(NamedTuple):
    name: str
    values: list[int]


class FakeArray:
    """As NumPy's arrays: it copies itself, and is no container of Python's."""

    __array_interface__: ClassVar[dict[str, Any]] = {}

    def __init__(self, values: list[int]) -> None:
        self.values = values

    def __copy__(self) -> "FakeArray":
        return FakeArray([*self.values])

    def __setitem__(self, where: Any, other: "FakeArray") -> None:
        assert where is ...
        self.values[:] = other.values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FakeArray) and self.values == other.values

    def clear(self) -> None:
        self.values.clear()

    __hash__ = None  # type: ignore[assignment]


def wiped(value: Any) -> None:
    """Change the value, and what is in it, as a handler might."""
    for item in list(value.values() if isinstance(value, dict) else value) if hasattr(value, "__iter__") else []:
        if isinstance(item, (list, dict, set, deque, bytearray)):
            item.clear()
    if isinstance(value, array.array):
        del value[:]
    elif isinstance(value, Pair):
        value.values.clear()
    else:
        value.clear()


CONTAINERS = {
    "bytearray": lambda: bytearray(b"abc"),
    "bytes": lambda: [b"abc"],
    "array": lambda: array.array("i", [1, 2]),
    "numpy": lambda: FakeArray([1, 2]),
    "Counter": lambda: Counter("aab"),
    "defaultdict": lambda: defaultdict(list, a=[1]),
    "OrderedDict": lambda: OrderedDict(b=[1], a=2),
    "QueryDict": lambda: QueryDict("a=1&a=2", mutable=True),
    "deque": lambda: deque([[1], 2], maxlen=3),
    "list": lambda: Basket([[1], 2]),
    "set": lambda: Tags("ab"),
    "named tuple": lambda: Pair("a", [1]),
}


@pytest.mark.parametrize("where", ["itself", "in a list", "in a dict"])
@pytest.mark.parametrize("kind", CONTAINERS)
def test_containers_of_all_kinds_are_put_back_as_they_were(kind: str, where: str) -> None:
    inner, expected = CONTAINERS[kind](), CONTAINERS[kind]()
    value: Any = inner if where == "itself" else [inner] if where == "in a list" else {"it": inner}
    preserved = preserve(value)
    wiped(inner)
    found = restore(preserved)
    found = found if where == "itself" else found[0] if where == "in a list" else found["it"]
    assert type(found) is type(expected)
    assert found == expected
    if isinstance(expected, dict):
        assert list(found.items()) == list(expected.items())
    if isinstance(expected, QueryDict):
        assert found.getlist("a") == ["1", "2"]


def test_what_a_container_knows_besides_its_contents_is_put_back_too() -> None:
    value = Basket([1])
    value.label = "fruit"
    found = restore(preserve([value]))[0]
    assert (found, found.label) == ([1], "fruit")
    assert restore(preserve(defaultdict(list))).default_factory is list
    assert restore(preserve(deque([1], maxlen=3))).maxlen == 3
    query = restore(preserve(QueryDict("a=1")))
    with pytest.raises(AttributeError, match="immutable"):
        query["a"] = "2"


class Hashable(list[Any]):
    """A container with a hash."""

    def __hash__(self) -> int:  # type: ignore[override]
        return 1


@pytest.mark.parametrize(
    "inner",
    [
        bytearray(b"ab"),
        (bytearray(b"ab"),),
        Hashable([1]),
        [1],
        ({"a": [1]},),
        {"a": {1}},
        array.array("b", [1]),
        deque([1]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("before", [[], [{"id": 0, "name": "flat"}]], ids=["alone", "after a flat one"])
def test_what_can_change_in_a_row_is_put_back(inner: Any, before: list[Any]) -> None:
    inner, expected = copy.deepcopy(inner), copy.deepcopy(inner)
    value = [*before, {"id": 1, "inner": inner}]
    gc.collect()  # a tuple or dict that refers to nothing is not tracked from here on
    preserved = preserve(value)
    changed = inner[0] if isinstance(inner, tuple) else inner
    if isinstance(changed, dict) and "a" in changed:
        changed = changed["a"]
    changed.clear() if hasattr(changed, "clear") else changed.pop()
    del value[-1]["id"]
    found = restore(preserved)
    assert found == [*before, {"id": 1, "inner": expected}]
    assert type(found[-1]["inner"]) is type(expected)


def test_flat_rows_come_back_as_the_objects_that_they_were() -> None:
    first, second = {"id": 1, "when": datetime.date(2026, 1, 1)}, {"name": "b", "price": Decimal("1.50")}
    value = [first, second, first]
    preserved = preserve(value)
    first["id"] = True  # equal, and not the same
    first["more"] = [1]
    second.clear()
    value[:] = [{}]
    found = restore(preserved)
    assert found == [{"id": 1, "when": datetime.date(2026, 1, 1)}, {"name": "b", "price": Decimal("1.50")}, first]
    assert found[0] is found[2] is first
    assert type(first["id"]) is int


@pytest.mark.parametrize("value", [[{"id": 1}, "text", 2], [{"id": 1}, ()], [{"id": 1}, OrderedDict(a=1)]], ids=repr)
def test_rows_with_something_else_among_them_are_put_back(value: list[Any]) -> None:
    expected = copy.deepcopy(value)
    preserved = preserve(value)
    value[0].clear()
    value.pop()
    found = restore(preserved)
    assert (found, type(found[-1])) == (expected, type(expected[-1]))


def test_a_view_of_bytes_is_put_back_as_the_object_that_it_is() -> None:
    view = memoryview(b"abc")
    assert restore(preserve({"view": view}))["view"] is view


def test_a_list_within_itself_is_put_back() -> None:
    value: list[Any] = [1]
    value.append(value)
    preserved = preserve(value)
    value.clear()
    found = restore(preserved)
    assert found[0] == 1
    assert found[1] is found


def test_a_container_that_cannot_be_copied_stays_the_object_that_it_is() -> None:
    class Stubborn(dict[str, int]):
        def __copy__(self) -> "Stubborn":
            raise RuntimeError("there is only one")

    value = Stubborn(a=1)
    assert restore(preserve([value]))[0] is value


def test_a_mutable_constant_is_no_state() -> None:
    class Sizes(LiveComponent):
        template = "<p></p>"
        SIZES: ClassVar[list[int]] = [10, 20]
        NAMES: ClassVar = {"a": 1}

    assert Sizes.fields == {}
    assert Sizes.SIZES == [10, 20]
