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
            cls._original = BaseDatabaseWrapper.on_commit, BaseDatabaseWrapper.savepoint_commit
            BaseDatabaseWrapper.on_commit = _on_commit(cls._original[0])  # type: ignore[method-assign]
            BaseDatabaseWrapper.savepoint_commit = _savepoint_commit(cls._original[1])  # type: ignore[method-assign]

    @classmethod
    def stop(cls) -> None:
        """Puts everything back."""
        cls._depth -= 1
        if cls._depth == 0:
            BaseDatabaseWrapper.on_commit, BaseDatabaseWrapper.savepoint_commit = cls._original  # type: ignore[method-assign]


def _on_commit(original: Any) -> Any:
    @functools.wraps(original)
    def on_commit(self: Any, func: Hook, robust: bool = False) -> None:
        if _is_own(func) and _is_tests_alone(self):
            func()
        else:
            original(self, func, robust)

    return on_commit


def _savepoint_commit(original: Any) -> Any:
    @functools.wraps(original)
    def savepoint_commit(self: Any, sid: str) -> None:
        original(self, sid)
        if not _is_tests_alone(self):
            return
        due = [entry for entry in self.run_on_commit if _is_own(entry[1])]
        self.run_on_commit = [entry for entry in self.run_on_commit if not _is_own(entry[1])]
        for _, func, *_ in due:
            func()

    return savepoint_commit


def _is_tests_alone(connection: Any) -> bool:
    """Whether every open transaction is the test case's."""
    blocks = connection.atomic_blocks
    return connection.in_atomic_block and all(getattr(block, "_from_testcase", False) for block in blocks)


def _is_own(func: Any) -> bool:
    while isinstance(func, functools.partial):
        func = func.func
    return str(getattr(func, "__module__", "")).startswith(_OWN)
