"""Servers for the tests of this directory: one of each kind for a module."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.servers.server import Redis, Server, serve

KINDS = ["uvicorn", "daphne"]
Start = Callable[..., Server]


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the module's ``LIVECOMP`` settings. It must have logged no error when the module is done."""
    settings = getattr(request.module, "LIVECOMP", {})
    arguments = getattr(request.module, "ARGUMENTS", {}).get(request.param, ())
    directory: Path = tmp_path_factory.mktemp(request.param)
    with serve(request.param, directory, *arguments, LIVECOMP=json.dumps(settings)) as server:
        yield server
    assert server.errors() == ""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers that share a database and a cache, and stops them after the test."""
    with ExitStack() as stack:

        def start(kind: str = "uvicorn", *arguments: str, livecomp: Any = None, **options: Any) -> Server:
            context = serve(kind, tmp_path, *arguments, LIVECOMP=json.dumps(livecomp or {}), **options)
            return stack.enter_context(context)

        yield start


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A Redis of the test's own."""
    redis = Redis()
    yield redis
    redis.stop()
