"""A Celery app whose broker is a folder, and a task that tells how far it is."""

import os
from pathlib import Path

import django
from celery import Celery, shared_task

django.setup()

folder = Path(os.environ["SERVER_DIRECTORY"]) / "broker"
folder.mkdir(exist_ok=True)

app = Celery("tests")
app.conf.broker_url = "filesystem://"
app.conf.broker_transport_options = {
    "data_folder_in": str(folder),
    "data_folder_out": str(folder),
    "control_folder": str(folder),
}
app.set_default()


@shared_task
def export(job: str) -> None:
    """Do five steps, and publish each."""
    from livecomp import publish

    for step in range(1, 6):
        publish(f"export:{job}", step)
