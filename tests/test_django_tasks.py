"""Django's own tasks (6.0 and later) tell a page how far they are. Older Djangos have none, and this file no tests."""

import threading
from typing import Any

import django
import pytest

from livecomp import LiveComponent, event, on, publish
from livecomp.testing import LiveClient

if django.VERSION >= (6, 0):
    from django.tasks import task

    pytestmark = pytest.mark.django_db

    @task
    def export(job: str, steps: int) -> str:
        for step in range(1, steps + 1):
            publish(f"export:{job}", step)
        return "exported"

    class DjangoExport(LiveComponent):
        template = '<progress max="3" value="{{ step }}">{{ step }} {{ status }}</progress>'
        job: str = "7"
        step: int = 0
        status: str = ""

        @event
        def start(self) -> None:
            self.status = export.enqueue(self.job, 3).return_value

        @on("export:{job}")
        def went_on(self, step: Any) -> None:
            self.step = step

    def test_a_task_that_runs_at_once_shows_in_the_page_that_enqueued_it(live: LiveClient) -> None:
        page, other = live.mount("django_export"), live.mount("django_export")
        page.call("start")
        assert page.text == "3 exported"
        assert other.text == "3"

    def test_a_task_in_another_thread_shows_too(live: LiveClient) -> None:
        page = live.mount("django_export")
        thread = threading.Thread(target=export.enqueue, args=("7", 2))
        thread.start()
        thread.join()
        assert page.text == "2"
