"""livecomp.arguments: which of a child's arguments have changed."""

import functools
from typing import Any

import pytest

from livecomp.arguments import changed_arguments
from tests.testapp.models import Note


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
