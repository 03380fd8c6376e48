"""What can be seen from outside: counters, signals, spans."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.dispatch import Signal
from django.test import RequestFactory
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from livecomp import metrics, resume, signals, tracing
from livecomp.counters import Counters, counters
from tests.driver import Driver
from tests.sockets import fake_socket

LINE = re.compile(r'^livecomp_\w+\{process="\d+"(,\w+="[^"]+")?\} (\d+(\.\d+)?)$')


def value(name: str, labels: str = "") -> float:
    """A number as the view shows it."""
    found = re.search(
        rf'^livecomp_{name}\{{process="\d+"{"," if labels else ""}{re.escape(labels)}\}} (.+)$', TEXT(), re.M
    )
    return float(found[1]) if found else 0.0


def TEXT() -> str:
    return metrics.view(RequestFactory().get("/metrics/")).content.decode()


def _receiver(heard: list[Any], signal: str) -> Any:
    def receive(sender: Any, **details: Any) -> None:
        heard.append((signal, sender, details))

    return receive


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Any, dict[str, Any]]]]:
    """What the signals said."""
    heard: list[tuple[str, Any, dict[str, Any]]] = []
    receivers = {name: _receiver(heard, name) for name in ("connected", "resumed", "disconnected", "event_handled")}
    for name, receive in receivers.items():
        getattr(signals, name).connect(receive)
    yield heard
    for name, receive in receivers.items():
        getattr(signals, name).disconnect(receive)


async def test_what_a_connection_does_is_counted() -> None:
    names = ("connections_total", "events_total", "event_seconds_count", "renders_total", "received_total")
    before = {name: value(name) for name in names}
    sent = value("sent_bytes_total")
    async with fake_socket() as socket:
        await socket.call("add", by=3)
        await socket.call("nothing")
        assert value("connections") == 1
        await socket.call("unknown")
    counted = {name: value(name) - before[name] for name in names}
    assert counted == {
        "connections_total": 1,
        "events_total": 3,
        "event_seconds_count": 3,
        "renders_total": 2,  # the join's, and the one that changed something
        "received_total": 4,
    }
    assert value("sent_bytes_total") - sent > 50
    assert value("connections") == value("queue_depth") == value("topics") == 0
    assert value("event_seconds_bucket", 'le="+Inf"') == value("events_total")


async def test_errors_and_closes_are_counted_by_their_code() -> None:
    errors, closes = value("errors_total", 'code="unknown_event"'), value("closes_total", 'code="4400"')
    async with fake_socket() as socket:
        await socket.call("unknown")
        await socket.write_text("")
        assert await socket.read() == ["closed", 4400]
    assert value("errors_total", 'code="unknown_event"') == errors + 1
    assert value("closes_total", 'code="4400"') == closes + 1


def test_every_line_is_one_that_prometheus_reads() -> None:
    counters.count("joins", "first")
    lines = [line for line in TEXT().splitlines() if not line.startswith("#")]
    assert len(lines) > 20
    assert [line for line in lines if not LINE.match(line)] == []


@pytest.mark.django_db
def test_the_buckets_are_cumulative() -> None:
    counted = Counters()
    for seconds in (0.0001, 0.001, 0.03, 99.0):
        counted.event(seconds)
    buckets = dict(counted.buckets())
    assert [buckets[f'le="{limit}"'] for limit in ("0.001", "0.025", "0.05", "10", "+Inf")] == [2, 2, 3, 3, 4]


@pytest.mark.django_db
def test_signals_tell_of_joins_events_and_the_end(heard: list[Any]) -> None:
    driver = Driver("counter", start=5)
    driver.join()
    driver.event("add")
    driver.event("fail")
    component = driver.component
    resume.save(driver.page, clean=True)
    driver.page.close()
    driver.join(resume=(driver.page.joined_id, driver.page.version))
    driver.join(resume=(driver.page.joined_id, driver.page.version))
    names = [name for name, *_ in heard]
    assert names == ["connected", "event_handled", "event_handled", "disconnected", "resumed", "resumed"]
    assert [details.get("in_doubt") for _, _, details in heard[4:]] == [False, True]
    _, sender, details = heard[1]
    assert sender is type(component)
    assert (details["component"], details["name"], details["succeeded"]) == (component, "add", True)
    assert details["seconds"] >= 0
    assert heard[2][2]["succeeded"] is False
    assert {details["page"] for *_, details in heard} == {driver.page.id}
    assert isinstance(heard[0][2]["request"].user, AnonymousUser)


@pytest.mark.django_db
def test_a_receiver_that_fails_harms_nobody() -> None:
    def receive(**details: Any) -> None:
        raise RuntimeError("broken")

    signals.event_handled.connect(receive)
    try:
        driver = Driver("counter", start=5)
        driver.join()
        assert driver.event("add")[0][0] == "patch"
    finally:
        signals.event_handled.disconnect(receive)


@pytest.fixture(scope="module")
def provider() -> TracerProvider:
    """OpenTelemetry takes one provider for the life of a process."""
    provider = TracerProvider()
    trace.set_tracer_provider(provider)
    return provider


@pytest.fixture
def spans(provider: TracerProvider) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter
    exporter.shutdown()


async def test_each_message_is_a_span_and_is_current_in_its_handler(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    current: list[Any] = []

    async with fake_socket() as socket:

        def on_look() -> None:
            current.append(trace.get_current_span())
            tracing.record(ValueError("no"))

        socket.page.on_look = on_look  # type: ignore[attr-defined]
        await socket.call("look")
        await socket.call("add")
    names = [span.name for span in spans.get_finished_spans()]
    assert names == ["livecomp Event", "livecomp Event"]
    looked = spans.get_finished_spans()[0]
    assert current[0].get_span_context() == looked.context
    assert looked.status.status_code is trace.StatusCode.ERROR
    assert not trace.get_current_span().get_span_context().is_valid


async def test_without_the_package_no_span_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "is_installed", False)
    monkeypatch.delattr(tracing, "trace")
    async with fake_socket() as socket:
        assert (await socket.call("add"))[0] == "patch"
    tracing.record(ValueError("no"))


def test_the_counters_in_the_reference_are_those_there_are() -> None:
    text = (Path(__file__).parent.parent / "docs" / "reference" / "monitoring.md").read_text()
    documented = re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.M)
    assert documented == [
        tuple(line.split()[2:]) for line in TEXT().replace("livecomp_", "").splitlines() if "TYPE" in line
    ]
    assert re.findall(r"^`(\w+)`$", text, re.M) == [
        name for name, each in vars(signals).items() if type(each) is Signal
    ]
