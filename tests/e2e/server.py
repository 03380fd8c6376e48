"""The demo site as a process of its own, on a free port and with a database of its own."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
STARTUP = 60.0  # seconds


class Site:
    """Starts, stops, kills and restarts one demo site."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "DATABASE": str(folder / "demo.sqlite3"),
            "PORT": str(self.port),
            "FEED": "0",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "demo.log").read_text()

    def start(self) -> None:
        """Serve, and wait until the site says that it is ready."""
        with (self.folder / "demo.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, ROOT / "demo" / "run.py"],
                env=self.environment,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        deadline = time.monotonic() + STARTUP
        while not self.is_ready():
            assert self._process.poll() is None, f"The demo ended:\n{self.log}"
            assert time.monotonic() < deadline, f"The demo is not ready after {STARTUP:.0f} s:\n{self.log}"
            time.sleep(0.05)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """End the process the friendly way (SIGTERM)."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def kill(self) -> None:
        """End the process as a crash would (SIGKILL)."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)
        self._process = None

    def manage(self, *arguments: str) -> None:
        """Run a management command in a process of its own."""
        command = [sys.executable, str(ROOT / "demo" / "manage.py"), *arguments]
        subprocess.run(command, env=self.environment, check=True, timeout=60, cwd=self.folder, capture_output=True)


@contextmanager
def running(site: Site, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A management command that runs until the block is left."""
    program = [sys.executable, str(ROOT / "demo" / "manage.py"), *command]
    process = subprocess.Popen(program, env=site.environment, cwd=site.folder, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)
        if process.stdin:
            process.stdin.close()
