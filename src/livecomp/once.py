"""Events that happen exactly once, whatever breaks: ``@event(once=True)``.

The handler runs in a transaction that also writes the event's key. After a kill, a lost answer or a lost connection to
the database the browser sends the event again. Where the key is there, the first run was committed: its answer is given
again. Where it is not, nothing of the first run is left.
"""

import datetime
import logging
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction
from django.utils import timezone

from livecomp.conf import settings
from livecomp.constants import ErrorCode
from livecomp.effects import PageGone
from livecomp.exceptions import Refused
from livecomp.mounted import Mounted

if TYPE_CHECKING:
    from livecomp.models import OnceEvent
    from livecomp.page import LivePage

logger = logging.getLogger("livecomp")

CLEANING = 3600.0  # seconds between two removals of old rows, in one process
GIVEN_UP = "Your last action was lost. Please try again."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first run led to."""

    effects: list[tuple[Any, ...]]
    states: dict[str, bytes]  # component id -> pickled values


def key_of(page: "LivePage", ref: int) -> str:
    """The key of this page's event of that number."""
    return f"{page.id}:{ref}"


def is_of_another(page: "LivePage", key: str) -> bool:
    """Whether the event was made on another page: before this one was loaded."""
    return not key.startswith(f"{page.id}:")


def has_happened(key: str, database: str) -> bool:
    """Whether the event may have been committed: also where the database does not say."""
    try:
        return bool(_rows(database).filter(key=key, answer__isnull=False).exists())
    except DatabaseError:
        return True


def ask_again() -> None:
    """In place of a handler that has run already. Raises `PageGone`: the database said so, and says otherwise now."""
    raise PageGone


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a handler that happens once, in a transaction of this database."""

    mounted: Mounted
    key: str
    database: str
    handler: Callable[[], Any]

    def __call__(self) -> None:
        _run(self.mounted.page, self.key, self.database, self.handler)


def _run(page: "LivePage", key: str, database: str, call: Callable[[], Any]) -> None:
    """Call the handler, unless it has been committed before: then do what it led to. Where the event was made on a page
    that is gone, its components are not here: what has not happened by now never does. Raises `Refused` then."""
    if is_of_another(page, key):
        return _give_up_or_repeat(page, key, database)
    try:
        with transaction.atomic(using=database):
            row, is_first = _claim(page, key, database)
            if is_first:
                call()
                row.answer = pickle.dumps(_answer_of(page))
                row.save(update_fields=["answer"])
    except DatabaseError as error:
        found = _look_up(key, database, error)
        if found is None:
            raise
        row, is_first = found, False
    assert page.attempt is not None
    page.attempt.is_final = True
    if is_first:
        _remove_old(database)
    else:
        _repeat(page, row)


def _claim(page: "LivePage", key: str, database: str) -> "tuple[OnceEvent, bool]":
    """The event's row, and whether it is new. It is written before anything is read: SQLite lets a transaction wait for
    the lock only where it has read nothing."""
    try:
        with transaction.atomic(using=database):
            return _rows(database).create(key=key, user=_user_of(page)), True
    except IntegrityError:
        return _rows(database).get(key=key), False


def _give_up_or_repeat(page: "LivePage", key: str, database: str) -> None:
    with transaction.atomic(using=database):
        row, is_first = _claim(page, key, database)
    if is_first:
        raise Refused(ErrorCode.FAILED, GIVEN_UP)
    _repeat(page, row, with_state=False)


def _repeat(page: "LivePage", row: "OnceEvent", *, with_state: bool = True) -> None:
    if row.user != _user_of(page) or row.answer is None:
        raise Refused(ErrorCode.FAILED, GIVEN_UP)
    answer: Answer = pickle.loads(bytes(row.answer))
    for effect in answer.effects:
        page.effect(*effect)
    for id, values in answer.states.items() if with_state else ():
        if (mounted := page.tree.get(id)) is not None:
            state = pickle.loads(values)
            mounted.assign({name: state[name] for name in state.keys() & mounted.component.fields.keys()})


def _answer_of(page: "LivePage") -> Answer:
    attempt = page.attempt
    assert attempt is not None
    states = {}
    for id in attempt.touched.keys() & page.tree.keys():
        try:
            states[id] = pickle.dumps(page.tree[id].state())
        except Exception:  # such a state is not in a snapshot either
            logger.debug("The state of %s is not in the answer of its event.", id)
    return Answer(list(attempt.effects), states)


def _look_up(key: str, database: str, error: DatabaseError) -> "OnceEvent | None":
    """Whether the transaction was committed although it seemed to fail: the connection may have been lost in the middle.
    Raises `PageGone` where the database does not say: then the browser asks again."""
    try:
        found: OnceEvent | None = _rows(database).filter(key=key, answer__isnull=False).first()
        return found
    except DatabaseError as again:
        logger.warning("Whether the event %s was committed is not known yet: %s", key, again)
        raise PageGone from error


_cleaned: dict[str, float] = {}  # database -> when


def _remove_old(database: str) -> None:
    now = time.monotonic()
    if now - _cleaned.get(database, float("-inf")) < CLEANING:
        return
    _cleaned[database] = now
    before = timezone.now() - datetime.timedelta(seconds=settings.once_max_age)
    transaction.on_commit(lambda: _rows(database).filter(happened__lt=before).delete(), using=database, robust=True)


def _rows(database: str) -> Any:
    from livecomp.models import OnceEvent

    return OnceEvent.objects.using(database)


def _user_of(page: "LivePage") -> str:
    user = getattr(page.request, "user", None)
    return str(user.pk)[:100] if user is not None and user.is_authenticated else ""
