"""livecomp.standing: what a component stands in decides whether anybody may see it, and whether the browser has it."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.template import engines

from livecomp import LiveComponent, event, every, inputs, on, protocol, resume, standing, state
from livecomp.constants import CloseCode
from livecomp.effects import Attach, Close, Detach, Postpone
from livecomp.page import LivePage
from livecomp.runtime import broadcast
from livecomp.testing import LiveClient
from tests.driver import Driver, make_request

pytestmark = pytest.mark.django_db


class Secret(LiveComponent):
    name = "standing.secret"
    template = '<p>SECRET <b live-click="add">{{ n }}</b></p>'
    n: int = state(0, bind=True)
    heard: int = 0

    def mount(self) -> None:
        self.flash("info", "the secret's flash")

    @event
    def add(self) -> None:
        self.n += 1

    @event
    def wait(self) -> None:
        self.send_after(1, "add")

    @on("standing.secret")
    def hear(self, message: Any) -> None:
        self.heard += 1
        self.n += 1


class SharedSecret(LiveComponent, shared=True):
    name = "standing.shared"
    template = "<p>SHARED SECRET</p>"


class Gate(LiveComponent):
    """Shows what it is given to those whom ``is_open`` lets in; ``rule`` says where it looks at that."""

    name = "standing.gate"
    template = "<section>{{ fills.default }}</section>"
    is_open: ClassVar[bool] = True
    rule: ClassVar[str] = "has_permission"
    n: int = 0

    def has_permission(self) -> bool:
        return Gate.is_open or Gate.rule != "has_permission"

    def updated(self, **changed: Any) -> None:
        if not Gate.is_open and Gate.rule == "updated":
            raise PermissionDenied
        super().updated(**changed)

    def get_context_data(self) -> dict[str, Any]:
        if not Gate.is_open and Gate.rule == "get_context_data":
            raise PermissionDenied
        return {}


class Passing(LiveComponent):
    """Gives on what it is given."""

    name = "standing.passing"
    template = """{% load livecomp %}<div>{% live_component 'standing.gate' fills %}{% fill 'default' %}
        {{ fills.default }}{% endfill %}{% endlive_component %}</div>"""


CONTENT = "{% live_component 'standing.secret' %}{% live_component 'standing.shared' %}"


def given_to(name: str) -> str:
    return (
        "{% load livecomp %}<div>{{ n }}{% live_component '"
        + name
        + "' n=n fills %}{% fill 'default' %}"
        + CONTENT
        + "{% endfill %}{% endlive_component %}</div>"
    )


class Author(LiveComponent):
    name = "standing.author"
    template = given_to("standing.gate")
    n: int = 0

    @event
    def go(self) -> None:
        self.n += 1


class FarAuthor(Author):
    name = "standing.far_author"
    template = given_to("standing.passing").replace("n=n ", "")


@pytest.fixture(autouse=True)
def _open() -> Iterator[None]:
    yield
    Gate.is_open, Gate.rule = True, "has_permission"


def joined(name: str, user: Any = None, **arguments: Any) -> Driver:
    driver = Driver(name, user, **arguments)
    driver.join()
    return driver


def id_of(driver: Driver, name: str) -> str:
    return next(id for id, mounted in driver.page.tree.items() if mounted.component.name == name)


def assert_out_of_reach(driver: Driver, n: int = 0) -> None:
    """Nothing of the secret comes to this browser, whatever it asks for."""
    secret = id_of(driver, "standing.secret")
    (shared,) = driver.page.shared
    for asked in (secret, shared, "", "c0"):
        assert "SECRET" not in str(driver.give(protocol.Render(asked)))
        assert not [each for each in driver.out(Attach) if not each.restricted]
    for sent in (driver.event("add", secret), driver.set(secret, n=7)):
        assert sent[0][0] == "error", sent
    assert driver.page.tree[secret].component.n == n  # type: ignore[attr-defined]
    assert "SECRET" not in str(driver.give(inputs.TopicMessages({"standing.secret": [1]})))
    assert driver.page.tree[secret].component.heard == 0  # type: ignore[attr-defined]
    assert not broadcast._is_allowed(driver.page, shared)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("standing.author", "has_permission"),
        ("standing.author", "get_context_data"),
        ("standing.author", "updated"),
        ("standing.far_author", "has_permission"),
        ("standing.far_author", "get_context_data"),
    ],
)
def test_t116_what_stands_in_a_fill_is_guarded_by_what_shows_it(name: str, rule: str) -> None:
    driver = joined(name)
    Gate.is_open, Gate.rule = False, rule
    if rule == "get_context_data":
        driver.give(inputs.RenderAgain(id_of(driver, "standing.gate")))
    elif rule == "updated":
        driver.event("go")
        assert [each.id for each in driver.out(Detach)] == list(driver.page.shared)
    assert_out_of_reach(driver)
    resume.save(driver.page, clean=True)
    assert "SECRET" not in str(driver.join(resume=(driver.page.joined_id, driver.page.version)))
    assert not [each for each in driver.out(Attach) if not each.restricted]
    assert_out_of_reach(driver)
    Gate.is_open = True
    driver.event("go")
    sent = str(driver.give(protocol.Render("")))
    assert "SECRET <b" in sent
    assert driver.page.tree[id_of(driver, "standing.gate")].failure is None
    assert driver.event("add", id_of(driver, "standing.secret"))[0][0] == "patch"
    assert broadcast._is_allowed(driver.page, next(iter(driver.page.shared)))


def test_a_shared_component_in_a_fill_is_checked_before_each_frame() -> None:
    driver = Driver("standing.author")
    driver.join()
    (attach,) = driver.out(Attach)
    assert attach.restricted
    Gate.is_open = False
    assert not broadcast._is_allowed(driver.page, attach.key.id)


class Plain(LiveComponent):
    name = "standing.plain"
    template = "{% load livecomp %}<div>{{ n }}{% live_component 'standing.shared' %}</div>"
    is_open: ClassVar[bool] = True
    n: int = 0

    def updated(self, **changed: Any) -> None:
        if not Plain.is_open:
            raise PermissionDenied
        super().updated(**changed)


class AroundPlain(LiveComponent):
    name = "standing.around_plain"
    template = "{% load livecomp %}<div>{% live_component 'standing.plain' n=n %}</div>"
    n: int = 0

    @event
    def go(self) -> None:
        self.n += 1


def test_a_shared_component_ends_with_the_parent_that_refuses_and_comes_back_with_it() -> None:
    driver = joined("standing.around_plain")
    assert len(driver.out(Attach)) == 1
    Plain.is_open = False
    try:
        driver.event("go")
        assert [each.id for each in driver.out(Detach)] == list(driver.page.shared)
        assert not broadcast._is_allowed(driver.page, next(iter(driver.page.shared)))
    finally:
        Plain.is_open = True
    assert "SHARED" in str(driver.event("go"))
    assert len(driver.out(Attach)) == 1


# What a template leaves out


class Staff(LiveComponent):
    name = "standing.staff"
    template = "<div>{% if self.user.is_staff or is_open %}{{ fills.default }}{% else %}for staff{% endif %}</div>"
    is_open: bool = False
    n: int = 0

    @event
    def toggle(self) -> None:
        self.is_open = not self.is_open


class StaffAuthor(Author):
    name = "standing.staff_author"
    template = given_to("standing.staff")


def test_what_a_template_leaves_out_the_browser_does_not_get() -> None:
    driver = Driver("standing.staff_author")
    assert "SECRET" not in driver.html
    sent = driver.join()
    assert "secret" not in str(sent).lower()
    assert not driver.out(Attach)
    assert_out_of_reach(driver)
    assert "SECRET" not in str(driver.event("go"))
    resume.save(driver.page, clean=True)
    assert "secret" not in str(driver.join(resume=(driver.page.joined_id, driver.page.version))).lower()
    assert not driver.out(Attach)
    assert_out_of_reach(driver)


def test_what_was_left_out_comes_when_it_is_shown_and_goes_again() -> None:
    driver = joined("standing.staff_author")
    staff, secret = id_of(driver, "standing.staff"), id_of(driver, "standing.secret")
    sent = driver.event("toggle", staff)
    assert "SECRET" in str(sent)
    assert "the secret's flash" in str(sent), "what mount() asked for comes with it"
    assert len(driver.out(Attach)) == 1
    assert driver.event("add", secret)[0][0] == "patch"
    driver.event("wait", secret)
    (timer,) = driver.page.tree[secret].later
    driver.event("toggle", staff)
    assert len(driver.out(Detach)) == 1
    assert_out_of_reach(driver, n=1)
    driver.give(inputs.TimerFired(timer))
    assert len(driver.out(Postpone)) == 1, "a timer waits until it is shown"
    assert driver.page.tree[secret].component.n == 1  # type: ignore[attr-defined]
    sent = driver.event("toggle", staff)
    assert "SECRET" in str(sent)
    assert "the secret's flash" not in str(sent), "it has begun before"


class Jealous(LiveComponent):
    """Leads away whom it refuses."""

    name = "standing.jealous"
    template = "<p>JEALOUS {{ n }}</p>"
    is_open: ClassVar[bool] = True
    answer: ClassVar[bool | None] = False
    place: str = state("", url="place")
    n: int = 0

    def has_permission(self) -> bool | None:
        if Jealous.is_open:
            return True
        self.flash("info", "away with you")
        self.redirect("/login/")
        return Jealous.answer

    @event
    def add(self) -> None:
        self.n += 1

    @on("standing.jealous")
    def hear(self, message: Any) -> None:
        self.n += 1

    @every(seconds=1)
    def tick(self) -> None:
        self.n += 1


class JealousAuthor(Author):
    name = "standing.jealous_author"
    template = given_to("standing.staff").replace(CONTENT, "{% live_component 'standing.jealous' n=n %}")


class JealousDeep(Author):
    name = "standing.jealous_deep"
    template = given_to("standing.staff").replace(CONTENT, "{% live_component 'standing.around_jealous' n=n %}")


class AroundJealous(LiveComponent):
    name = "standing.around_jealous"
    template = "{% load livecomp %}<div>{{ n }}{% live_component 'standing.jealous' n=n %}</div>"
    n: int = 0


UNSEEN: dict[str, Any] = {
    "event of the author": lambda jealous: protocol.Event(1, "c0", "go", {}),
    "event": lambda jealous: protocol.Event(1, jealous, "add", {}),
    "url": lambda jealous: protocol.Url(1, "/?place=x"),
    "render": lambda jealous: protocol.Render(jealous),
    "topic": lambda jealous: inputs.TopicMessages({"standing.jealous": [1]}),
    "timer": lambda jealous: inputs.TimerFired(f"{jealous}:tick"),
    "revalidated": lambda jealous: inputs.Revalidated(True),
    "render again": lambda jealous: inputs.RenderAgain(jealous),
    "update": lambda jealous: inputs.TaskUpdate("t", jealous, {"n": 7}),
    "join": None,
    "resume": None,
}


@pytest.mark.parametrize("answer", [False, True, None])
@pytest.mark.parametrize("name", ["standing.jealous_author", "standing.jealous_deep"])
@pytest.mark.parametrize("message", UNSEEN)
def test_t116_a_component_that_is_not_shown_leads_nobody_away(
    message: str, name: str, answer: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = Driver(name)
    assert "JEALOUS" not in driver.html
    if message != "join":
        driver.join()
        resume.save(driver.page, clean=True)
    monkeypatch.setattr(Jealous, "is_open", False)
    monkeypatch.setattr(Jealous, "answer", answer)
    if UNSEEN[message] is not None:
        sent = driver.give(UNSEEN[message](id_of(driver, "standing.jealous")))
    else:
        sent = driver.join(resume=(driver.page.joined_id, driver.page.version) if message == "resume" else None)
        assert sent[0][0] == "joined"
    assert "redirect" not in str(sent)
    assert "away with you" not in str(sent)
    assert driver.page.leaving == ""
    driver.ref = 1
    sent = driver.event("toggle", id_of(driver, "standing.staff"))
    assert "JEALOUS" not in str(sent)
    if message == "event of the author" and name == "standing.jealous_author":
        sent = driver.event("go")  # what its author has given it was refused, and is given again by the next render
    assert ["redirect", "/login/"] in [[*each] for each in sent[-1][-1]], "it does when it would be shown"


class Box(LiveComponent):
    name = "standing.box"
    template = "<p>{{ items }}</p>"
    items: list[int] = state([])

    def has_permission(self) -> bool:
        return len(self.items) < 3

    def put(self) -> None:
        self.items.append(1)


class BoxAuthor(Author):
    name = "standing.box_author"
    template = given_to("standing.staff").replace(CONTENT, "{% live_component 'standing.box' %}")

    @event
    def put(self, box: str, fails: bool) -> None:
        self.send_to(box, "put")
        if fails:
            raise ValueError("no")


def test_a_failing_handler_is_undone_in_a_hidden_component_whose_rule_has_read_the_field() -> None:
    driver = joined("standing.box_author")
    box = id_of(driver, "standing.box")
    driver.event("put", box=box, fails=False)
    assert driver.event("put", box=box, fails=True)[0][0] == "error"
    assert driver.page.tree[box].component.items == [1]  # type: ignore[attr-defined]


class Both(LiveComponent):
    name = "standing.both"
    template = """{% load livecomp %}<div>{% live_component 'standing.door' is_open=is_open fills %}{% fill 'default' %}
        {% live_component 'standing.secret' key=1 %}{% endfill %}{% endlive_component %}</div>"""
    is_open: bool = True

    @event
    def shut(self) -> None:
        self.is_open = False
        for mounted in self._live.page.tree.values():
            if mounted.component.name == "standing.secret":
                self.send_to(mounted.component, "add")


class Door(LiveComponent):
    name = "standing.door"
    template = "<i>{% if is_open %}{{ fills.default }}{% endif %}</i>"
    is_open: bool = True


def test_what_is_left_out_by_the_same_render_that_it_changes_for_is_not_sent() -> None:
    driver = joined("standing.both")
    assert "SECRET" not in str(driver.event("shut"))
    assert ">1<" not in str(driver.event("shut"))


def page_of(source: str, user: Any = None) -> tuple[str, Driver]:
    """An ordinary page, and its live one, not joined yet."""
    html = engines["django"].from_string("{% load livecomp %}" + source).render({}, make_request(user))
    driver = Driver.__new__(Driver)
    driver.user, driver.url, driver.session, driver.ref, driver.outputs = user, "/", None, 0, []
    driver.page = LivePage(make_request(user))
    return html, driver


def tokens_in(html: str) -> list[str]:
    return re.findall(r'lc-token="([^"]+)"', html)


STAFF_PAGE = (
    "<main>{% live_component 'standing.staff' fills %}{% fill 'default' %}"
    + CONTENT
    + "{% endfill %}{% endlive_component %}</main>"
)


@pytest.mark.parametrize("beside", ["", "{% live_component 'standing.plain' %}"])
def test_a_page_whose_card_hides_its_fill_lives_without_it(beside: str) -> None:
    html, driver = page_of(beside.replace("plain", "door") + STAFF_PAGE)
    assert "SECRET" not in html
    sent = driver.join(tokens=tokens_in(html))
    assert sent[0][0] == "joined"
    assert "secret" not in str(sent).lower()
    assert not driver.out(Attach)
    assert_out_of_reach(driver)
    sent = driver.event("toggle", id_of(driver, "standing.staff"))
    assert "SECRET" in str(sent)
    assert len(driver.out(Attach)) == 1
    assert driver.event("add", id_of(driver, "standing.secret"))[0][0] == "patch"
    resume.save(driver.page, clean=True)
    sent = driver.join(resume=(driver.page.joined_id, driver.page.version), tokens=tokens_in(html))
    assert sent[0][0] == "joined"
    assert driver.event("add", id_of(driver, "standing.secret"))[0][0] == "patch"


def test_a_card_that_hides_its_fill_is_opened_in_a_browser(live: LiveClient) -> None:
    page = live.render(STAFF_PAGE.replace("'standing.staff'", "'standing.staff_button'"))
    page.click("#open")
    page.click("b")
    assert page.one("b").text == "1"
    page.click("#open")
    page.disconnect()
    page.reconnect()
    page.click("#open")
    assert page.one("b").text == "1"


class StaffButton(Staff):
    name = "standing.staff_button"
    template = (
        '<div><button id="open" live-click="toggle">open</button>{% if is_open %}{{ fills.default }}{% endif %}</div>'
    )


def test_what_the_page_s_own_template_drops_is_not_live() -> None:
    html, driver = page_of(
        "<main>{% live_component 'standing.door' %}{% filter slice:':0' %}" + CONTENT + "{% endfilter %}</main>"
    )
    assert driver.join(tokens=tokens_in(html))[0][0] == "joined"
    assert not driver.out(Attach)
    assert [mounted.component.name for mounted in driver.page.tree.values()] == ["standing.door"]
    assert "SECRET" not in str(driver.give(protocol.Render("")))


GATE_PAGE = STAFF_PAGE.replace("standing.staff", "standing.gate")


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("only_the_fill", [False, True])
def test_t116_a_fill_s_own_token_does_not_get_around_what_it_stands_in(only_the_fill: bool, order: int) -> None:
    html, driver = page_of(GATE_PAGE)
    tokens = tokens_in(html)
    assert len(tokens) == 3
    Gate.is_open = False
    driver.join(tokens=(tokens[1:] if only_the_fill else tokens)[::order])
    assert not [each for each in driver.out(Close) if each.code == CloseCode.INTERNAL]
    assert "SECRET" not in str(driver.give(protocol.Render("")))
    assert not driver.out(Attach)
    assert "SECRET" not in str([driver.give(protocol.Render(id)) for id in ("c0", "c1")])
    assert not driver.page.shared or not broadcast._is_allowed(driver.page, next(iter(driver.page.shared)))


def test_a_staff_member_gets_what_is_for_staff() -> None:
    html, driver = page_of(STAFF_PAGE, User(username="ada", is_staff=True, pk=1))
    assert "SECRET" in html
    driver.join(tokens=tokens_in(html))
    assert len(driver.out(Attach)) == 1
    assert driver.event("add", id_of(driver, "standing.secret"))[0][0] == "patch"


@pytest.mark.parametrize("order", [1, -1])
def test_t116_what_is_left_out_meanwhile_does_not_come_back_by_its_token(order: int) -> None:
    html, driver = page_of(STAFF_PAGE, User(username="ada", is_staff=True, pk=1))
    tokens = tokens_in(html)
    driver.join(tokens=tokens)
    resume.save(driver.page, clean=True)
    driver.user.is_staff = False
    sent = driver.join(resume=(driver.page.joined_id, driver.page.version + 5), tokens=tokens[::order])
    assert "SECRET" not in str(sent)
    assert not driver.out(Attach)
    assert_out_of_reach(driver)


def test_what_stands_in_a_card_that_the_page_drops_is_not_live() -> None:
    html, driver = page_of(
        "<main>{% live_component 'standing.door' %}{% filter slice:':0' %}" + GATE_PAGE + "{% endfilter %}</main>"
    )
    assert driver.join(tokens=tokens_in(html))[0][0] == "joined"
    assert not driver.out(Attach)
    assert [mounted.component.name for mounted in driver.page.tree.values()] == ["standing.door"]


class Denying(LiveComponent):
    name = "standing.denying"
    template = "{% load livecomp %}<div>{{ n }}" + CONTENT + "</div>"
    is_open: ClassVar[bool] = True
    n: int = 0

    def get_context_data(self) -> dict[str, Any]:
        if not Denying.is_open:
            raise PermissionDenied
        return {}

    @on("standing.denying")
    def hear(self, message: Any) -> None:
        self.n += 1


def test_t116_what_stands_in_a_component_that_denies_itself_is_out_of_reach() -> None:
    driver = joined("standing.denying")
    Denying.is_open = False
    try:
        sent = driver.give(inputs.TopicMessages({"standing.denying": [1]}))
        assert "not allowed to see this" in str(sent)
        assert driver.give(inputs.TopicMessages({"standing.denying": [1]})) == [], "it is shown once"
        assert len(driver.out(Detach)) == 1
        assert_out_of_reach(driver)
        resume.save(driver.page, clean=True)
        driver.join(resume=(driver.page.joined_id, driver.page.version))
        assert_out_of_reach(driver)
    finally:
        Denying.is_open = True
    assert "SECRET" in str(driver.give(inputs.TopicMessages({"standing.denying": [1]})))


def test_events_of_what_stands_below_a_failed_component_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    """A fault is no refusal: what was clicked before the notice came is done."""

    class Faulty(LiveComponent):
        name = "standing.faulty"
        template = "{% load livecomp %}<div>" + CONTENT + "</div>"
        fails: ClassVar[bool] = False

        def get_context_data(self) -> dict[str, Any]:
            if Faulty.fails:
                raise ValueError("a fault")
            return {}

    driver = joined("standing.faulty")
    Faulty.fails = True
    driver.give(inputs.RenderAgain("c0"))
    assert len(driver.out(Detach)) == 1
    secret = id_of(driver, "standing.secret")
    assert "SECRET" not in str(driver.event("add", secret))
    assert "SECRET" not in str(driver.give(protocol.Render(secret)))
    Faulty.fails = False
    assert ">1</b>" in str(driver.give(inputs.RenderAgain("c0")))
    assert len(driver.out(Attach)) == 1
    caplog.clear()


def test_what_a_component_stands_in_can_be_asked_while_a_handler_changes_the_page() -> None:
    """As a shared component's viewers do, from another thread: here the page changes between any two looks at it."""
    driver = Driver("standing.asked_outer")
    driver.join()
    page = driver.page

    class Changing(dict[str, Any]):
        def __contains__(self, key: object) -> bool:
            self.change()
            return super().__contains__(key)

        def get(self, key: Any, default: Any = None) -> Any:
            self.change()
            return super().get(key, default)

        def change(self) -> None:
            page.holders["c1"][f"c{len(page.holders['c1']) + 10}"] = None

    page.holders["c1"] = {"c0": None, "c9": None}
    page.tree = Changing(page.tree)
    assert [each.id for each in standing.around(page, "c1")] == ["c0", "c0"]
    assert standing.is_shown(page, "c1")


class AskedOuter(LiveComponent):
    name = "standing.asked_outer"
    template = "{% load livecomp %}<div>{% live_component 'standing.asked_inner' %}</div>"


class AskedInner(LiveComponent):
    name = "standing.asked_inner"
    template = "<p></p>"
