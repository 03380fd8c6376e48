"""livecomp.state: declared fields."""

import copy
import datetime
from collections import OrderedDict
from typing import Any, ClassVar

import pytest
from django.utils.safestring import mark_safe

from livecomp import LiveComponent, state
from livecomp.exceptions import ComponentError
from livecomp.state import copy_value, preserve, restore


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


def test_a_mutable_constant_is_no_state() -> None:
    class Sizes(LiveComponent):
        template = "<p></p>"
        SIZES: ClassVar[list[int]] = [10, 20]
        NAMES: ClassVar = {"a": 1}

    assert Sizes.fields == {}
    assert Sizes.SIZES == [10, 20]
