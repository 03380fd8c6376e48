"""Run a Celery worker, until standard input is closed."""

import os
import signal
import sys
import threading
import warnings
from typing import Any

from celery.platforms import SecurityWarning
from django.core.management.base import BaseCommand

from demosite.celery import app


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        warnings.simplefilter("ignore", SecurityWarning)  # in a container everybody is root
        threading.Thread(target=stop_at_the_end, daemon=True).start()
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
        app.worker_main(["--quiet", "worker", "--pool=solo", *quiet])


def stop_at_the_end() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
