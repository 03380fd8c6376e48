"""Rows of the threat list on new code under old pages, and on transactions."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import override_settings

from livecomp import LiveComponent, event, registry, resume
from livecomp.constants import CloseCode
from livecomp.effects import Close, Publish
from tests.driver import Driver
from tests.testapp.models import Note

pytestmark = pytest.mark.django_db
NEW = override_settings(LIVECOMP={"VERSION": "2"})


class Upgraded(LiveComponent):
    template = "<p>{{ total }}</p>"
    total: int = 0

    def upgrade_state(self, old: dict[str, Any], version: str) -> dict[str, Any] | None:
        return {"total": old["total"] + 100} if version == "" else None

    @event
    def add(self) -> None:
        self.total += 1


class Books(LiveComponent):
    template = "<p>{{ count }}</p>"
    count: int = 0

    @event
    def write(self, fail: bool = False) -> None:
        Note.objects.create(text="first")
        self.count += 1
        self.publish("notes", "written")
        if fail:
            raise ValueError("after the first")

    @event
    def write_both(self, fail: bool = False) -> None:
        with transaction.atomic():
            self.write(fail)


def deployed(driver: Driver) -> list[list[Any]]:
    """The page's browser comes back after a stop."""
    resume.save(driver.page, clean=True)
    return driver.join(resume=(driver.page.joined_id, driver.page.version))


def test_t82_a_page_of_another_version_is_joined_no_more_and_loaded_again() -> None:
    driver = Driver("upgraded")
    with NEW:
        driver.join()
    assert driver.out(Close) == [Close(CloseCode.VERSION_CHANGED, "This page is out of date; load it again.")]


def test_t82_a_page_with_state_goes_on_in_the_new_version_with_the_whole_new_html() -> None:
    driver = Driver("upgraded")
    driver.join()
    driver.event("add")
    resume.save(driver.page, clean=True)
    with NEW:
        (reply,) = driver.join(resume=(driver.page.joined_id, driver.page.version))
        assert reply[4] == [("c0.0", "<p>101</p>")]
        assert driver.component.total == 101
        (reply,) = deployed(driver)  # and again: what is saved now is of the new version
        assert driver.component.total == 101


@pytest.mark.parametrize("lost", ["state", "upgrade"])
def test_t82_a_page_whose_state_does_not_fit_is_loaded_again(lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver("upgraded")
    driver.join()
    resume.save(driver.page, clean=True)
    if lost == "state":
        cache.clear()
    else:
        monkeypatch.setattr(Upgraded, "upgrade_state", lambda *args: None)
    with NEW:
        driver.join(resume=(driver.page.joined_id, 0))
    assert driver.out(Close)[0].code is CloseCode.VERSION_CHANGED


def test_t27_an_old_page_resumes_from_its_state_and_is_not_mounted_from_its_token() -> None:
    driver = Driver("upgraded")
    driver.join()
    driver.event("add")
    with override_settings(LIVECOMP={"TOKEN_MAX_AGE": -1.0}):
        deployed(driver)
        assert driver.component.total == 1
        cache.clear()
        driver.join(resume=(driver.page.joined_id, 0))
        assert driver.out(Close)[0].code is CloseCode.VERSION_CHANGED


def test_t85_an_event_that_the_new_code_does_not_know_is_an_error_and_the_page_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = Driver("upgraded")
    driver.join()
    with monkeypatch.context() as patch:
        patch.delitem(Upgraded.events, "add")
        assert driver.event("add")[0][2] == "unknown_event"
    assert driver.event("add")[0][0] == "patch"


def test_t85_a_component_that_the_new_code_does_not_know_has_the_page_loaded_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = Driver("upgraded")
    driver.join()
    monkeypatch.delitem(registry._classes, "upgraded")
    deployed(driver)
    assert driver.out(Close)[0].code is CloseCode.VERSION_CHANGED


def test_t76_a_handler_in_a_transaction_happens_as_a_whole_or_not_at_all() -> None:
    driver = Driver("books")
    driver.join()
    assert driver.event("write_both", fail=True)[0][2] == "failed"
    assert (Note.objects.count(), driver.component.count, driver.out(Publish)) == (0, 0, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_atomic", [True, False])
def test_t76_with_atomic_requests_every_event_is_a_transaction(
    is_atomic: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", is_atomic)
    driver = Driver("books")
    driver.join()
    assert driver.event("write", fail=True)[0][2] == "failed"
    assert Note.objects.count() == (0 if is_atomic else 1)
    assert driver.component.count == 0
    said = [output.topic for output in driver.out(Publish)]
    assert "notes" not in said  # a handler that failed has not happened
    assert ("model:testapp.note" in said) is not is_atomic  # but a row that is saved is saved
    driver.event("write")
    assert driver.component.count == 1
    assert [output.topic for output in driver.out(Publish)].count("notes") == 1
