"""livecomp.values: whatever is aliased, a handler that failed leaves all values as they were, and nobody gets another's."""

import datetime
import pickle
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec
import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from livecomp import LiveComponent, event, inputs, state
from livecomp.effects import StartTask
from livecomp.saved import save_component
from livecomp.testing import LiveClient
from livecomp.values import can_change, copy_value, preserve, restore
from tests.driver import Driver

pytestmark = pytest.mark.django_db


@dataclass
class Cart:
    lines: list[Any] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Frozen:
    lines: list[Any]


@dataclass(slots=True)
class Slots:
    lines: list[Any]
    note: str = ""


class Struct(msgspec.Struct):
    lines: list[Any]


class Pair(NamedTuple):
    name: str
    lines: list[Any]


# From one component to another


class Kid(LiveComponent):
    name = "values.kid"
    template = "<i>{{ items }}</i>"
    items: list[Any] = state([])

    @event
    def bad(self) -> None:
        self.items.append(7)
        raise ValueError("too late")

    @event
    def good(self) -> None:
        self.items.append(8)


class Parent(LiveComponent):
    name = "values.parent"
    template = "{% load livecomp %}<div><b>{{ items }}</b>{% if show %}{% live_component 'values.kid' items=items %}{% endif %}</div>"
    items: list[Any] = state([1])
    show: bool = False

    @event
    def reveal(self) -> None:
        self.show = True

    @event
    def change(self) -> None:
        self.items.append(2)

    @event
    def hand(self) -> None:
        self.send_to("c1", "take", items=self.items)


class Asked(LiveComponent):
    name = "values.asked"
    template = "{% load livecomp %}<div>{% live_component 'values.asking' %}</div>"
    items: list[Any] = state([[1]])

    def take(self, items: list[Any]) -> list[Any]:
        self.items = items
        return self.items

    def give_away(self) -> list[Any]:
        return self.items


class Asking(LiveComponent):
    name = "values.asking"
    template = "<i>{{ items }}</i>"
    items: list[Any] = state([])

    @event
    def hand_over(self) -> None:
        self.items = [[5]]
        self.send_to("c0", "take", items=self.items)
        self.items[0].append(6)

    @event
    def fetch(self) -> None:
        self.items = self.send_to("c0", "give_away")
        self.items[0].append(6)

    @event
    def borrow_and_fail(self) -> None:
        mine, theirs = self.items, self.parent.items  # type: ignore[union-attr]
        theirs[0].append(6)
        mine.append(theirs)
        theirs.append(mine)
        raise ValueError("too late")


def joined(name: str, **arguments: Any) -> Driver:
    driver = Driver(name, **arguments)
    driver.join()
    return driver


def items_of(driver: Driver, id: str) -> Any:
    return driver.page.tree[id].component.items  # type: ignore[attr-defined]


@pytest.mark.parametrize("given_by", ["mount", "updated"])
def test_a_child_s_failed_event_leaves_the_list_of_its_parent(given_by: str) -> None:
    driver = joined("values.parent")
    driver.event("reveal")
    kid, expected = "c1", [1]
    if given_by == "updated":
        driver.event("change")
        expected = [1, 2]
    driver.event("bad", kid)
    assert (items_of(driver, "c0"), items_of(driver, kid)) == (expected, expected)


@pytest.mark.parametrize("given_by", ["mount", "updated"])
def test_what_a_child_does_with_an_argument_is_not_done_to_its_parent(given_by: str) -> None:
    driver = joined("values.parent")
    driver.event("reveal")
    before = [1]
    if given_by == "updated":
        driver.event("change")
        before = [1, 2]
    driver.event("good", "c1")
    assert items_of(driver, "c0") == before
    assert items_of(driver, "c1") == [*before, 8]
    driver.event("change")
    assert items_of(driver, "c1") == [*before, 2]


@pytest.mark.parametrize("how", ["hand_over", "fetch"])
def test_what_goes_by_send_to_is_nobody_else_s_object(how: str) -> None:
    driver = joined("values.asked")
    driver.event(how, "c1")
    assert items_of(driver, "c0") == ([[5]] if how == "hand_over" else [[1]])


def test_what_a_child_did_to_a_list_of_its_parent_is_undone() -> None:
    driver = joined("values.asked")
    driver.event("borrow_and_fail", "c1")
    assert (items_of(driver, "c0"), items_of(driver, "c1")) == ([[1]], [])


def test_a_token_says_what_was_passed_whatever_mount_made_of_it(settings: Any) -> None:
    class Adding(LiveComponent):
        name = "values.adding"
        template = "<i>{{ items }}</i>"
        items: list[int]

        def mount(self, items: list[int]) -> None:
            self.items = items
            self.items.append(0)

    passed = [1]
    settings.LIVECOMP = {"SNAPSHOT": "off"}
    driver = joined("values.adding", items=passed)
    assert driver.component.items == [1, 0]
    assert passed == [1]


# Within one component


class Aliased(LiveComponent):
    name = "values.aliased"
    template = "<p>{{ rows }} {{ chosen }} {{ cart.lines }} {{ layers.maps }}</p>"
    rows: list[Any] = state([])
    chosen: Any = None
    cart: Any = None
    layers: Any = None

    def mount(self) -> None:
        self.rows = [{"n": "x"}, {"n": "y"}]
        self.chosen = self.rows[0]
        self.cart = Cart([self.rows[0]])
        self.layers = ChainMap({"a": self.rows})

    @event
    def spoil(self, what: str, fails: bool = True) -> None:
        if what == "chosen":
            self.chosen["n"] = "BAD"
        elif what == "rows":
            self.rows[0]["n"] = "BAD"
            self.rows.clear()
        elif what == "cart":
            self.cart.lines[0]["n"] = "BAD"
            self.cart.lines.append("BAD")
            self.cart.note = "BAD"
        elif what == "layers":
            self.layers["a"][0]["n"] = "BAD"
            self.layers["b"] = 1
        elif what == "set":
            self.chosen = None
            self.rows[0]["n"] = "BAD"
            self.rows = []
        if fails:
            raise ValueError("too late")


@pytest.mark.parametrize("name", ["chosen", "rows", "cart", "layers", "set"])
def test_a_failed_handler_leaves_aliases_as_they_were(name: str) -> None:
    driver = joined("values.aliased")
    component = driver.component
    before, saved = driver.page.fresh_html(), save_component(driver.page.tree["c0"]).values
    assert driver.event("spoil", what=name)[0][0] == "error"
    assert component.rows == [{"n": "x"}, {"n": "y"}]
    assert component.rows[0] is component.chosen is component.cart.lines[0] is component.layers["a"][0]
    assert driver.page.fresh_html() == before
    assert save_component(driver.page.tree["c0"]).values == saved
    driver.event("spoil", what="chosen", fails=False)
    assert component.rows[0] == {"n": "BAD"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cart([[1]]),
        lambda: Slots([[1]]),
        lambda: Frozen([[1]]),
        lambda: Struct([[1]]),
        lambda: SimpleNamespace(lines=[[1]]),
        lambda: UserDict(lines=[[1]]),
        lambda: UserList([[1]]),
        lambda: ChainMap({"lines": [[1]]}, {"more": [2]}),
        lambda: Pair("a", [[1]]),
        lambda: [datetime.date(2026, 1, 1), {"a": ([1], {2})}],
        lambda: OrderedDict(b=[[1]], a=2),
        lambda: defaultdict(list, a=[1]),
        lambda: deque([[1], 2], maxlen=2),
        lambda: QueryDict("a=1&a=2", mutable=True),
        lambda: Counter("aab"),
    ],
)
def test_contents_are_put_back_and_copied(make: Callable[[], Any]) -> None:
    value, expected = make(), make()
    copied = copy_value(value)
    assert type(copied) is type(expected)
    assert copied == expected
    preserved = preserve(value)
    spoil(value)
    assert value != expected
    assert copied == expected
    assert restore(preserved) is value
    assert value == expected


def spoil(value: Any) -> None:
    """Change everything in the value that can be changed, from the inside to the outside."""
    if isinstance(value, (dict, UserDict)):
        for each in list(value.values()):
            spoil(each)
        value.clear()
        value["spoilt"] = "spoilt"
    elif isinstance(value, (list, UserList, deque)):
        for each in list(value):
            spoil(each)
        value.append("spoilt")
    elif isinstance(value, set):
        value.add("spoilt")
    elif isinstance(value, tuple):
        for each in value:
            spoil(each)
    elif isinstance(value, ChainMap):
        spoil(value.maps[0])
    elif hasattr(value, "lines"):
        spoil(value.lines)
        if hasattr(value, "note"):
            value.note = "spoilt"


def test_a_model_instance_is_passed_on_as_it_is() -> None:
    user = User(username="ann")
    copied = copy_value({"users": [user]})
    assert copied["users"][0] is user


def test_what_is_in_two_places_or_within_itself_is_so_in_a_copy() -> None:
    value: dict[str, Any] = {"when": datetime.date(2026, 1, 1), "a": [1]}
    value["b"], value["all"], value["pair"] = value["a"], value, (value["a"], value)
    copied = copy_value(value)
    assert copied["a"] is copied["b"] is copied["pair"][0] is not value["a"]
    assert copied["all"] is copied is copied["pair"][1]


def test_a_deep_value_is_put_back() -> None:
    value: list[Any] = []
    for _ in range(5000):
        value = [value]
    preserved = preserve(value)
    value.clear()
    assert len(restore(preserved)) == 1


# Any state, any handler

ATOMS = st.one_of(
    st.integers(-2, 300), st.booleans(), st.text(max_size=2), st.floats(allow_nan=False), st.dates(), st.none()
)
OPERATIONS = st.tuples(
    st.integers(0, 50), st.sampled_from(["add", "drop", "alias", "clear", "set"]), st.integers(0, 50), ATOMS
)


def nested(kinds: list[Callable[[list[Any]], Any]]) -> st.SearchStrategy[Any]:
    return st.recursive(
        ATOMS,
        lambda inner: st.builds(
            lambda make, items, twice: make(items + items[:twice]),
            st.sampled_from(kinds),
            st.lists(inner, max_size=4),
            st.integers(0, 2),
        ),
        max_leaves=12,
    )


def as_dict(items: list[Any]) -> dict[str, Any]:
    return {f"k{number}": item for number, item in enumerate(items)}


PLAIN: list[Callable[[list[Any]], Any]] = [list, tuple, as_dict]
ALL = [*PLAIN, deque, Cart, Slots, lambda items: OrderedDict(as_dict(items)), lambda items: ChainMap(as_dict(items))]


class Anything(LiveComponent):
    name = "values.anything"
    template = "<p>{{ a }} {{ b }} {{ c }}</p>"
    a: Any = None
    b: Any = None
    c: Any = None

    @event
    def fail(self) -> None:
        operate(self, self._steps)
        raise ValueError("too late")


def mutable_in(values: list[Any]) -> list[Any]:
    found: dict[int, Any] = {}
    line = list(values)
    while line:
        each = line.pop()
        if id(each) in found or not isinstance(each, (list, dict, deque, tuple, Cart, Slots, ChainMap)):
            continue
        found[id(each)] = each
        line += parts(each)
    return [each for each in found.values() if not isinstance(each, tuple)]


def parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, ChainMap):
        return list(value.maps)
    return [value.lines] if isinstance(value, (Cart, Slots)) else list(value)


def operate(component: Any, steps: list[tuple[int, str, int, Any]]) -> None:
    for which, what, other, atom in steps:
        fields = ["a", "b", "c"]
        if what == "set":
            setattr(component, fields[which % 3], getattr(component, fields[other % 3]))
            continue
        found = mutable_in([getattr(component, each) for each in fields])
        if not found:
            continue
        value, item = found[which % len(found)], found[other % len(found)] if what == "alias" else atom
        if isinstance(value, (list, deque)):
            value.append(item) if what in (
                "add",
                "alias",
            ) else value.clear() if what == "clear" else value and value.pop()
        elif isinstance(value, (dict, ChainMap)):
            if what in ("add", "alias"):
                value["k1"] = item
            elif what == "drop":
                value.pop("k0", None)
            else:
                value.clear()
        else:
            value.note = item


@pytest.mark.parametrize("kinds", [PLAIN, ALL], ids=["plain", "all"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_after_any_failed_handler_the_state_is_as_before(kinds: Any, data: st.DataObject) -> None:
    driver = joined("values.anything")
    component = driver.component
    first = data.draw(nested(kinds))
    component.__dict__.update(a=first, b=data.draw(nested(kinds)), c=[first, {"again": first}])
    mounted = driver.page.tree["c0"]
    before, saved = driver.page.fresh_html(), save_component(mounted).values
    assert saved is not None
    steps = data.draw(st.lists(OPERATIONS, min_size=1, max_size=8))
    component._steps = steps
    assert driver.event("fail")[0][0] == "error"
    assert save_component(mounted).values == saved
    assert driver.page.fresh_html() == before
    copied = pickle.loads(pickle.dumps(copy_value(mounted.state())))
    assert repr(copied) == repr(pickle.loads(saved))


# What is kept, or sent later


class Later(LiveComponent):
    name = "values.later"
    template = "<p>{{ items }} {{ got }}</p>"
    items: list[Any] = state([1])
    got: Any = None

    @event
    def start(self) -> None:
        self.send_after(5, "fire", x=self.items)
        self.start_task(work, self.items, more=self.items, then="fire")
        self.push_event("news", self.items)
        self.join_presence("room", items=self.items)
        self.items.append(2)

    @event
    def bad(self) -> None:
        self.items.append(3)
        raise ValueError("too late")

    def fire(self, x: Any) -> None:
        self.got = x

    @event
    def leave(self) -> None:
        self.leave_presence("room")


def work(*args: Any, **kwargs: Any) -> Any:
    return args, kwargs


def test_what_is_kept_for_later_is_as_it_was_when_it_was_said() -> None:
    driver = joined("values.later")
    driver.event("start")
    task = driver.out(StartTask)[0]
    driver.event("bad")
    mounted = driver.page.tree["c0"]
    [(timer, (_, arguments, _))] = mounted.later.items()
    assert arguments == {"x": [1]}
    assert task.call() == (([1],), {"more": [1]})
    assert mounted.joined["room"]["items"] == [1]
    driver.give(inputs.TimerFired(timer))
    assert driver.component.got == [1]
    driver.event("leave")


COLLECTED: list[Any] = []


class Collecting(LiveComponent):
    """Its task goes on with the list that it has given to the page."""

    name = "values.collecting"
    template = "<div><p id='rows'>{{ rows }}</p><p id='got'>{{ got }}</p></div>"
    rows: list[int] = state([])
    got: list[int] = state([])

    @event
    def start(self, how: str) -> None:
        self.start_task(
            {"update": self.updating, "yield": yielding, "return": returning}[how], then="take", progress="take"
        )

    def updating(self) -> None:
        rows = [1]
        self.update(rows=rows)
        rows.append(2)

    def take(self, rows: Any) -> None:
        if rows is not None:
            self.got = rows

    @event
    def bad(self) -> None:
        self.got.append(9)
        self.rows.append(9)


def yielding() -> Any:
    rows = [1]
    yield rows
    rows.append(2)


def returning() -> Any:
    return COLLECTED


@pytest.mark.parametrize("how", ["update", "yield", "return"])
def test_what_a_task_gives_is_the_page_s_own(how: str, live: LiveClient) -> None:
    COLLECTED[:] = [1]
    page = live.mount("values.collecting")
    page.call("start", how=how)
    page.run_tasks()
    assert (page.one("#rows").text, page.one("#got").text) == (("[1]", "[]") if how == "update" else ("[]", "[1]"))
    page.call("bad")
    assert COLLECTED == [1]


# Defaults of parameters


class Calls(LiveComponent):
    name = "values.calls"
    template = "<p>{{ seen }}</p>"
    seen: Any = None
    done: Any = None

    def mount(self, seen: list[str] = []) -> None:  # noqa: B006
        self.seen = seen
        self.seen.append("mount")

    def updated(self, *, seen: list[str] = []) -> None:  # noqa: B006
        self.seen = seen

    @event
    def plain(self, t: str, into: list[str] = []) -> None:  # noqa: B006
        into.append(t)
        self.done = into

    @event
    def generator(self, t: str, *, into: dict[str, Any] = {}) -> Any:  # noqa: B006
        into[t] = len(into)
        self.done = into
        yield

    @event
    async def coroutine(self, t: str, into: Cart = Cart()) -> None:  # noqa: B008
        into.lines.append(t)
        self.done = into.lines

    @event
    async def async_generator(self, t: str, into: Any = (1, [])) -> Any:
        into[1].append(t)
        self.done = into
        yield

    @event
    def by_itself(self, t: str) -> None:
        self.plain(t)
        self.plain(t)

    @event
    def told(self, t: str) -> None:
        self.send_after(1, "tick")

    @event
    def wrong(self, t: str) -> None:
        self.plain()  # type: ignore[call-arg]

    def tick(self, ticks: list[int] = []) -> None:  # noqa: B006
        ticks.append(1)
        self.done = ticks

    @staticmethod
    def make(into: list[str] = []) -> list[str]:  # noqa: B006
        return into


class Mixin:
    def gather(self, into: list[str] = []) -> list[str]:  # noqa: B006
        return into


class Gathering(Mixin, LiveComponent):
    name = "values.gathering"
    template = "<p></p>"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", ["a"]),
        ("generator", {"a": 0}),
        ("coroutine", ["a"]),
        ("async_generator", (1, ["a"])),
        ("by_itself", ["a"]),
    ],
)
def test_t113_a_default_of_a_parameter_is_nobody_else_s_object(name: str, expected: Any) -> None:
    for _ in range(2):
        driver = joined("values.calls")
        assert driver.component.seen == ["mount"]
        for _ in range(2):
            assert driver.event(name, t="a")[0][0] != "error"
            assert driver.component.done == expected


def test_t113_a_timer_s_method_has_its_own_default_each_time() -> None:
    driver = joined("values.calls")
    for _ in range(2):
        driver.event("told", t="a")
        [timer] = driver.page.tree["c0"].later
        driver.give(inputs.TimerFired(timer))
        assert driver.component.done == [1]


def test_defaults_of_mixins_and_static_methods_are_copied_too() -> None:
    gathering = joined("values.gathering").component
    assert gathering.gather() is not gathering.gather()
    assert Calls.make() is not Calls.make()
    kept = ["x"]
    assert Calls.make(kept) is kept


def test_a_call_that_does_not_fit_says_so_as_python_does(caplog: pytest.LogCaptureFixture) -> None:
    joined("values.calls").event("wrong", t="a")
    assert "plain() missing 1 required positional argument: 't'" in caplog.text


def test_a_default_that_cannot_change_is_none_of_them() -> None:
    class Fine(LiveComponent):
        template = "<p></p>"

        def mount(self, tags: tuple[str, ...] = (), form: QueryDict = QueryDict("a=1"), when: Any = None) -> None: ...  # noqa: B008

    assert not can_change(Pair("a", ()))  # type: ignore[arg-type]
    assert not can_change(Frozen(()))  # type: ignore[arg-type]
    assert can_change(Frozen([]))
