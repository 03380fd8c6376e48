"""Snapshots: taken at the join, kept until the next one, one page for each tab."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import override_settings

from livecomp import LiveComponent, inputs, liveness, resume, snapshot_cache, this_process, tokens
from livecomp.constants import CloseCode
from livecomp.effects import Close, Save
from livecomp.page import LivePage
from livecomp.protocol import Join
from livecomp.runtime.pages import Pages
from livecomp.this_process import process_id
from tests.driver import Driver, make_request

pytestmark = pytest.mark.django_db


def resumed(driver: Driver) -> list[list[object]]:
    """The page's replies when its browser comes back."""
    return driver.join(resume=(driver.page.joined_id, driver.page.version))


def has_doubt(replies: list[list[object]]) -> bool:
    return any(kind == "doubt" for kind, *_ in replies[0][5])  # type: ignore[attr-defined]


def test_a_page_goes_on_from_its_clean_snapshot() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    driver.event("add")
    resume.save(driver.page, clean=True)
    assert not has_doubt(resumed(driver))
    assert driver.component.count == 6


def test_t83_a_kill_right_after_the_join_leaves_the_state_and_a_doubt() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    driver.event("add")
    resume.save(driver.page, clean=True)
    resumed(driver)  # and nothing was saved since
    assert has_doubt(resumed(driver))
    assert driver.component.count == 6


def test_t83_a_kill_right_after_the_first_join_leaves_the_state_of_the_html() -> None:
    driver = Driver("counter", start=5)
    first = driver.join()
    assert has_doubt(resumed(driver))
    assert driver.component.count == 5
    assert driver.page.joined_id != first[0][1]
    assert str(first[0][1]).startswith(driver.page.id)


def test_t56_a_duplicated_tab_is_a_page_of_its_own() -> None:
    driver = Driver("counter", start=5)
    (first,) = driver.join()
    one = driver.page
    driver.event("add")
    (second,) = driver.join()  # the same HTML, the same tokens
    assert first[1] != second[1]
    assert driver.component.count == 5
    resume.save(one, clean=True)
    resume.save(driver.page, clean=True)
    driver.join(resume=(one.joined_id, one.version))
    assert driver.page.id == one.id
    assert driver.component.count == 6


def test_t51_a_join_that_the_browser_never_heard_of_is_no_part_of_its_story() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    old = driver.page
    resumed(driver)  # before the old connection is saved, and the reply is lost
    unheard = driver.page
    driver.page = old
    driver.event("add")
    resume.save(old, clean=True)
    resume.save(unheard, clean=True)
    driver.page = old
    assert not has_doubt(resumed(driver))
    assert driver.component.count == 6


def test_a_snapshot_goes_when_the_browser_has_heard_of_the_next_one() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    first = resume._key(driver.page.joined_id)
    resume.save(driver.page, clean=True)
    resumed(driver)
    resume.save(driver.page)
    assert cache.get(first) is not None
    driver.event("add")
    resume.save(driver.page)
    assert cache.get(first) is None


def stored(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What is in the cache of snapshots, by key."""
    entries: dict[str, bytes] = {}
    store = Entries(entries)
    monkeypatch.setattr(snapshot_cache._line, "call", lambda function: function(store))
    return entries


class Entries:
    """A cache that shows what is in it."""

    def __init__(self, entries: dict[str, bytes]) -> None:
        self.entries = entries
        self.get = entries.get

    def set(self, key: str, value: bytes, timeout: float) -> None:
        self.entries[key] = value

    def get_many(self, keys: list[str]) -> dict[str, bytes]:
        return {key: self.entries[key] for key in keys if key in self.entries}

    def delete(self, key: str) -> None:
        self.entries.pop(key, None)

    def delete_many(self, keys: list[str]) -> None:
        for key in keys:
            self.delete(key)


@pytest.mark.parametrize("ends", ["unheard", "saved", "heard"])
def test_t131_resuming_one_id_200_times_leaves_two_snapshots(ends: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = stored(monkeypatch)
    driver = Driver("counter", start=5)
    driver.join()
    joined_id, version = driver.page.joined_id, driver.page.version
    for _ in range(200):
        driver.join(resume=(joined_id, version))
        if ends == "heard":
            driver.ref = driver.page.ack
            driver.event("add")
        if ends != "unheard":
            resume.save(driver.page, clean=True)
    assert len(entries) <= 2


def test_t131_a_chain_of_resumes_leaves_two_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = stored(monkeypatch)
    driver = Driver("counter", start=5)
    driver.join()
    for _ in range(50):
        resumed(driver)
        resume.save(driver.page, clean=True)
    assert len(entries) == 2
    assert not has_doubt(resumed(driver))
    assert driver.component.count == 5


def test_t131_a_connection_that_was_never_heard_of_does_not_save_over_the_one_that_was() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    resume.save(driver.page, clean=True)
    first = driver.page
    resumed(driver)
    unheard = driver.page  # its reply is lost, and the server does not know yet
    driver.page = first
    resumed(driver)
    driver.event("add")
    resume.save(driver.page, clean=True)
    resume.save(unheard, clean=True)
    assert not has_doubt(resumed(driver))
    assert driver.component.count == 6


@pytest.mark.parametrize(
    "joined_id",
    ["page", "other.page.x", "{}", "{}.x", "{}x.y.z", "{}.a.b.c", "{}.a." + "x" * 100, "{}.a.b\n", "{}.a b.c"],
)
def test_t20_a_join_resumes_no_page_but_that_of_its_tokens(joined_id: str) -> None:
    driver = Driver("counter", start=5)
    driver.join()
    html_id = driver.page.id.partition(".")[0]
    driver.join(resume=(joined_id.format(html_id), 0))
    assert driver.out(Close)[0].code is CloseCode.VERSION_CHANGED


def test_a_snapshot_of_another_visitor_is_left_where_it_is() -> None:
    driver = Driver("counter", User.objects.create_user("anna"), start=5)
    driver.join()
    resume.save(driver.page, clean=True)
    saved_as = driver.page.joined_id
    stranger = LivePage(make_request(User.objects.create_user("bert")))
    stranger.joined_id = "another"
    assert resume.load(stranger, saved_as) is None
    assert resume.look_at(saved_as)[0]
    assert cache.get(resume._key("another")) is None


def test_t138_another_session_of_the_same_user_resumes_nothing() -> None:
    anna = User.objects.create_user("anna")
    driver = Driver("counter", anna, session="first-session", start=5)
    driver.join()
    driver.event("add")
    resume.save(driver.page, clean=True)
    saved_as = driver.page.joined_id
    driver.session = "second-session"
    resumed(driver)
    assert driver.out(Close)[0].code is CloseCode.VERSION_CHANGED
    second = LivePage(make_request(anna, session_key="second-session"))
    second.joined_id = "html.tab.second0"
    assert resume.load(second, saved_as) is None
    assert not Pages().owns(second, Join(1, [driver.token], (saved_as, 1), "/"))
    driver.session = "first-session"
    driver.page.joined_id = saved_as
    assert not has_doubt(resumed(driver))
    assert driver.component.count == 6


@pytest.mark.parametrize("hours", [1, 24])
def test_t137_a_page_resumes_although_the_clock_was_set_back(hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver("counter", start=5)
    driver.join()
    driver.event("add")
    resume.save(driver.page, clean=True)
    now = time.time() - hours * 3600
    monkeypatch.setattr(tokens.time, "time", lambda: now)
    assert not has_doubt(resumed(driver))
    assert driver.component.count == 6
    driver.join()
    assert driver.out(Close)[0].code is CloseCode.VERSION_CHANGED  # a fresh join, with a token of the future


@override_settings(LIVECOMP={"SNAPSHOT": "off"})
def test_with_snapshots_off_nothing_stays_behind_a_join() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    assert cache.get(resume._key(driver.page.joined_id)) is None
    assert cache.get(resume._key(driver.page.id.partition(".")[0])) is None


def test_t115_the_snapshot_of_a_page_is_bounded_in_size_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver("counter", start=5)
    driver.join()
    given = []
    monkeypatch.setattr(type(cache._connections["default"]), "set", lambda *args, **_: given.append(args[3]))
    resume.save(driver.page)
    assert given == [3600.0]
    with override_settings(LIVECOMP={"MAX_STATE_BYTES": 50}):
        resume.save(driver.page)
    assert len(given) == 1


def test_a_process_that_lives_is_waited_for_and_a_dead_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "MEMORY", 0.0)
    driver = Driver("counter", start=5)
    driver.join()
    own, joined_id = process_id(), driver.page.joined_id
    liveness.beat()
    assert resume.look_at(joined_id) == (False, False)  # our own process knows better
    monkeypatch.setattr(this_process, "_id", "0" * 16)
    assert resume.look_at(joined_id) == (False, True)
    monkeypatch.setattr(this_process, "_id", own)
    liveness.rest()
    monkeypatch.setattr(this_process, "_id", "0" * 16)
    assert resume.look_at(joined_id) == (False, False)
    resume.save(driver.page, clean=True)
    assert resume.look_at(joined_id) == (True, False)


def test_for_many_pages_a_process_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "MEMORY", 60.0)
    process = "f" * 16
    assert not liveness.is_alive(process)
    cache.set(liveness._key(process), 1)
    assert not liveness.is_alive(process)
    monkeypatch.setattr(liveness, "MEMORY", -1.0)
    assert liveness.is_alive(process)


def test_nobody_waits_for_a_state_that_is_too_large_to_be_saved() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    with override_settings(LIVECOMP={"MAX_STATE_BYTES": 50}):
        resume.save(driver.page, clean=True)
    assert resume.look_at(driver.page.joined_id)[0]
    assert has_doubt(resumed(driver))
    assert driver.component.count == 5


def test_a_page_that_was_mounted_again_is_saved_soon() -> None:
    driver = Driver("counter", start=5)
    cache.clear()
    driver.join()
    assert driver.out(Save)


def test_t83_the_page_is_told_when_its_state_lacks_what_it_has_heard_of() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    resume.save(driver.page)
    assert ("doubt", False) in resumed(driver)[0][5]  # type: ignore[operator]
    driver.event("add")
    assert ("doubt", True) in resumed(driver)[0][5]  # type: ignore[operator]
    assert driver.component.count == 5


def test_a_page_of_many_roots_is_written_once_and_not_once_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    monkeypatch.setattr(type(cache._connections["default"]), "set", lambda self, *args: written.append(len(args[1])))
    totals = []
    for count in (50, 200):
        written.clear()
        page = LivePage(make_request())
        for number in range(count):
            page.render_root("counter", {"start": number})
        totals.append(sum(written))
    assert totals[1] < 5 * totals[0]


def test_each_root_has_its_state_after_the_join() -> None:
    page = LivePage(make_request())
    htmls = [page.render_root("counter", {"start": number}) for number in range(40)]
    tokens = [re.search(r'lc-token="([^"]+)"', html)[1] for html in htmls]  # type: ignore[index]
    driver = Driver("counter", start=0)
    [(_, _, _, _, patches, _)] = driver.join(tokens=tokens)
    assert patches == []
    assert [each.component.count for each in driver.page.tree.values()] == list(range(40))
    assert cache.get(resume._key(driver.page.joined_id)) is not None
    assert len(page.parts) > 1


def test_hashes_and_templates_mean_the_same_in_every_process() -> None:
    code = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; import django; django.setup();"
        "from tests.driver import Driver; import pickle, sys; from livecomp import registry; import tests.testapp.live;"
        "from livecomp.page import LivePage; from tests.driver import make_request; page = LivePage(make_request());"
        "page.render_root('counter', {'start': 5}); mounted = page.tree['c0'];"
        "print(mounted.memory.template, mounted.memory.hashes.strong.tobytes().hex())"
    )
    root = Path(__file__).resolve().parent.parent
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0].strip()
    assert told[0] == told[1]


def test_a_resume_in_another_process_sends_only_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver("counter", start=5)
    driver.join()
    driver.event("add")
    version = driver.page.version
    resume.save(driver.page, clean=True)
    monkeypatch.setattr(this_process, "_id", "0" * 16)
    [(_, _, _, _, patches, _)] = driver.join(resume=(driver.page.joined_id, version))
    assert patches == []
    assert driver.component.count == 6


class Inner(LiveComponent):
    name = "resume.inner"
    template = "<b>{{ n }}</b>"
    n: int = 0


class Outer(LiveComponent):
    name = "resume.outer"
    template = (
        "{% load livecomp %}<div>{% if shows_inner %}{% live_component 'resume.inner' %}{% endif %}{{ end }}</div>"
    )
    fails: ClassVar[bool] = False
    shows: ClassVar[bool] = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**kwargs, "shows_inner": type(self).shows}

    @property
    def end(self) -> str:
        if type(self).fails:
            raise ValueError("the end")
        return "fine"


@pytest.fixture
def _outer_is_well() -> Iterator[None]:
    yield
    Outer.fails, Outer.shows = False, True


@pytest.mark.usefixtures("_outer_is_well")
@pytest.mark.parametrize("shows", [False, True])
def test_a_child_that_is_not_placed_any_more_does_not_end_every_resume(
    shows: bool, caplog: pytest.LogCaptureFixture
) -> None:
    driver = Driver("resume.outer")
    driver.join()
    Outer.fails = True  # the child is placed, then the template fails: its notice is all that the browser has
    driver.give(inputs.RenderAgain("c0"))
    resume.save(driver.page, clean=True)
    driver.page.close()
    Outer.fails, Outer.shows = False, shows
    (reply,) = resumed(driver)
    assert driver.out(Close) == []
    [[address, html]] = reply[4]
    assert address == "c0.0", "the browser has nothing of what stood inside the notice"
    assert ("<b" in html) is shows
    assert list(driver.page.tree) == ["c0", "c1"][: 1 + shows]
    assert driver.give(inputs.RenderAgain("c0")) == []
    caplog.clear()


@pytest.mark.usefixtures("_outer_is_well")
def test_a_child_inside_of_a_notice_is_shown_after_a_resume_that_fails_too(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver("resume.outer")
    driver.join()
    Outer.fails = True
    driver.give(inputs.RenderAgain("c0"))
    resume.save(driver.page, clean=True)
    driver.page.close()
    resumed(driver)
    Outer.fails = False
    [[_, _, _, [[address, html]]]] = driver.give(inputs.RenderAgain("c0"))
    assert address == "c0.0"
    assert "<b" in html
    caplog.clear()
