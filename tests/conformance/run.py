"""Downloads Django's source packages and runs their template tests twice: on Django's engine, and on ours.

The outcome must be the same. Both supported lines of Django are tried, as far as this Python can run them; then the
templates of some large packages. The source packages stay in ``.cache/django``; nothing of them is part of this project.
"""

import argparse
import os
import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.conformance import packages

PROJECT = Path(__file__).parents[2]
CACHE = PROJECT / ".cache" / "django"
BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
LINES = ("django~=5.2.0", "django")  # the oldest line that is supported, and the newest release
LABELS = ("template_tests", "template_backends", "timezones", "i18n", "humanize_tests", "forms_tests", "generic_views")

_COUNT = re.compile(r"^Ran (\d+) tests?", re.MULTILINE)
_FAILED = re.compile(r"^(?:FAIL|ERROR|UNEXPECTED SUCCESS): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What a run of Django's tests gave."""

    count: int
    failed: frozenset[str]
    output: str


def download(line: str) -> Path | None:
    """The folder of Django's source package for a requirement; None where no release fits this Python."""
    folder = CACHE / f"python{sys.version_info.major}.{sys.version_info.minor}" / re.sub(r"\W+", "-", line)
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", line]
    done = subprocess.run([*command, "--dest", str(folder)], capture_output=True, text=True, check=False)
    packages = sorted(folder.glob("[Dd]jango-*.tar.gz"), key=lambda package: package.stat().st_mtime)
    if not packages:
        print(f"{line}: cannot be downloaded\n{done.stderr}")
        return None
    source = CACHE / packages[-1].name.removesuffix(".tar.gz")  # on an older Python both lines can be the same release
    if not source.is_dir():
        with tarfile.open(packages[-1]) as package:
            package.extractall(CACHE, filter="data")
    return source


def run(source: Path, labels: list[str], *, ours: bool) -> Outcome:
    """Run Django's tests with its own engine or with our renderer."""
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{source}"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    arguments = [str(source / "tests"), *([] if ours else ["--engine"]), *labels]
    done = subprocess.run(
        [sys.executable, str(BOOTSTRAP), *arguments], capture_output=True, text=True, env=environment, check=False
    )
    output = done.stdout + done.stderr
    count = _COUNT.search(output)
    return Outcome(int(count[1]) if count else 0, frozenset(_FAILED.findall(output)), output)


def compare(source: Path, labels: list[str]) -> bool:
    """Try one release of Django; True when both renderers give the same outcome."""
    theirs, ours = run(source, labels, ours=False), run(source, labels, ours=True)
    same = theirs.count == ours.count > 0 and theirs.failed == ours.failed
    print(
        f"{source.name}: {ours.count} tests on livecomp's renderer, {theirs.count} on the engine;"
        f" failing {len(ours.failed)} and {len(theirs.failed)}: {'the same' if same else 'NOT THE SAME'}"
    )
    if not same:
        for name in sorted(ours.failed ^ theirs.failed):
            print(f"  only {'ours' if name in ours.failed else 'theirs'}: {name}")
        print(ours.output[-20000:])
    return same


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", nargs="*", help=f"test labels of Django's suite (default: {' '.join(LABELS)})")
    labels: list[str] = parser.parse_args().labels or list(LABELS)
    sources = [download(line) for line in LINES]
    results = [source is not None for source in sources]
    results += [compare(source, labels) for source in dict.fromkeys(filter(None, sources))]
    print("\nThe templates of Django's admin, allauth and wagtail", flush=True)
    results.append(packages.compare())
    return 0 if all(results) else 1
