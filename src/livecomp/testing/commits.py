"""Publishing inside a test's transaction.

`publish` waits for the commit. A `TestCase` runs in a transaction that is never committed, so nothing would ever be
published. While a live client is open, livecomp's own hooks run where they would run in production: at once, or at the
end of the transaction that the code under test opened itself. `on_commit` hooks of others are left as they are (see
`captureOnCommitCallbacks`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import Atomic, get_connection

Hook = Callable[[], Any]

_OWN = "livecomp."


class Commits:
    """Django's connections with `on_commit` as above, between `start` and `stop`; may be nested."""

    _depth = 0
    _original: tuple[Any, Any] = (None, None)

    @classmethod
    def start(cls) -> None:
        """Takes over."""
        cls._depth += 1
        if cls._depth == 1:
            cls._original = BaseDatabaseWrapper.on_commit, Atomic.__exit__
            BaseDatabaseWrapper.on_commit = _on_commit(cls._original[0])  # type: ignore[method-assign]
            Atomic.__exit__ = _exit(cls._original[1])  # type: ignore[method-assign]

    @classmethod
    def stop(cls) -> None:
        """Puts everything back."""
        cls._depth -= 1
        if cls._depth == 0:
            BaseDatabaseWrapper.on_commit, Atomic.__exit__ = cls._original  # type: ignore[method-assign]


def _on_commit(original: Any) -> Any:
    @functools.wraps(original)
    def on_commit(self: Any, func: Hook, robust: bool = False) -> None:
        if _is_own(func) and _is_tests_alone(self):
            func()
        else:
            original(self, func, robust)

    return on_commit


def _exit(original: Any) -> Any:
    @functools.wraps(original)
    def exit(self: Any, kind: Any, error: Any, trace: Any) -> None:
        original(self, kind, error, trace)
        connection = get_connection(self.using)
        if error is None and not connection.needs_rollback and _is_tests_alone(connection):
            due = [entry for entry in connection.run_on_commit if _is_own(entry[1])]
            connection.run_on_commit = [entry for entry in connection.run_on_commit if not _is_own(entry[1])]
            for _, func, *_ in due:
                func()

    return exit


def _is_tests_alone(connection: Any) -> bool:
    """Whether every open transaction is the test case's."""
    blocks = connection.atomic_blocks
    return connection.in_atomic_block and all(getattr(block, "_from_testcase", False) for block in blocks)


def _is_own(func: Any) -> bool:
    while isinstance(func, functools.partial):
        func = func.func
    return str(getattr(func, "__module__", "")).startswith(_OWN)
