"""The soak test itself: that it starts, and that what it calls hostile is."""

import random

import pytest

from livecomp import protocol
from livecomp.exceptions import ProtocolError
from tests.soak import __main__ as soak
from tests.soak.hostile import frame
from tests.soak.report import Report


def test_its_messages_are_noise_and_nearly_right_both() -> None:
    choice = random.Random(1)
    outcomes = {"refused": 0, "decoded": 0}
    for _ in range(500):
        text, count = frame(choice, ["token"])
        assert count >= 1
        try:
            protocol.decode(text if isinstance(text, str) else text.decode("latin-1"))
            outcomes["decoded"] += 1
        except ProtocolError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 50


def test_its_parts_can_be_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ran = []

    async def part(report: Report, given: object) -> None:
        ran.append(given)
        report.add("something", "1", 2, holds=False)

    monkeypatch.setitem(soak.PARTS, "greedy", part)
    monkeypatch.setattr("sys.argv", ["soak", "greedy"])
    assert soak.main() == 1
    assert len(ran) == 1
    assert "| something | 1 | 2 **(not met)** |" in capsys.readouterr().out
