import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.core.cache import cache

from livecomp import LiveComponent, event, on

from .models import Notification, notify
from .tasks import export

SHOWN = 20


def slow_work() -> Iterator[int]:
    """A background task: it yields how far it is, and notifies at its end."""
    for percent in range(10, 101, 10):
        time.sleep(0.2)
        yield percent
    notify("The background task is done.", "task")


class Notifications(LiveComponent):
    template_name = "notifications/notifications.html"

    percent: int = 0  # of the background task
    job: str = ""  # the Celery task

    @property
    def exported(self) -> int | None:
        """How far the worker is; None while it has not begun."""
        return cache.get(f"job:{self.job}") if self.job else 100

    @property
    def items(self) -> list[Notification]:
        return list(Notification.objects.all()[:SHOWN])

    @property
    def unread(self) -> int:
        return Notification.objects.filter(read=False).count()

    @on("notifications")
    def arrived(self, message: Any) -> None:
        """Nothing to do: after it, the list is rendered again."""

    @event
    def mark_read(self, notification: Notification) -> None:
        notification.read = True
        notification.save()
        self.publish("notifications")

    @event
    def mark_all_read(self) -> None:
        Notification.objects.filter(read=False).update(read=True)
        self.publish("notifications")

    @event
    def start_work(self) -> None:
        if self.percent == 0:
            self.percent = 1
            self.start_task(slow_work, progress="worked", then="finished")

    def worked(self, percent: int) -> None:
        self.percent = percent

    def finished(self, result: Any) -> None:
        self.percent = 0

    @event
    def start_export(self) -> None:
        if self.exported == 100:
            self.job = uuid4().hex
            export.delay(self.job)

    @on("job:{job}")
    def exporting(self, message: Any) -> None:
        """Nothing to do: after it, the progress bar is rendered again."""
