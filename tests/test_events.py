"""livecomp.events: which methods can be called, and how arguments are bound."""

import functools
from typing import Any

import pytest

from livecomp import LiveComponent, event, every, on
from livecomp.constants import ErrorCode
from livecomp.events import bind
from livecomp.exceptions import ComponentError, Refused


class Mixin:
    @event
    def from_mixin(self) -> None: ...


class Base(LiveComponent):
    @event
    def from_base(self) -> None: ...

    @event
    def silenced(self) -> None: ...


class Component(Mixin, Base):
    template = "<p></p>"
    attribute = staticmethod(lambda: None)
    partial = functools.partial(print)

    @event
    def save(self, title: str, count: int = 1) -> None: ...

    @event
    def submit(self, **fields) -> None: ...  # type: ignore[no-untyped-def]

    silenced = None  # taken away: no event any more

    def helper(self) -> None: ...

    @property
    def secret(self) -> str:
        return ""

    @classmethod
    def build(cls) -> None: ...

    class Inner: ...


def test_t13_events_are_exactly_the_decorated_functions() -> None:
    assert set(Component.events) == {"from_mixin", "from_base", "save", "submit"}


@pytest.mark.parametrize("name", sorted(set(dir(Component)) - {"from_mixin", "from_base", "save", "submit"}))
def test_t12_t14_nothing_else_is_callable(name: str) -> None:
    assert name not in Component.events


def test_a_private_event_is_refused() -> None:
    with pytest.raises(ComponentError, match="cannot be private"):

        class Broken(LiveComponent):
            template = "<p></p>"

            @event
            def _save(self) -> None: ...


def test_positional_only_and_star_arguments_are_refused() -> None:
    with pytest.raises(ComponentError, match="arguments come by name"):

        class Broken(LiveComponent):
            template = "<p></p>"

            @event
            def save(self, *args: str) -> None: ...


def test_arguments_are_bound_by_name_and_coerced() -> None:
    assert bind(Component.events["save"], None, {"title": "x", "count": "2"}, {}) == {"title": "x", "count": 2}


def test_of_what_the_browser_offers_a_method_takes_what_it_names() -> None:
    offered = {"title": "x", "csrf": "y", "self": "z", "count": "3"}
    assert bind(Component.events["save"], None, {}, offered) == {"title": "x", "count": 3}
    assert bind(Component.events["save"], None, {"title": "own"}, offered) == {"title": "own", "count": 3}


def test_a_form_handler_takes_all_fields() -> None:
    offered = {"title": "x", "tags": ["a", "b"], "self": "z", "not a name": 1}
    assert bind(Component.events["submit"], None, {}, offered) == {"title": "x", "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("save", {}),
        ("save", {"count": 1}),
        ("save", {"title": 1}),
        ("save", {"title": "x", "count": "many"}),
        ("save", {"title": "x", "self": "y"}),
        ("save", {"title": "x", "request": "y"}),
        ("save", {"title": "x", "ref": 1}),
        ("save", {"title": ["x"]}),
        ("from_base", {"extra": 1}),
        ("submit", {"self": 1}),
        ("submit", {"nested": {"a": 1}}),
        ("submit", {"nested": [[1]]}),
    ],
)
def test_t15_arguments_that_do_not_fit_are_refused(name: str, args: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        bind(Component.events[name], None, args, {})
    assert caught.value.code is ErrorCode.BAD_ARGUMENTS


def test_a_method_that_overrides_an_event_says_so() -> None:
    with pytest.raises(ComponentError, match=r"Quiet\.from_base overrides a method that is declared with @event"):

        class Quiet(Base):
            name = "events.quiet"
            template = "<p></p>"

            def from_base(self) -> None: ...

    class Loud(Base):
        name = "events.loud"
        template = "<p></p>"

        @event
        def from_base(self) -> None: ...

        silenced = None

    assert set(Loud.events) == {"from_base"}


def test_a_method_that_overrides_a_trigger_says_so() -> None:
    class Listens(LiveComponent):
        name = "events.listens"
        template = "<p></p>"

        @on("news")
        def heard(self, message: Any) -> None: ...

        @every(seconds=5)
        def tick(self) -> None: ...

    with pytest.raises(ComponentError, match=r"heard overrides a method that is declared with @on\(…\)"):

        class Deaf(Listens):
            name = "events.deaf"

            def heard(self, message: Any) -> None: ...

    with pytest.raises(ComponentError, match=r"tick overrides a method that is declared with @every\(…\)"):

        class Timeless(Listens):
            name = "events.timeless"

            def tick(self) -> None: ...
