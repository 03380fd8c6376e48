"""What a patch costs in the browser, beside morphdom, idiomorph and LiveView's client: medians in Chromium.

Run: python -m benchmarks.browser [--quick] [--json]

The measurements are in `js/bench`; this only starts them.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    node = shutil.which("node")
    if node is None:
        print("There is no Node here: the client is not measured.")
        return 0
    return subprocess.run([node, "js/bench/run.mjs", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
