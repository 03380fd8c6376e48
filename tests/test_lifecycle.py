"""The life of a component: mount, resumed, unmount."""

import pytest

from livecomp import LiveComponent, event, on, publish_now, state
from livecomp.exceptions import ComponentError
from livecomp.runtime.pages import Pages
from livecomp.testing import LiveClient
from tests.driver import Driver

pytestmark = pytest.mark.django_db
said: list[str] = []


class Seat(LiveComponent):
    template = "<li>{{ number }}</li>"
    number: int

    def mount(self, number: int) -> None:
        self.number = number
        said.append(f"mount {number}")

    def resumed(self) -> None:
        said.append(f"resumed {self.number}")

    def unmount(self) -> None:
        said.append(f"unmount {self.number}")
        if self.number == 13:
            raise ValueError("an unlucky number")
        publish_now("seats", self.number)


class Row(LiveComponent):
    template = """{% load livecomp %}<ul>{% for number in numbers %}{% live_component "seat" key=number number=number %}
{% endfor %}</ul>"""
    numbers: list[int] = state([])

    def mount(self, numbers: str = "1 2") -> None:
        self.numbers = [int(number) for number in numbers.split()]

    @event
    def let_go(self, number: int) -> None:
        self.numbers.remove(number)


@pytest.fixture(autouse=True)
def quiet() -> None:
    said.clear()


def test_a_component_that_leaves_its_page_is_unmounted_once(live: LiveClient) -> None:
    page = live.mount("row")
    said.clear()
    page.call("let_go", number=1)
    assert said == ["unmount 1"]
    page.disconnect()
    assert said == ["unmount 1", "unmount 2"]


def test_with_the_connection_all_are_unmounted_and_resumed_when_it_is_back(live: LiveClient) -> None:
    page = live.mount("row")
    said.clear()
    page.disconnect()
    assert said == ["unmount 1", "unmount 2"]
    page.reconnect()
    assert said[2:] == ["resumed 1", "resumed 2"]


def test_one_that_fails_to_leave_keeps_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver("row", numbers="13 2")
    driver.join()
    said.clear()
    Pages().close(driver.page)
    assert said == ["unmount 13", "unmount 2"]
    assert "seat.unmount failed" in caplog.text


def test_a_page_that_never_connects_is_not_unmounted(live: LiveClient) -> None:
    Driver("row")
    assert said == ["mount 1", "mount 2"]


def test_on_takes_a_name_and_refuses_a_model() -> None:
    from tests.testapp.models import Note

    with pytest.raises(ComponentError, match=r"@on\.model"):
        on(Note)  # type: ignore[arg-type]
