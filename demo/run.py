#!/usr/bin/env python
"""Serve the demo site until it is stopped.

PORT        where to listen, on 127.0.0.1 (default 8000); HOST to listen elsewhere
WORKERS     number of server processes (default 1)
REDIS_URL   channel layer, cache and Celery's broker, e.g. redis://127.0.0.1:6379/0 (default: files and sockets of this machine)
DATABASE    path of the SQLite file (default demo/db.sqlite3)
FEED        0 leaves out what runs in the background: matches, prices and the Celery worker

The database is migrated and filled with sample data first.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    sys.path.insert(0, str(HERE))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demosite.settings")
    os.environ.setdefault("DEBUG", "0")
    prepare_database()
    with feeding():
        serve(
            host=os.environ.get("HOST") or "127.0.0.1",
            port=int(os.environ.get("PORT") or 8000),
            workers=int(os.environ.get("WORKERS") or 1),
        )


def prepare_database() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("sampledata")


def serve(host: str, port: int, workers: int) -> None:
    import uvicorn

    print(f"livecomp's demo: http://{host}:{port}/  (stop it with Ctrl+C)", flush=True)
    uvicorn.run(
        "demosite.asgi:application",
        host=host,
        port=port,
        workers=workers,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=5,
    )


@contextmanager
def feeding() -> Iterator[None]:
    """Run the feeders and the worker while the site is served. They end with this process, however it ends: their input
    closes."""
    if os.environ.get("FEED") == "0":
        yield
        return
    commands = ("feed", "work")
    feeders = [subprocess.Popen([sys.executable, HERE / "manage.py", name], stdin=subprocess.PIPE) for name in commands]
    try:
        yield
    finally:
        for feeder in feeders:
            feeder.stdin.close()
        for feeder in feeders:
            feeder.wait()


if __name__ == "__main__":
    main()
