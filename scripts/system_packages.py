"""Install the programs that the tests start, where they are missing and that is possible.

    python3 scripts/system_packages.py chromium redis-server postgresql

Knows Debian's and Ubuntu's `apt-get`, as root or through a `sudo` that asks for no password. On
other systems it names what is missing and leaves the rest to you. Standard library only.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def main(packages: Sequence[str]) -> None:
    missing = [package for package in packages if not is_there(package)]
    if missing:
        install(missing)


def is_there(package: str) -> bool:
    """Whether the program of a Debian package can be found on this machine."""
    known = _FINDERS.get(package)
    return known() if known else shutil.which(package) is not None


def install(packages: Sequence[str]) -> None:
    """Install Debian packages; without a way to do so, say which ones are missing."""
    prefix = _apt_prefix()
    if prefix is None:
        print(f"Missing: {', '.join(packages)}. Please install them and try again.", flush=True)
        return
    print(f"Installing {', '.join(packages)} …", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    subprocess.run([*prefix, "apt-get", "update", "-qq"], check=False, **quiet)
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qq", "-y"]
    done = subprocess.run([*command, "--no-install-recommends", *packages], check=False, **quiet)
    if done.returncode:
        print(f"apt-get could not install {', '.join(packages)}.", flush=True)


def _apt_prefix() -> list[str] | None:
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], check=False).returncode == 0:
        return ["sudo", "-n"]
    return None


def _chromium() -> bool:
    names = ("chromium", "chromium-browser", "google-chrome")
    return any(shutil.which(name) for name in names)


def _postgresql() -> bool:
    if shutil.which("initdb"):
        return True
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


_FINDERS: dict[str, Callable[[], bool]] = {"chromium": _chromium, "postgresql": _postgresql}


if __name__ == "__main__":
    main(sys.argv[1:])
