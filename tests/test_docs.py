"""What the documentation claims is so: names, settings, checks, commands, the wire, and the tutorial itself."""

import ast
import inspect
import re
import subprocess
from pathlib import Path

import msgspec
import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import DjangoHelpFormatter
from django.template import engines

import livecomp
import livecomp.testing
from livecomp import constants, exceptions, protocol
from livecomp.conf import DEFAULTS
from tests.walkthrough import manage, new_project, prose_steps, readme_path, tutorial_steps

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "livecomp"
REFERENCE = DOCS / "reference"
TUTORIAL = ["counter", "poll", "todos", "tests"]


def reference(page: str) -> str:
    return (REFERENCE / f"{page}.md").read_text()


def code_in(text: str) -> set[str]:
    """Every identifier in the text's `code`."""
    return {name for code in re.findall(r"`([^`\n]+)`", text) for name in re.findall(r"[A-Za-z_]\w*", code)}


def rows(text: str) -> dict[str, list[str]]:
    """The rows of the text's tables whose first cell is code, by that code."""
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:3] == "| `"]
    return {row[0].strip("`"): row[1:] for row in cells}


def section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


# Names


@pytest.fixture(scope="module")
def names_in_reference():
    return code_in("\n".join(page.read_text() for page in REFERENCE.glob("*.md")))


@pytest.mark.parametrize("name", livecomp.__all__)
def test_every_public_name_is_in_the_reference(name, names_in_reference):
    assert name in names_in_reference


def test_every_name_of_the_test_client_is_in_the_reference():
    assert set(livecomp.testing.__all__) <= code_in(reference("testing"))


@pytest.mark.parametrize("name", ["LiveClient", "TestPage", "PageElement"])
def test_what_the_reference_says_of_the_test_client_exists(name):
    cls = getattr(livecomp.testing, name)
    title = next(line for line in reference("testing").splitlines() if line.startswith("## ") and f"`{name}`" in line)
    terms = [line for line in section(reference("testing"), title.removeprefix("## ")).splitlines() if line[:1] == "`"]
    documented = set(re.findall(r"`([a-z_]+)", "\n".join(terms)))
    source = "".join(inspect.getsource(base) for base in cls.__mro__[:-1])
    assert documented
    assert not {each for each in documented if not hasattr(cls, each) and f"self.{each}" not in source}


def test_every_attribute_of_a_component_is_in_the_reference():
    documented = code_in(reference("components"))
    internal = {"fields", "events", "topics", "timers", "url_fields", "computed"}
    public = {name for name in dir(livecomp.LiveComponent) if not name.startswith("_")} - internal
    assert public <= documented, public - documented


def test_every_method_in_the_reference_exists():
    defined = re.findall(r"^`(?!template)([a-z_]+)\(", reference("components"), re.MULTILINE)
    missing = [name for name in defined if not hasattr(livecomp.LiveComponent, name)]
    assert defined
    assert not missing


def test_every_exception_is_in_the_reference():
    own = {
        name
        for name, value in vars(exceptions).items()
        if inspect.isclass(value) and value.__module__ == exceptions.__name__
    }
    assert own == set(re.findall(r"^`(\w+)`$", reference("exceptions"), re.MULTILINE))


def test_the_template_tags_in_the_reference_are_those_there_are():
    library = engines["django"].engine.template_libraries["livecomp"]
    documented = set(re.findall(r"^`{% (\w+)", reference("template-tags"), re.MULTILINE))
    assert documented == set(library.tags)


# Settings, checks, commands


def test_the_settings_in_the_reference_are_those_there_are():
    documented = {key: eval(cells[0].strip("`"), {}) for key, cells in rows(reference("settings")).items()}
    assert documented == DEFAULTS


def test_the_checks_in_the_reference_are_those_there_are():
    source = "\n".join(path.read_text() for path in (ROOT / "src" / "livecomp").rglob("*.py"))
    raised = set(re.findall(r'id="(livecomp\.[EW]\d+)"', source))
    assert raised
    assert raised == set(re.findall(r"^`(livecomp\.[EW]\d+)`$", reference("checks"), re.MULTILINE))


def test_the_commands_in_the_reference_are_those_there_are():
    own = {name for name, app in get_commands().items() if app == "livecomp"}
    assert own == set(re.findall(r"^## (\w+)$", reference("commands"), re.MULTILINE))


@pytest.mark.parametrize("name", sorted(name for name, app in get_commands().items() if app == "livecomp"))
def test_every_argument_of_a_command_is_in_the_reference(name):
    text = section(reference("commands"), name)
    parser = load_command_class("livecomp", name).create_parser("manage.py", name)
    for action in parser._actions:
        spelt = action.option_strings[-1] if action.option_strings else action.metavar or action.dest
        if spelt not in DjangoHelpFormatter.show_last | {"--help"}:
            assert f"`{spelt}" in text, spelt


# The wire


def test_the_messages_in_the_reference_are_those_of_the_protocol():
    text = reference("protocol")
    documented = {
        kind: re.findall(r"`(\w+)`", cells[0]) for kind, cells in rows(section(text, "Browser to server")).items()
    }
    assert documented == {
        message.__struct_config__.tag: list(message.__struct_fields__) for message in protocol.CLIENT_MESSAGES
    }
    answers = [kind for kind in rows(section(text, "Server to browser")) if kind.isidentifier()]
    assert answers == list(protocol.SERVER_MESSAGES)
    assert f"**{constants.PROTOCOL_VERSION}**" in text


def test_the_codes_in_the_reference_are_those_of_the_protocol():
    text = reference("protocol")
    assert list(rows(section(text, "Error codes"))) == [code.value for code in constants.ErrorCode]
    documented = {int(code) for code in re.findall(r"\b\d{4}\b", section(text, "Close codes"))}
    assert documented - {1006} == {code.value for code in constants.CloseCode}


def test_the_map_of_the_source_is_complete():
    text = (DOCS / "explanation" / "architecture.md").read_text().split("## Where things are")[1]
    named = set(re.findall(r"`(\w+(?:\.py|/))`", text))
    there = {
        f"{path.name}/" if path.is_dir() else path.name for path in (*SOURCE.iterdir(), *(SOURCE / "runtime").iterdir())
    }
    assert there - named <= {"__init__.py", "__pycache__/", "py.typed", "static/", "templates/"}
    assert named - there == set()


def test_the_example_of_a_patch_is_one():
    block = re.search(r"```json\n(.*?)```", (DOCS / "explanation" / "architecture.md").read_text(), re.DOTALL)
    message = msgspec.json.decode(block[1])
    assert message == protocol.patch(message[1], message[2], message[3], [])


# Texts that lead somewhere


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_lead_to_files(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / page).read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_make_targets_exist(page):
    named = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", (ROOT / page).read_text()))
    assert named <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_make_help_lists_every_target():
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    declared = re.search(r"\.PHONY: (help.*?[^\\])\n", (ROOT / "Makefile").read_text(), re.DOTALL)[1]
    for target in set(declared.replace("\\\n", " ").split()) - {"test-servers", "test-unit", "test-js", "test-next"}:
        assert re.search(rf"^{target} ", listed, re.MULTILINE), target


def test_no_tab_of_the_index_is_empty():
    for part in ("tutorial", "howto", "reference", "explanation"):
        assert (DOCS / part / "index.md").exists()
        assert len(list((DOCS / part).glob("*.md"))) > 1, part


# Code


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_python_in_the_documentation_compiles(page):
    for info, body in re.findall(r"^```(\S*(?: python)?)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
        if info.endswith("python"):
            source = re.sub(r"\A:caption:.*\n", "", body)
            compile(source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_the_tutorial_works_to_the_letter(tmp_path):
    for page in TUTORIAL:
        for step in tutorial_steps(DOCS / "tutorial" / f"{page}.md"):
            step.apply(tmp_path)
    assert "OK" in manage(tmp_path, "test")


def test_the_readmes_path_works_to_the_letter(tmp_path):
    new_project(tmp_path)
    for step in prose_steps(readme_path()):
        step.apply(tmp_path)
    assert "no issues" in manage(tmp_path, "check")
