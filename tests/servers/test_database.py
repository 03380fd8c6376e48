"""A PostgreSQL whose connections are ended under live pages, and that stops and comes back."""

import asyncio
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connections

from livecomp import once
from livecomp.once import Answer
from tests.servers.browser import Browser
from tests.servers.conftest import Start
from tests.servers.postgres import Postgres
from tests.servers.server import Server

HANDLERS = ["tally", "tally_later"]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """One for all tests of this file."""
    postgres = Postgres()
    yield postgres
    postgres.remove()


def serve(start: Start, postgres: Postgres, **options: str) -> Server:
    return start(DATABASE_PORT=str(postgres.port), **options)


def tallies(postgres: Postgres, name: str) -> int:
    count: int = postgres.query(f"SELECT count(*) FROM project_tally WHERE name = '{name}'")[0][0]
    return count


async def done(browser: Browser, handler: str, name: str) -> bool:
    """Whether the event succeeded."""
    before = len(browser.errors)
    await browser.until_acked(await browser.event(handler, name=name))
    return len(browser.errors) == before


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("age", ["0", "600"])
async def test_t75_connections_that_were_terminated_are_replaced(
    start: Start, postgres: Postgres, handler: str, age: str, request: Any
) -> None:
    server = serve(start, postgres, CONN_MAX_AGE=age, CONN_HEALTH_CHECKS="1")
    name = request.node.name[-40:]
    async with Browser(server.port) as browser:
        assert await done(browser, handler, name)
        ended = await asyncio.to_thread(postgres.terminate_others)
        assert ended > 0 or age == "0"
        assert await done(browser, handler, name)
        assert browser.text == ">2"
    assert tallies(postgres, name) == 2
    assert server.errors() == ""


@pytest.mark.parametrize("handler", HANDLERS)
async def test_t75_without_health_checks_one_event_fails_and_the_page_goes_on(
    start: Start, postgres: Postgres, handler: str, request: Any
) -> None:
    server = serve(start, postgres, CONN_MAX_AGE="600")
    name = request.node.name[-40:]
    async with Browser(server.port) as browser:
        assert await done(browser, handler, name)
        assert await asyncio.to_thread(postgres.terminate_others)
        failed = 0
        while not await done(browser, handler, name):
            failed += 1
            assert browser.errors[-1][2] == "failed"
            assert failed <= 3  # one for each thread that had a connection
        assert browser.text == ">2"
        assert browser.joined.is_set()
        assert browser.close_code is None
    assert tallies(postgres, name) == 2


async def test_t75_a_database_that_stops_and_comes_back(start: Start, postgres: Postgres, request: Any) -> None:
    server = serve(start, postgres, CONN_MAX_AGE="600", CONN_HEALTH_CHECKS="1")
    async with Browser(server.port) as browser:
        assert await done(browser, "tally", "before")
        await asyncio.to_thread(postgres.stop)
        assert not await done(browser, "tally", "without")
        await browser.until_acked(await browser.event("add"))
        assert browser.text == ">2"  # what needs no database goes on
        await asyncio.to_thread(postgres.start)
        assert await done(browser, "tally", "after")
        assert browser.close_code is None
    assert (tallies(postgres, "without"), tallies(postgres, "after")) == (0, 1)


async def test_t139_a_connection_that_ends_in_the_middle_of_a_transaction_leaves_nothing_and_is_told(
    start: Start, postgres: Postgres
) -> None:
    server = serve(start, postgres)
    name = "once, cut off"
    async with Browser(server.port) as browser:
        ref = await browser.event("tally_once", name=name, seconds=2)
        async with asyncio.timeout(20):
            while not postgres.query("SELECT count(*) FROM pg_locks WHERE relation = 'livecomp_onceevent'::regclass")[
                0
            ][0]:
                await asyncio.sleep(0.05)
        await asyncio.to_thread(postgres.terminate_others)
        await browser.until_acked(ref)
        assert [error[1:3] for error in browser.errors] == [[ref, "failed"]]
        assert tallies(postgres, name) == 0
        await browser.until_acked(await browser.event("tally_once", name=name))
        assert tallies(postgres, name) == 1
        assert browser.text == ">1"


async def test_t139_two_transactions_of_one_event_are_one(start: Start, postgres: Postgres) -> None:
    """Another process is at the same event: this one waits for its end, and then gives its answer."""
    server = serve(start, postgres)
    async with Browser(server.port) as browser:
        key = f"{browser.page_id.rpartition('.')[0]}:1"
        answer = pickle.dumps(Answer([("flash", "success", "from the other")], {}))
        with postgres.connection() as other:
            other.execute(
                "INSERT INTO livecomp_onceevent (key, \"user\", happened, answer) VALUES (%s, '', now(), %s)",
                [key, answer],
            )
            ref = await browser.event("tally_once", name="once, twice")
            async with asyncio.timeout(20):
                while not postgres.query("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0]:
                    await asyncio.sleep(0.05)
            other.commit()
        await browser.until_acked(ref)
        assert not browser.errors
    assert tallies(postgres, "once, twice") == 0


@pytest.fixture
def beside(postgres: Postgres, django_db_blocker: Any) -> Iterator[str]:
    """The database as one of this process, with livecomp's table: its alias."""
    alias = "beside"
    connections.databases[alias] = connections.configure_settings(
        {
            alias: {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": "127.0.0.1",
                "PORT": postgres.port,
                "USER": "livecomp",
                "NAME": "postgres",
            },
            "default": {"ENGINE": "django.db.backends.sqlite3"},
        }
    )[alias]
    with django_db_blocker.unblock():
        call_command("migrate", "livecomp", database=alias, verbosity=0)
        yield alias
        connections[alias].close()
    del connections.databases[alias]


@pytest.mark.parametrize("committed", [True, False])
def test_t139_a_commit_that_is_still_under_way_is_waited_for(postgres: Postgres, beside: str, committed: bool) -> None:
    key = f"page:{committed}"
    with postgres.connection() as other, ThreadPoolExecutor() as threads:
        other.execute(
            "INSERT INTO livecomp_onceevent (key, \"user\", happened, answer) VALUES (%s, '', now(), 'answer')", (key,)
        )
        found = threads.submit(in_a_thread, once._after, key, beside, OperationalError("the connection was lost"))
        while not postgres.query("SELECT 1 FROM pg_locks WHERE NOT granted"):
            assert not found.done()
        if committed:
            other.commit()
        else:
            other.rollback()
        row = found.result(60)
    assert (row is not None) is committed
    assert len(postgres.query(f"SELECT 1 FROM livecomp_onceevent WHERE key = '{key}'")) == committed


def in_a_thread(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    finally:
        connections.close_all()
