"""A ``has_permission()`` that looks at the component's state is asked about the state that is shown, whatever set it."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from livecomp import LiveComponent, event, inputs, on, protocol, resume, state
from livecomp.effects import Close, Publish, StartTask, StartTimer, Subscribe
from livecomp.page import LivePage
from livecomp.presence import directory
from tests.driver import Driver, make_request

pytestmark = pytest.mark.django_db

OWNERS = {1: "ada", 2: "bob"}


class Order(LiveComponent):
    """Its first state comes from ``mount()`` as it is written, in the field of the argument's name."""

    name = "rules.order"
    template = "<p>ORDER OF {{ owner }} {{ n }}</p>"
    asked: ClassVar[list[int]] = []
    pk: int = 0
    n: int = 0

    @property
    def owner(self) -> str:
        return OWNERS.get(self.pk, "nobody")

    def has_permission(self) -> bool:
        Order.asked.append(self.pk)
        return not self.pk or OWNERS[self.pk] == self.user.username

    @event
    def add(self) -> None:
        self.n += 1


class Strict(Order):
    """Has no value before ``mount()``."""

    name = "rules.strict"
    pk: int


class Numbered(Order):
    """``mount()`` sets the field from an argument of another name, and asks for all that can be asked for."""

    name = "rules.numbered"
    mounted: ClassVar[list[int]] = []

    def mount(self, number: int = 0) -> None:
        Numbered.mounted.append(number)
        self.pk = number
        self.flash("info", f"the flash of {self.owner}")
        self.push_event("seen", self.owner)
        self.start_task(print, self.owner)
        self.send_after(1, "add")
        self.subscribe("rules.owner")
        self.join_presence("rules.here")
        self.publish("rules.seen", self.owner)

    def updated(self, number: int = 0) -> None:
        self.mount(number)


class Computed(Order):
    """The rule looks at what is computed from the state."""

    name = "rules.computed"

    @cached_property
    def owner(self) -> str:  # type: ignore[override]
        return OWNERS.get(self.pk, "nobody")

    def has_permission(self) -> bool:
        return self.owner == self.user.username


class Leading(Order):
    """Sends away whom it refuses."""

    name = "rules.leading"
    answer: ClassVar[Any] = False

    def mount(self, number: int = 0) -> None:
        self.pk = number

    def updated(self, number: int = 0) -> None:
        self.pk = number

    def has_permission(self) -> Any:
        if super().has_permission():
            return True
        self.redirect("/login/")
        return Leading.answer


class Addressed(Order):
    """Its state comes from the address."""

    name = "rules.addressed"
    pk: int = state(0, url="order")


class Shop(LiveComponent):
    """Places an order, by the names of its class and its argument."""

    name = "rules.shop"
    template = """{% load livecomp %}<div>{{ n }}{% if kind == 'rules.order' %}{% live_component 'rules.order' pk=current %}
        {% elif kind == 'rules.numbered' %}{% live_component 'rules.numbered' number=current %}
        {% elif kind == 'rules.leading' %}{% live_component 'rules.leading' number=current %}
        {% elif kind == 'rules.strict' %}{% live_component 'rules.strict' pk=current %}
        {% elif kind == 'rules.computed' %}{% live_component 'rules.computed' pk=current %}{% endif %}</div>"""
    kind: str = ""
    current: int = 0
    n: int = 0

    @event
    def show(self, kind: str = "", current: int = 0) -> None:
        self.kind, self.current = kind or self.kind, current

    @event
    def again(self) -> None:
        self.n += 1


KINDS = ["rules.order", "rules.strict", "rules.computed", "rules.numbered"]
ARGUMENTS = {"rules.numbered": "number", "rules.leading": "number"}


@pytest.fixture(autouse=True)
def _nobody_is_here() -> Iterator[None]:
    Order.asked.clear()
    Numbered.mounted.clear()
    yield
    assert not directory.present("rules.here")


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob")


def arguments_of(kind: str, pk: int) -> dict[str, Any]:
    return {ARGUMENTS.get(kind, "pk"): pk}


def joined(name: str, user: Any, **arguments: Any) -> Driver:
    driver = Driver(name, user, **arguments)
    driver.join()
    return driver


# Over HTTP


@pytest.mark.parametrize("kind", KINDS)
def test_t116_a_view_does_not_serve_the_row_of_another(kind: str, bob: User) -> None:
    view = {each.name: each for each in (Order, Strict, Computed, Numbered)}[kind].as_view()

    def get(pk: int) -> HttpResponse:
        request = RequestFactory().get("/")
        request.user, request.session = bob, make_request().session
        return view(request, **arguments_of(kind, pk))

    with pytest.raises(PermissionDenied):
        get(1)
    assert b"ORDER OF bob" in get(2).content


@pytest.mark.parametrize("placed_by", ["page", "parent"])
@pytest.mark.parametrize("kind", [*KINDS, "rules.leading"])
def test_t116_a_refused_mount_leaves_nothing_on_the_page(kind: str, placed_by: str, bob: User) -> None:
    page = LivePage(make_request(bob))
    page.render_root("rules.shop", {})
    known = set(page.tree)
    try:
        if placed_by == "page":
            html = page.render_root(kind, arguments_of(kind, 1))
        else:
            html = page.render_root("rules.shop", {"kind": kind, "current": 1})
        assert kind == "rules.leading"
        assert "ORDER" not in html
        assert page.leaving == "/login/"
    except PermissionDenied:
        assert kind != "rules.leading"
        assert not page.leaving
    assert set(page.tree) == known
    assert page.claims.keys() == page.first_html.keys() == known
    assert page.take_output() == []
    assert page.take_effects() == []
    if not page.leaving:
        html = page.render_root("rules.shop", {})
        assert "ORDER" not in html
        shops = list(page.tree.values())
        assert [each.component.name for each in shops] == ["rules.shop"] * 2
        assert [each.effects for each in shops] == [[], []]


@pytest.mark.parametrize("kind", ["rules.order", "rules.strict", "rules.computed"])
def test_a_rule_that_sees_the_argument_refuses_before_mount_runs(
    kind: str, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = []
    monkeypatch.setattr(Order, "mount", lambda self, **kwargs: mounted.append(kwargs))
    with pytest.raises(PermissionDenied):
        Driver(kind, bob, pk=1)
    assert mounted == []


def test_what_a_rule_sees_before_mount_is_not_kept(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Order, "mount", lambda self, pk: None)
    driver = joined("rules.order", bob, pk=2)
    assert driver.component.pk == 0
    assert Order.asked[:2] == [2, 0]


# On the WebSocket


@pytest.mark.parametrize("kind", KINDS)
def test_t116_a_child_that_an_event_mounts_is_not_that_of_another(kind: str, bob: User) -> None:
    driver = joined("rules.shop", bob)
    sent = str(driver.event("show", kind=kind, current=1))
    assert "not allowed to see this" in sent
    assert "ada" not in sent
    assert "ORDER" not in sent
    for each in (StartTask, StartTimer, Subscribe, Publish):
        assert driver.out(each) == []
    (child,) = [each for each in driver.page.tree.values() if each.component.name == kind]
    assert "ada" not in str(child.component.__dict__)
    assert (child.effects, child.tasks, child.later, child.wanted, child.joined) == ([], {}, {}, set(), {})
    assert b"the flash of" not in (resume.take(driver.page) or b"")
    sent = str(driver.event("show", kind=kind, current=2))
    assert "ORDER OF bob" in sent
    driver.page.close()


@pytest.mark.parametrize("kind", KINDS)
def test_t116_a_child_is_asked_again_when_its_argument_changes(kind: str, bob: User) -> None:
    driver = joined("rules.shop", bob, kind=kind, current=2)
    assert "ORDER OF bob" in driver.html
    (child,) = [each for each in driver.page.tree.values() if each.component.name == kind]
    driver.event("add", child.id)
    before = dict(child.joined)
    sent = str(driver.event("show", current=1))
    assert "not allowed to see this" in sent
    assert "ada" not in sent
    assert driver.event("add", child.id)[0][0] == "error"
    sent = str(driver.event("again"))
    assert "ORDER" not in sent
    sent = str(driver.event("show", current=2))
    assert "ORDER OF bob 1" in sent, "it comes back with its state"
    assert child.joined == before
    driver.page.close()


def test_t116_a_child_that_was_refused_for_what_it_shows_can_be_given_something_else(bob: User) -> None:
    driver = joined("rules.shop", bob, kind="rules.order", current=2)
    OWNERS[2] = "ada"
    try:
        assert "not allowed to see this" in str(driver.event("again"))
        OWNERS[3] = "bob"
        assert "ORDER OF bob" in str(driver.event("show", current=3))
    finally:
        OWNERS.pop(3, None)
        OWNERS[2] = "bob"


@pytest.mark.parametrize("answer", [False, True, None])
def test_t116_a_rule_that_leads_away_does_so_after_mount_too(
    answer: Any, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leading, "answer", answer)
    driver = joined("rules.shop", bob)
    sent = driver.event("show", kind="rules.leading", current=1)
    assert "ORDER" not in str(sent)
    assert ["redirect", "/login/"] in [[*each] for each in sent[-1][-1]]
    driver = joined("rules.shop", bob, kind="rules.leading", current=2)
    sent = driver.event("show", current=1)
    assert "ORDER" not in str(sent)
    assert ["redirect", "/login/"] in [[*each] for each in sent[-1][-1]]


def test_t116_a_root_that_is_mounted_again_from_its_token_is_asked(bob: User) -> None:
    driver = Driver("rules.numbered", bob, number=2)
    cache.clear()
    OWNERS[2] = "ada"
    try:
        sent = driver.join()
    finally:
        OWNERS[2] = "bob"
    assert "ORDER" not in str(sent)
    assert "flash of" not in str(sent)
    assert driver.out(StartTask) == driver.out(StartTimer) == driver.out(Publish) == []
    assert driver.out(Close) or "not allowed to see this" in str(sent)
    driver.page.close()


class Moving(Order):
    """Shows another order each time that its page is back."""

    name = "rules.moving"

    def resumed(self) -> None:
        self.pk = 1


class MovingShop(LiveComponent):
    name = "rules.moving_shop"
    template = "{% load livecomp %}<div>{{ n }}{% live_component 'rules.moving' pk=2 %}</div>"
    n: int = 0


@pytest.mark.parametrize("name", ["rules.moving", "rules.moving_shop"])
@pytest.mark.parametrize("is_same_process", [True, False])
def test_t116_what_resumed_has_changed_is_asked_about(
    name: str, is_same_process: bool, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from livecomp import this_process

    driver = joined(name, bob, **({"pk": 2} if name == "rules.moving" else {}))
    resume.save(driver.page, clean=True)
    if not is_same_process:
        monkeypatch.setattr(this_process, "_id", "another process1")
    sent = str(driver.join(resume=(driver.page.joined_id, driver.page.version)))
    assert "ORDER" not in sent
    assert "not allowed to see this" in sent


def test_t116_what_the_address_says_is_asked_about(bob: User) -> None:
    with pytest.raises(PermissionDenied):
        Driver("rules.addressed", bob, path="/?order=1")
    driver = Driver("rules.addressed", bob, path="/?order=2")
    driver.join()
    sent = str(driver.give(protocol.Url(1, "/?order=1")))
    assert "ORDER" not in sent
    assert "not allowed to see this" in sent


class Meddler(LiveComponent):
    """Changes its sibling when it is mounted."""

    name = "rules.meddler"
    template = "<i>{{ n }}</i>"
    n: int = 0

    def mount(self, order: str) -> None:
        self.send_to(order, "change", pk=1)


class Changeable(Order):
    name = "rules.changeable"

    def change(self, pk: int) -> None:
        self.pk = pk

    @on("rules.changeable")
    def hear(self, message: Any) -> None:
        self.n += 1


class Meddled(LiveComponent):
    name = "rules.meddled"
    template = """{% load livecomp %}<div>{% live_component 'rules.changeable' pk=2 %}
        {% if order %}{% live_component 'rules.meddler' order=order %}{% endif %}</div>"""
    order: str = ""

    @event
    def meddle(self) -> None:
        self.order = "c1"
        self.send_to("c1", "change", pk=2)


def test_t116_what_another_component_has_changed_on_the_way_is_asked_about(bob: User) -> None:
    driver = joined("rules.meddled", bob)
    sent = str(driver.event("meddle"))
    assert "ORDER" not in sent
    assert "not allowed to see this" in sent
    assert "ORDER" not in str(driver.give(inputs.TopicMessages({"rules.changeable": [1]})))


# What it costs


class Plain(LiveComponent):
    name = "rules.plain"
    template = "{% load livecomp %}<div>{{ n }}{% for key in keys %}{% live_component 'rules.plain_row' key=key n=n %}{% endfor %}</div>"
    permission_required = "testapp.add_note"
    keys: list[int] = state([1, 2, 3])
    n: int = 0

    @event
    def add(self) -> None:
        self.n += 1


class PlainRow(LiveComponent):
    name = "rules.plain_row"
    template = "<b>{{ n }}</b>"
    permission_required = "testapp.add_note"
    n: int = 0


class RuledRow(PlainRow):
    name = "rules.ruled_row"

    def has_permission(self) -> bool:
        return True


class Ruled(Plain):
    name = "rules.ruled"
    template = Plain.template.replace("plain_row", "ruled_row")


@pytest.mark.parametrize("name", ["rules.plain", "rules.ruled"])
def test_declared_permissions_are_not_read_again_for_a_rule(name: str, bob: User) -> None:
    bob.user_permissions.add(Permission.objects.get(codename="add_note"))
    driver = joined(name, bob)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        driver.event("add")
    permissions = [each["sql"] for each in queries if "auth_permission" in each["sql"]]
    assert len(permissions) <= 4, "user's and groups' permissions, for the handler and for the render"


class Account(LiveComponent):
    """Its rule and its template look at a row that is read once."""

    name = "rules.account"
    template = "<p>ACCOUNT OF {{ owner }}</p>"
    pk: int = state(1, url="pk")

    @cached_property
    def owner(self) -> str:
        return OWNERS[self.pk]

    def has_permission(self) -> bool:
        return self.owner == "ada"

    def mount(self, after: int = 0) -> None:
        if after:
            self.pk = len(self.owner) - 1  # 2

    def updated(self, after: int = 0) -> None:
        self.pk = len(self.owner) - 1

    @event
    def next(self) -> None:
        self.pk = len(self.owner) - 1

    @event
    def step(self) -> Any:
        yield
        self.pk = 2
        yield


class AroundAccount(LiveComponent):
    name = "rules.around_account"
    template = "{% load livecomp %}<div>{% live_component 'rules.account' after=after %}</div>"
    after: int = 0

    @event
    def go(self) -> None:
        self.after = 1


@pytest.mark.parametrize("name", ["next", "step"])
def test_t116_a_rule_does_not_remember_what_it_has_read_of_another_state(name: str) -> None:
    driver = Driver("rules.account", User.objects.create_user("ada"))
    driver.join()
    sent = str(driver.event(name))
    assert "bob" not in sent
    assert "not allowed to see this" in sent


def test_t116_nor_over_http_or_when_arguments_change() -> None:
    page = LivePage(make_request(User.objects.create_user("ada")))
    with pytest.raises(PermissionDenied):
        page.render_root("rules.account", {"after": 1})
    driver = Driver("rules.around_account", User.objects.create_user("ada2"))
    driver.page.request.user.username = "ada"
    driver.join()
    assert "bob" not in str(driver.event("go"))


def test_t116_back_to_what_may_be_seen_shows_it_again() -> None:
    driver = Driver("rules.account", User.objects.create_user("ada"))
    driver.join()
    driver.ref = 1
    assert "not allowed to see this" in str(driver.give(protocol.Url(1, "/?pk=2")))
    assert "ACCOUNT OF ada" in str(driver.give(protocol.Url(2, "/?pk=1")))
