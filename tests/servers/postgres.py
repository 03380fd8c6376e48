"""A PostgreSQL of the tests' own: Debian's programs, a temporary directory, an unprivileged user, a free port."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.ports import free_port
from tests.servers.server import wait_for_port


def program(name: str) -> str:
    """Where it is: in the path, or where Debian puts those of each version."""
    found = shutil.which(name) or max(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), default="")
    assert found, "these tests need postgresql"
    return found


class Postgres:
    """One database server, without durability."""

    def __init__(self) -> None:
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="livecomp-postgres-"))
        self._identity: dict[str, Any] = {}
        if os.geteuid() == 0:  # which it refuses
            user = _unprivileged()
            os.chown(self.directory, user.pw_uid, user.pw_gid)
            self._identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.data = self.directory / "data"
        self.process: subprocess.Popen[bytes] | None = None
        try:
            self._run(
                program("initdb"),
                "-D",
                str(self.data),
                "-U",
                "livecomp",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            )
            self.start()
        except BaseException:
            self.remove()
            raise

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, cwd=self.directory, capture_output=True, check=False, **self._identity)
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> None:
        """Start it, with the data that it had."""
        command = [program("postgres"), "-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-F"]
        command += ["-c", "unix_socket_directories="]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.directory, stdout=log, stderr=log, **self._identity)
        wait_for_port(self.port, self.process)
        deadline = time.monotonic() + 60
        while not self._is_ready():  # it listens before it answers
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return bool(self.query("SELECT 1"))
        except psycopg.OperationalError:
            return False

    def stop(self) -> None:
        """Stop it; whoever is connected is disconnected."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
            self.process = None

    def remove(self) -> None:
        """Stop it for good."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def query(self, sql: str) -> list[Any]:
        """The rows of a query."""
        with self.connection(autocommit=True) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[call-overload,no-any-return]

    def connection(self, *, autocommit: bool = False) -> "psycopg.Connection[Any]":
        """A connection beside those of the servers."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="livecomp", dbname="postgres", autocommit=autocommit
        )

    def terminate_others(self) -> int:
        """End every connection but our own, as an administrator or a failover does. How many there were."""
        ended = self.query(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        assert all(done for (done,) in ended)
        return len(ended)


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LookupError("there is no user to run PostgreSQL as")
