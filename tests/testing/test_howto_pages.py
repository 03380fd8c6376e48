"""The examples of the how-to guides, run as they stand there."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from livecomp.testing import LiveClient
from tests.walkthrough import examples, shown_tests

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "howto"
PAGES = ["access", "background-work", "exactly-once", "forms", "nesting", "presence", "scripts", "urls", "watch-models"]
TESTS = [(page, name) for page in PAGES for name in shown_tests(FOLDER / f"{page}.md")]


@cache
def names_of(page: str) -> dict[str, Any]:
    """What the page's Python defines."""
    names: dict[str, Any] = {"__name__": f"howto_{page}"}
    exec(examples(FOLDER / f"{page}.md"), names)
    return names


@pytest.mark.django_db
@pytest.mark.parametrize(("page", "name"), TESTS, ids=[name for _, name in TESTS])
def test_an_example(page: str, name: str, live: LiveClient) -> None:
    names_of(page)[name](live)


def test_every_page_has_a_test() -> None:
    assert {page for page, _ in TESTS} == set(PAGES)
