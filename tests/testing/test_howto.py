"""The examples of docs/howto/testing.md, run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import path

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "howto" / "testing.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.urls(__name__)


def examples() -> str:
    """The document with everything but its Python blanked out, so that tracebacks name its lines."""
    text, code, end = DOCUMENT.read_text(), "", 0
    for block in BLOCK.finditer(text):
        code += "\n" * text.count("\n", end, block.start(1)) + block[1]
        end = block.end(1)
    return code


exec(compile(examples(), str(DOCUMENT), "exec"), globals())

urlpatterns = [path("guestbook/", Guestbook.as_view())]  # type: ignore[name-defined]  # noqa: F821


def test_every_example_is_run() -> None:
    named = re.findall(r"^def (test_\w+)", DOCUMENT.read_text(), re.MULTILINE)
    assert len(named) >= 12
    assert all(callable(globals()[name]) for name in named)
