"""Running a benchmark in its small size: for tests that each one works, not for its figures."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = {path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py")}


def run_quickly(name: str) -> str:
    """What ``benchmarks/<name>.py --quick`` prints. Raises AssertionError when it fails."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def missing_figures(text: str, figures: list[str]) -> list[str]:
    """Those of the figures that have no line with a number."""
    return [each for each in figures if not re.search(rf"^ *{re.escape(each)}.* \d", text, re.MULTILINE)]
