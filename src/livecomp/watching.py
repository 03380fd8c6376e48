"""Watched models: a committed save or delete, in any process, renders the viewers again.

Django's signals tell of single saves, deletes and many-to-many changes. What goes past them (`QuerySet.update`,
`bulk_create`, raw SQL) is told with `notify_changed`.
"""

import contextlib
import contextvars
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save

from livecomp import registry
from livecomp.topics import publish_batch

_suppressed: contextvars.ContextVar[bool] = contextvars.ContextVar("livecomp_suppressed", default=False)


def topic_of(model: type[Model], pk: Any = None) -> str:
    """The topic of a model's rows, or of the row with this primary key."""
    label = model._meta.label_lower
    return f"model:{label}" if pk is None else f"model:{label}:{pk}"


def notify_changed(
    model: type[Model], pks: Iterable[Any] = (), *, action: str = "changed", using: str | None = None
) -> None:
    """Tell the viewers of ``model`` that rows changed in a way that sends no signal, when the transaction commits.

    ``pks``: primary keys of the changed rows, for components that watch single rows. ``using``: the database whose
    transaction counts.
    """
    if _suppressed.get() or not _watched(model):
        return
    keys = [str(pk) for pk in pks]
    messages: list[tuple[str, Any]] = [(topic_of(model, pk), {"action": action, "pk": pk}) for pk in keys]
    whole = {"action": action, "pk": keys[0] if len(keys) == 1 else None}
    publish_batch([*messages, (topic_of(model), whole)], using=using)


@contextlib.contextmanager
def suppress_live() -> Iterator[None]:
    """Publish no model changes in this block: for bulk work. Call `notify_changed` once after it."""
    token = _suppressed.set(True)
    try:
        yield
    finally:
        _suppressed.reset(token)


def connect() -> None:
    """Listen to Django's signals. Called when the app is ready."""
    post_save.connect(_saved, dispatch_uid="livecomp")
    post_delete.connect(_deleted, dispatch_uid="livecomp")
    m2m_changed.connect(_related, dispatch_uid="livecomp")


class _Index:
    """Which models are watched, as the registry is now: a save of any other costs a look into a dictionary."""

    def __init__(self, version: int) -> None:
        self.version = version
        patterns = {trigger.pattern for each in registry.all_components().values() for trigger in each.topics}
        self._labels = {pattern.split(":")[1] for pattern in patterns if pattern.startswith("model:")}
        # Weak: migrations make model classes as they go
        self._models: weakref.WeakKeyDictionary[type[Model], tuple[weakref.ref[type[Model]], ...]]
        self._models = weakref.WeakKeyDictionary()

    def watched(self, model: type[Model]) -> "tuple[weakref.ref[type[Model]], ...]":
        """The model and those behind it, if any of them is watched."""
        found = self._models.get(model)
        if found is None:
            family = _with_parents(model)
            is_watched = any(each._meta.label_lower in self._labels for each in family)
            found = self._models[model] = tuple(map(weakref.ref, family)) if is_watched else ()
        return found


_index = _Index(-1)


def _watched(model: type[Model]) -> "tuple[weakref.ref[type[Model]], ...]":
    global _index
    index = _index
    if index.version != registry.version():
        index = _index = _Index(registry.version())
    return index.watched(model)


def _with_parents(model: type[Model]) -> list[type[Model]]:
    """A row of a child model is a row of its parents too, and a proxy's row is one of the model behind it."""
    concrete = model._meta.concrete_model or model
    return [model, *({concrete, *concrete._meta.get_parent_list()} - {model})]


def _changed(instance: Model, action: str, using: str) -> None:
    database = None if using == DEFAULT_DB_ALIAS else using
    for each in _watched(type(instance)):
        if (model := each()) is not None:
            notify_changed(model, [instance.pk], action=action, using=database)


def _saved(instance: Model, created: bool, using: str, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        _changed(instance, "created" if created else "saved", using)


def _deleted(instance: Model, using: str, **kwargs: Any) -> None:
    _changed(instance, "deleted", using)


def _related(instance: Model, action: str, using: str, **kwargs: Any) -> None:
    if action.startswith("post_") and isinstance(instance, Model):
        _changed(instance, "saved", using)
