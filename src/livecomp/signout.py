"""Signing out, and what else ends a session: the open pages of that visitor are told, in every process.

Two words go to all connections (see `livecomp.topics.announce`), each with the marks of the visitors whom it concerns
(see `livecomp.auth.session_mark`). ``ended`` is a fact: the session is gone, so nobody has to look. ``revalidate``: something
about the account has changed, so session, account and password are looked at again.

Neither is said before it can be seen: not before the transaction commits, and inside an HTTP request not before the
response is out. A page that is told reloads at once; with the cookie of before it would show the old state again, and
Django would delete the new cookie for it. Changes that send no signal (`QuerySet.update`, SQL) are noticed at the next
event after ``REVALIDATE_SESSION``.
"""

import functools
from collections.abc import Iterable
from contextvars import ContextVar
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import SyncToAsync
from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import FieldDoesNotExist
from django.core.signals import request_finished
from django.db import transaction
from django.db.models import Q
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from django.urls import get_urlconf

from livecomp import auth, topics

ENDED, REVALIDATE = "ended", "revalidate"
MANY = 500  # marks in one word to the other processes

Word = tuple[str, str]  # kind, mark


class _Unsaid:
    """What is said when the response of a request is out."""

    def __init__(self) -> None:
        self.words: dict[Word, None] = {}
        self.is_answered = False  # or nobody waits for the answer any more, while the view may still run in its thread

    def say(self) -> None:
        words, self.words = self.words, {}
        _announce(words)


_by_asgi_request: WeakKeyDictionary[Any, _Unsaid] = WeakKeyDictionary()  # by what Django makes for each
_by_context: ContextVar[_Unsaid | None] = ContextVar("livecomp_unsaid", default=None)  # a WSGI request has but one


def revalidate(user: Any) -> None:
    """Have every connection of the user checked: session, account, password. Those that fail are closed with 4401."""
    _say(REVALIDATE, [f"user:{user.pk}"])


def connect() -> None:
    """Listen to Django's signals. Called when the app is ready."""
    user_model = get_user_model()._meta.concrete_model
    request_finished.connect(_answered, dispatch_uid="livecomp")
    user_logged_in.connect(_logged_in, dispatch_uid="livecomp")
    # Of all models: a row is also saved through a proxy, or a model that inherits its table, which are other senders.
    post_save.connect(_saved, dispatch_uid="livecomp.signout")
    post_delete.connect(_deleted, dispatch_uid="livecomp.signout")
    pre_delete.connect(_is_deleted, dispatch_uid="livecomp.signout")
    for name in ("groups", "user_permissions"):
        if hasattr(user_model, name):
            m2m_changed.connect(
                _rights_changed, sender=getattr(user_model, name).through, dispatch_uid="livecomp.signout"
            )
    m2m_changed.connect(_group_changed, sender=Group.permissions.through, dispatch_uid="livecomp.signout")
    _watch_flush()


@functools.cache
def _user_models() -> tuple[Any, ...]:
    """The model of users, and those whose tables it extends: they hold a part of the account."""
    model: Any = get_user_model()._meta.concrete_model
    return (model, *(each for each in model._meta.get_parent_list() if not each._meta.proxy))


def _is_user(instance: Any) -> bool:
    """Whether the row is of a user: of the model itself, of one that extends it or one that it extends."""
    model, *parents = _user_models()
    return isinstance(instance, model) or type(instance)._meta.concrete_model in parents


def _mark_of(instance: Any) -> str:
    """The mark of the user whose row it is."""
    model = _user_models()[0]
    return f"user:{getattr(instance, model._meta.pk.attname, instance.pk)}"


@functools.cache
def _session_models() -> tuple[Any, ...]:
    """The models that sessions are rows of: Django's, and the one of the configured engine where it has its own."""
    models = {apps.get_model("sessions", "Session")} if apps.is_installed("django.contrib.sessions") else set()
    store = import_module(settings.SESSION_ENGINE).SessionStore
    if models and hasattr(store, "get_model_class"):
        models.add(store.get_model_class())
    return tuple(models)


# What ends a session


def _session_deleted(*, instance: Any, using: str, **kwargs: Any) -> None:
    _on_commit(ENDED, [auth.session_mark(instance.session_key)], using)


def _watch_flush() -> None:
    """Have `flush` of every session tell of it. Django sends no signal for it, and `user_logged_out` comes before it; only
    sessions in the database have one, of their model."""
    if getattr(SessionBase.flush, "_livecomp_tells", False):
        return
    flush, aflush = SessionBase.flush, SessionBase.aflush

    @functools.wraps(flush)
    def flush_and_tell(session: SessionBase) -> None:
        marks = _marks_of(session)
        flush(session)
        _say(ENDED, marks)

    @functools.wraps(aflush)
    async def aflush_and_tell(session: SessionBase) -> None:
        marks = _marks_of(session)
        await aflush(session)
        _say(ENDED, marks)

    flush_and_tell._livecomp_tells = True  # type: ignore[attr-defined]
    SessionBase.flush = flush_and_tell  # type: ignore[assignment, method-assign]
    SessionBase.aflush = aflush_and_tell  # type: ignore[assignment, method-assign]


def _marks_of(session: SessionBase) -> list[str]:
    """The marks of the pages that end with the session."""
    if hasattr(session, "get_model_class"):
        return []  # its row's deletion tells, when that is committed
    if auth.is_in_cookie(session):  # nothing else tells it from other sessions of the same user
        user = session.get(SESSION_KEY)
        return [f"user:{user}"] if user is not None else []
    return [auth.session_mark(session.session_key)] if session.session_key else []


def _logged_in(*, request: Any, **kwargs: Any) -> None:
    """Pages that were opened before somebody signed in show what nobody in particular may see."""
    cookie = getattr(request, "COOKIES", {}).get(settings.SESSION_COOKIE_NAME)
    if not cookie:
        return
    session = request.session
    if auth.is_in_cookie(session):
        is_another = SESSION_KEY not in type(session)(cookie)
    else:
        is_another = cookie != session.session_key
    if is_another:
        _say(ENDED, [auth.session_mark(cookie)])


# What changes an account


def _saved(*, instance: Any, created: bool, update_fields: Any, using: str, **kwargs: Any) -> None:
    # last_login is saved at every sign-in
    if _is_user(instance) and not created and update_fields != frozenset({"last_login"}):
        _on_commit(REVALIDATE, [_mark_of(instance)], using)


def _deleted(*, instance: Any, using: str, **kwargs: Any) -> None:
    if _is_user(instance):
        _on_commit(REVALIDATE, [_mark_of(instance)], using)
    elif isinstance(instance, _session_models()):
        _session_deleted(instance=instance, using=using)


def _is_deleted(*, instance: Any, using: str, **kwargs: Any) -> None:
    if isinstance(instance, Group | Permission):
        _rights_deleted(instance=instance, using=using)


def _rights_changed(*, instance: Any, action: str, reverse: bool, pk_set: Any, using: str, **kwargs: Any) -> None:
    """The groups or permissions of a user; ``reverse``: the users of a group or permission."""
    if action in ("post_add", "post_remove", "post_clear") and not reverse:
        _on_commit(REVALIDATE, [_mark_of(instance)], using)
    elif action in ("post_add", "post_remove"):
        _on_commit(REVALIDATE, [f"user:{pk}" for pk in pk_set], using)
    elif action == "pre_clear" and reverse:
        _rights_deleted(instance=instance, using=using)


def _group_changed(*, instance: Any, action: str, reverse: bool, pk_set: Any, using: str, **kwargs: Any) -> None:
    """The permissions of a group; ``reverse``: the groups of a permission."""
    if action in ("post_add", "post_remove"):
        groups = Group.objects.using(using).filter(pk__in=pk_set) if reverse else [instance]
        for group in groups:
            _rights_deleted(instance=group, using=using)
    elif action == "pre_clear":
        _rights_deleted(instance=instance, using=using)


def _rights_deleted(*, instance: Any, using: str, **kwargs: Any) -> None:
    """Of a group or a permission: all who have it. Beyond `MANY` people nobody is told: permissions are read at every
    event anyway."""
    users = get_user_model()._default_manager.using(using)
    has_groups = _leads_to(users.model, "groups", Group)
    who = Q()
    if isinstance(instance, Group):
        who |= Q(groups=instance) if has_groups else Q()
    else:
        who |= Q(groups__permissions=instance) if has_groups else Q()
        who |= Q(user_permissions=instance) if _leads_to(users.model, "user_permissions", Permission) else Q()
    if not who:
        return
    pks = list(users.filter(who).values_list("pk", flat=True).distinct()[: MANY + 1])
    if len(pks) <= MANY:
        _on_commit(REVALIDATE, [f"user:{pk}" for pk in pks], using)


def _leads_to(model: Any, field: str, related: Any) -> bool:
    """Whether the user model has this field, and it is Django's own: a project may call something else by its name."""
    try:
        return bool(model._meta.get_field(field).related_model is related)
    except FieldDoesNotExist:
        return False


# When it is said


class _Words:
    """What is said when a transaction commits. What follows directly upon it in the same savepoint joins it: a thousand
    sessions that are deleted together are two words."""

    def __init__(self, kind: str, savepoints: frozenset[str | None], marks: Iterable[str]) -> None:
        self.kind = kind
        self.savepoints = savepoints
        self.marks = list(marks)

    def __call__(self) -> None:
        _say(self.kind, self.marks)


def _on_commit(kind: str, marks: Iterable[str], using: str) -> None:
    connection = transaction.get_connection(using)
    if not connection.in_atomic_block:
        return _say(kind, marks)
    last = connection.run_on_commit[-1][1] if connection.run_on_commit else None
    savepoints = frozenset(connection.savepoint_ids)
    if isinstance(last, _Words) and (last.kind, last.savepoints) == (kind, savepoints):
        last.marks.extend(marks)
    else:
        transaction.on_commit(_Words(kind, savepoints, marks), using=using)


def _say(kind: str, marks: Iterable[str]) -> None:
    """Say it now, or when the response of the running request is out."""
    words = dict.fromkeys((kind, mark) for mark in marks)
    if words and get_urlconf() is not None:  # Django has it set from a request's beginning to the end of its response
        unsaid = _unsaid_of_request()
        unsaid.words.update(words)
        if unsaid.is_answered:
            unsaid.say()
    else:
        _announce(words)


def _answered(**kwargs: Any) -> None:
    unsaid = _unsaid_of_request()
    unsaid.is_answered = True
    unsaid.say()
    _by_context.set(None)


def _unsaid_of_request() -> _Unsaid:
    request = SyncToAsync.thread_sensitive_context.get(None)
    if request is not None:
        return _by_asgi_request.setdefault(request, _Unsaid())
    unsaid = _by_context.get()
    if unsaid is None:
        _by_context.set(unsaid := _Unsaid())
    return unsaid


def _announce(words: Iterable[Word]) -> None:
    for kind in (ENDED, REVALIDATE):
        marks = [mark for each, mark in words if each == kind]
        for start in range(0, len(marks), MANY):
            topics.announce(kind, marks[start : start + MANY])
