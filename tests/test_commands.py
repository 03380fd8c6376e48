"""The management commands."""

import importlib
import json
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.apps import AppConfig, apps
from django.core.management import CommandError, call_command

from livecomp import LiveComponent, registry, state, topics
from livecomp.management.commands.livecomponents import describe


def output_of(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, no_color=True)
    return out.getvalue()


# startlivecomponent


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that Django takes for the app "garden"."""
    path = tmp_path / "garden"
    path.mkdir()
    (path / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    config = AppConfig("garden", importlib.import_module("garden"))
    config.path = str(path)
    monkeypatch.setitem(apps.app_configs, "garden", config)
    before = dict(registry._classes)
    yield path
    registry._classes.clear()
    registry._classes.update(before)
    for name in [name for name in sys.modules if name.split(".")[0] == "garden"]:
        del sys.modules[name]


def test_a_new_component_has_a_class_and_a_template(app):
    told = output_of("startlivecomponent", "garden", "FlowerBed")
    importlib.import_module("garden.live")
    cls = registry.get("flower_bed")
    assert cls.template_name == "garden/flower_bed.html"
    assert list(cls.events) == ["add"]
    assert "{{ count }}" in (app / "templates" / "garden" / "flower_bed.html").read_text()
    assert '{% live_component "flower_bed" %}' in told


def test_a_second_component_joins_the_first(app):
    call_command("startlivecomponent", "garden", "FlowerBed", stdout=StringIO())
    call_command("startlivecomponent", "garden", "Pond", stdout=StringIO())
    source = (app / "live.py").read_text()
    assert source.count("from livecomp import") == 1
    importlib.import_module("garden.live")
    assert registry.get("pond")
    assert registry.get("flower_bed")


def test_missing_imports_are_added_after_the_others(app):
    (app / "live.py").write_text('"""Live."""\nimport os\nfrom livecomp import event\n\nHERE = os.curdir\n')
    call_command("startlivecomponent", "garden", "Pond", stdout=StringIO())
    lines = (app / "live.py").read_text().splitlines()
    assert lines[:5] == [
        '"""Live."""',
        "import os",
        "from livecomp import event",
        "from livecomp import LiveComponent",
        "",
    ]
    importlib.import_module("garden.live")


def test_a_live_package_gets_a_module(app):
    (app / "live").mkdir()
    (app / "live" / "__init__.py").write_text("")
    call_command("startlivecomponent", "garden", "FlowerBed", stdout=StringIO())
    importlib.import_module("garden.live")
    assert registry.get("flower_bed").__module__ == "garden.live.flower_bed"


def test_nothing_is_overwritten(app):
    call_command("startlivecomponent", "garden", "Pond", stdout=StringIO())
    before = (app / "live.py").read_text()
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("startlivecomponent", "garden", "Pond")
    (app / "templates" / "garden" / "pond.html").unlink()
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("startlivecomponent", "garden", "Pond")
    assert (app / "live.py").read_text() == before


@pytest.mark.parametrize(
    ("name", "better"), [("flower_bed", "FlowerBed"), ("9lives", "lives"), ("class", "Class"), ("-", "TodoList")]
)
def test_a_bad_class_name_is_answered_with_a_good_one(app, name, better):
    with pytest.raises(CommandError, match=better):
        call_command("startlivecomponent", "garden", "--", name)
    assert not (app / "live.py").exists()


def test_an_unknown_app_is_an_error():
    with pytest.raises(CommandError, match="nowhere"):
        call_command("startlivecomponent", "nowhere", "Pond")


# livecomponents


def test_the_list_shows_what_the_browser_may_do():
    shown = output_of("livecomponents", "counter")
    assert shown.startswith('tests.testapp.live.Counter  "counter"\n')
    assert "state     count: int = 0\n" in shown
    assert "          step: int = 1  (bind)\n" in shown
    assert "events    add(by: int = 1) -> None\n" in shown


def test_the_list_has_every_component():
    shown = output_of("livecomponents")
    for name in registry.all_components():
        assert f'"{name}"' in shown


def test_the_list_as_json():
    assert json.loads(output_of("livecomponents", "--json", "counter")) == [describe(registry.get("counter"))]


def test_an_unknown_component_is_an_error_with_a_suggestion():
    with pytest.raises(CommandError, match="Did you mean 'counter'"):
        call_command("livecomponents", "countre")


def test_targets_are_shown():
    class Drawing(LiveComponent):
        template = """<div class="{{ kind }}">
  <svg><path d="{{ path }}"/></svg>
  {% for point in points %}<i id="p{{ point.id }}">{{ point.x }}</i>{% endfor %}
</div>"""
        kind: str = ""
        path: str = ""
        points: list[dict[str, int]] = state([])

    assert output_of("livecomponents", "--targets", "drawing").splitlines()[1:] == [
        "<div> .0 (line 1)",
        "  <svg> .1 (line 2), not split: the content of <svg> and <math> is patched as a whole",
        "  for (line 3), items told apart by key",
        "    <i> .2 (line 3)",
    ]


def test_source_is_shown_and_compiles():
    heading, _, source = output_of("livecomponents", "--source", "counter").partition("\n")
    assert "counter" in heading
    compile(source, "counter", "exec")


# live_publish


class Heard:
    """Takes the messages of this process."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, list[object]]] = []

    def deliver_soon(self, topic: str, messages: list[object], origin: object) -> None:
        self.messages.append((topic, messages))

    def control_soon(self, kind: str, value: object) -> None:
        raise AssertionError("no control message was expected")


@pytest.fixture
def heard() -> Iterator[Heard]:
    listener = Heard()
    topics.add_listener(listener)
    yield listener
    topics.remove_listener(listener)


def test_a_message_is_published(heard):
    call_command("live_publish", "poll:3", '{"votes": 12}')
    call_command("live_publish", "poll:3")
    assert heard.messages == [("poll:3", [{"votes": 12}]), ("poll:3", [None])]


def test_a_message_that_is_not_json_says_how_to_quote_it(heard):
    with pytest.raises(CommandError, match="not JSON"):
        call_command("live_publish", "poll:3", "hello")
    assert heard.messages == []


def test_publishing_to_nobody_is_an_error(monkeypatch):
    monkeypatch.setattr(topics, "listeners", set())
    with pytest.raises(CommandError, match="CHANNEL_LAYERS"):
        call_command("live_publish", "poll:3")


def test_a_channel_layer_that_takes_nothing_is_an_error(heard, monkeypatch):
    monkeypatch.setattr(topics, "flush", lambda: False)
    with pytest.raises(CommandError, match="did not take"):
        call_command("live_publish", "poll:3")
