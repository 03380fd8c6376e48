import time

from celery import shared_task
from django.core.cache import cache

from livecomp import publish

from .models import notify

KEPT = 600  # seconds that the state of a job is remembered


@shared_task
def export(job: str) -> None:
    """Work in another process. How far it is stands in the cache; the message only says that it went on."""
    for percent in range(0, 101, 10):
        cache.set(f"job:{job}", percent, KEPT)
        publish(f"job:{job}")
        time.sleep(0.2)
    notify("The Celery task is done.", "Celery worker")
