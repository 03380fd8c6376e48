"""Several server processes behind one site."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from redis import Redis
from redis.exceptions import RedisError

from tests.e2e.conftest import Visitors
from tests.e2e.server import Site
from tests.ports import free_port


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    executable = shutil.which("redis-server")
    assert executable, "redis-server is needed: `make test` installs it"
    port = free_port()
    command = [executable, "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    wait_for(url)
    yield url
    server.terminate()
    server.wait(30)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            Redis.from_url(url).ping()
            return
        except RedisError:
            assert time.monotonic() < deadline, "Redis does not answer"
            time.sleep(0.05)


@pytest.fixture
def servers(tmp_path: Path, redis_url: str) -> Iterator[tuple[Site, Site]]:
    """Two servers with one database and one Redis, as two machines behind a load balancer would be."""
    one, other = Site(tmp_path, REDIS_URL=redis_url), Site(tmp_path, REDIS_URL=redis_url)
    one.start()
    other.start()
    yield one, other
    one.stop()
    other.stop()


@pytest.fixture
def workers(tmp_path: Path, redis_url: str) -> Iterator[Site]:
    site = Site(tmp_path, REDIS_URL=redis_url, WORKERS="2")
    site.start()
    yield site
    site.stop()


def test_browsers_on_two_servers_stay_in_step_over_redis(servers: tuple[Site, Site], visitors: Visitors) -> None:
    todos = [visitors.open(server.url + "/todos/") for server in servers]
    todos[0].fill("#new-todo [name=title]", "Across processes")
    todos[0].press("#new-todo [name=title]", "Enter")
    for page in todos:
        expect(page.locator("#todos > li", has_text="Across processes")).to_be_visible()
    rooms = [visitors.open(server.url + "/chat/redis/") for server in servers]
    for page in rooms:
        expect(page.locator("#present > li")).to_have_count(2)
    rooms[1].fill("#say [name=text]", "Over there")
    rooms[1].press("#say [name=text]", "Enter")
    expect(rooms[0].locator("#messages > li", has_text="Over there")).to_be_visible()


def test_a_page_goes_on_with_its_state_on_another_server(servers: tuple[Site, Site], visitors: Visitors) -> None:
    """As behind a load balancer: the first server goes away, and the address leads to the second one."""
    visitors.allow("WebSocket connection to .* failed")
    one, other = servers
    page = visitors.open(one.url + "/counter/")
    page.click("#inc")
    expect(page.locator("#count")).to_have_text("6")
    one.stop()
    expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    other.stop()
    other.port, other.url, other.environment["PORT"] = one.port, one.url, str(one.port)
    other.start()
    page.click("#inc")
    expect(page.locator("#count")).to_have_text("7", timeout=40_000)


def test_two_workers_serve_the_demo(workers: Site, visitors: Visitors) -> None:
    pages = [visitors.open(workers.url + "/todos/") for _ in range(4)]
    pages[0].fill("#new-todo [name=title]", "Seen by all four")
    pages[0].press("#new-todo [name=title]", "Enter")
    for page in pages:
        expect(page.locator("#todos > li", has_text="Seen by all four")).to_be_visible()
