"""What has the connections of a user looked at again."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from livecomp import topics


class Heard:
    def __init__(self) -> None:
        self.words: list[tuple[str, Any]] = []

    def deliver_soon(self, topic: str, messages: list[Any], origin: object) -> None:
        pass

    def control_soon(self, kind: str, value: Any) -> None:
        self.words.append((kind, value))


@pytest.fixture
def heard(transactional_db: Any) -> Iterator[Heard]:
    listener = Heard()
    topics.add_listener(listener)
    yield listener
    topics.remove_listener(listener)


@pytest.fixture
def user(heard: Heard) -> User:
    user = User.objects.create_user("alice", password="old")
    heard.words.clear()
    return user


def test_t37_signing_out(heard: Heard, user: User) -> None:
    client = Client()
    client.force_login(user)
    assert heard.words == []
    client.logout()
    assert heard.words == [("revalidate", f"user:{user.pk}")]


def test_t37_an_anonymous_sign_out_is_nobodys(heard: Heard) -> None:
    Client().logout()
    assert heard.words == []


@pytest.mark.parametrize("change", ["password", "is_active", "delete"])
def test_t38_what_changes_an_account(heard: Heard, user: User, change: str) -> None:
    word = ("revalidate", f"user:{user.pk}")
    if change == "password":
        user.set_password("new")
        user.save()
    elif change == "is_active":
        user.is_active = False
        user.save(update_fields=["is_active"])
    else:
        user.delete()
    assert heard.words == [word]
