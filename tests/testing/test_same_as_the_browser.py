"""What a user does gives the same messages in the test client as in Chromium with the real client."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, WebSocketRoute, sync_playwright

import livecomp
from livecomp.testing import LiveClient, TestPage
from tests.testing.components import echo
from tests.testing.test_forms import EVERYTHING, FORM

CLIENT = Path(livecomp.__file__).parent / "static" / "livecomp"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SITE = "http://live.test"
SCRIPT = f'<script type="module" src="{SITE}/livecomp.js" data-livecomp-url="/livecomp/ws"></script>'

Action = tuple[str, ...]

KEYS = """<input id="k" live-keydown="hear" live-keyup="hear" live-keys="Enter Escape Space a">
<textarea id="t" live-keydown="hear"></textarea><p live-window-keyup="hear" live-keys="F1">x</p>"""
MODELS = """<input id="i" live-model="text" value="start"><input id="c" live-model.change="text"><input id="b" live-model.blur="text">
<input id="d" live-model="text" live-debounce="60000"><textarea id="t" live-model="text">old</textarea>
<input id="one" type="checkbox" live-model="flag"><input id="ta" type="checkbox" live-model="tags" value="a">
<input id="tb" type="checkbox" live-model="tags" value="b" checked>
<input id="r" type="radio" name="c" value="red" live-model="colour"><input id="g" type="radio" name="c" value="green" live-model="colour">
<select id="s" live-model="colour"><option>red<option value="g">green</select>
<select id="m" multiple live-model="tags"><option>a<option selected>b</select>"""
EVENTS = """<div id="outer" live-click="note" live-value-item-id="7"><b id="inner">deep</b>
<span live-click="say" live-stop><i id="stopped">still</i></span></div>
<button id="self" live-click="say" live-self>self <i id="notself">not</i></button><button id="once" live-click="say" live-once>once</button>
<input id="f" live-focus="note" live-blur="note" live-change="note" live-input="note" value="v">
<form id="form" live-change="note" live-click="say"><input name="a" id="a"><input type="checkbox" name="box" id="box" live-input="note"></form>
<b id="dbl" live-dblclick="say">double</b><div live-click-away="say" live-value-value="away" id="in">in</div>
<a id="link" href="/there/?a=1" live-patch live-click="say">there</a><button id="ask" live-click="say" live-confirm="Sure?">ask</button>
<button id="js" live-js="add-class:x #in; push:say" live-value-value="js">js</button>
<button id="other" live-click="say" live-target="#inner" live-value-value="t">other</button>"""
TWO_FORMS = """<form id="x" live-submit="note"><input name="title" id="title" required><input name="n" live-model="text" id="n"><button>x</button></form>
<form id="y" live-submit="note" live-confirm="Sure?"><button name="b" value="1" id="b1">1</button><button name="b" value="2" id="b2">2</button>
<fieldset disabled><input name="no" value="1"></fieldset><select name="s"><option value="">-<option>x</select>
<input type="checkbox" name="c" value="1"><input type="checkbox" name="c" value="2" checked disabled></form>
<input id="out" form="y" name="out" value="o">"""

SCENARIOS: dict[str, tuple[str, list[Action]]] = {
    "form": (FORM, [("click", "text=Save"), ("click", "text=Drop"), ("press", "[name=title]", "Enter"), ("fill", "[name=empty]", "x"),
                    ("check", "[name=single]"), ("check", "[name=many] >> nth=1"), ("select", "[name=tags]", "b"),
                    ("select", "[name=colour]", "r"), ("click", "text=Save")]),
    "every kind of field": (EVERYTHING, [("press", "#go", "Enter"), ("check", "[name=tags]"), ("press", "#go", "Enter")]),
    "two forms": (TWO_FORMS, [("fill", "#title", "T"), ("press", "#title", "Enter"), ("fill", "#n", "z"), ("click", "#b2"),
                              ("fill", "#title", "U"), ("press", "#n", "Enter"), ("press", "#out", "Enter")]),
    "models": (MODELS, [("fill", "#i", "new"), ("fill", "#c", "x"), ("fill", "#b", "y"), ("fill", "#t", "two lines"), ("type", "#d", "abc"),
                        ("check", "#one"), ("uncheck", "#one"), ("check", "#ta"), ("uncheck", "#tb"), ("check", "#g"), ("check", "#r"),
                        ("select", "#s", "g"), ("select", "#m", "a"), ("type", "#i", "12")]),
    "keys": (KEYS, [("press", "#k", "Enter"), ("press", "#k", "Escape"), ("press", "#k", " "),
                    ("press", "#t", "x"), ("press", "#t", "F1")]),
    "events": (EVENTS, [("click", "#inner"), ("click", "#stopped"), ("click", "#notself"), ("click", "#self"), ("click", "#once"),
                        ("click", "#once"), ("fill", "#f", "w"), ("type", "#f", "xy"), ("fill", "#a", "1"), ("check", "#box"),
                         ("click", "#link"), ("click", "#ask"), ("click", "#js"), ("click", "#other"), ("dblclick", "#dbl")]),
}  # fmt: skip


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        tab = browser.new_page()
        tab.on("dialog", lambda dialog: dialog.accept())
        yield tab
        browser.close()


def in_chromium(tab: Page, html: str, actions: list[Action]) -> list[list[Any]]:
    """The numbered messages that the real client sends. The server says yes to everything, and changes nothing."""
    sent: list[list[Any]] = []

    def serve(socket: WebSocketRoute) -> None:
        def answer(frame: str | bytes) -> None:
            message = json.loads(frame)
            if message[0] == "join":
                socket.send(json.dumps(["joined", "page", 0, 0, [], []]))
            elif message[0] in ("event", "set", "url"):
                sent.append([message[0], *message[2:]])
                socket.send(json.dumps(["ack", message[1]]))

        socket.on_message(answer)

    tab.unroute_all()
    tab.route(
        f"{SITE}/**",
        lambda route: route.fulfill(
            body=f"<!doctype html><head>{SCRIPT}</head>{html}", content_type="text/html; charset=utf-8"
        ),
    )
    tab.route(f"{SITE}/**/*.js", lambda route: route.fulfill(path=f"{CLIENT}{urlsplit(route.request.url).path}"))

    tab.route_web_socket("**/livecomp/ws", serve)
    tab.add_init_script("addEventListener('live:connected', () => (window.isConnected = true))")
    tab.goto(f"{SITE}/")
    tab.wait_for_function("window.isConnected")
    for action in actions:
        act_in_chromium(tab, *action)
        tab.wait_for_function("!document.querySelector('[data-loading]')")  # everything is answered
    return sent


def act_in_chromium(tab: Page, kind: str, target: str, value: str = "") -> None:
    element = tab.locator(target)
    if kind == "fill":
        element.fill(value)
        element.blur()
    elif kind == "type":
        element.press("End")
        element.press_sequentially(value)
        element.blur()
    elif kind == "press":
        element.press(value)
        element.blur()
    elif kind == "select":
        element.select_option(value)
    else:
        getattr(element, kind)()


def act_in_the_test_client(page: TestPage, kind: str, target: str, value: str = "") -> None:
    selector, _, nth = target.partition(" >> nth=")
    element: Any = page.all(selector)[int(nth)] if nth else selector.removeprefix("text=")
    if kind == "type":
        page.press("End", element).type(element, value).blur()
    elif kind == "press":
        page.press(value, element).blur()
    elif kind == "dblclick":
        page.trigger(element, "click").trigger(element, "click").trigger(element, "dblclick")
    elif value:
        getattr(page, kind)(element, value)
    else:
        getattr(page, kind)(element)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_messages(live: LiveClient, tab: Page, name: str) -> None:
    markup, actions = SCENARIOS[name]
    page = live.mount(echo(markup))
    html = page.one("#echo").html
    for action in actions:
        act_in_the_test_client(page, *action)
    ours = [[message[0], *message[2:]] for message in page.sent if message[0] in ("event", "set", "url")]
    assert ours == in_chromium(tab, html, actions)
