"""livecomp.arguments: which of a child's arguments have changed."""

import functools
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.utils.functional import SimpleLazyObject

from livecomp import LiveComponent, event
from livecomp.arguments import changed_arguments
from livecomp.testing import LiveClient
from tests.testapp.models import Membership, Note


def is_as_before(before: Any, now: Any) -> bool:
    _, known = changed_arguments({"value": before}, {})
    changed, _ = changed_arguments({"value": now}, known)
    return not changed


@pytest.mark.parametrize("around", [lambda value: value, lambda value: [value], lambda value: {"a": (value,)}])
def test_the_order_of_a_set_is_no_difference(around: Any) -> None:
    one, other = {0, 8}, {8, 0}
    assert list(one) != list(other)
    assert is_as_before(around(one), around(other))
    assert not is_as_before(around(one), around({0, 9}))


def test_a_circle_can_be_compared() -> None:
    one: list[Any] = [{}]
    one.append(one)
    other: list[Any] = [{}]
    other.append(other)
    assert is_as_before(one, other)


def test_functions_are_compared_by_name_and_lambdas_never() -> None:
    assert is_as_before(len, len)
    assert is_as_before(functools.partial(int, base=2), functools.partial(int, base=2))
    assert not is_as_before(len, max)
    same = lambda: 1  # noqa: E731
    assert not is_as_before(same, same)


def test_a_generator_is_not_used_up_by_the_comparison() -> None:
    values = iter(each for each in "ab")
    assert not is_as_before(values, values)
    assert list(values) == ["a", "b"]


def test_related_objects_that_were_loaded_count() -> None:
    def note(**cached: Any) -> Note:
        made = Note(pk=1, text="a")
        made._state.fields_cache.update(cached)
        return made

    assert is_as_before(note(), note())
    assert is_as_before(note(author=Note(pk=2, text="b")), note(author=Note(pk=2, text="b")))
    assert not is_as_before(note(author=Note(pk=2, text="b")), note(author=Note(pk=2, text="c")))


@pytest.mark.django_db
def test_a_queryset_that_was_not_evaluated_is_not_evaluated_by_the_comparison(django_assert_num_queries: Any) -> None:
    rows = Note.objects.all()
    with django_assert_num_queries(0):
        assert not is_as_before(rows, rows)
        assert not is_as_before([rows], [rows])
    Note.objects.create(text="a")
    assert is_as_before(list(rows), list(Note.objects.all()))
    len(rows)
    assert is_as_before(rows, rows)


def test_an_argument_that_is_not_given_any_more_is_new_when_it_comes_back() -> None:
    _, known = changed_arguments({"a": 1, "b": 2}, {})
    changed, known = changed_arguments({"a": 1}, known)
    assert changed == {}
    changed, _ = changed_arguments({"a": 1, "b": 2}, known)
    assert changed == {"b": 2}


def lazy(value: Any) -> Any:
    return SimpleLazyObject(lambda: value)


@pytest.mark.parametrize("value", [1, "a", "a" * 200, [1, 2], {"a": 1}, AnonymousUser(), Note(pk=1, text="a"), None])
@pytest.mark.parametrize("around", [lambda value: value, lambda value: [value], lambda value: {"of": value}])
def test_a_lazy_object_is_what_it_stands_for(around: Any, value: Any) -> None:
    _, known = changed_arguments({"who": around(lazy(value))}, {})
    assert changed_arguments({"who": around(lazy(value))}, known)[0] == {}
    if around(value) is value and not isinstance(value, AnonymousUser):
        assert changed_arguments({"who": around(value)}, known)[0] == {}
    assert changed_arguments({"who": around(lazy("other"))}, known)[0]
    assert changed_arguments({"who": around(lazy(Note(pk=1, text="b")))}, known)[0]


@pytest.mark.django_db
@pytest.mark.parametrize("form", [lazy, lambda user: user])
def test_what_is_remembered_of_a_users_permissions_is_no_difference(form: Any) -> None:
    ann = User.objects.create_user("ann")
    _, known = changed_arguments({"who": form(ann)}, {})
    ann.user_permissions.add(Permission.objects.get(codename="add_note"))
    assert ann.has_perm("testapp.add_note")
    assert changed_arguments({"who": form(ann)}, known)[0] == {}


class Who(LiveComponent):
    name = "arguments.who"
    template = "<i>{{ who.first_name }} {{ updates }}</i>"
    who: Any
    updates: int = 0

    def updated(self, **changed: Any) -> None:
        super().updated(**changed)
        self.updates += 1


class WhoShown(LiveComponent):
    name = "arguments.who_shown"
    template = """{% load livecomp %}<div>{{ n }}{% live_component 'arguments.who' who=self.user %}
        {% live_component 'arguments.who' who=user %}{{ self.user.membership.is_member }}</div>"""
    n: int = 0

    @event
    def add(self) -> None:
        self.n += 1


@pytest.mark.django_db
def test_the_visitor_as_an_argument_has_changed_only_when_the_account_has(live: LiveClient) -> None:
    ann = User.objects.create_user("ann", first_name="Ann")
    Membership.objects.create(user=ann)
    page = live.as_user(ann).mount("arguments.who_shown")
    for _ in range(3):
        page.call("add")
    assert [each.text for each in page.all("i")] == ["Ann 0", "Ann 0"]
    ann.first_name = "Anna"
    ann.save()
    page.call("add")
    assert [each.text for each in page.all("i")] == ["Anna 1", "Anna 1"]
