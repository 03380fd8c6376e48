"""Print the path of a second Python, so that both supported lines of Django are tested.

Python 3.11 runs Django 5.2, Python 3.12 and later run the newest Django. Started by one of them,
this looks for the other in PATH and among pyenv's versions. Prints nothing when there is none.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLD_LINE = ["3.11"]
NEW_LINE = ["3.12", "3.13"]


def main() -> None:
    wanted = NEW_LINE if sys.version_info < (3, 12) else OLD_LINE
    for version in wanted:
        for path in _candidates(version):
            if _works(path, version):
                print(path)
                return


def _candidates(version: str) -> Iterator[str]:
    found = shutil.which(f"python{version}")
    if found:
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for directory in sorted(pyenv.glob(f"versions/{version}.*"), reverse=True):
        yield str(directory / "bin" / "python3")


def _works(path: str, version: str) -> bool:
    """A shim may be in PATH for a version that it then refuses to start."""
    probe = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([path, "-c", probe], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.stdout.strip() == version


if __name__ == "__main__":
    main()
