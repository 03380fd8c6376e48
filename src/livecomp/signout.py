"""Signing out, and what else ends a session: the open pages of that user are looked at again at once, in every process.

Changes that send no signal (`QuerySet.update`, SQL) are noticed at the next event after ``REVALIDATE_SESSION``.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from livecomp import topics


def revalidate(user: Any) -> None:
    """Have every connection of the user checked: session, account, password. Those that fail are closed with 4401."""
    topics.announce("revalidate", f"user:{user.pk}")


def connect() -> None:
    """Listen to Django's signals. Called when the app is ready."""
    user_logged_out.connect(_logged_out, dispatch_uid="livecomp")
    post_save.connect(_saved, sender=get_user_model(), dispatch_uid="livecomp.signout")
    post_delete.connect(_deleted, sender=get_user_model(), dispatch_uid="livecomp.signout")


def _logged_out(*, user: Any, **kwargs: Any) -> None:
    if user is not None:
        revalidate(user)


def _saved(*, instance: Any, created: bool, update_fields: frozenset[str] | None, using: str, **kwargs: Any) -> None:
    if not created and update_fields != frozenset({"last_login"}):  # that is saved at every sign-in
        transaction.on_commit(lambda: revalidate(instance), using=using)


def _deleted(*, instance: Any, using: str, **kwargs: Any) -> None:
    key = f"user:{instance.pk}"  # the instance loses it afterwards
    transaction.on_commit(lambda: topics.announce("revalidate", key), using=using)
