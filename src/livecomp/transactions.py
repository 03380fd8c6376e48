"""Transactions that are open in this thread: none may outlive the code that began it, for the thread serves others next."""

import contextlib
import logging

from django.db import connections

logger = logging.getLogger("livecomp")

LEFT_OPEN = (
    "a database transaction was still open at its end, so it is rolled back. Commit what belongs together: write "
    "`with transaction.atomic():` around it, in one function."
)


def open_transactions() -> dict[str, int]:
    """The databases with a transaction that is open in this thread, and how many ``atomic()`` blocks they are in."""
    found = {}
    for alias in connections:
        each = getattr(connections._connections, alias, None)  # type: ignore[attr-defined]  # `all()` asks twice
        if each is None or each.connection is None:
            continue
        is_open = each.in_atomic_block or (not each.autocommit and each.settings_dict["AUTOCOMMIT"])
        if is_open and not each.allow_thread_sharing:
            found[alias] = len(each.atomic_blocks)
    return found


def roll_back(aliases: "dict[str, int] | list[str]") -> None:
    """Roll back, and have the thread begin with new connections."""
    for alias in aliases:
        connection = connections[alias]
        del connections[alias]  # it cannot be closed in order: it waits for the end of blocks that nobody is in
        with contextlib.suppress(Exception):
            if connection.connection is not None:
                connection._close()  # type: ignore[attr-defined]


def roll_back_what_is_open() -> None:
    """Call it when a thread is free for others."""
    if left := open_transactions():
        logger.error("In the database %s, %s", " and ".join(left), LEFT_OPEN)
        roll_back(left)
