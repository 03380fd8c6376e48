"""livecomp.checks: the cache of snapshots."""

import asyncio
from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCache
from django.core.checks import run_checks
from django.test import override_settings

from livecomp import checks
from livecomp.runtime.pages import Pages
from livecomp.runtime.process import Runtime
from tests.driver import Driver

BACKENDS = "django.core.cache.backends."
LOCMEM = f"{BACKENDS}locmem.LocMemCache"
REDIS_LAYER = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}


def found(cache: dict[str, Any] | None, **settings: Any) -> list[str]:
    with override_settings(CACHES={"default": {"BACKEND": LOCMEM}, "other": cache or {}}, **settings):
        messages = run_checks(tags=["livecomp"])
    ids = {"livecomp.E004", "livecomp.W004", "livecomp.W005", "livecomp.W006"}
    return [str(message.id) for message in messages if message.id in ids]


@pytest.mark.parametrize(
    ("cache", "expected"),
    [
        ({"BACKEND": f"{BACKENDS}dummy.DummyCache"}, ["livecomp.W004"]),
        ({"BACKEND": LOCMEM}, ["livecomp.W005"]),
        ({"BACKEND": LOCMEM, "OPTIONS": {"MAX_ENTRIES": 9_999}}, ["livecomp.W005"]),
        ({"BACKEND": LOCMEM, "OPTIONS": {"MAX_ENTRIES": 10_000}}, []),
        ({"BACKEND": f"{BACKENDS}db.DatabaseCache", "LOCATION": "cache"}, ["livecomp.W005"]),
        ({"BACKEND": f"{BACKENDS}filebased.FileBasedCache", "LOCATION": "cache"}, ["livecomp.W005"]),
        ({"BACKEND": f"{BACKENDS}redis.RedisCache", "LOCATION": "redis://localhost"}, []),
    ],
)
def test_the_cache_of_snapshots_has_to_keep_them(cache: dict[str, Any], expected: list[str]) -> None:
    assert found(cache, LIVECOMP={"SNAPSHOT_CACHE": "other"}) == expected


def test_in_development_a_small_cache_will_do() -> None:
    assert found({"BACKEND": LOCMEM}, LIVECOMP={"SNAPSHOT_CACHE": "other"}, DEBUG=True) == []


def test_a_cache_that_is_not_there_is_an_error() -> None:
    assert found(None, LIVECOMP={"SNAPSHOT_CACHE": "missing"}) == ["livecomp.E004"]


def test_several_processes_need_a_cache_that_they_share(monkeypatch: pytest.MonkeyPatch) -> None:
    large = {"BACKEND": LOCMEM, "OPTIONS": {"MAX_ENTRIES": 20_000}}
    settings = {"LIVECOMP": {"SNAPSHOT_CACHE": "other"}}
    assert found(large, CHANNEL_LAYERS=REDIS_LAYER, **settings) == ["livecomp.W006"]
    monkeypatch.setenv("WEB_CONCURRENCY", "1")
    assert found(large, **settings) == []
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    assert found(large, **settings) == ["livecomp.W006"]


REDIS = {"BACKEND": f"{BACKENDS}redis.RedisCache", "LOCATION": "redis://localhost"}
TIME_OUTS = {"socket_timeout": 2, "socket_connect_timeout": 2}


def time_outs(cache: dict[str, Any], **settings: Any) -> list[Any]:
    settings = {"LIVECOMP": {"SNAPSHOT_CACHE": "other"}, **settings}
    with override_settings(CACHES={"default": {"BACKEND": LOCMEM}, "other": cache}, **settings):
        messages = run_checks(tags=["livecomp"])
    return [message for message in messages if message.id in ("livecomp.W011", "livecomp.W012")]


@pytest.mark.parametrize(
    "cache",
    [
        REDIS,
        {**REDIS, "OPTIONS": {"socket_timeout": 2}},
        {**REDIS, "OPTIONS": {**TIME_OUTS, "socket_timeout": None}},
        {**REDIS, "LOCATION": ["redis://a?socket_timeout=2&socket_connect_timeout=2", "redis://b"]},
        {**REDIS, "BACKEND": "django_redis.cache.RedisCache"},
        {**REDIS, "BACKEND": "django_redis.cache.RedisCache", "OPTIONS": {"SOCKET_TIMEOUT": 2}},
        {**REDIS, "BACKEND": "tests.test_checks.OwnRedisCache"},
    ],
)
def test_t128_a_redis_for_snapshots_needs_time_outs(cache: dict[str, Any]) -> None:
    [warning] = time_outs(cache)
    assert warning.id == "livecomp.W011"
    assert "cache 'other' of snapshots sets no socket_" in warning.msg
    spelling = "'SOCKET_TIMEOUT'" if "django_redis" in cache["BACKEND"] else "'socket_timeout'"
    assert spelling in warning.hint
    assert time_outs(cache, DEBUG=True) == []


@pytest.mark.parametrize(
    "cache",
    [
        {"BACKEND": LOCMEM},
        {**REDIS, "OPTIONS": TIME_OUTS},
        {**REDIS, "LOCATION": "redis://a?socket_timeout=2&socket_connect_timeout=2"},
        {**REDIS, "LOCATION": "redis://a,redis://b", "OPTIONS": TIME_OUTS},
        {
            **REDIS,
            "BACKEND": "django_redis.cache.RedisCache",
            "OPTIONS": {"SOCKET_TIMEOUT": 2, "SOCKET_CONNECT_TIMEOUT": 2},
        },
        {
            **REDIS,
            "BACKEND": "django_redis.cache.RedisCache",
            "OPTIONS": {"CONNECTION_POOL_KWARGS": TIME_OUTS},
        },
    ],
)
def test_t128_a_cache_with_time_outs_is_all_right(cache: dict[str, Any]) -> None:
    assert time_outs(cache) == []


class OwnRedisCache(RedisCache):
    """A project's own."""


@pytest.mark.parametrize("engine", ["cache", "cached_db"])
def test_t128_a_redis_for_sessions_needs_them_too(engine: str) -> None:
    engine = f"django.contrib.sessions.backends.{engine}"
    settings = {"SESSION_ENGINE": engine, "SESSION_CACHE_ALIAS": "other", "LIVECOMP": {}}
    [warning] = time_outs(REDIS, **settings)
    assert "cache 'other' of sessions" in warning.msg
    assert time_outs({**REDIS, "OPTIONS": TIME_OUTS}, **settings) == []
    [warning] = time_outs(REDIS, **{**settings, "LIVECOMP": {"SNAPSHOT_CACHE": "other"}})  # one cache, one warning
    assert "of snapshots" in warning.msg


PUBSUB, CORE = "channels_redis.pubsub.RedisPubSubChannelLayer", "channels_redis.core.RedisChannelLayer"
URL = "redis://localhost:6379/1"


@pytest.mark.parametrize(
    ("layer", "hint"),
    [
        ({"BACKEND": PUBSUB}, "'socket_timeout': 5"),
        ({"BACKEND": PUBSUB, "CONFIG": {"hosts": [URL]}}, "'socket_timeout': 5"),
        ({"BACKEND": PUBSUB, "CONFIG": {"hosts": [("localhost", 6379)]}}, "'socket_timeout': 5"),
        ({"BACKEND": CORE, "CONFIG": {"hosts": [{"address": URL, "socket_timeout": 9}]}}, "'socket_timeout': 10"),
        ({"BACKEND": PUBSUB, "CONFIG": {"hosts": [{"address": URL, **TIME_OUTS}, URL]}}, "'socket_timeout': 5"),
        ({"BACKEND": PUBSUB, "CONFIG": {"hosts": [{"address": URL, **TIME_OUTS}]}}, ""),
        ({"BACKEND": PUBSUB, "CONFIG": {"hosts": [f"{URL}?socket_timeout=5&socket_connect_timeout=5"]}}, ""),
        ({"BACKEND": "channels.layers.InMemoryChannelLayer"}, ""),
    ],
)
def test_t128_a_redis_for_messages_needs_time_outs(layer: dict[str, Any], hint: str) -> None:
    found = time_outs({"BACKEND": LOCMEM}, CHANNEL_LAYERS={"default": layer})
    assert [message.id for message in found] == ["livecomp.W012"][: bool(hint)]
    assert all(hint in str(message.hint) for message in found)


@pytest.mark.django_db
@override_settings(CACHES={"default": {"BACKEND": LOCMEM, "LOCATION": "small", "OPTIONS": {"MAX_ENTRIES": 20}}})
def test_pages_that_push_out_each_other_s_snapshots_all_live_on() -> None:
    drivers = [Driver("counter", start=number) for number in range(60)]
    for driver in drivers:
        assert driver.join()[0][0] == "joined"
        driver.event("add")
        Pages().save(driver.page)
    for driver in drivers:
        driver.ref = driver.page.ack
        assert driver.event("add")[0][0] == "patch"
        joined_id, version = driver.page.joined_id, driver.page.version
        Pages().close(driver.page)
        assert driver.join(resume=(joined_id, version))[0][0] == "joined"


@override_settings(DEBUG=False, CACHES={"default": {"BACKEND": LOCMEM}})
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "holds 300 entries: what else is put into it pushes out snapshots"),
        ({"OPTIONS": {"MAX_ENTRIES": 300}}, "holds 300 entries: the state of 150 open pages"),
    ],
)
def test_the_room_of_a_small_cache_is_said_in_pages(options: dict[str, Any], said: str) -> None:
    with override_settings(CACHES={"default": {"BACKEND": LOCMEM, **options}}):
        (found,) = checks.check_snapshot_cache(None)
    assert said in found.msg


@pytest.mark.parametrize(
    ("given", "pages", "warned"),
    [
        ({"BACKEND": LOCMEM, "OPTIONS": {"MAX_ENTRIES": 300}}, 150, False),
        ({"BACKEND": LOCMEM, "OPTIONS": {"MAX_ENTRIES": 300}}, 151, True),
        ({"BACKEND": LOCMEM}, 1000, False),  # there livecomp makes room itself
        ({"BACKEND": LOCMEM, "OPTIONS": {"MAX_ENTRIES": 4000}}, 1000, False),
        ({"BACKEND": f"{BACKENDS}redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}, 1000, False),
    ],
)
async def test_a_server_says_so_before_the_cache_drops_what_open_pages_need(
    given: dict[str, Any], pages: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = Runtime(asyncio.get_running_loop())
    with override_settings(DEBUG=True, CACHES={"default": given}):
        for number in range(pages):
            runtime.pages[str(number)] = None
        for _ in range(2):
            runtime._tell_of_room()
    text = "151 live pages are open in this process, and the cache 'default' holds the state of 150."
    assert [text in record.getMessage() for record in caplog.records] == [True] * warned
