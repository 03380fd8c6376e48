"""What the request of a live page does not do: it has no response, so a session's cookie and Django's messages get nowhere.

Writing to either is refused with words. Reading them is as in a view.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.middleware import get_user
from django.contrib.messages import MessageFailure
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from livecomp.exceptions import SessionIsReadOnly

_WRITERS = (
    *("__setitem__", "__delitem__", "setdefault", "update", "pop", "clear", "flush", "cycle_key", "save", "create"),
    *("set_expiry", "set_test_cookie", "delete_test_cookie", "delete"),
)
_by_django: ContextVar[bool] = ContextVar("livecomp_session_by_django", default=False)  # who writes at the moment


def make_session_read_only(request: HttpRequest) -> None:
    """From here on nobody but Django itself, when it looks for the user, writes to the session."""
    session = getattr(request, "session", None)
    if isinstance(session, SessionBase):
        session.__class__ = _read_only(type(session))
    request._messages = _NoMessages()  # type: ignore[attr-defined]


def find_user_lazily(request: HttpRequest) -> None:
    """Have ``request.user`` and ``request.auser()`` look for the user as Django does, who may renew or end the session."""
    user: Any = SimpleLazyObject(lambda: _user_of(request))
    request.user = user

    async def auser() -> Any:
        return await sync_to_async(_user_of)(request)

    request.auser = auser


def _user_of(request: HttpRequest) -> Any:
    with _django_writes():
        return get_user(request)


@contextlib.contextmanager
def _django_writes() -> Iterator[None]:
    before = _by_django.set(True)
    try:
        yield
    finally:
        _by_django.reset(before)


@functools.cache
def _read_only(store: type[SessionBase]) -> type[SessionBase]:
    if issubclass(store, _ReadOnly):
        return store
    return type(store.__name__, (_ReadOnly, store), {"__module__": store.__module__, "__doc__": store.__doc__})


class _ReadOnly:
    """Goes before a session store."""

    def load(self) -> Any:
        with _django_writes():  # a cookie that cannot be read begins a new session
            return super().load()  # type: ignore[misc]

    async def aload(self) -> Any:
        with _django_writes():
            return await super().aload()  # type: ignore[misc]

    @property
    def modified(self) -> bool:
        return bool(self.__dict__.get("_livecomp_modified", False))

    @modified.setter
    def modified(self, value: bool) -> None:
        if value and not _by_django.get():
            raise SessionIsReadOnly
        self.__dict__["_livecomp_modified"] = value


def _writer(name: str) -> Callable[..., Any]:
    def write(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not _by_django.get():
            raise SessionIsReadOnly
        return getattr(super(_ReadOnly, self), name)(*args, **kwargs)

    write.__name__ = name
    return write


for _name in _WRITERS:
    setattr(_ReadOnly, _name, _writer(_name))
    if not _name.startswith("_"):
        setattr(_ReadOnly, f"a{_name}", _writer(f"a{_name}"))
_ReadOnly.aset = _writer("aset")  # type: ignore[attr-defined]


class _NoMessages:
    """In the place of Django's messages."""

    used = added_new = False

    def add(self, level: int, message: Any, extra_tags: str = "") -> None:
        raise MessageFailure(
            f"messages.add_message(…, {str(message)!r:.80}): a live connection has no response to show it with. Write "
            'self.flash("success", text), which shows it in the open page.'
        )

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0
