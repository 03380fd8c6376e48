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
from django.db import IntegrityError, ProgrammingError, connections, transaction
from django.utils import timezone

from livecomp import failures, registry
from livecomp.conf import settings
from livecomp.constants import ErrorCode
from livecomp.effects import PageGone
from livecomp.exceptions import Refused
from livecomp.mounted import Mounted
from livecomp.raised import contained
from livecomp.results import refuse_response
from livecomp.transactions import open_transactions, refuse_open

if TYPE_CHECKING:
    from livecomp.inputs import Refusal
    from livecomp.models import OnceEvent
    from livecomp.page import LivePage
    from livecomp.protocol import Event

logger = logging.getLogger("livecomp")

CLEANING = 3600.0  # seconds between two removals of old rows, in one process
MAX_GIVEN_UP = 100  # events of another page that one page may ask for: more than a browser has under way
GIVEN_UP = "Your last action was lost. Please try again."
IN_DOUBT = "Your last action may be lost."


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


def repeat(page: "LivePage", message: "Event | Refusal") -> bool:
    """Give an event that is sent again its first answer, if it was committed: whoever may use the component now, and
    wherever that is. False where it was not, or is no event that happens once. Raises `PageGone` where the database does
    not say, and `Refused` for another visitor."""
    key = _key_of_message(page, message)
    for database in _databases_of(page, message, key):
        if (row := _look_up(key, database)) is not None:
            _repeat(page, row)
            return True
    return False


def happens_once(page: "LivePage", message: "Event | Refusal") -> bool:
    """Whether an event of this name, or of this component, is one with ``once=True``."""
    return bool(_databases_of(page, message, _key_of_message(page, message)))


def give_up(page: "LivePage", message: "Event", database: str) -> bool:
    """End an event of a page that is gone: its components are not here, so what has not happened by now never does. True
    where it has happened meanwhile: then do what it led to. Raises `Refused`, or `PageGone` where the database does not
    say."""
    key = _key_of_message(page, message)
    if not is_of_another(page, key):
        return False
    page.given_up += 1
    if page.given_up > MAX_GIVEN_UP:
        raise Refused(ErrorCode.DOUBT, IN_DOUBT)
    try:
        with transaction.atomic(using=database):
            row, is_first = _claim(page, key, database)
    except DatabaseError as error:
        raise _not_known(key, database, error) from error
    if is_first:
        raise Refused(ErrorCode.FAILED, GIVEN_UP)
    _repeat(page, row)
    return True


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a handler that happens once, in a transaction of this database."""

    mounted: Mounted
    key: str
    database: str
    handler: Callable[[], Any]

    def __call__(self) -> None:
        _run(self.mounted, self.key, self.database, self.handler)


def _run(mounted: Mounted, key: str, database: str, call: Callable[[], Any]) -> None:
    """Call the handler, unless it has been committed meanwhile: then do what it led to. What was committed has happened,
    whatever is raised after that."""
    page, row, is_first, hooks = mounted.page, None, False, []
    try:
        with transaction.atomic(using=database):
            row, is_first = _claim(page, key, database)
            if is_first:
                hooks = _call(page, row, database, call)
    except DatabaseError as error:
        found = _after(key, database, error)
        if found is None:
            raise
        if row is None or not row.answer or not found.answer or bytes(found.answer) != row.answer:
            raise PageGone from error  # another process has done it: the browser asks again
    assert row is not None
    assert page.attempt is not None
    page.attempt.is_final = True
    if is_first:
        _remove_old(database)
        _run_hooks(mounted, hooks, database)
    else:
        _repeat(page, row)


Hook = tuple[Callable[[], Any], bool]  # and whether a failure of it is Django's to log


def _call(page: "LivePage", row: "OnceEvent", database: str, call: Callable[[], Any]) -> list[Hook]:
    """Call the handler and write its answer. Gives what it wants to be done after the commit. Django drops that where the
    answer to the commit is lost, and reports the event as failed where one of them fails."""
    connection = transaction.get_connection(database)
    open_before, first = open_transactions(), len(connection.run_on_commit)
    refuse_response(call())
    refuse_open(open_before)
    row.answer = pickle.dumps(_answer_of(page))
    row.save(update_fields=["answer"])
    hooks = [(hook, robust) for _, hook, robust in connection.run_on_commit[first:]]
    del connection.run_on_commit[first:]
    return hooks


def _run_hooks(mounted: Mounted, hooks: list[Hook], database: str) -> None:
    for hook, robust in hooks:
        try:
            with contained:
                transaction.on_commit(hook, using=database, robust=robust)
        except Exception as error:
            failures.report(mounted, error, "on_commit")


def _key_of_message(page: "LivePage", message: "Event | Refusal") -> str:
    return message.key or key_of(page, message.ref)


def _databases_of(page: "LivePage", message: "Event | Refusal", key: str) -> set[str]:
    """Where the event may have been written. Its component may have left the page since, or be on another one."""
    mounted = page.tree.get(message.component)
    spec = mounted.component.events.get(message.name) if mounted is not None else None
    if spec is not None and not is_of_another(page, key):
        return {spec.once} if spec.once else set()
    specs = [cls.events.get(message.name) for cls in registry.all_components().values()]
    return {spec.once for spec in specs if spec is not None and spec.once}


def _claim(page: "LivePage", key: str, database: str) -> "tuple[OnceEvent, bool]":
    """The event's row, and whether it is new. It is written before anything is read: SQLite lets a transaction wait for
    the lock only where it has read nothing."""
    try:
        with transaction.atomic(using=database):
            return _rows(database).create(key=key, user=_user_of(page)), True
    except IntegrityError:
        return _rows(database).get(key=key), False


def _repeat(page: "LivePage", row: "OnceEvent") -> None:
    if row.answer is None:
        raise Refused(ErrorCode.FAILED, GIVEN_UP)
    if row.user != _user_of(page):  # it has happened, but what it led to is not for this visitor
        raise Refused(ErrorCode.DOUBT, IN_DOUBT)
    try:
        answer: Answer = pickle.loads(bytes(row.answer))
        states = {id: pickle.loads(values) for id, values in answer.states.items()}
    except Exception:  # the code has changed since
        logger.warning(
            "The answer of the event %s cannot be read; it has happened all the same.", row.key, exc_info=True
        )
        return
    for kind, *details in answer.effects:
        if kind == "url":
            page.show_url(*details)
        else:
            page.effect(kind, *details)
    for id in states.keys() & page.tree.keys() if not is_of_another(page, row.key) else ():
        mounted = page.tree[id]
        mounted.assign({name: states[id][name] for name in states[id].keys() & mounted.component.fields.keys()})
        mounted.forget_computed()
        page.dirty.add(id)


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


def _look_up(key: str, database: str, error: DatabaseError | None = None) -> "OnceEvent | None":
    """The event's row, if it was committed. Raises `PageGone` where the database does not say: then the browser asks
    again."""
    try:
        found: OnceEvent | None = _rows(database).filter(key=key, answer__isnull=False).first()
        return found
    except DatabaseError as again:
        raise _not_known(key, database, again) from error or again


def _after(key: str, database: str, error: DatabaseError) -> "OnceEvent | None":
    """The event's row, if it was committed although the transaction seemed to fail with this error. A commit may still be
    under way when the connection is lost: writing the key waits for it, reading does not."""
    try:
        with transaction.atomic(using=database):
            _rows(database).create(key=key)
            transaction.set_rollback(True, using=database)
        return None
    except IntegrityError:
        return _look_up(key, database, error)
    except DatabaseError as again:
        if _is_unusable(database, again):
            return None  # nothing of ours was written
        raise _not_known(key, database, again) from error


def _not_known(key: str, database: str, error: DatabaseError) -> Exception:
    """What to raise where the database does not say whether the event was committed: `PageGone`, so that the browser asks
    again; but where asking can never help, the doubt is told."""
    if _is_unusable(database, error):
        logger.error(
            "livecomp's table cannot be read in the database %r. Run `manage.py migrate`.", database, exc_info=error
        )
        return Refused(ErrorCode.DOUBT, IN_DOUBT)
    logger.warning("Whether the event %s was committed is not known yet: %s", key, error)
    return PageGone()


def _is_unusable(database: str, error: DatabaseError) -> bool:
    """Whether our table cannot be used there: it is missing, or we may not. Where the database cannot say, it can."""
    from livecomp.models import OnceEvent

    if isinstance(error, ProgrammingError):
        return True
    try:
        return OnceEvent._meta.db_table not in connections[database].introspection.table_names()
    except DatabaseError:
        return False


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
