"""The list of threats: each of its rows has a test that carries its number."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
UPLOADS = set(range(99, 107))  # there are none yet


def test_every_row_has_a_test_by_its_number() -> None:
    numbers = set()
    for path in TESTS.rglob("test_*.py"):
        for name in re.findall(r"def test_((?:t\d+_)+)", path.read_text()):
            numbers.update(int(number) for number in re.findall(r"t(\d+)_", name))
    rows = set(range(1, 141)) - UPLOADS
    assert sorted(rows - numbers) == []
    table = (TESTS.parent / "docs/explanation/security.md").read_text()
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == list(range(116, 141))
