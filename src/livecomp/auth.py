"""Who the visitor is, and whether a component is for them. One guard for HTTP, join, event, timer, topic and resume."""

import copy
import functools
import inspect
import logging
from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, load_backend
from django.contrib.sessions.backends.signed_cookies import SessionStore as CookieStore
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.functional import LazyObject
from django.utils.functional import cached_property as django_cached_property

from livecomp import standing
from livecomp.component import LiveComponent
from livecomp.constants import ErrorCode
from livecomp.events import Access
from livecomp.exceptions import Refused
from livecomp.raised import text_of
from livecomp.request import renew_visitor
from livecomp.synchronous import discard, is_unfinished

if TYPE_CHECKING:
    from livecomp.mounted import Mounted
    from livecomp.page import LivePage

logger = logging.getLogger("livecomp")

_OPEN = Access()
_UNKNOWN: Any = object()
_HAS_RULE = "_livecomp_has_rule"  # on a request whose visitor a has_permission() was asked about


def visitor_bindings(request: HttpRequest) -> list[str]:
    """What a token or snapshot of this visitor is bound to: first the current form, then those that are still valid.

    A signed-in visitor is known by primary key, session hash, which changes with the password, and session: what one
    device has on a page is nothing to another of the same user. With ``SECRET_KEY_FALLBACKS`` older forms of the hash are
    valid too. A visitor without an account is known by the key of the session alone. A session that is kept in its cookie
    has no key that stays the same.
    """
    session = getattr(request, "session", None)
    key = session.session_key if session is not None and not is_in_cookie(session) else None
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        hashes = [user.get_session_auth_hash()] if hasattr(user, "get_session_auth_hash") else [""]
        if hasattr(user, "get_session_auth_fallback_hash"):
            hashes += user.get_session_auth_fallback_hash()
        sessions = [f":{key}", ""] if key else [""]  # what was made without a session is the user's alone
        return [_binding(f"user:{user.pk}:{value}{session}") for session in sessions for value in hashes]
    anyone = _binding("anonymous")
    return [_binding(f"session:{key}"), anyone] if key else [anyone]


def is_bound_to(binding: str, request: HttpRequest) -> bool:
    """Whether a token or snapshot with this binding belongs to the visitor of ``request``."""
    return any(constant_time_compare(binding, valid) for valid in visitor_bindings(request))


def visitor_key(request: HttpRequest) -> str:
    """What limits and fairness count by: the user, else the session, else the address that the server saw."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    session = getattr(request, "session", None)
    if session is not None and session.session_key:
        return f"session:{session.session_key}"
    return f"address:{request.META.get('REMOTE_ADDR', '')}"


def is_in_cookie(session: Any) -> bool:
    """Whether the session is kept in its cookie and nowhere else: its key is its content and changes with it, and no
    server can tell whether it has ended."""
    return isinstance(session, CookieStore)


def session_mark(key: str) -> str:
    """What stands for the session with this key in words to other processes: the key itself is as good as a password."""
    return "session:" + _binding(f"mark:{key}")


def has_session_of(request: HttpRequest, marks: Collection[str]) -> bool:
    """Whether one of the marks is of the session of a long-lived connection's handshake. Reads nothing."""
    mark: str | None = request.__dict__.get("_livecomp_mark")
    if mark is None:
        session = getattr(request, "session", None)
        key = request.COOKIES.get(django_settings.SESSION_COOKIE_NAME) or (session and session.session_key)
        mark = request.__dict__["_livecomp_mark"] = session_mark(key) if key else ""
    return mark in marks


def guard(mounted: "Mounted", access: Access = _OPEN) -> None:
    """Raise `Refused` (``forbidden``) unless the visitor may use the component where it stands: it and all that it
    stands in.

    Whatever shows or changes a component asks here first. The answer holds until the page's turn waits for something;
    permissions are read afresh for each turn. What the component's own ``has_permission()`` raises comes through.
    """
    verdicts = mounted.page.turn.verdicts
    refused = verdicts.get(mounted.id, _UNKNOWN)
    if refused is _UNKNOWN:
        refused = verdicts[mounted.id] = _verdict(mounted, verdicts)
    if refused is not None:
        raise Refused(refused.code, str(refused))
    if access.login_required or access.permission_required:
        _check_declared(mounted.component, mounted.page.request, access, verdicts)


def forget_verdicts(page: "LivePage") -> None:
    """Have the guard ask again in the same turn."""
    page.turn.verdicts.clear()
    forget_permissions(page.request)


def forget_rule(mounted: "Mounted") -> None:
    """Have the component's own ``has_permission()`` be asked again in the same turn: the state that it looks at may be
    another. Nothing is read again for declared permissions."""
    if has_rule(mounted.component):
        forget_verdicts_within(mounted)


def forget_verdicts_within(mounted: "Mounted") -> None:
    """Have the guard ask again for the component and all that stands in it."""
    for id in standing.with_all_within(mounted.page, mounted.id):
        mounted.page.turn.verdicts.pop(id, None)


def was_refused(mounted: "Mounted") -> bool:
    """Whether the guard has refused the component in this turn: not where it could not tell."""
    return mounted.page.turn.verdicts.get(mounted.id) is not None


def _verdict(mounted: "Mounted", verdicts: dict[Hashable, Refused | None]) -> Refused | None:
    page = mounted.page
    if page.is_shared:  # its viewers are asked for themselves
        return None
    if mounted.broken:
        return Refused(ErrorCode.GONE, f"{mounted.component.name!r} failed and is not there at present.")
    try:
        for each in mounted.around:
            guard(each)
        if not _is_restricted(type(mounted.component)):
            return None
        if has_rule(mounted.component):  # what it has computed may be of another state
            mounted.forget_computed()
        is_unseen = has_rule(mounted.component) and standing.is_left_out(mounted)
        ask = page.ask_unseen if is_unseen else page.try_out
        if not ask(lambda: check(mounted.component, page.request, verdicts)):
            return Refused(ErrorCode.FORBIDDEN, f"{mounted.component.name!r} sends this visitor elsewhere.")
    except Refused as refused:
        return refused
    except PermissionDenied as denied:
        return Refused(ErrorCode.FORBIDDEN, text_of(denied) or f"{mounted.component.name!r} is not allowed.")
    return None


def is_restricted(component: type[LiveComponent] | LiveComponent) -> bool:
    """Whether `check` refuses the component to anybody."""
    return _is_restricted(component if isinstance(component, type) else type(component))


def _is_restricted(cls: type[LiveComponent]) -> bool:
    return bool(cls.login_required or cls.permission_required or has_rule(cls))


def has_rule(component: type[LiveComponent] | LiveComponent) -> bool:
    """Whether it has a ``has_permission()`` of its own."""
    cls = component if isinstance(component, type) else type(component)
    return cls.has_permission is not LiveComponent.has_permission


def check(
    component: type[LiveComponent] | LiveComponent,
    request: HttpRequest,
    verdicts: dict[Hashable, Refused | None] | None = None,
) -> None:
    """Raise `Refused` (``forbidden``) unless the visitor may use a component of this class, or this component.

    ``verdicts``: answers of the same turn, so that a thousand rows of one class ask the database once.
    """
    if component.login_required or component.permission_required:
        _check_declared(component, request, _OPEN, {} if verdicts is None else verdicts)
    if isinstance(component, LiveComponent) and has_rule(component) and not _allows(component):
        raise Refused(ErrorCode.FORBIDDEN, f"{component.name!r} is not allowed for this visitor.")


def _allows(component: LiveComponent) -> bool:
    """What the component's own rule says. What is true only because it is an object is no yes: a coroutine that nobody
    awaits, a method that nobody called."""
    component._live.page.request.__dict__[_HAS_RULE] = True
    answer: Any = component.has_permission()
    if is_unfinished(answer) or inspect.isroutine(answer):
        logger.error(
            "%s.has_permission() gave %r, which is neither true nor false, so the visitor is refused. Await it with "
            "async_to_sync(…), or call it.",
            type(component).__name__,
            answer,
        )
        discard(answer)
        return False
    return bool(answer)


def _check_declared(
    component: type[LiveComponent] | LiveComponent,
    request: HttpRequest,
    access: Access,
    verdicts: dict[Hashable, Refused | None],
) -> None:
    permissions = component.permission_required
    required = ((permissions,) if isinstance(permissions, str) else tuple(permissions)) + access.permission_required
    required = tuple(filter(None, required))
    login = component.login_required or access.login_required or bool(required)
    user = getattr(request, "user", None)
    if login and (user is None or not user.is_authenticated):
        raise Refused(ErrorCode.FORBIDDEN, f"{component.name!r} is for signed-in users.")
    if not required:
        return
    if required not in verdicts:
        needs = f"{component.name!r} needs the permission {' and '.join(required)}."
        verdicts[required] = None if user and user.has_perms(required) else Refused(ErrorCode.FORBIDDEN, needs)
    if (refused := verdicts[required]) is not None:
        raise Refused(refused.code, str(refused))


def revalidate(request: HttpRequest) -> bool:
    """Whether the visitor of a long-lived connection is still signed in as before. Session and user of the request are
    read afresh from then on."""
    if not hasattr(request, "session"):
        return True
    if not is_signed_in_as_before(request):
        return False
    renew_visitor(request)
    return True


def forget_permissions(request: HttpRequest) -> None:
    """Have ``user.has_perm()`` and ``{{ perms }}`` ask the database again. Django's backends, and those of the packages
    around it, keep the answers on the user, which in a view lives as long as the request. Where there is a
    ``has_permission()``, what else was read from the database and hangs on the user is read again too: related objects,
    prefetched ones, and what a ``cached_property`` has made of them.

    The user is replaced by a copy without them: another thread may be reading the answers at this moment."""
    held = request.__dict__
    has_rule = _HAS_RULE in held
    if "user" in held:
        _renew_user(request, "user", has_rule)
    if "_acached_user" in held:  # what auser() gives
        _renew_user(request, "_acached_user", has_rule)


def _renew_user(holder: Any, name: str, has_rule: bool) -> None:
    user = holder.__dict__.get(name)
    if isinstance(user, LazyObject):  # it stays the same, with another user in it
        return _renew_user(user, "_wrapped", has_rule)
    kept = tuple(getattr(user, "__dict__", ()))
    answers = [each for each in kept if each.endswith("_cache") and "perm" in each]
    has_relations = False
    if has_rule and isinstance(user, Model):
        read = _kept_by(type(user))
        answers += [each for each in kept if each in read]
        has_relations = bool(user._state.fields_cache)
    if answers or has_relations:
        fresh = copy.copy(user)
        for answer in answers:
            fresh.__dict__.pop(answer, None)
        if has_relations:
            fresh._state.fields_cache = {}
        setattr(holder, name, fresh)


@functools.cache
def _kept_by(model: type[Model]) -> frozenset[str]:
    """The attributes in which an instance keeps what it has read from the database, beside its own row."""
    cached = (functools.cached_property, django_cached_property)
    names = {name for base in model.__mro__ for name, value in vars(base).items() if isinstance(value, cached)}
    return frozenset(names | {"_prefetched_objects_cache"})


def is_signed_in_as_before(request: HttpRequest) -> bool:
    """Whether the visitor of a long-lived connection is still who they were: session there, same user, active, same
    password. Reads the session and the user afresh.

    The rules are those of `django.contrib.auth.get_user`, without its writing: a connection cannot send a cookie.
    """
    was = request.user
    session = type(request.session)(request.session.session_key)
    pk = session.get(SESSION_KEY)
    if not was.is_authenticated:
        return pk is None
    if pk is None or str(pk) != str(was.pk):
        return False
    path = session.get(BACKEND_SESSION_KEY)
    if path is not None and path not in django_settings.AUTHENTICATION_BACKENDS:
        return False
    user = _current(was) if path is None else load_backend(path).get_user(was.pk)
    if user is None or (path is None and not user.is_active):  # a backend knows whom it lets in
        return False
    if not hasattr(user, "get_session_auth_hash"):
        return True
    stored = session.get(HASH_SESSION_KEY) or ""
    valid = [user.get_session_auth_hash(), *getattr(user, "get_session_auth_fallback_hash", list)()]
    return any(constant_time_compare(stored, value) for value in valid)


def _current(user: Any) -> Any:
    return (
        type(user._wrapped if hasattr(user, "_wrapped") else user)._default_manager.filter(pk=user.pk).first()
        or _Nobody()
    )


class _Nobody:
    """A user whose row is gone."""

    is_active = False


def _binding(value: str) -> str:
    return salted_hmac("livecomp.visitor", value, secret="livecomp", algorithm="sha256").hexdigest()[:32]
