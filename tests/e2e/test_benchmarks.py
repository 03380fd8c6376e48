"""The benchmarks that need Chromium, Redis or Node, in their small size."""

import shutil

import pytest

from tests.benchmarks import missing_figures, run_quickly

FIGURES = {
    "click": ["whole", "script", "style", "layout"],
    "broadcast_screen": ["from the view to the frame painted", "(the sender waits for its answer"],
    "broadcast_processes": [
        *("viewers that end on the last state", "publishes", "renders of one component, at most"),
        *("renders of all components", "frames to the viewers", "messages missed", "CPU time of both processes"),
    ],
    "browser": ["one text, 100", "one attribute, 100", "append, 100", "swap, 100", "reverse, 100", "The whole client:"],
}


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_benchmark_prints_its_figures(name: str) -> None:
    text = run_quickly(name)
    if name == "browser" and shutil.which("node") is None:
        assert "no Node" in text
    else:
        assert missing_figures(text, FIGURES[name]) == []
