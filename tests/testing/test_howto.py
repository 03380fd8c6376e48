"""The examples of docs/howto/testing.md, run as they stand there."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import path

from tests.walkthrough import examples, shown_tests

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "howto" / "testing.md"

pytestmark = pytest.mark.urls(__name__)


exec(examples(DOCUMENT), globals())

urlpatterns = [path("guestbook/", Guestbook.as_view())]  # type: ignore[name-defined]  # noqa: F821


def test_every_example_is_run() -> None:
    named = shown_tests(DOCUMENT)
    assert len(named) >= 12
    assert all(callable(globals()[name]) for name in named)
