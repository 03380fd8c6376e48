"""How a background task speaks to its components while it runs, see `LiveComponent.update`."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

Report = Callable[[str, dict[str, Any]], None]
"""Takes a component's id and new values of its fields. Raises `asyncio.CancelledError` when the task was cancelled."""

current: ContextVar[Report | None] = ContextVar("livecomp_progress", default=None)
"""Set in a running task, and in what it calls."""
