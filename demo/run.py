#!/usr/bin/env python
"""Serve the demo site until it is stopped.

PORT        where to listen, on 127.0.0.1 (default 8000); HOST to listen elsewhere
WORKERS     number of server processes (default 1)
REDIS_URL   channel layer and cache, e.g. redis://127.0.0.1:6379/0 (default: files and sockets of this machine)
DATABASE    path of the SQLite file (default demo/db.sqlite3)
FEED        0 leaves out the matches and prices that play in the background

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
    """Run the feeders while the site is served. They end with this process, however it ends: their input closes."""
    if os.environ.get("FEED") == "0":
        yield
        return
    feeder = subprocess.Popen([sys.executable, HERE / "manage.py", "feed"], stdin=subprocess.PIPE)
    try:
        yield
    finally:
        feeder.communicate()


if __name__ == "__main__":
    main()
