"""livecomp.runtime.agenda: what waits for one page."""

from typing import Any

import pytest

from livecomp import inputs
from livecomp.runtime.agenda import MAX_MARKED, Agenda


class Reading:
    """A browser that reads everything."""

    is_behind = is_stalled = False


@pytest.fixture
def agenda() -> Agenda:
    return Agenda()


def marked(agenda: Agenda) -> Any:
    """The messages of topic "a", as the page is going to get them."""
    agenda.topics_due = True
    message = agenda.next(Reading(), is_joined=True, now=0.0)  # type: ignore[arg-type]
    assert type(message) is inputs.TopicMessages
    return message.messages["a"]


def test_messages_come_in_their_order(agenda: Agenda) -> None:
    agenda.mark("a", [1])
    agenda.mark("a", [2, 3])
    assert marked(agenda) == [1, 2, 3]


@pytest.mark.parametrize(
    ("came", "given"),
    [([[]], [None]), ([[], []], [None]), ([[1], []], [1, None]), ([[], [1], []], [None, 1, None])],
)
def test_t69_what_was_missed_is_told_beside_what_was_not(agenda: Agenda, came: Any, given: Any) -> None:
    for messages in came:
        agenda.mark("a", messages)
    assert marked(agenda) == given


def test_of_too_many_the_newest_are_kept_and_the_rest_counts_as_missed(agenda: Agenda) -> None:
    for number in range(3 * MAX_MARKED):
        agenda.mark("a", [number])
    kept = marked(agenda)
    assert len(kept) == MAX_MARKED
    assert kept[0] is None
    assert kept[1:] == list(range(2 * MAX_MARKED + 1, 3 * MAX_MARKED))


def test_a_list_that_others_have_too_is_not_changed(agenda: Agenda) -> None:
    shared = [1]
    agenda.mark("a", shared)
    agenda.mark("a", [2])
    assert shared == [1]
