"""This process: its id, and what a process that is forked from it has to begin anew.

Servers fork: `gunicorn --preload` after everything is imported, `multiprocessing` in the middle of the work. The child
has copies of the parent's locks, connections and threads' leavings, none of which are its own. Whatever belongs to one
process is registered here and nowhere else.
"""

import os
import secrets
from collections.abc import Callable

ID_LENGTH = 16  # characters

_resets: list[Callable[[], None]] = []
_id = secrets.token_hex(ID_LENGTH // 2)


def process_id() -> str:
    """The name of this process, unlike that of any other on any machine. Ask for it anew each time: a fork changes it."""
    return _id


def after_fork(reset: Callable[[], None]) -> None:
    """Have ``reset`` called in each process that is forked from this one, in the order of registration."""
    _resets.append(reset)


def _begin_anew() -> None:
    global _id
    _id = secrets.token_hex(ID_LENGTH // 2)
    for reset in _resets:
        reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
