"""Create or update a virtual environment for working on livecomp.

    python3 scripts/environment.py DIRECTORY GROUP [GROUP ...]

The environment holds the package itself (editable) and the named dependency groups of
`pyproject.toml`, in the versions of `constraints.txt`. Standard library only: this runs first.
"""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import system_packages

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


def main(directory: str, groups: list[str]) -> None:
    if sys.version_info < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        sys.exit(f"livecomp needs Python {wanted} or later, this is {sys.version.split()[0]}.")
    environment = ROOT / directory
    if not _fits(environment):
        _create(environment)
    _pip(environment, "pip")
    _pip(environment, "--editable", ".", *(part for group in groups for part in ("--group", group)))


def _fits(environment: Path) -> bool:
    """Whether there is a whole environment of the running Python's version."""
    settings = environment / "pyvenv.cfg"
    if not settings.exists() or not (environment / "bin" / "pip").exists():
        return False
    return f"version = {sys.version.split()[0]}" in settings.read_text()


def _create(environment: Path) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    try:
        venv.create(environment, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError:  # Debian keeps ensurepip in a package of its own
        system_packages.install(["python3-venv"])
        venv.create(environment, with_pip=True, symlinks=True, clear=True)


def _pip(environment: Path, *arguments: str) -> None:
    command = [str(environment / "bin" / "python"), "-m", "pip", "install", "-qq"]
    command += ["--disable-pip-version-check", "--constraint", "constraints.txt", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"pip could not install {' '.join(arguments)}: see its message above.")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
