"""Installs packages with many templates beside the project, and has both renderers render them.

Django's admin, allauth and wagtail. The packages stay in ``.cache/conformance``; nothing of them is part of this project.
"""

import os
import subprocess
import sys
from pathlib import Path

import django

PROJECT = Path(__file__).parents[2]
CACHE = PROJECT / ".cache" / "conformance"
PACKAGES = ("django-allauth", "wagtail")


def install() -> Path | None:
    """The folder of the packages for this Python and this Django; None where they cannot be installed."""
    django_version = django.get_version()
    folder = CACHE / f"python{sys.version_info.major}.{sys.version_info.minor}-django{django_version}"
    if folder.is_dir():
        return folder
    made = folder.with_suffix(".part")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", str(made)]
    done = subprocess.run(
        [*command, f"django=={django_version}", *PACKAGES], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"{', '.join(PACKAGES)}: cannot be installed\n{done.stderr}")
        return None
    made.rename(folder)
    return folder


def compare() -> bool:
    """Render the packages' templates and pages; True when both renderers give the same."""
    folder = install()
    if folder is None:
        return False
    paths = [str(PROJECT / "src"), str(PROJECT), str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return (
        subprocess.run([sys.executable, "-m", "tests.conformance.site"], env=environment, check=False).returncode == 0
    )
