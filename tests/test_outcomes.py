"""What becomes of an event when its answer, its connection or its process is lost (THREATS rows 121 to 124)."""

from typing import Any

import pytest
from django.core.cache import cache

from livecomp import LiveComponent, begun, event, inputs, protocol, resume, state, this_process
from livecomp.constants import ErrorCode
from livecomp.effects import Await, PageGone, Save, Send
from livecomp.exceptions import Refused
from tests.driver import Driver

pytestmark = pytest.mark.django_db

DEAD = "0" * 16


class Till(LiveComponent):
    name = "outcomes.till"
    template = "<div>{{ total }} <i>{{ note }}</i></div>"
    total: int = 0
    hidden: int = 0
    note: str = state("", bind=True)

    @event
    def add(self, by: int = 1) -> None:
        self.total += by

    @event
    def hide(self) -> None:
        self.hidden += 1

    @event
    def whisper(self) -> None:
        self.total += 1
        self.skip_render()

    @event
    def fail(self) -> None:
        raise ValueError("broken")

    @event
    async def wait(self) -> None:
        self.total += 1
        self.flash("info", "waited")

    @event
    async def steps(self) -> Any:
        self.total += 1
        yield
        self.total += 1


def joined() -> Driver:
    driver = Driver("outcomes.till")
    driver.join()
    return driver


def come_back(driver: Driver, **numbers: int) -> list[list[Any]]:
    return driver.join(resume=(driver.page.joined_id, driver.page.version), **numbers)


def failed(replies: list[list[Any]]) -> list[list[Any]]:
    return replies[0][6] if len(replies[0]) > 6 else []


def effects(replies: list[list[Any]]) -> dict[str, Any]:
    return {kind: rest for kind, *rest in replies[0][5]}


@pytest.mark.parametrize("name", ["fail", "nothing"])
def test_t122_the_error_of_an_event_is_told_again_when_its_reply_was_lost(name: str) -> None:
    driver = joined()
    driver.event("add")
    [error] = [reply for reply in driver.event(name) if reply[0] == "error"]
    driver.event("add")
    resume.save(driver.page, clean=True)
    replies = come_back(driver, heard=1)
    assert replies[0][3] == 3
    assert failed(replies) == [error]
    assert failed(come_back(driver, heard=3)) == []


def test_t122_an_event_that_is_sent_twice_gets_its_own_answer_again() -> None:
    driver = joined()
    [error] = [reply for reply in driver.event("fail") if reply[0] == "error"]
    assert driver.give(protocol.Event(1, "c0", "fail", {})) == [error]
    driver.event("add")
    assert driver.give(protocol.Event(2, "c0", "add", {})) == [["ack", 2]]
    assert driver.component.total == 1


def test_t122_errors_are_kept_for_as_many_events_as_may_be_under_way() -> None:
    driver = joined()
    for _ in range(120):
        driver.event("nothing")
    assert list(driver.page.failed) == list(range(21, 121))


def test_t124_what_is_refused_by_the_connection_has_an_outcome_in_its_turn() -> None:
    driver = joined()
    driver.event("add")
    [error] = driver.give(inputs.Refusal(2, Refused(ErrorCode.RATE_LIMITED, "Too many messages.")))
    assert error[:3] == ["error", 2, "rate_limited"]
    driver.ref = 2
    driver.event("add")
    resume.save(driver.page, clean=True)
    assert failed(come_back(driver, heard=1)) == [error]
    assert driver.component.total == 2


@pytest.mark.parametrize("name", ["hide", "whisper", "fail", "nothing"])
def test_t123_every_number_that_is_done_is_saved(name: str) -> None:
    driver = joined()
    driver.event(name)
    assert driver.out(Save)
    resume.save(driver.page)
    replies = come_back(driver, heard=1)
    assert replies[0][3] == 1
    assert effects(replies)["doubt"] == [False]


@pytest.mark.parametrize("name", ["hide", "whisper"])
def test_t123_a_snapshot_behind_what_the_browser_has_heard_is_told(name: str) -> None:
    driver = joined()
    resume.save(driver.page)
    driver.event(name)
    assert effects(come_back(driver))["doubt"] == [True]


def test_a_visitor_who_only_looked_is_told_nothing() -> None:
    driver = joined()
    driver.give(inputs.TopicMessages({}))
    cache.clear()
    assert effects(come_back(driver))["doubt"] == [False]


def begin(driver: Driver, name: str) -> Any:
    """Run an event up to where it waits."""
    driver.ref += 1
    steps = driver.page.receive(protocol.Event(driver.ref, "c0", name, {}))
    step = driver.page.advance(steps)
    assert isinstance(step, Await)
    step.awaitable.close()  # type: ignore[attr-defined]
    return steps


def test_t121_a_handler_that_is_cut_short_is_not_done_and_is_not_run_again() -> None:
    driver = joined()
    driver.event("add")
    steps = begin(driver, "wait")
    assert driver.page.advance(steps, error=PageGone()) is None
    sent = [output.message for output in driver.page.take_output() if isinstance(output, Send)]
    assert not any(message[0] == "error" or 2 in message[1:3] for message in sent)
    assert driver.page.ack == 1
    resume.save(driver.page, clean=True)
    replies = come_back(driver, heard=1, sent=3)
    assert replies[0][3] == 1
    assert "flash" not in effects(replies)
    [error] = driver.give(protocol.Event(2, "c0", "wait", {}))
    assert error[:3] == ["error", 2, "doubt"]
    driver.ref = 2
    driver.event("add")  # which had only been sent
    assert driver.component.total == 2
    assert driver.page.ack == 3


def test_t83_after_a_kill_what_had_not_begun_is_simply_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = joined()
    driver.event("add")
    resume.save(driver.page)
    monkeypatch.setattr(begun, "read", lambda joined_id: 2)
    replies = come_back(driver, heard=1, sent=4)
    assert replies[0][3] == 1
    assert [driver.give(protocol.Event(ref, "c0", "add", {}))[-1][0] for ref in (2, 3, 4)] == [
        "error",
        "patch",
        "patch",
    ]
    assert driver.component.total == 3


def test_t83_where_nobody_can_tell_all_that_was_sent_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = joined()
    resume.save(driver.page)
    monkeypatch.setattr(begun, "read", lambda joined_id: None)
    come_back(driver, sent=3)
    answers = [driver.give(protocol.Event(ref, "c0", "add", {}))[-1] for ref in (1, 2, 3, 4)]
    assert [answer[0] for answer in answers] == ["error", "error", "error", "patch"]
    assert {answer[2] for answer in answers[:3]} == {"doubt"}


def test_what_was_typed_is_written_again_whatever_was_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = joined()
    monkeypatch.setattr(begun, "read", lambda joined_id: None)
    come_back(driver, sent=1)
    driver.give(protocol.Set(1, "c0", {"note": "kept"}))
    assert driver.component.note == "kept"


def test_a_doubt_is_forgotten_only_with_its_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page dies a second time before the browser has asked."""
    driver = joined()
    monkeypatch.setattr(begun, "read", lambda joined_id: None)
    come_back(driver, sent=2)
    resume.save(driver.page, clean=True)
    come_back(driver, heard=0, sent=2)
    assert driver.give(protocol.Event(1, "c0", "add", {}))[0][2] == "doubt"


def test_after_a_cut_nothing_is_in_doubt() -> None:
    driver = joined()
    driver.event("add")
    resume.save(driver.page, clean=True)
    replies = come_back(driver, heard=0, sent=3)
    assert replies[0][3] == 1
    assert "doubt" not in effects(replies)
    driver.event("add")
    driver.event("add")
    assert driver.component.total == 3


def test_the_file_of_a_process_that_was_killed_can_be_read_and_that_of_a_living_one_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(begun, "_own", None)
    monkeypatch.setattr(begun.tempfile, "gettempdir", lambda: str(tmp_path))
    joined_id = f"html.tab.{this_process.process_id()}abc"
    record = begun.open_record(joined_id, 3)
    assert record is not None
    record.write(7)
    record.write(5)  # an event that is sent again
    own = begun._own
    monkeypatch.setattr(this_process, "_id", DEAD)
    assert begun.read(joined_id) is None
    assert own is not None
    own.close()
    assert begun.read(joined_id) == 7
    assert begun.read(f"html.other.{joined_id.split('.')[2]}") is None
    assert begun.read("html.tab.../../../etc/passwd") is None


def test_a_record_is_used_again_and_the_file_grows(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(begun, "_own", None)
    monkeypatch.setattr(begun.tempfile, "gettempdir", lambda: str(tmp_path))
    ids = [f"html.tab{number}.{this_process.process_id()}abc" for number in range(begun._PAGES + 5)]
    records = [begun.open_record(joined_id, number) for number, joined_id in enumerate(ids)]
    own = begun._own
    assert own is not None
    for record in records[:10]:
        assert record is not None
        record.erase()
    monkeypatch.setattr(this_process, "_id", DEAD)
    own.close()
    assert begun.read(ids[0]) is None
    assert begun.read(ids[-1]) == len(ids) - 1


def test_a_folder_of_somebody_else_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(begun, "_own", None)
    monkeypatch.setattr(begun, "_is_unusable", False)
    monkeypatch.setattr(begun.tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / f"livecomp-{begun.os.getuid()}").symlink_to(tmp_path)
    assert begun.open_record("html.tab.x", 0) is None
    assert "after a kill more of them are in doubt" in caplog.text
    caplog.clear()


def test_files_of_processes_that_died_long_ago_are_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(begun.tempfile, "gettempdir", lambda: str(tmp_path))
    old = begun._directory() / DEAD
    old.write_bytes(bytes(24))
    begun.os.utime(old, (0, 0))
    begun._remove_old()
    assert old.exists()  # it may have died a moment ago
    begun.os.utime(old, (0, 0))
    begun._remove_old()
    assert not old.exists()


def test_the_room_for_the_numbers_is_taken_before_it_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(begun, "_own", None)
    monkeypatch.setattr(begun.tempfile, "gettempdir", lambda: str(tmp_path))
    for number in range(begun._PAGES + 1):
        assert begun.open_record(f"html.tab{number}.x", 0) is not None
    [file] = begun._directory().iterdir()
    assert file.stat().st_blocks * 512 >= file.stat().st_size > 0


@pytest.mark.parametrize("places", [0, 1])
def test_without_room_for_the_numbers_the_pages_go_on_and_the_log_says_so_once(
    places: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def no_room(file: int, start: int, size: int) -> None:
        if start + size > places * begun._PAGES * begun._RECORD.size:
            begun.os.pwrite(file, b"x", start)  # a file system may give a part of it
            raise OSError(begun.errno.ENOSPC, "No space left on device")
        begun.os.pwrite(file, bytes(size), start)

    for name in ("_own", "_is_unusable", "_is_full"):
        monkeypatch.setattr(begun, name, None)
    monkeypatch.setattr(begun.tempfile, "gettempdir", lambda: str(tmp_path))
    with monkeypatch.context() as full:
        full.setattr(begun.os, "posix_fallocate", no_room)
        records = [begun.open_record(f"html.tab{number}.x", 0) for number in range(begun._PAGES + 3)]
    assert len([record for record in records if record is not None]) == places * begun._PAGES
    assert caplog.text.count("after a kill more of them are in doubt") == 1
    caplog.clear()
    if places:
        records[0].write(1)  # type: ignore[union-attr]
        assert begun.open_record("html.late.x", 0) is not None  # there is room again
    else:
        assert list(begun._directory().iterdir()) == []


def test_where_no_room_can_be_set_aside_it_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def unsupported(file: int, start: int, size: int) -> None:
        raise OSError(begun.errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(begun, "_own", None)
    monkeypatch.setattr(begun.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(begun.os, "posix_fallocate", unsupported)
    assert begun.open_record("html.tab.x", 0) is not None
    [file] = begun._directory().iterdir()
    assert file.stat().st_blocks * 512 >= file.stat().st_size > 0
