"""livecomp.watching: committed changes of rows reach the viewers."""

from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from livecomp import LiveComponent, notify_changed, suppress_live, topics, watching
from livecomp.testing import LiveClient
from tests.testapp.models import Note

pytestmark = pytest.mark.django_db(transaction=True)
NOTES = "model:testapp.note"


class NoteCounter(LiveComponent):
    template = "<p>{{ count }}</p>"
    watch = [Note]
    renders: ClassVar[int] = 0

    @property
    def count(self) -> int:
        NoteCounter.renders += 1
        return Note.objects.count()


class Recorder:
    """Stands where the hubs stand."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []

    def deliver_soon(self, topic: str, messages: list[Any], origin: object) -> None:
        self.got += [(topic, message) for message in messages]

    def control_soon(self, kind: str, value: Any) -> None: ...


@pytest.fixture
def recorder() -> Any:
    recorder = Recorder()
    topics.add_listener(recorder)
    yield recorder
    topics.remove_listener(recorder)


def test_a_save_and_a_delete_are_told(recorder: Recorder) -> None:
    note = Note.objects.create(text="x")
    note.save()
    pk = str(note.pk)
    note.delete()
    actions = [message["action"] for topic, message in recorder.got if topic == NOTES]
    assert actions == ["created", "saved", "deleted"]
    assert (f"{NOTES}:{pk}", {"action": "saved", "pk": pk}) in recorder.got


def test_t67_what_is_rolled_back_is_not_told(recorder: Recorder) -> None:
    with transaction.atomic():
        Note.objects.create(text="x")
        transaction.set_rollback(True)
    assert not recorder.got


def test_t67_a_thousand_rows_that_are_rolled_back_render_nothing(live: LiveClient) -> None:
    page = live.mount("note_counter")
    assert page.text == "0"
    before = NoteCounter.renders
    with transaction.atomic():
        for number in range(1000):
            Note.objects.create(text=str(number))
        transaction.set_rollback(True)
    assert page.text == "0"
    assert NoteCounter.renders == before
    Note.objects.create(text="kept")
    assert page.text == "1"
    assert NoteCounter.renders > before


def test_t67_a_savepoint_that_is_rolled_back_takes_only_its_own_news_with_it(recorder: Recorder) -> None:
    with transaction.atomic():
        kept = Note.objects.create(text="kept")
        with transaction.atomic():
            Note.objects.create(text="dropped")
            transaction.set_rollback(True)
    assert {message["pk"] for _, message in recorder.got} == {str(kept.pk)}


def test_it_is_told_when_the_transaction_commits(recorder: Recorder) -> None:
    with transaction.atomic():
        Note.objects.create(text="x")
        assert not recorder.got
    assert recorder.got


def test_models_that_nobody_watches_are_not_told(recorder: Recorder) -> None:
    group = Group.objects.create(name="staff")
    group.permissions.add(Permission.objects.all()[0])
    assert not recorder.got


def test_bulk_work_is_told_once_by_hand(recorder: Recorder) -> None:
    with suppress_live():
        for n in range(3):
            Note.objects.create(text=str(n))
    Note.objects.update(text="y")
    assert not recorder.got
    notify_changed(Note)
    assert recorder.got == [(NOTES, {"action": "changed", "pk": None})]


def test_a_save_of_an_unwatched_model_does_not_go_through_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    notify_changed(Permission)

    def fail() -> Any:
        raise AssertionError("the registry was asked")

    monkeypatch.setattr(watching.registry, "all_components", fail)
    for _ in range(3):
        notify_changed(Permission)


def test_a_component_that_is_declared_later_watches_too(recorder: Recorder) -> None:
    notify_changed(Permission, [1])
    assert not recorder.got

    class LateWatcher(LiveComponent):
        template = "<p></p>"
        watch = [Permission]

    notify_changed(Permission, [1])
    assert "model:auth.permission" in [topic for topic, _ in recorder.got]
    del watching.registry._classes[LateWatcher.name]
    watching.registry._version += 1
