"""livecomp.synchronous: what livecomp calls and does not await is no ``async def`` and no generator."""

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.utils.functional import cached_property

from livecomp import LiveComponent, event, state
from livecomp.exceptions import ComponentError
from livecomp.synchronous import METHODS
from tests.driver import Driver

pytestmark = pytest.mark.django_db


async def coroutine(self: Any = None, *args: Any, **kwargs: Any) -> bool:
    return False


def generator(self: Any = None, *args: Any, **kwargs: Any) -> Iterator[bool]:
    yield False


async def asynchronous_generator(self: Any = None, *args: Any, **kwargs: Any) -> AsyncIterator[bool]:
    yield False


def plain(self: Any = None, *args: Any, **kwargs: Any) -> bool:
    return True


def made(name: str, value: Any, **more: Any) -> type[LiveComponent]:
    return type("Made", (LiveComponent,), {"template": "<p></p>", "name": "synchronous.made", name: value, **more})


def test_every_method_that_a_subclass_may_override_is_one_of_these() -> None:
    asked_for = {"push_event", "redirect", "push_url", "replace_url", "publish", "subscribe", "unsubscribe", "presence"}
    asked_for |= {"join_presence", "leave_presence", "start_task", "update", "cancel_task", "send_after", "flash"}
    asked_for |= {"skip_render", "send_to", "as_view"}
    methods = {name for name, value in vars(LiveComponent).items() if name[0] != "_" and callable(value)}
    assert methods - asked_for == {*METHODS}


@pytest.mark.parametrize(
    "function", [coroutine, generator, asynchronous_generator, sync_to_async(plain), functools.partial(coroutine)]
)
@pytest.mark.parametrize("name", METHODS)
def test_t116_what_nobody_awaits_is_refused_when_the_class_is_made(name: str, function: Callable[..., Any]) -> None:
    with pytest.raises(ComponentError, match=rf"Made.{name}: .*plain `def`") as raised:
        made(name, function)
    assert "async_to_sync" in str(raised.value)


def test_t116_what_a_mixin_brings_is_refused_too() -> None:
    mixin = type("Mixin", (), {"has_permission": coroutine})
    with pytest.raises(ComponentError, match="has_permission"):
        type("Mixed", (mixin, LiveComponent), {"template": "<p></p>"})


@pytest.mark.parametrize("kind", [property, functools.cached_property, cached_property])
def test_a_property_is_not_async(kind: Any) -> None:
    with pytest.raises(ComponentError, match="cannot wait for a property"):
        made("total", kind(coroutine))


def test_a_property_may_be_a_generator() -> None:
    made("rows", property(generator))


@pytest.mark.parametrize("factory", [coroutine, generator])
def test_the_factory_of_a_field_is_not_async(factory: Any) -> None:
    with pytest.raises(ComponentError, match="cannot wait for its factory="):
        made("rows", state(factory=factory), __annotations__={"rows": list[int]})


@pytest.mark.parametrize("name", METHODS)
def test_plain_methods_stay_what_they_are(name: str) -> None:
    made(name, plain)
    made(name, async_to_sync(coroutine))


class Disguised(LiveComponent):
    """Its methods look plain, and give a coroutine."""

    name = "synchronous.disguised"
    template = "<p>{{ n }}</p>"
    disguised: str = ""
    n: int = 0

    def mount(self, disguised: str) -> Any:
        self.disguised = disguised
        return coroutine() if disguised == "mount" else None

    def resumed(self) -> Any:
        return coroutine()


@pytest.mark.filterwarnings("error")
def test_a_mount_that_gives_a_coroutine_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"Disguised.mount\(\) gave <coroutine .* nobody awaits"):
        Driver("synchronous.disguised", disguised="mount")


@pytest.mark.filterwarnings("error")
def test_what_else_gives_a_coroutine_is_told(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver("synchronous.disguised", disguised="resumed")
    driver.join()
    driver.join(resume=(driver.page.joined_id, driver.page.version))
    assert "Disguised.resumed() gave" in caplog.text
    caplog.clear()


# What send_to() gives


class Told(LiveComponent):
    name = "synchronous.told"
    template = "<p>{{ heard }}</p>"
    heard: int = 0

    async def hear(self) -> int:
        self.heard += 1
        return self.heard

    def hear_bit_by_bit(self) -> Iterator[None]:
        self.heard += 1
        yield


class Teller(LiveComponent):
    name = "synchronous.teller"
    template = """{% load livecomp %}<div>{{ n }}{% live_component 'synchronous.told' %}
        {% if has_child %}{% live_component 'synchronous.telling' %}{% endif %}</div>"""
    n: int = 0
    has_child: bool = False

    @event
    def forget(self, method: str) -> None:
        self.n += 1
        self.send_to("c1", method)

    @event
    async def forget_later(self, method: str) -> None:
        self.n += 1
        self.send_to("c1", method)

    @event
    async def wait(self) -> None:
        self.n = await self.send_to("c1", "hear")

    @event
    def give_on(self) -> Any:
        return self.send_to("c1", "hear")

    @event
    def run(self) -> Iterator[None]:
        yield from self.send_to("c1", "hear_bit_by_bit")

    @event
    def place(self) -> None:
        self.has_child = True


class Telling(LiveComponent):
    name = "synchronous.telling"
    template = "<p></p>"

    def mount(self) -> None:
        self.send_to("c1", "hear")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["forget", "forget_later"])
@pytest.mark.parametrize("method", ["hear", "hear_bit_by_bit"])
def test_what_send_to_gives_and_nobody_awaits_or_runs_is_an_error(
    name: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    driver = Driver("synchronous.teller")
    driver.join()
    assert driver.event(name, method=method)[0][:3] == ["error", 1, "failed"]
    assert driver.component.n == 0
    assert f"send_to(…, '{method}') gave <" in caplog.text
    caplog.clear()
    assert driver.event("wait")[-1][0] == "patch", "the next one is not blamed for it"


@pytest.mark.parametrize("name", ["wait", "give_on", "run"])
def test_what_send_to_gives_may_be_awaited_or_run(name: str) -> None:
    driver = Driver("synchronous.teller")
    driver.join()
    assert driver.event(name)[0][0] != "error"
    assert driver.page.tree["c1"].component.heard == 1  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("error")
def test_a_mount_cannot_await_what_it_sends(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver("synchronous.teller")
    driver.join()
    driver.event("place")
    assert "send_to(…, 'hear') gave <" in caplog.text
    caplog.clear()
