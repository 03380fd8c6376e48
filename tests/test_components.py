"""django-components in live templates."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from livecomp.components import steady
from livecomp.templating import opaque

ROOT = Path(__file__).resolve().parent.parent


def rendered(id: str, inner: str = "zzZZ99", text: str = "Ada") -> str:
    return (
        f"<!-- _RENDERED Card_7734eb,{id},, -->\n<!-- _RENDERED Icon_1,{inner},ab12,cd34 -->"
        f'<article class="card" data-djc-id-{id}="">{text}<i data-djc-id-{inner}=""></i></article>'
    )


def test_two_renders_of_the_same_are_the_same() -> None:
    assert steady(rendered("cX1y2Z3", "c111111")) == steady(rendered("cq7xSvh", "c222222"))


def test_another_content_has_another_id() -> None:
    ids = {re.findall(r"data-djc-id-(\w+)", steady(rendered("cX1y2Z3", text=text)))[0] for text in ("Ada", "Grace")}
    assert len(ids) == 2


def test_the_comments_are_left_with_the_ids_that_the_html_has() -> None:
    before = opaque.leftovers.set([])
    html = steady(rendered("cX1y2Z3"))
    left = opaque.leftovers.get()
    opaque.leftovers.reset(before)
    card, icon = re.findall(r"data-djc-id-(\w+)", html)
    assert left == [f"<!-- _RENDERED Card_7734eb,{card},, -->", f"<!-- _RENDERED Icon_1,{icon},ab12,cd34 -->"]
    assert "_RENDERED" not in html


def test_other_html_is_left_alone() -> None:
    assert steady('<p data-djc-id="1"><!-- RENDERED --></p>') == '<p data-djc-id="1"><!-- RENDERED --></p>'


@pytest.fixture(scope="module")
def site() -> Any:
    command = [sys.executable, "-m", "tests.components_site"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_did_not_change_is_not_sent(site: Any) -> None:
    assert [message[3] for message in site["sent"]["turn"]] == [[["c0.1", ">1"]]]


def test_a_live_component_in_a_slot_has_its_own_state(site: Any) -> None:
    assert [message[3] for message in site["sent"]["like"]] == [[["c2.0", ">1"]]]


def test_a_component_that_changed_is_sent_without_comments(site: Any) -> None:
    [[_, _, _, patches]] = site["sent"]["rename"]
    assert "<h2>d</h2>" in json.dumps(patches)
    assert "<h2>a</h2>" not in json.dumps(patches)
    assert "_RENDERED" not in json.dumps(patches)


def test_a_value_in_a_fill_comes_back_in_every_language(site: Any) -> None:
    assert site["taken"] == [1234, None]


def test_scripts_and_styles_are_on_the_page_and_for_its_ids(site: Any) -> None:
    html = site["html"]
    assert "article { color: teal }" in html
    assert "_RENDERED" not in html
    ids = set(re.findall(r"data-djc-id-(\w+)", html))
    assert len(ids) == 3 == site["ids"]
    assert all(base64.b64encode(id.encode()).decode() in html for id in ids)  # where $onComponent is called for them
