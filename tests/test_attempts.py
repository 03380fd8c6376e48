"""An event that failed has changed nothing, in no component of the page (THREATS row 125)."""

import asyncio
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from livecomp import LiveComponent, event, inputs, on, protocol
from livecomp.effects import Detach, Save, Send, StartTimer, StopTimer
from tests.driver import Driver

pytestmark = pytest.mark.django_db


class Kid(LiveComponent):
    """Counts. A timer, and whether it was told that it leaves."""

    name = "attempts.kid"
    template = "<p>kid {{ n }} {{ label }}</p>"
    n: int = 0
    label: str = ""
    left: ClassVar[list[str]] = []

    @event
    def inc(self) -> None:
        self.n += 1

    def updated(self, n: int) -> None:
        self.n = n
        self.flash("info", f"updated to {n}")
        self.send_after(60, "inc")

    def unmount(self) -> None:
        self.left.append(self.id)


class Other(LiveComponent):
    name = "attempts.other"
    template = "<p>other</p>"
    label: str = ""


class Failing(LiveComponent):
    """What the parents of this module have in common: a template that fails when it is told to."""

    bad: bool = False

    @property
    def boom(self) -> str:
        if self.bad:
            raise ValueError("the template fails")
        return "ok"

    def break_it(self) -> None:
        self.bad = True


class Which(Failing):
    name = "attempts.which"
    template = "{% load livecomp %}<div>{% live_component which label='x' %}<b>{{ boom }}</b></div>"
    which: str = "attempts.kid"

    @event
    def go(self) -> None:
        self.which, self.bad = "attempts.other", True


class Argument(Failing):
    name = "attempts.argument"
    template = "{% load livecomp %}<div>{% live_component 'attempts.kid' n=start %}<b>{{ boom }}</b></div>"
    start: int = 1

    @event
    def go(self) -> None:
        self.start, self.bad = 2, True


class Topic(LiveComponent):
    name = "attempts.topic"
    template = "{% load livecomp %}<div>{% if show %}{% live_component 'attempts.kid' %}{% endif %}</div>"
    show: bool = True
    room: Any = None

    def mount(self) -> None:
        self.room = {"a": 1}

    @property
    def key(self) -> str:
        return str(self.room["a"])

    @on("room:{key}")
    def heard(self, message: Any) -> None: ...

    @event
    def go(self) -> None:
        self.show, self.room = False, {}


class Two(LiveComponent):
    """The sibling's template fails, after the kid of the first was left out."""

    name = "attempts.two"
    template = "{% load livecomp %}<div>{% live_component 'attempts.left' %}{% live_component 'attempts.right' %}</div>"


class Left(Failing):
    name = "attempts.left"
    template = (
        "{% load livecomp %}<div>{{ note }}{% if show %}{% live_component 'attempts.kid' %}{% endif %}"
        "{% if extra %}{% live_component 'attempts.extra' %}{% endif %}<b>{{ boom }}</b></div>"
    )
    show: bool = True
    extra: bool = False
    note: str = ""

    @event
    def go(self) -> None:
        self.show, self.extra = False, True
        self.send_to("c3", "break_it")

    @event
    def publish_it(self) -> None:
        self.note = "published"
        self.publish("attempts.news")

    @event
    def steps(self) -> Any:
        self.show, self.note = False, "half"
        yield
        raise ValueError("after the yield")

    @event
    def hide(self) -> None:
        self.show = False


class Right(Failing):
    name = "attempts.right"
    template = "<b>{{ boom }}</b>"
    how: ClassVar[str] = "template"

    @on("attempts.news")
    def news(self, message: Any) -> None:
        if self.how == "handler":
            raise ValueError("the listener fails")
        self.bad = True


class Extra(LiveComponent):
    """Mounted by the render that is undone."""

    name = "attempts.extra"
    template = "<i>extra</i>"

    def mount(self) -> None:
        self.send_after(60, "nothing")
        self.push_event("mounted")

    def nothing(self) -> None: ...


@pytest.fixture(autouse=True)
def _as_before(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    Kid.left.clear()
    yield
    Right.how = "template"
    caplog.clear()


def joined(name: str) -> Driver:
    driver = Driver(name)
    driver.join()
    return driver


def kid_of(driver: Driver) -> Any:
    [kid] = [each for each in driver.page.tree.values() if each.component.name == "attempts.kid"]
    return kid


def count_twice(driver: Driver) -> str:
    id: str = kid_of(driver).id
    driver.event("inc", id)
    driver.event("inc", id)
    return id


def browser_has(driver: Driver, component: str) -> None:
    """The next render of the component sends nothing: what the server remembers is what the browser shows."""
    assert driver.give(inputs.RenderAgain(component)) == []


@pytest.mark.parametrize(
    ("name", "component", "n"),
    [
        ("attempts.which", "c0", 2),
        ("attempts.argument", "c0", 3),
        ("attempts.topic", "c0", 2),
        ("attempts.two", "c1", 2),
    ],
)
def test_t125_an_event_that_failed_leaves_the_state_of_children(name: str, component: str, n: int) -> None:
    driver = joined(name)
    id = count_twice(driver)
    tree = [*driver.page.tree]
    replies = driver.event("go", component)
    assert [reply[0] for reply in replies] == ["error"]
    assert {type(output) for output in driver.outputs} <= {Send, Save, StopTimer}
    assert kid_of(driver).component.n == n
    assert [*driver.page.tree] == tree
    assert Kid.left == []
    browser_has(driver, component)
    assert driver.event("inc", id)[0][0] == "patch"
    assert f"kid {n + 1}" in driver.page.fresh_html()["c0"]


@pytest.mark.parametrize("how", ["again", "whole"])
def test_t125_a_render_that_fails_by_itself_leaves_its_children_too(how: str) -> None:
    class Alone(Failing):
        name = f"attempts.alone_{how}"
        template = "{% load livecomp %}<div>{% live_component which %}<b>{{ boom }}</b></div>"
        fails: ClassVar[bool] = False

        @property
        def which(self) -> str:
            return "attempts.other" if self.fails else "attempts.kid"

        @property
        def boom(self) -> str:
            if self.fails:
                raise ValueError("no database")
            return "ok"

    driver = joined(Alone.name)
    count_twice(driver)
    Alone.fails = True
    message = inputs.RenderAgain("c0") if how == "again" else protocol.Render("c0")
    assert "livecomp-error" in str(driver.give(message))
    Alone.fails = False
    sent = str(driver.give(inputs.RenderAgain("c0")))
    assert "kid 2" in sent
    assert Kid.left == []


def test_t125_what_a_child_asked_for_in_updated_is_undone_with_the_event() -> None:
    driver = joined("attempts.argument")
    driver.event("go")
    assert driver.out(StartTimer) == []
    assert "updated to" not in str(driver.event("inc", "c1"))
    assert driver.page.tree["c1"].later == {}


def test_a_component_that_leaves_is_told_when_the_turn_has_succeeded() -> None:
    driver = joined("attempts.two")
    id = count_twice(driver)
    driver.event("hide", "c1")
    assert Kid.left == [id]
    assert id not in driver.page.tree


def test_t125_a_generator_that_fails_after_its_yield_gives_a_child_its_state_back() -> None:
    driver = joined("attempts.two")
    id = count_twice(driver)
    replies = driver.event("steps", "c1")
    assert [reply[0] for reply in replies] == ["patch", "error", "patch"]
    assert "kid 2" in str(replies[-1])
    assert kid_of(driver).id == id
    assert Kid.left == []
    browser_has(driver, "c1")


@pytest.mark.parametrize("how", ["handler", "template"])
def test_an_event_whose_publication_another_component_cannot_bear_has_succeeded(how: str) -> None:
    Right.how = how
    driver = joined("attempts.two")
    replies = driver.event("publish_it", "c1")
    assert [reply[0] for reply in replies] == ["patch"]
    assert "published" in str(replies)
    assert driver.page.tree["c3"].component.bad is False


# Every way out of a turn


class Exits(LiveComponent):
    """Raises what no handler should, wherever it is told to."""

    name = "attempts.exits"
    template = "{% load livecomp %}<p>{{ n }} {{ out }}{% if kid %}{% live_component 'attempts.exits_kid' n=n %}{% endif %}</p>"
    n: int = 0
    kid: bool = False
    error: ClassVar[BaseException | None] = None
    where: ClassVar[str] = ""
    calls: ClassVar[list[str]] = []

    @classmethod
    def at(cls, where: str) -> None:
        if cls.where == where and cls.error is not None:
            raise cls.error

    def has_permission(self) -> bool:
        Exits.at("has_permission")
        return True

    def get_context_data(self) -> dict[str, Any]:
        Exits.at("context")
        return {}

    @property
    def out(self) -> str:
        Exits.at("template")
        return "ok"

    @on("attempts.exits")
    def heard(self, message: Any) -> None:
        Exits.at("topic")

    @event
    def go(self) -> None:
        self.calls.append("go")
        self.n += 1
        Exits.at("handler")

    @event
    def steps(self) -> Any:
        self.n += 1
        yield
        Exits.at("generator")

    @event
    async def wait(self) -> None:
        self.n += 1
        Exits.at("async")

    @event
    def show(self) -> None:
        self.kid = True


class ExitsKid(LiveComponent):
    name = "attempts.exits_kid"
    template = "<u>{{ n }}</u>"
    n: int = 0

    def updated(self, n: int) -> None:
        Exits.at("updated")
        self.n = n

    def has_permission(self) -> bool:
        Exits.at("kid_permission")
        return True


class Odd(BaseException):
    pass


@pytest.fixture(autouse=True)
def _no_exit() -> Iterator[None]:
    Exits.calls.clear()
    yield
    Exits.error, Exits.where = None, ""


EXITS = [SystemExit(3), asyncio.CancelledError(), Odd("odd"), GeneratorExit()]


@pytest.mark.parametrize("error", EXITS, ids=repr)
@pytest.mark.parametrize(
    "where",
    ["handler", "generator", "template", "context", "has_permission", "topic", "updated", "kid_permission"],
)
def test_t126_every_way_out_of_a_turn_is_an_answer(where: str, error: BaseException) -> None:
    driver = joined("attempts.exits")
    driver.event("show")
    Exits.where, Exits.error = where, error
    if where == "topic":
        driver.give(inputs.TopicMessages({"attempts.exits": [1]}))
    else:
        driver.event("steps" if where == "generator" else "go")
        assert driver.page.ack == driver.ref
    Exits.where = ""
    n = driver.component.n
    assert driver.event("go")[0][0] == "patch"
    assert driver.component.n == n + 1


@pytest.mark.parametrize("error", EXITS, ids=repr)
def test_t126_a_handler_that_is_cancelled_is_answered_once(error: BaseException) -> None:
    driver = joined("attempts.exits")
    Exits.where, Exits.error = "handler", error
    assert driver.event("go")[0][:3] == ["error", 1, "failed"]
    assert (driver.component.n, driver.page.ack) == (0, 1)
    assert driver.give(protocol.Event(1, "c0", "go", {}))[0][0] == "error"
    assert Exits.calls == ["go"]


@pytest.mark.parametrize("error", EXITS, ids=repr)
def test_t126_a_component_that_cannot_resume_leaves_the_page_alive(error: BaseException) -> None:
    class Resumes(LiveComponent):
        name = f"attempts.resumes_{type(error).__name__.lower()}"
        template = "<p>resumes</p>"

        def resumed(self) -> None:
            raise error

        def unmount(self) -> None:
            raise error

    from livecomp import resume

    driver = joined(Resumes.name)
    resume.save(driver.page, clean=True)
    driver.page.close()
    assert driver.join(resume=(driver.page.joined_id, driver.page.version))[0][0] == "joined"


def test_a_shared_place_that_an_undone_render_left_out_is_still_there() -> None:
    class Common(LiveComponent, shared=True):
        name = "attempts.common"
        template = "<u>common</u>"

    class Holder(Failing):
        name = "attempts.holder"
        template = (
            "{% load livecomp %}<div>{% if show %}{% live_component 'attempts.common' %}{% endif %}<b>{{ boom }}</b>"
            "{% live_component 'attempts.right' %}</div>"
        )
        show: bool = True

        @event
        def go(self) -> None:
            self.show = False
            self.send_to("c1", "break_it")

    driver = joined("attempts.holder")
    before = [*driver.page.shared]
    assert driver.event("go")[0][0] == "error"
    assert [*driver.page.shared] == before
    assert driver.out(Detach) == driver.out(StopTimer) == []


class Filled(Failing):
    """Gives a kid to a card, which may or may not show it."""

    name = "attempts.filled"
    template = (
        "{% load livecomp %}<div>{% live_component 'attempts.card' fills %}{% fill 'default' %}{{ note }}"
        "{% if not other %}{% live_component 'attempts.fragile' %}{% else %}{% live_component 'attempts.extra' %}{% endif %}"
        "{% endfill %}{% endlive_component %}<b>{{ boom }}</b></div>"
    )
    note: str = "note"
    other: bool = False

    @event
    def go(self, how: str) -> None:
        self.note, self.other = "another note", True
        fail(self, how)


class Card(Failing):
    name = "attempts.card"
    template = "<p>{% if is_open %}<i>{{ fills.default }}</i>{% endif %}{{ boom }}</p>"
    is_open: bool = True

    @event
    def go(self, how: str) -> None:
        self.is_open = False
        fail(self, how)

    @event
    def toggle(self) -> None:
        self.is_open = not self.is_open


class Fragile(Failing):
    name = "attempts.fragile"
    template = "<p>fragile {{ n }} {{ boom }}</p>"
    n: int = 0

    @event
    def inc(self) -> None:
        self.n += 1

    @event
    def go(self, how: str) -> None:
        self.n += 10
        self.send_to(self.parent or "", "toggle" if how == "others" else "nothing")
        fail(self, how)

    def nothing(self) -> None: ...


def fail(component: Failing, how: str) -> None:
    """Fail in the handler, in the component's own template, or in that of one that stands beside it in the page."""
    if how == "handler":
        raise ValueError("the handler fails")
    if how == "template":
        component.bad = True
    for each in component._live.page.tree.values() if how == "others" else ():
        if each.component is not component and isinstance(each.component, Failing):
            component.send_to(each.component, "break_it")


@pytest.mark.parametrize("how", ["handler", "template", "others"])
@pytest.mark.parametrize("who", ["attempts.fragile", "attempts.card", "attempts.filled"])
def test_t125_an_event_that_failed_leaves_what_stands_in_a_fill(who: str, how: str) -> None:
    driver = joined("attempts.filled")
    page = driver.page
    ids = {each.component.name: each.id for each in page.tree.values()}
    driver.event("inc", ids["attempts.fragile"])
    before = (sorted(page.tree), page.fresh_html(), {id: [*held] for id, held in page.holders.items()})
    sent = driver.event("go", ids[who], how=how)
    assert [reply[0] for reply in sent] == ["error"], sent
    assert (sorted(page.tree), page.fresh_html(), {id: [*held] for id, held in page.holders.items()}) == before
    assert not any(each.is_left_out or each.failure for each in page.tree.values())
    for id in ids.values():
        browser_has(driver, id)
    assert "fragile 2" in str(driver.event("inc", ids["attempts.fragile"]))
    driver.event("toggle", ids["attempts.card"])
    assert driver.event("inc", ids["attempts.fragile"])[0][:3] == ["error", driver.ref, "gone"]
    assert "fragile 2" in str(driver.event("toggle", ids["attempts.card"]))
