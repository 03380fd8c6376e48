"""livecomp.registry and the names of components."""

from typing import Any

import pytest
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import AccessMixin, LoginRequiredMixin, PermissionRequiredMixin, UserPassesTestMixin
from django.utils.decorators import method_decorator
from django.views import View

from livecomp import LiveComponent, event, registry
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


# What belongs to views


class OwnMixin(AccessMixin):
    pass


@pytest.mark.parametrize(
    ("mixin", "instead"),
    [
        (LoginRequiredMixin, "login_required = True"),
        (PermissionRequiredMixin, "permission_required = "),
        (UserPassesTestMixin, "has_permission"),
        (OwnMixin, "has_permission"),
    ],
)
def test_a_mixin_that_guards_views_is_refused_with_what_to_write_instead(mixin: type, instead: str) -> None:
    for bases in ((mixin, LiveComponent), (LiveComponent, mixin)):
        with pytest.raises(ComponentError, match="guards views") as raised:
            type("Mixed", bases, {"template": "<p></p>"})
        assert instead in str(raised.value)
        assert mixin.__name__.replace("OwnMixin", "AccessMixin") in str(raised.value)


@pytest.mark.parametrize("name", ["dispatch", "get", "post"])
def test_a_method_of_views_is_refused(name: str) -> None:
    def method(self: Any, request: Any, *args: Any, **kwargs: Any) -> None: ...

    with pytest.raises(ComponentError, match=rf"{name}\(\) is never called"):
        type("Viewish", (LiveComponent,), {"template": "<p></p>", name: method})
    decorated = method_decorator(login_required)(method)
    with pytest.raises(ComponentError, match=rf"{name}\(\) is never called"):
        type("Viewish", (LiveComponent,), {"template": "<p></p>", name: decorated})


def test_a_view_is_no_base_of_a_component() -> None:
    class Base(View):
        pass

    with pytest.raises(ComponentError, match="a component is no view"):
        type("Viewish", (LiveComponent, Base), {"template": "<p></p>"})


def test_an_event_may_be_called_as_a_method_of_views() -> None:
    class Poster(LiveComponent):
        name = "registry.poster"
        template = "<p></p>"

        @event
        def post(self, text: str) -> None: ...

        @event
        def dispatch(self, order: int) -> None: ...

        def get(self, pk: int) -> None: ...

    assert set(Poster.events) == {"post", "dispatch"}
