"""The README's five-minute path in a new Django project, served by `runserver`, in a browser."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Visitors
from tests.ports import free_port
from tests.walkthrough import environment, manage, new_project, prose_steps, readme_path

STARTUP = 60.0  # seconds


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    new_project(tmp_path)
    for step in prose_steps(readme_path()):
        step.apply(tmp_path)
    manage(tmp_path, "migrate")
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "manage.py", "runserver", "--noreload", address]
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=log, stderr=log)
    url = f"http://{address}/live/"
    deadline = time.monotonic() + STARTUP
    while not _answers(url):
        said = (tmp_path / "server.log").read_text()
        assert server.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
    yield url
    server.terminate()
    server.wait(30)


def test_the_counter_counts(url: str, visitors: Visitors) -> None:
    visitors.allow("favicon.ico")
    page = visitors.open(url)
    assert page.inner_text("#count") == "5"
    page.click("text=+10")
    page.wait_for_function("document.querySelector('#count').textContent === '15'")
    page.click("text=+1 >> nth=0")
    page.wait_for_function("document.querySelector('#count').textContent === '16'")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False
