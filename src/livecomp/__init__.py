"""Server-rendered live components for Django."""

from livecomp.component import LiveComponent
from livecomp.events import event
from livecomp.state import state
from livecomp.topics import apublish, publish, publish_batch, publish_now
from livecomp.triggers import every, on
from livecomp.watching import notify_changed, suppress_live

__version__ = "0.1.0"
__all__ = [
    "LiveComponent",
    "apublish",
    "event",
    "every",
    "notify_changed",
    "on",
    "publish",
    "publish_batch",
    "publish_now",
    "state",
    "suppress_live",
]
