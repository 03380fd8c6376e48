"""Typing, choosing and submitting, and what a browser sends for it."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.http import QueryDict

from livecomp import LiveComponent, event, state
from livecomp.testing import LiveClient, TestPage
from tests.testing.components import Tasks, echo


def log(page: TestPage) -> list[Any]:
    found: list[Any] = page.component().log  # type: ignore[attr-defined]
    return found


def sent(page: TestPage, kind: str = "set") -> list[Any]:
    """What was sent, without numbers: component and the rest."""
    return [message[3:] for message in page.sent if message[0] == kind]


def mounted(live: LiveClient, markup: str) -> TestPage:
    return live.mount(echo(markup))


# Bound controls


def test_fill_sends_a_bound_value(live: LiveClient) -> None:
    page = mounted(live, '<input id="f" live-model="text" value="{{ text }}"><b id="shown">{{ text }}</b>')
    page.fill("#f", "new")
    assert sent(page) == [[{"text": "new"}]]
    assert page.one("#shown").text == "new"
    assert page.one("#f").value == "new"
    assert page.one("#f")["value"] == "new"


@pytest.mark.parametrize("attribute", ["live-model.change", "live-model.blur"])
def test_fill_leaves_the_field(live: LiveClient, attribute: str) -> None:
    page = mounted(live, f'<input id="f" {attribute}="text" value="{{{{ text }}}}">')
    page.type("#f", "x")
    assert sent(page) == []
    page.blur()
    assert sent(page) == [[{"text": "startx"}]]
    page.fill("#f", "new")
    assert sent(page)[1:] == [[{"text": "new"}]]


def test_typing_sends_every_key_and_debounced_once(live: LiveClient) -> None:
    page = mounted(live, '<input id="f" live-model="text"><input id="d" live-model="text" live-debounce="300">')
    page.type("#f", "abc")
    assert sent(page) == [[{"text": text}] for text in ("a", "ab", "abc")]
    page.type("#d", "xyz")
    assert sent(page)[3:] == [[{"text": "xyz"}]]


def test_a_checkbox_alone_is_true_or_false(live: LiveClient) -> None:
    page = mounted(live, '<input type="checkbox" id="f" live-model="flag" {% if flag %}checked{% endif %}>')
    page.check("#f")
    assert page.one("#f").checked
    page.check("#f")
    page.uncheck("#f")
    page.click("#f")
    assert sent(page) == [[{"flag": True}], [{"flag": False}], [{"flag": True}]]


def test_checkboxes_with_values_are_a_list(live: LiveClient) -> None:
    boxes = "".join(f'<label><input type="checkbox" live-model="tags" value="{tag}">{tag}</label>' for tag in "abc")
    page = mounted(live, boxes)
    page.check("b").check("a").uncheck("b")
    assert sent(page) == [[{"tags": ["b"]}], [{"tags": ["a", "b"]}], [{"tags": ["a"]}]]


def test_radio_buttons(live: LiveClient) -> None:
    page = mounted(
        live,
        """{% for c in "rgb" %}<label><input type="radio" name="c" value="{{ c }}" live-model="colour"
        {% if colour == c %}checked{% endif %}> {{ c }}</label>{% endfor %}""".replace('"rgb"', '"rgb"|make_list'),
    )
    page.check("g")
    page.click("b")
    assert sent(page) == [[{"colour": "g"}], [{"colour": "b"}]]
    assert [box.checked for box in page.all("input")] == [False, False, True]
    with pytest.raises(AssertionError, match="cannot be unchecked"):
        page.uncheck("b")


def test_selects(live: LiveClient) -> None:
    page = mounted(
        live,
        """<select id="one" live-model="colour"><option>red<option value="g">green<option disabled>blue</select>
        <select id="many" multiple live-model="tags"><option>a<option>b<option>c</select>""",
    )
    page.select("#one", "green")
    page.select("#one", "red")
    page.select("#many", "a", "c")
    assert sent(page) == [[{"colour": "g"}], [{"colour": "red"}], [{"tags": ["a", "c"]}]]
    assert page.one("#many").values == ["a", "c"]
    with pytest.raises(AssertionError, match=r"no option 'pink'(.|\n)*green"):
        page.select("#one", "pink")
    with pytest.raises(AssertionError, match="disabled"):
        page.select("#one", "blue")
    with pytest.raises(AssertionError, match="takes one option"):
        page.select("#one", "red", "g")


# Events of fields


def test_events_carry_the_value_and_the_key(live: LiveClient) -> None:
    page = mounted(
        live,
        """<input id="i" live-input="note"><input id="c" live-change="note" live-value-row="3"><input id="k" live-keyup="hear">
        <input id="box" type="checkbox" live-change="note"><textarea id="t" live-input="note"></textarea>""",
    )
    page.fill("#i", "a").fill("#c", "b").fill("#k", "cd").check("#box").fill("#t", "x\ny")
    assert log(page) == [{"value": "a"}, {"row": "3", "value": "b"}, ("d", "cd"), {"value": True}, {"value": "x\ny"}]


def test_keys(live: LiveClient) -> None:
    page = mounted(
        live,
        """<input id="f" live-keydown="hear" live-keys="Enter Escape Space">
        <p live-window-keydown="hear" live-keys="F1">x</p><input id="free">""",
    )
    page.press("Enter", "#f").press("a").press(" ").press("Escape")
    page.press("F1", "#free")
    assert [entry[0] for entry in log(page)] == ["Enter", " ", "Escape", "F1"]
    assert page.one("#f").value == "a "


def test_focus_and_blur(live: LiveClient) -> None:
    page = mounted(
        live, '<input id="f" live-focus="say" live-blur="note" value="v"><button live-click="say">go</button>'
    )
    page.focus("#f")
    assert page.focused == page.one("#f")
    page.focus("#f")
    page.click("go")
    assert log(page) == ["v", {"value": "v"}, ""]
    page.blur("#f")
    assert page.focused is None
    assert log(page)[3:] == ["v", {"value": "v"}]


def test_a_form_hears_its_fields(live: LiveClient) -> None:
    page = mounted(live, '<form live-change="note"><input name="a"><input name="b" value="2"></form>')
    page.fill("[name=a]", "1")
    assert log(page) == [{"a": "1", "b": "2"}]


# What the server says, and what the user typed


def test_what_was_typed_stays_until_the_server_says_otherwise(live: LiveClient) -> None:
    page = mounted(live, '<input id="f" value="{{ text }}"><button live-click="say">go</button>')
    page.fill("#f", "typed")
    page.click("go")
    assert page.one("#f").value == "typed"
    page.component().text = "server"  # type: ignore[attr-defined]
    page.click("go")
    assert page.one("#f").value == "server"


def test_a_focused_field_belongs_to_the_user(live: LiveClient) -> None:
    page = mounted(live, '<input id="f" live-model="text" value="{{ text|upper }}">')
    page.type("#f", "ab")
    assert page.one("#f").value == "STARTab"
    assert page.one("#f")["value"] == "STARTAB"
    page.blur()
    assert page.one("#f").value == "STARTAB"


def test_a_focused_field_that_nobody_has_changed_shows_what_the_server_says(live: LiveClient) -> None:
    page = mounted(live, '<input id="f" value="{{ text }}" live-keydown="say">')
    page.focus("#f")
    page.component().text = "server"  # type: ignore[attr-defined]
    page.press("ArrowDown")
    assert page.one("#f").value == "server"


def test_a_choice_stays_by_value(live: LiveClient) -> None:
    page = mounted(
        live,
        '<select id="s">{% for c in log %}<option>{{ c }}</option>{% endfor %}<option>x<option>y</select><b live-click="say">go</b>',
    )
    page.select("#s", "y")
    page.click("go")
    assert page.one("#s").value == "y"
    assert len(page.all("option")) == 3


# Submitting

FORM = """<form id="f" live-submit="note" live-value-kind="k">
<input type="hidden" name="csrfmiddlewaretoken" value="secret">
<input name="title" value="t"><input name="empty"><input name="off" value="x" disabled><input value="nameless">
<textarea name="body">
line</textarea>
<input type="checkbox" name="single"><input type="checkbox" name="on" checked>
<input type="checkbox" name="many" value="1" checked><input type="checkbox" name="many" value="2">
<input type="radio" name="size" value="s"><input type="radio" name="size" value="l" checked>
<select name="colour"><option value="r">red<option value="g" selected>green</select>
<select name="tags" multiple><option>a<option>b</select>
<input name="twice" value="1"><input name="twice" value="2"><input type="file" name="upload">
<button name="action" value="save">Save</button><button name="action" value="drop">Drop</button>
<button type="button">No</button></form><input name="outside" form="f" value="o">"""

FIELDS = {
    "kind": "k",
    "title": "t",
    "empty": "",
    "body": "line",
    "on": "on",
    "many": ["1"],
    "size": "l",
    "colour": "g",
    "tags": [],
    "twice": ["1", "2"],
    "action": "save",
    "outside": "o",
}


def test_a_form_submits_what_a_browser_would(live: LiveClient) -> None:
    page = mounted(live, FORM)
    page.submit("#f")
    assert log(page) == [FIELDS]


EVERYTHING = """<input name="form-0-name" form="f" value="first"><form id="f" live-submit="whole">
<input name="form-TOTAL_FORMS" value="1"><input name="a[]" value="1"><input name="a[]" value="2"><input name="a.b" value="3">
<input name="constructor" value="4"><input name="__proto__" value="5"><input name="" value="no"><input value="no">
<fieldset disabled><legend><input name="legend" value="6"></legend><input name="off" value="no"></fieldset>
<input name="comment" dirname="comment.dir" value="שלום" dir="auto"><input type="number" name="n" dirname="n.dir" value="1">
<select name="none"><option value="" disabled selected>choose</select>
<select name="grouped"><optgroup disabled><option selected>no</optgroup></select>
<input type="checkbox" name="tags" value="a"><input type="checkbox" name="agree"><input type="hidden" name="_charset_">
<input type="image" id="go" name="map" alt="Go"><input type="file" name="photo">
</form><button name="else" form="other"></button><textarea name="after" form="f">
7</textarea>"""


def test_a_form_submits_exactly_what_form_data_holds(live: LiveClient) -> None:
    """The same form, but for its last two rows, stands in js/test/forms.test.ts, beside what Chromium makes of it."""
    page = mounted(live, EVERYTHING)
    page.fill("[name=photo]", "me.png").click("#go")
    assert sent(page, "event")[-1][2] == [
        ["tags", None],
        ["form-0-name", "first"],
        ["form-TOTAL_FORMS", "1"],
        ["a[]", "1"],
        ["a[]", "2"],
        ["a.b", "3"],
        ["constructor", "4"],
        ["__proto__", "5"],
        ["legend", "6"],
        ["comment", "שלום"],
        ["comment.dir", "rtl"],
        ["n", "1"],
        ["_charset_", "UTF-8"],
        ["map.x", "0"],
        ["map.y", "0"],
        ["photo", "me.png"],
        ["after", "7"],
    ]
    data = log(page)[-1]
    assert data.getlist("a[]") == ["1", "2"]
    assert "tags" not in data


def test_a_group_of_checkboxes_is_a_list_whatever_is_chosen(live: LiveClient) -> None:
    page = mounted(
        live,
        """<form live-submit="note"><input type="checkbox" name="tags" value="a" id="a">
        <input type="checkbox" name="two"><input type="checkbox" name="two" id="two"><input type="checkbox" name="agree"></form>""",
    )
    page.submit()
    page.check("#a").check("#two").submit(agree=True)
    assert log(page) == [{"tags": [], "two": []}, {"tags": ["a"], "two": ["on"], "agree": "on"}]


RowFormSet = forms.formset_factory(type("RowForm", (forms.Form,), {"title": forms.CharField(max_length=5)}), extra=2)


class FormSets(LiveComponent):
    name = "testing.formsets"
    template = """<section><form live-submit="save" novalidate>{% csrf_token %}{{ formset }}<button>Save</button></form>
    <p id="saved">{{ saved }}</p></section>"""
    data: QueryDict | None = None
    saved: list[str] = state([])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(formset=RowFormSet(self.data), **kwargs)

    @event
    def save(self, data: QueryDict) -> None:
        self.data, formset = data, RowFormSet(data)
        if formset.is_valid():
            self.saved = [form.cleaned_data.get("title", "") for form in formset]


def test_a_formset_works_as_in_a_view(live: LiveClient) -> None:
    page = live.mount(FormSets)
    page.submit(**{"form-0-title": "one", "form-1-title": "too long"})
    assert page.one(".errorlist").text.startswith("Ensure this value has at most 5")
    assert page.one("[name=form-0-title]").value == "one"
    page.disconnect().reconnect()
    page.submit(**{"form-1-title": "two"})
    assert page.one("#saved").text == "['one', 'two']"
    assert "csrfmiddlewaretoken" not in page.component().data  # type: ignore[attr-defined]


def test_a_nul_is_an_error_at_the_field_of_a_django_form_and_refused_elsewhere(live: LiveClient) -> None:
    page = live.mount(FormSets)
    page.submit(**{"form-0-title": "a\x00b"})
    assert page.one(".errorlist").text == "Null characters are not allowed."
    page = mounted(live, '<form live-submit="note"><input name="title"></form><input id="t" live-model="text">')
    with page.expect_error("bad_arguments") as errors:
        page.submit(title="a\x00b")
    with page.expect_error("bad_arguments") as more:
        page.fill("#t", "a\x00b")
    assert [error.field for error in errors + more] == ["title", "text"]
    assert page.component().text == "start"  # type: ignore[attr-defined]


def test_the_clicked_button_is_submitted(live: LiveClient) -> None:
    page = mounted(live, FORM)
    page.click("Drop")
    assert log(page) == [{**FIELDS, "action": "drop"}]


def test_enter_submits(live: LiveClient) -> None:
    page = mounted(live, FORM)
    page.press("Enter", "[name=title]")
    assert log(page) == [FIELDS]


def test_submit_fills_fields_by_name(live: LiveClient) -> None:
    page = mounted(live, FORM)
    page.submit("#f", title="T", single=True, many=["2"], size="s", colour="red", tags=["a", "b"], body="B")
    assert log(page) == [
        {
            **FIELDS,
            "title": "T",
            "single": "on",
            "many": ["2"],
            "size": "s",
            "colour": "r",
            "tags": ["a", "b"],
            "body": "B",
        }
    ]
    with pytest.raises(AssertionError, match=r"has no field 'titel', but .*title"):
        page.submit("#f", titel="x")


def test_a_submitted_form_shows_what_the_server_renders(live: LiveClient) -> None:
    page = live.mount(Tasks)
    page.submit("#new", title="Buy milk")
    assert page.one("li").text.startswith("Buy milk")
    assert page.one("[name=title]").value == ""


def test_a_refused_form_keeps_what_was_typed(live: LiveClient) -> None:
    page = mounted(live, '<form live-submit="hear"><input name="title"></form>')
    with page.expect_error("bad_arguments"):
        page.submit(title="kept")
    assert page.one("[name=title]").value == "kept"


@pytest.mark.parametrize(
    ("markup", "why"),
    [
        ('<form live-submit="note"><input name="a" required></form>', "required and empty"),
        ('<form live-submit="note"><input type="checkbox" required><button>ok</button></form>', "required and empty"),
        ('<form live-submit="note"><input type="radio" name="r" required></form>', "required and empty"),
        ('<form live-submit="note"><button disabled>ok</button></form>', "disabled"),
        ('<form live-submit="note"><input name="a"><input name="b"></form>', "has no button, and 2 fields"),
        ('<form method="post" action="/save/"><button>ok</button></form>', "would send it to '/save/'"),
        ("<p>no form</p>", "Nothing on the page is 'form'"),
    ],
)
def test_a_form_that_no_browser_would_submit(live: LiveClient, markup: str, why: str) -> None:
    page = mounted(live, markup)
    with pytest.raises(AssertionError, match=why):
        page.submit("form")
    assert log(page) == []


def test_novalidate(live: LiveClient) -> None:
    page = mounted(live, '<form live-submit="note" novalidate><input name="a" required></form>')
    page.submit("form")
    assert log(page) == [{"a": ""}]


def test_a_reset_button(live: LiveClient) -> None:
    page = mounted(live, '<form><input name="a" value="1"><button type="reset">Reset</button></form>')
    page.fill("[name=a]", "2")
    page.click("Reset")
    assert page.one("[name=a]").value == "1"


@pytest.mark.parametrize(
    ("markup", "why"),
    [
        ("<input id=f readonly>", "is readonly"),
        ("<input id=f disabled>", "is disabled"),
        ("<input id=f type=hidden>", "is hidden"),
        ("<input id=f type=checkbox>", "no field to type into"),
        ("<select id=f></select>", "no field to type into"),
        ("<p id=f>x</p>", "no field to type into"),
        ("<button id=f>x</button>", "no field to type into"),
    ],
)
def test_what_nobody_can_type_into(live: LiveClient, markup: str, why: str) -> None:
    page = mounted(live, markup)
    with pytest.raises(AssertionError, match=why):
        page.fill("#f", "x")


def test_fields_by_label_and_placeholder(live: LiveClient) -> None:
    page = mounted(
        live,
        '<label>Title <input id="a"></label><label for="b">Body</label><textarea id="b"></textarea><input placeholder="Search">',
    )
    page.fill("Title", "1").fill("Body", "2").fill("Search", "3")
    assert [field.value for field in page.all("input, textarea")] == ["1", "2", "3"]
    with pytest.raises(AssertionError, match=r"Nothing on the page is 'Name'(.|\n)*Elements to fill:(.|\n)*Search"):
        page.fill("Name", "x")


# Triggers without a user


def test_live_init_poll_and_intersect(live: LiveClient) -> None:
    page = mounted(
        live,
        """<b live-init="say" live-value-value="init"></b><i live-poll="say 2s" live-value-value="poll"></i><u live-poll="5s"></u>
        <s id="more" live-intersect="say" live-value-value="seen"></s>""",
    )
    assert log(page) == ["init"]
    page.tick(4)
    assert log(page) == ["init", "poll", "poll"]
    page.tick(1)
    assert sent(page) == [[{}]]
    page.scroll_to("#more")
    assert log(page) == ["init", "poll", "poll", "seen"]


def test_live_target(live: LiveClient) -> None:
    made = echo('<button live-click="add" live-target="#count" live-value-by="5">other</button>')
    page = live.render(f'{{% live_component "counter" %}}{{% live_component "{made.name}" %}}')
    page.click("other")
    assert page.one("#count").text == "5"
