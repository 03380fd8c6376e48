"""What a live template writes for a value is read back as that value: in `live-value-…` and in the address."""

import dataclasses
import datetime
import decimal
import enum
import inspect
import re
import uuid
import zoneinfo
from typing import Annotated, Any, Literal, NamedTuple, NewType, TypedDict

import hypothesis
import msgspec
import pytest
from django.http import QueryDict
from django.template import Context
from django.test import override_settings
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from livecomp import LiveComponent, event, state
from livecomp.coercion import coercion
from livecomp.exceptions import ComponentError
from livecomp.navigation import fields_from_query, url_with_fields
from livecomp.spelling import unmark
from livecomp.state import MISSING
from livecomp.templating import RenderMemory, compile_template
from livecomp.testing import LiveClient
from livecomp.testing.bindings import values
from livecomp.testing.dom import Dom
from tests.templating.rendering import FakeHost, compiled, make_engine
from tests.testapp.models import Note

LOCALES = ["en", "de", "fr", "pl", "ar", "hi"]


class Colour(enum.Enum):
    RED = "red"
    NONE = "None"


class Level(enum.Enum):
    LOW = 1
    HIGH = 1234567


class Size(enum.StrEnum):
    SMALL = "s"
    EMPTY = ""


class Place(enum.IntEnum):
    FIRST = 1
    THOUSANDTH = 1000


class Mixed(enum.Enum):
    A = 1.5
    B = datetime.date(2026, 1, 2)
    C = True


class Blank(enum.Enum):
    NOTHING = None
    EMPTY = ""
    TEXT = "None"
    MANY = (1, 2)


class Right(enum.Flag):
    READ = 1
    WRITE = 2
    ALL = 1024


class Mask(enum.IntFlag):
    A = 1
    B = 2048


UserId = NewType("UserId", int)


@dataclasses.dataclass
class Point:
    x: int
    day: datetime.date


class Pair(NamedTuple):
    name: str
    number: int


class Options(TypedDict):
    name: str
    sizes: list[int]


class Shape(msgspec.Struct):
    width: float
    label: str | None = None


ZONES = st.sampled_from([datetime.UTC, zoneinfo.ZoneInfo("Etc/GMT-3"), datetime.timezone(datetime.timedelta(hours=-9))])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.sampled_from(
    [
        "",
        "None",
        "null",
        "true",
        "True",
        "007",
        "1e5",
        "5",
        "json:",
        "json:null",
        'json:"x"',
        "json:[1]",
        "a\r\nb",
        " x\t",
        "\"<&>'",
        "&amp;",
        "٣",
        "\ufffe",
        "1,234",
    ]
)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=4) | st.sampled_from(
    [decimal.Decimal("1E+3"), decimal.Decimal("-0.00"), decimal.Decimal("1234567.8900"), decimal.Decimal("1E-30")]
)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers() | st.sampled_from([1234, 2**53 + 1, 9223372036854775807]),
    float: st.floats(allow_nan=False, allow_infinity=False),
    decimal.Decimal: DECIMALS,
    bool: st.booleans(),
    datetime.date: st.dates(),
    datetime.datetime: st.datetimes()
    # With an offset, it has to have a place in every time zone.
    | st.datetimes(datetime.datetime(1, 1, 3), datetime.datetime(9999, 12, 29), timezones=ZONES),
    datetime.time: st.times() | st.times(timezones=st.just(datetime.UTC)),
    datetime.timedelta: st.timedeltas(),
    uuid.UUID: st.uuids(),
    Colour: st.sampled_from(Colour),
    Level: st.sampled_from(Level),
    Size: st.sampled_from(Size),
    Place: st.sampled_from(Place),
    Mixed: st.sampled_from(Mixed),
    Right: st.sampled_from([Right(0), Right.READ, Right.READ | Right.ALL]),
    Mask: st.sampled_from([Mask(0), Mask.A | Mask.B]),
    Literal["a", "b", ""]: st.sampled_from(["a", "b", ""]),
    Literal[1, 2, 3000]: st.sampled_from([1, 2, 3000]),
    Literal[True, None, "x", Level.HIGH]: st.sampled_from([True, None, "x", Level.HIGH]),
    UserId: st.integers(),
    Annotated[int, msgspec.Meta(ge=0, le=5000)]: st.integers(0, 5000),
}


def _shapes(kind: Any, each: st.SearchStrategy[Any]) -> list[tuple[Any, st.SearchStrategy[Any]]]:
    return [
        (kind, each),
        (kind | None, st.none() | each),
        (list[kind], st.lists(each, max_size=3)),
        (list[kind] | None, st.none() | st.lists(each, max_size=3)),
        (set[kind], st.sets(each, max_size=3)),
        (frozenset[kind], st.frozensets(each, max_size=3)),
        (tuple[kind, ...], st.lists(each, max_size=3).map(tuple)),
        (tuple[kind, int], st.tuples(each, st.integers())),
        (list[kind | None], st.lists(st.none() | each, max_size=3)),
        (list[list[kind]], st.lists(st.lists(each, max_size=2), max_size=2)),
        (dict[str, kind], st.dictionaries(TEXTS, each, max_size=2)),
    ]


SHAPES = [shape for kind, each in SCALARS.items() for shape in _shapes(kind, each)]
MORE: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int | bool | float | None, st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)),
    (datetime.datetime | datetime.date, st.dates() | st.datetimes()),
    (dict[int, str], st.dictionaries(st.integers(), TEXTS, max_size=2)),
    (dict[datetime.date, int], st.dictionaries(st.dates(), st.integers(), max_size=2)),
    (dict[tuple[int, str], int], st.dictionaries(st.tuples(st.integers(), TEXTS), st.integers(), max_size=2)),
    (tuple[()], st.just(())),
    (Blank, st.sampled_from(Blank)),
    (list[Blank], st.lists(st.sampled_from(Blank), max_size=3)),
    (Point, st.builds(Point, st.integers(-(2**53) + 1, 2**53 - 1), st.dates())),
    (Pair, st.builds(Pair, TEXTS, st.integers(0, 99))),
    (Options, st.fixed_dictionaries({"name": TEXTS, "sizes": st.lists(st.integers(0, 99))})),
    (Shape, st.builds(Shape, st.floats(allow_nan=False, allow_infinity=False), st.none() | TEXTS)),
]
ALL = SHAPES + MORE
NAMES = [str(annotation) for annotation, _ in ALL]

FORMS = [
    '<div><button live-value-x="{{ x }}"></button></div>',
    "<div><button live-value-x='{{ x }}'></button></div>",
    '<div>{% if 1 %}<button {% if 1 %}live-value-x="{{ x }}"{% endif %}></button>{% endif %}</div>',
    '<div>{% with y=x %}{% for z in "ab" %}<button live-value-x="{% if y %}{{ y }}{% else %}{{ y }}{% endif %}"></button>{% endfor %}{% endwith %}</div>',
    '<div>{% include "button" with y=x %}</div>',
    "<div>{% include name with y=x %}</div>",
    '<div>{% for z in xs %}<button live-key="{{ forloop.counter }}" live-value-x="{{ z }}"></button>{% endfor %}</div>',
    '<div><button live-value-x="{% cycle x x %}"></button></div>',
    '{% load l10n %}<div>{% localize on %}<button live-value-x="{{ x }}"></button>{% endlocalize %}</div>',
    '{% load boxes %}<div>{% boxed %}<b>{% if 1 %}<button live-value-x="{{ x }}"></button>{% endif %}</b>{% endboxed %}</div>',
    '{% load boxes %}<div>{% boxed %}{% include "button" with y=x %}{% endboxed %}</div>',
    "{% load boxes %}<div>{% shown %}</div>",
    "{% load boxes %}<div>{% boxed %}{% shown_value x %}{% endboxed %}</div>",
    "{% load boxes %}<div>{% shown_value x %}</div>",
    '<div><button live-value-x="{{ x|default_if_none:x }}"></button></div>',
    '<div><span>{% load i18n %}{% language "de" %}<button live-value-x="{{ x }}"></button>{% endlanguage %}</span></div>',
]
BUTTON = '<button live-value-x="{{ y }}"></button>'
BASE = "<div>{% block inner %}{% endblock %}</div>"
TEMPLATES = [compiled(form, button=BUTTON) for form in FORMS]
EXTENDING = '{% extends parent %}{% block inner %}<button live-value-x="{{ x }}"></button>{% endblock %}'
TEMPLATES.append(compile_template(make_engine({"base": BASE}).from_string(EXTENDING)))


def rendered(template: Any, **names: Any) -> Any:
    """The arguments of the button in what a live render gives."""
    context, host = Context(names), FakeHost()
    context.live_host = host  # type: ignore[attr-defined]
    html = template.render(context, component_id="c0", memory=RenderMemory(), host=host).html()
    return values(next(iter(Dom.from_fragment(html).root.iter("button"))))["x"]


def same(value: Any, other: Any) -> bool:
    if type(value) is not type(other) or value != other:
        return False
    if isinstance(value, (list, tuple)):
        return all(map(same, value, other))
    if isinstance(value, dict):
        return all(same(value[key], other[key]) for key in value) and set(map(type, value)) == set(map(type, other))
    if isinstance(value, decimal.Decimal):
        return str(value) == str(other)
    if isinstance(value, (set, frozenset)):
        return {type(each) for each in value} == {type(each) for each in other}
    return True


@pytest.mark.parametrize(("annotation", "strategy"), ALL, ids=NAMES)
@hypothesis.settings(max_examples=25)
@given(data=st.data())
def test_what_a_template_prints_comes_back_as_that_value(
    annotation: Any, strategy: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value, locale = data.draw(strategy), data.draw(st.sampled_from(LOCALES))
    template = data.draw(st.sampled_from(TEMPLATES))
    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override(locale), timezone.override("Asia/Tokyo"):
        given_back = rendered(template, x=value, xs=[value], name="button", parent="base")
    found = coercion(annotation)(given_back, None)
    assert same(found, value), (given_back, found)


def component_of(annotation: Any, default: Any) -> Any:
    space = {"__annotations__": {"x": annotation}, "x": state(default, url="x"), "__module__": __name__}
    made = type("Addressed", (LiveComponent,), space)

    class Mounted:
        undo = None

    return made(Mounted())


@pytest.mark.parametrize(("annotation", "strategy"), ALL, ids=NAMES)
@hypothesis.settings(max_examples=25)
@given(data=st.data())
def test_a_url_field_survives_a_reload_of_its_own_address(
    annotation: Any, strategy: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    component = component_of(annotation, data.draw(strategy))
    value = component.__dict__["x"] = data.draw(strategy)
    url = url_with_fields(component, "/", QueryDict("other=1"))
    found = fields_from_query(component, QueryDict(url.partition("?")[2]))["x"]
    assert same(found, value), (url, found)


class ByKey(enum.Enum):
    ONE = 1
    ALSO = "1"


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (int | str, "tell the values"),
        (str | list[str], "tell the values"),
        (float | decimal.Decimal, "tell the values"),
        (list[int | str], "tell the values"),
        (ByKey, "same text"),
        (Literal[1, "1"], "same text"),
        (Blank | None, "None"),
        (list, "of what"),
        (dict, "of what"),
        (Any, "cannot be written"),
        (object, "cannot be written"),
        (bytes, "cannot be written"),
        (complex, "cannot be written"),
        (dict[str, bytes], "cannot be written"),
        (list[Any], "cannot be written"),
        (re.Pattern, "cannot be written"),
        ("Nowhere", "importable"),
    ],
    ids=str,
)
def test_a_url_field_that_an_address_cannot_hold_is_refused_with_words(annotation: Any, message: str) -> None:
    with pytest.raises(ComponentError, match=rf"Addressed\.x.*{message}"):
        component_of(annotation, None)


def test_somebody_s_text_that_looks_like_ours_is_a_text() -> None:
    component = component_of(str, "")
    for text in ("json:1", "json:", "json:[1]", "json:{", "json:null"):
        assert fields_from_query(component, QueryDict(f"x={text}")) == {"x": text}


def test_a_field_without_default_stays_unset_when_the_address_does_not_name_it() -> None:
    class Unset(LiveComponent):
        x: int = state(url="x")

    class Mounted:
        undo = None

    component = Unset(Mounted())  # type: ignore[arg-type]
    assert fields_from_query(component, QueryDict("")) == {}
    assert url_with_fields(component, "/", QueryDict("x=1")) == "/"


NOTES = """
<button id="one" live-click="take_note" live-value-note="{{ note }}">1</button>
<button id="many" live-click="take_notes" live-value-notes="{{ notes }}">2</button>
<button id="none" live-click="take_maybe" live-value-note="{{ nothing }}">3</button>
"""


@pytest.mark.django_db
def test_models_come_back(live: LiveClient) -> None:
    notes = [Note.objects.create(text=text, pk=pk) for text, pk in (("a", 1234), ("b", 9223372036854775807))]

    class Notes(LiveComponent):
        name = "spelling.notes"
        template = f"<div>{NOTES}</div>"
        got: list[Any] = state([])

        def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
            return {"note": notes[1], "notes": Note.objects.order_by("pk"), "nothing": None}

        @event
        def take_note(self, note: Note) -> None:
            self.got.append(note)

        @event
        def take_notes(self, notes: list[Note]) -> None:
            self.got.append(notes)

        @event
        def take_maybe(self, note: Note | None) -> None:
            self.got.append(note)

    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
        page = live.mount(Notes)
        for name in ("one", "many", "none"):
            page.click(f"#{name}")
    assert page.component().got == [notes[1], notes, None]  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_models_in_the_address_come_back() -> None:
    notes = [Note.objects.create(text=text) for text in "ab"]
    for annotation, value in ((Note, notes[0]), (Note | None, None), (list[Note], notes), (list[Note] | None, [])):
        component = component_of(annotation, notes[1])
        component.__dict__["x"] = value
        url = url_with_fields(component, "/", QueryDict(""))
        assert fields_from_query(component, QueryDict(url.partition("?")[2])) == {"x": value}


WRITTEN = [
    ("{{ x }}", 1234, "1234"),
    ("{{ x }}", True, "true"),
    ("{{ x }}", None, "json:null"),
    ("{{ x }}", [1, "a", None], 'json:[1,"a",null]'),
    ("{{ x }}", datetime.date(2026, 11, 27), "2026-11-27"),
    ("{{ x }}", Colour.RED, "red"),
    ("{{ x }}", "<i>", "<i>"),
    ("{{ x|date:'d.m.Y' }}", datetime.date(2026, 11, 27), "27.11.2026"),
    ("{{ x|floatformat:2 }}", 1234.5, "1.234,50"),
    ("{{ x|add:1 }}", 1233, "1234"),
    ("{{ x }}-{{ x }}", 1234, "1234-1234"),
    ("n{{ x }}", 1234.5, "n1234.5"),
    ("{{ x }}/{{ y }}", None, "None/"),
    ("{% localize on %}{{ x }}{% endlocalize %}", 1234, "1.234"),
    ("{% firstof y x %}", 1234, "1234"),
    ("{% if x %}{{ x }}{% else %}{{ y }}{% endif %}", 1234, "1234"),
    ("{% for a in x %}{{ a }},{% endfor %}", [1000, 2000], "1000,2000,"),
    ("{{ y }}", 0, ""),
]


@pytest.mark.parametrize(("source", "value", "text"), WRITTEN)
def test_the_text_of_a_value(source: str, value: Any, text: str) -> None:
    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
        template = compiled(f'{{% load l10n %}}<div><button live-value-x="{source}"></button></div>')
        context, host = Context({"x": value}), FakeHost()
        html = template.render(context, component_id="c0", memory=RenderMemory(), host=host).html()
        button = next(iter(Dom.from_fragment(html).root.iter("button")))
        assert button.get("live-value-x") == text


def test_with_markers_off_the_text_is_django_s() -> None:
    source = '<div><button live-value-x="{{ x }}">{{ x }}</button></div>'
    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
        template = compiled(source)
        for value in (1234, True, None, [1], 1.5, datetime.date(2026, 1, 2)):
            assert template.render_plain(Context({"x": value})) == template.template.render(Context({"x": value}))


def test_other_attributes_and_texts_stay_localised() -> None:
    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
        template = compiled('<div title="{{ x }}" data-live-value-x="{{ x }}"><b live-value-x="1">{{ x }}</b></div>')
        html = template.render(Context({"x": 1234}), component_id="c0", memory=RenderMemory(), host=FakeHost()).html()
    assert html.count("1.234") == 3


THINGS: dict[str, tuple[Any, Any]] = {
    "number": (int, 1234567),
    "amount": (decimal.Decimal, decimal.Decimal("1234.50")),
    "ratio": (float, 1234.5),
    "big": (int, 9223372036854775807),
    "yes": (bool, True),
    "no": (bool | None, False),
    "nothing": (int | None, None),
    "no_text": (str | None, None),
    "empty": (str | None, ""),
    "looks_like": (str | None, "None"),
    "digits": (str, "007"),
    "choice": (Literal[1000, 2000], 2000),
    "day": (datetime.date, datetime.date(2026, 11, 27)),
    "moment": (datetime.datetime, datetime.datetime(2026, 11, 27, 1, 2, 3, 4, datetime.UTC)),
    "numbers": (list[int], [1000, 2**60]),
    "pair": (tuple[int, str], (1, "2")),
    "table": (dict[int, datetime.date | None], {1: None, 2: datetime.date(2026, 1, 1)}),
    "colour": (Colour, Colour.NONE),
    "rights": (Right, Right.READ | Right.WRITE),
}


def test_an_event_gets_what_its_template_printed(live: LiveClient) -> None:
    def take(self: Any, **given: Any) -> None:
        self.got = given

    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
        for name, (annotation, _) in THINGS.items()
    ]
    take.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]

    class Things(LiveComponent):
        name = "spelling.things"
        template = "<button live-click='take' {}>Take</button>".format(
            " ".join(f'live-value-{name.replace("_", "-")}="{{{{ things.{name} }}}}"' for name in THINGS)
        )
        got: dict[str, Any] = state({})

        @property
        def things(self) -> dict[str, Any]:
            return {name: value for name, (_, value) in THINGS.items()}

        locals()["take"] = event(take)

    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
        page = live.mount(Things)
        page.click("button")
    got = page.component().got  # type: ignore[attr-defined]
    assert {name: value for name, value in got.items() if not same(value, THINGS[name][1])} == {}
    assert got.keys() == THINGS.keys()


def test_an_argument_without_annotation_stays_what_json_has(live: LiveClient) -> None:
    class Bare(LiveComponent):
        name = "spelling.bare"
        template = """<button live-click="take" live-value-a="{{ 1234 }}" live-value-b="{{ True }}"
            live-value-c="{{ None }}">Take</button>"""
        got: list[Any] = state([])

        @event
        def take(self, a, b, c):  # type: ignore[no-untyped-def]
            self.got = [a, b, c]

    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
        page = live.mount(Bare)
        page.click("button")
    assert page.component().got == ["1234", "true", None]  # type: ignore[attr-defined]


def test_a_bound_number_is_what_a_browser_gives(live: LiveClient) -> None:
    class Amount(LiveComponent):
        name = "spelling.amount"
        template = '<div><input type="number" step="any" live-model="amount"></div>'
        amount: Annotated[float, msgspec.Meta(le=5)] = state(0.0, bind=True)

    page = live.mount(Amount)
    page.fill("input", ".5")
    assert page.component().amount == 0.5  # type: ignore[attr-defined]


def test_a_nul_is_what_a_browser_makes_of_it() -> None:
    assert rendered(TEMPLATES[0], x="a\0b") == "a\ufffdb"
    assert rendered(TEMPLATES[0], x=["a\0b"]) == ["a\ufffdb"]


def test_t16_marked_json_may_not_be_deeper_than_a_message() -> None:
    for depth, fits in ((5, True), (5000, False), (500, False), (20, False)):
        text = "json:" + '{"a":' * depth + "1" + "}" * depth
        assert (unmark(text) != text) is fits
        if not fits:
            with pytest.raises(ValueError, match="object"):
                coercion(dict)(text, None)


def linked_component(annotation: Any, first: Any, second: Any, where: str) -> Any:
    """A component with a link that leads from one value of its field to another."""
    space = {
        "__annotations__": {"x": annotation},
        "__module__": __name__,
        "name": f"spelling.linked_{where}",
        "x": state(first, url="x"),
        "template": LINKS[where],
        "second": property(lambda self: second),
    }
    return type("Linked", (LiveComponent,), space)


LINK = '<a id="to" href="{% querystring x=second %}" live-patch>To</a>'
LINKS = {
    "alone": f"<div>{LINK}</div>",
    "as": '<div>{% querystring x=second as link %}<a id="to" href="{{ link }}" live-patch>To</a></div>',
    "tag": f"{{% load cache %}}<div>{{% cache 0 links %}}<b>{LINK}</b>{{% endcache %}}</div>",
    "one_target": f"<div>{{% if 1 %}}<p>{{% endif %}}{LINK}{{% if 1 %}}</p>{{% endif %}}</div>",
}
LINKED = [
    *((annotation, value) for annotation, value in THINGS.values() if value is not None),
    (Level, Level.HIGH),
    (Size, Size.SMALL),
    (Place, Place.THOUSANDTH),
    (Mixed, Mixed.B),
    (Mask, Mask.A | Mask.B),
    (datetime.timedelta, datetime.timedelta(days=1, hours=6)),
    (datetime.time, datetime.time(1, 2)),
    (uuid.UUID, uuid.UUID(int=7)),
    (list[Level], [Level.HIGH, Level.LOW]),
    (list[datetime.timedelta], [datetime.timedelta(days=1)]),
    (list[str], ["a", "b"]),
    (str, "json:null"),
    (list[str], ["json:null"]),
    (list[str], ["json:null", "b"]),
    (list[int | None], [1000, None]),
    (list[list[int]], [[1000], [2]]),
    (set[int], {1000, 2000}),
    (frozenset[Colour], frozenset({Colour.RED})),
    (dict[str, int], {"a": 1000}),
    (Point, Point(1000, datetime.date(2026, 1, 2))),
    (Pair, Pair("a", 7)),
]


@pytest.mark.parametrize("where", LINKS)
@pytest.mark.parametrize(("annotation", "value"), LINKED, ids=str)
def test_a_link_of_querystring_gives_the_field_its_value(
    live: LiveClient, annotation: Any, value: Any, where: str
) -> None:
    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
        page = live.mount(linked_component(annotation, MISSING, value, where))
        page.click("#to")
    assert same(page.component().__dict__["x"], value)


@pytest.mark.django_db
def test_a_link_of_querystring_holds_a_model_s_key(live: LiveClient) -> None:
    notes = [Note.objects.create(text=text, pk=pk) for text, pk in (("a", 1234), ("b", 5678))]
    for annotation, value in ((Note, notes[1]), (list[Note], notes), (list[Note], Note.objects.order_by("pk"))):
        with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
            page = live.mount(linked_component(annotation, MISSING, value, "alone"))
            page.click("#to")
        assert page.component().__dict__["x"] == (value if annotation is Note else notes)


QUERYSTRINGS = [
    (None, "?z=1"),
    ("a b", "?z=1&x=a+b"),
    (["json:1", "b"], "?z=1&x=json%3A1&x=b"),
    ("json:null", "?z=1&x=json%3A%22json%3Anull%22"),
    (["json:null"], "?z=1&x=json%3A%5B%22json%3Anull%22%5D"),
    ([], "?z=1"),
    (1234, "?z=1&x=1234"),
    (True, "?z=1&x=true"),
    (1 + 2j, "?z=1&x=%281%2B2j%29"),
    (iter([1234, True]), "?z=1&x=1234&x=true"),
]


@pytest.mark.parametrize(("value", "text"), QUERYSTRINGS, ids=str)
def test_the_text_of_querystring(value: Any, text: str) -> None:
    template = compiled("<div>{% querystring given x=x as link %}{{ link|safe }}</div>")
    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
        context = Context({"x": value, "given": QueryDict("z=1&x=5")})
        html = template.render(context, component_id="c0", memory=RenderMemory(), host=FakeHost()).html()
    assert html.endswith(f">{text}</div>")


def test_with_markers_off_querystring_is_django_s() -> None:
    template = compiled("<div>{% querystring given x=x %}</div>")
    for value in (1234, True, None, [1, None], Colour.RED, datetime.timedelta(days=1)):
        context = {"x": value, "given": QueryDict("z=1&x=5")}
        template.render(Context(context), component_id="c0", memory=RenderMemory(), host=FakeHost())
        assert template.render_plain(Context(context)) == template.template.render(Context(context))
