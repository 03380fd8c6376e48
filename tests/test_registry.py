"""livecomp.registry and the names of components."""

import pytest

from livecomp import LiveComponent, registry
from livecomp.exceptions import ComponentError, UnknownComponent
from tests.testapp.live import Counter


def test_the_name_is_the_class_name_in_snake_case_or_as_chosen() -> None:
    class TodoListHTML(LiveComponent):
        template = "<p></p>"

    class Other(LiveComponent):
        template = "<p></p>"
        name = "shop.cart"

    assert registry.get("todo_list_html") is TodoListHTML
    assert registry.get("shop.cart") is Other


def test_a_class_without_template_is_a_base_and_has_no_name() -> None:
    class OnlyABase(LiveComponent): ...

    with pytest.raises(UnknownComponent):
        registry.get("only_a_base")


def test_two_classes_cannot_have_one_name() -> None:
    with pytest.raises(ComponentError, match=r"Two components are named 'counter'.*name ="):
        type("Counter", (LiveComponent,), {"template": "<p></p>", "__module__": "elsewhere", "__qualname__": "Counter"})
    assert registry.get("counter") is Counter


def test_an_unknown_name_is_an_error_with_near_ones() -> None:
    with pytest.raises(UnknownComponent, match=r"No live component is named 'countr'. Did you mean 'counter'"):
        registry.get("countr")


@pytest.mark.parametrize(
    "name", ["os.path", "../../x", "x" * 10_000, "livecomp.component.LiveComponent", "", "__class__"]
)
def test_t21_a_name_is_never_imported(name: str) -> None:
    with pytest.raises(UnknownComponent):
        registry.get(name)


def test_components_of_every_app_are_found() -> None:
    assert {"counter", "table", "parent", "room"} <= registry.all_components().keys()
