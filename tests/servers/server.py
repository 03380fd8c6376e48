"""Real servers on loopback: uvicorn and daphne with the project beside this file, and Redis. Stopped by their own pid."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redis import Redis as Client

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
APPLICATION = "tests.servers.project.asgi:application"


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", timeout: float = 60) -> None:
    """Wait until something listens. Raises RuntimeError when the process ends before that."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it listened")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


class Server:
    """One server process."""

    def __init__(self, kind: str, directory: Path, *arguments: str, port: int = 0, **environment: str) -> None:
        self.kind = kind
        self.directory = directory
        self.port = port or free_port()
        self.log = directory / f"{kind}-{self.port}.log"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.servers.project.settings",
            "SERVER_DIRECTORY": str(directory),
            **environment,
        }
        prepare(directory, self.environment)
        own = {"uvicorn": uvicorn_arguments, "daphne": daphne_arguments}[kind](self.port)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *own, *arguments], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        try:
            wait_for_port(self.port, self.process)
        except Exception as error:
            self.process.kill()
            error.add_note(self.log.read_text()[-2000:])
            raise

    def get(self, path: str, cookie: str = "") -> tuple[int, str, dict[str, str]]:
        """Status, text and cookies of a page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            response = connection.getresponse()
            cookies = dict(
                value.split(";")[0].split("=", 1) for name, value in response.getheaders() if name == "set-cookie"
            ) or dict(
                value.split(";")[0].split("=", 1) for name, value in response.getheaders() if name == "Set-Cookie"
            )
            return response.status, response.read().decode(), cookies
        finally:
            connection.close()

    def stats(self) -> dict[str, Any]:
        """The process, seen from inside."""
        stats: dict[str, Any] = json.loads(self.get("/stats/")[1])
        return stats

    def errors(self) -> str:
        """What any server of this directory logged as an error, and what came through to this one."""
        log = self.directory / "errors.log"
        text = log.read_text() if log.exists() else ""
        own = self.log.read_text()
        return text + (own if "in ASGI application" in own or "inside application" in own else "")

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        self.process.send_signal(number)

    def stop(self, timeout: float = 20) -> int:
        """Stop as an administrator would; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode


def uvicorn_arguments(port: int) -> list[str]:
    """How uvicorn is started."""
    return ["uvicorn", APPLICATION, "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]


def daphne_arguments(port: int) -> list[str]:
    """How daphne is started."""
    return ["daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0", APPLICATION]


def prepare(directory: Path, environment: dict[str, str]) -> None:
    """Make the database, once for a directory."""
    if not (directory / "db.sqlite3").exists() or "DATABASE_PORT" in environment:
        code = "import django; django.setup(); from django.core.management import call_command as c; c('migrate', run_syncdb=True, verbosity=0)"
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)


@contextlib.contextmanager
def serve(kind: str, directory: Path, *arguments: str, port: int = 0, **environment: str) -> Iterator[Server]:
    """A server for ``with``. Environment: ``LIVECOMP`` (JSON), ``REDIS_URL``, ``CHANNEL_LAYER``."""
    server = Server(kind, directory, *arguments, port=port, **environment)
    try:
        yield server
    finally:
        server.stop()


class Redis:
    """A Redis of our own, without persistence."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, empty."""
        program = shutil.which("redis-server")
        assert program, "these tests need redis-server"
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port, self.process)

    def stop(self) -> None:
        """Stop it at once."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo `freeze`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def fill(self) -> None:
        """It has no room for another byte, and evicts nothing."""
        with Client.from_url(self.url) as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", 1)

    def make_read_only(self) -> None:
        """It is a replica whose primary is away."""
        with Client.from_url(self.url) as client:
            client.replicaof("127.0.0.1", 1)

    def make_writable(self) -> None:
        """Undo `fill` and `make_read_only`."""
        with Client.from_url(self.url) as client:
            client.replicaof("NO", "ONE")
            client.config_set("maxmemory", 0)
