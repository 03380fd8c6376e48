"""The pytest plugin, in projects with and without Django settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def pytest_in(folder: Path, *arguments: str, **environment: str) -> str:
    """What pytest says, run on a folder of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "PYTEST"))}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(folder),
            "-c",
            os.devnull,
            *arguments,
        ],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_project_without_django_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n\ndef test_it():\n    assert 'livecomp.testing.client' not in sys.modules\n"
        "    assert 'lxml.etree' not in sys.modules\n"
    )
    assert "1 passed" in pytest_in(tmp_path, "-p", "no:django")


def test_pages_are_closed_before_the_database_and_have_to_end_well(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from tests.testapp.models import Note\n\n"
        "def test_well(live, db):\n"
        "    page = live.mount('notes')\n"
        "    Note.objects.create(text='x')\n\n"
        "def test_badly(live):\n"
        "    page = live.mount('clock')\n"
        "    page.driver.page.close = lambda: None\n"
    )
    output = pytest_in(tmp_path, DJANGO_SETTINGS_MODULE="tests.settings", PYTHONPATH=str(ROOT))
    assert "2 passed, 1 error" in output
    assert "are left: c0:tick" in output
