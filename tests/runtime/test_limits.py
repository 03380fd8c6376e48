"""Rates and counts, with a clock of the test's own."""

import pytest
from django.test import override_settings

from livecomp.runtime.limits import WINDOW, AcceptRate, ConnectionCounter, RateLimiter, network_of


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@override_settings(LIVECOMP={"RATE_LIMIT": (10, 3), "QUEUE_SIZE": 2})
def test_t48_a_burst_passes_then_messages_wait_then_they_are_refused() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    assert [limiter.admit("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert [limiter.admit("a") for _ in range(2)] == pytest.approx([0.1, 0.2])
    assert limiter.admit("a") is None
    clock.now += 0.11
    assert limiter.admit("a") == pytest.approx(0.19)
    assert limiter.admit("a") is None


@override_settings(LIVECOMP={"RATE_LIMIT": (10, 3)})
def test_t48_other_visitors_are_not_affected() -> None:
    limiter = RateLimiter(Clock())
    while limiter.admit("greedy") is not None:
        pass
    assert limiter.admit("other") == 0.0


@override_settings(LIVECOMP={"RATE_LIMIT": (10, 3)})
def test_tokens_come_back_up_to_the_burst() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    for _ in range(3):
        limiter.admit("a")
    clock.now += 1000
    assert [limiter.admit("a") for _ in range(4)] == [0.0, 0.0, 0.0, 0.1]


@override_settings(LIVECOMP={"RATE_LIMIT": (10, 3)})
def test_visitors_at_rest_are_forgotten() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    limiter.admit("a")
    clock.now += 0.05
    limiter.admit("b")
    limiter.prune()
    assert len(limiter) == 2
    clock.now += 0.06
    limiter.prune()
    assert len(limiter) == 1
    limiter.forget("b")
    assert len(limiter) == 0


def test_t46_connections_are_counted_by_visitor() -> None:
    counter = ConnectionCounter()
    assert [counter.enter("a", 2), counter.enter("a", 2), counter.enter("a", 2)] == [True, True, False]
    assert counter.enter("b", 2)
    assert [counter.is_first_refusal("a"), counter.is_first_refusal("a")] == [True, False]
    counter.leave("a")
    assert counter.enter("a", 2)
    assert counter.is_first_refusal("a")
    for visitor in ("a", "a", "b"):
        counter.leave(visitor)
    assert len(counter) == 0


@override_settings(LIVECOMP={"ACCEPT_RATE": (10, 3)})
def test_t84_a_burst_of_arrivals_passes_then_as_many_as_the_rate_says() -> None:
    clock = Clock()
    arrivals = AcceptRate(clock)
    assert [arrivals.admit("a") for _ in range(5)] == [True, True, True, False, False]
    clock.now += 0.25
    assert [arrivals.admit("a") for _ in range(3)] == [True, True, False]
    clock.now += 60
    assert [arrivals.admit("a") for _ in range(4)] == [True, True, True, False]


@override_settings(LIVECOMP={"ACCEPT_RATE": (200, 1000)})
def test_t132_a_stranger_with_3000_handshakes_a_second_keeps_nobody_out() -> None:
    clock = Clock()
    arrivals = AcceptRate(clock)
    admitted = refused = taken = 0
    for step in range(30_000):  # of ten seconds
        clock.now += 1 / 3000
        taken += arrivals.admit("stranger")
        if step % 30 == 0:  # a hundred others in each second, each with an address of its own
            is_in = arrivals.admit(f"10.0.{step // 3000}.{step % 3000 // 30}")
            admitted, refused = admitted + is_in, refused + (not is_in)
    assert (admitted, refused) == (1000, 0)
    assert 1700 < taken < 1900  # what is left: the burst without what is kept back, and the rate without the others


@override_settings(LIVECOMP={"ACCEPT_RATE": (200, 1000)})
def test_t132_behind_a_proxy_where_all_have_one_address_it_gets_the_whole_rate() -> None:
    clock = Clock()
    arrivals = AcceptRate(clock)
    while arrivals.admit("proxy"):
        pass
    taken = 0
    for _ in range(4000):
        clock.now += 1 / 400
        taken += arrivals.admit("proxy")
    assert taken == pytest.approx(2000, abs=2)


def test_t133_a_flood_of_addresses_leaves_nothing_behind() -> None:
    clock = Clock()
    arrivals = AcceptRate(clock)
    for number in range(5000):
        arrivals.admit(f"10.0.{number // 256}.{number % 256}")
    clock.now += WINDOW
    arrivals.admit("another")
    assert len(arrivals) == 1


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_t132_a_customer_of_a_provider_counts_as_one_address(address: str, counted_as: str) -> None:
    assert network_of(address) == counted_as
