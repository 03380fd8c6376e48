"""Follow a document to the letter: write the files that it shows, run the commands that it gives."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
CAPTION = re.compile(r"\A:caption: (?P<caption>[^\n]+)\n")
PATH = re.compile(r"`([\w./]+\.(?:py|html))`")
AT_THE_END = "at the end of "
OURS_TO_DO = ("python3 -m venv", "source ", "python -m pip", "python manage.py runserver")


@dataclass(frozen=True)
class File:
    """A file to write, or a piece to add at its end."""

    path: str
    text: str
    at_the_end: bool

    def apply(self, project: Path) -> None:
        path = project / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() + "\n" if self.at_the_end else ""
        path.write_text(before + self.text)


@dataclass(frozen=True)
class Command:
    """A line of a console block."""

    line: str

    def apply(self, project: Path) -> None:
        if self.line.startswith(OURS_TO_DO):
            return
        program, *arguments = shlex.split(self.line)
        interpreter = {"python": [sys.executable], "django-admin": [sys.executable, "-m", "django"]}
        done = run([*interpreter[program], *arguments], project)
        assert done.returncode == 0, f"$ {self.line}\n{done.stdout}{done.stderr}"


Step = File | Command


def tutorial_steps(document: Path) -> Iterator[Step]:
    """The steps of a page whose code blocks name their file in a caption."""
    for block in BLOCK.finditer(document.read_text()):
        caption = CAPTION.match(block["body"])
        if block["info"] == "console":
            yield from _commands(block["body"])
        elif caption:
            path = caption["caption"]
            text = block["body"][caption.end() :]
            yield File(path.removeprefix(AT_THE_END), text, path.startswith(AT_THE_END))


def prose_steps(text: str) -> Iterator[Step]:
    """The steps of a text that names the file in the sentence before its code block."""
    end = 0
    for block in BLOCK.finditer(text):
        sentence, end = text[end : block.start()], block.end()
        if block["info"] == "console":
            yield from _commands(block["body"])
        else:
            yield File(PATH.findall(sentence)[-1], block["body"], AT_THE_END in sentence.lower())


def readme_path() -> str:
    """The README's part for an existing project."""
    text = (ROOT / "README.md").read_text()
    return text.split("## Add it to your project in five minutes\n")[1].split("\n## ")[0]


def new_project(project: Path) -> None:
    """What the README takes for granted: a Django project "mysite" with an app "polls"."""
    for line in ("django-admin startproject mysite .", "python manage.py startapp polls"):
        Command(line).apply(project)
    File("mysite/settings.py", 'INSTALLED_APPS += ["polls"]\n', at_the_end=True).apply(project)


def environment() -> dict[str, str]:
    """The environment of a process that has nothing to do with the settings of these tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "PYTEST"))}
    return {**kept, "PYTHONPATH": str(ROOT / "src")}


def run(command: list[str], project: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in the project."""
    return subprocess.run(
        command,
        cwd=project,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def manage(project: Path, *arguments: str) -> str:
    """Run ``manage.py`` and give what it printed; fails when it does."""
    done = run([sys.executable, "manage.py", *arguments], project)
    assert done.returncode == 0, f"manage.py {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def _commands(body: str) -> Iterator[Command]:
    for line in body.splitlines():
        if line.startswith("$ "):
            yield Command(line.removeprefix("$ ").split("    #")[0].strip())


def examples(document: Path) -> CodeType:
    """The page's Python as one program. Everything else is blanked out, so that tracebacks name the page's lines."""
    text, code, end = document.read_text(), "", 0
    for block in BLOCK.finditer(text):
        if block["info"] == "python":
            code += "\n" * text.count("\n", end, block.start("body")) + block["body"]
            end = block.end("body")
    return compile(code, str(document), "exec", dont_inherit=True)


def shown_tests(document: Path) -> list[str]:
    """The names of the test functions that the page shows."""
    return re.findall(r"^def (test_\w+)", document.read_text(), re.MULTILINE)
