"""What the controls of a test page hold: as in a browser."""

from typing import Any

import pytest
from django.core.cache import cache
from django.utils import translation

from livecomp import LiveComponent, event, state
from livecomp.testing import LiveClient

pytestmark = pytest.mark.django_db


class Weighed(LiveComponent):
    template = """<div><input id="w" type="number" live-model="weight" value="{{ weight }}">
      <input id="r" type="range" name="r" value="150" max="{{ most }}"><b>{{ weight }}</b>
      <button id="more" live-click="more">more</button></div>"""
    weight: float | None = state(1.5, bind=True)
    most: int = 100

    @event
    def more(self) -> None:
        self.most = 200


def test_a_number_in_another_language_is_in_the_form_that_the_control_takes(live: LiveClient) -> None:
    with translation.override("de"):
        page = live.mount(Weighed)
        assert page.one("#w").value == "1.5"
        assert page.one("b").text == "1,5"
        page.fill("#w", "2.5")
        assert page.one("b").text == "2,5"


def test_a_slider_is_where_its_limits_let_it(live: LiveClient) -> None:
    page = live.mount(Weighed)
    assert page.one("#r").value == "100"
    page.click("#more")
    assert page.one("#r").value == "150"


class Choosing(LiveComponent):
    template = """<form><select name="who">{% for name in names %}<option value="{{ name }}">{{ name }}</option>{% endfor %}
      </select>{% for name in names %}<label><input type="radio" name="r" id="r{{ forloop.counter0 }}" value="{{ name }}">
      {{ name }}</label>{% endfor %}<button type="button" id="more" live-click="more">more</button></form>"""
    names: list[str] = state(default=["bob", "carl"])

    @event
    def more(self) -> None:
        self.names = ["ann", *self.names]


def test_a_choice_is_known_by_its_value_and_not_by_its_place(live: LiveClient) -> None:
    page = live.mount(Choosing)
    page.select("select", "carl")
    page.check("#r1")
    page.click("#more")
    assert page.one("select").value == "carl"
    assert [box.checked for box in page.all("[type=radio]")] == [False, False, True]


class Rows(LiveComponent):
    template = """<form live-input="check">{% for key in rows %}<p live-key="{{ key }}"><input name="form-{{ forloop.counter0 }}-t"
      id="id_form-{{ forloop.counter0 }}-t"></p>{% endfor %}<button type="button" id="drop" live-click="drop">drop</button></form>"""
    rows: list[str] = state(default=["a", "b"])

    @event
    def check(self, **fields: Any) -> None: ...

    @event
    def drop(self) -> None:
        self.rows = self.rows[1:]


def test_the_text_of_a_row_stays_in_it_when_the_row_above_goes(live: LiveClient) -> None:
    page = live.mount(Rows)
    page.fill("[live-key=a] input", "a's")
    page.fill("[live-key=b] input", "b's")
    page.click("#drop")
    assert [(box.attributes["name"], box.value) for box in page.all("input")] == [("form-0-t", "b's")]


class Entered(LiveComponent):
    template = """<div><input id="q" live-model="q" value="{{ q }}"><input type="checkbox" id="box" live-model="box"
      {% if box %}checked{% endif %}><form live-input="check" live-submit="save">
      {% for text in texts %}<input class="row" name="row{{ forloop.counter0 }}" value="{{ text }}">{% endfor %}
      </form><form live-submit="save"><input id="own" name="own"></form>
      <button id="add" live-click="add">add</button></div>"""
    q: str = state("", bind=True)
    box: bool = state(False, bind=True)
    texts: list[str] = state(default=[""])

    @event
    def check(self, **fields: str) -> None:
        self.texts = list(fields.values())

    @event
    def add(self) -> None:
        self.texts = [*self.texts, ""]

    @event
    def save(self, **fields: str) -> None: ...


def test_what_was_entered_outlives_the_state(live: LiveClient) -> None:
    page = live.mount(Entered)
    page.fill("#q", "typed").check("#box").click("#add")
    page.fill(".row[name=row1]", "second").fill("#own", "mine")
    page.disconnect()
    cache.clear()
    page.reconnect()
    assert page.one("#q").value == "typed"
    assert page.one("#box").checked
    assert [row.value for row in page.all(".row")] == ["", "second"]
    assert page.one("#own").value == "mine"
