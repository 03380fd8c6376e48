"""The examples of the how-to guides, run as they stand there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from livecomp.testing import LiveClient

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "howto"
PAGES = ["access", "background-work", "forms", "nesting", "presence", "scripts", "urls", "watch-models"]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TESTS = [
    (page, name)
    for page in PAGES
    for name in re.findall(r"^def (test_\w+)", (FOLDER / f"{page}.md").read_text(), re.MULTILINE)
]


@cache
def examples(page: str) -> dict[str, Any]:
    """What the page's Python defines. Everything else is blanked out, so that tracebacks name its lines."""
    path = FOLDER / f"{page}.md"
    text, code, end = path.read_text(), "", 0
    for block in BLOCK.finditer(text):
        code += "\n" * text.count("\n", end, block.start(1)) + block[1]
        end = block.end(1)
    names: dict[str, Any] = {"__name__": f"howto_{page}"}
    exec(compile(code, str(path), "exec"), names)
    return names


@pytest.mark.django_db
@pytest.mark.parametrize(("page", "name"), TESTS, ids=[name for _, name in TESTS])
def test_an_example(page: str, name: str, live: LiveClient) -> None:
    examples(page)[name](live)


def test_every_page_has_a_test() -> None:
    assert {page for page, _ in TESTS} == set(PAGES)
