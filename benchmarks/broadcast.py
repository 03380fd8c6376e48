"""One publish to 500 viewers in one process, down to the frames handed to the server, beside a plain Channels consumer
that group_sends the same bytes. Prints CPU time a viewer and the number of renders.

Run: python benchmarks/broadcast.py
"""

import asyncio
import contextlib
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402 (needs the apps)
from channels.layers import InMemoryChannelLayer, channel_layers  # noqa: E402

from benchmarks._quick import sized  # noqa: E402
from livecomp import LiveComponent, on, publish_now  # noqa: E402
from livecomp.websocket import LiveWebSocket  # noqa: E402
from tests.driver import Driver  # noqa: E402

VIEWERS = sized(500, 10)
PUBLISHES = sized(25, 2)
PAUSE = 0.06  # seconds between two publishes: more than LIVECOMP["COALESCE"]
GROUP = "bench"


class Counted(LiveComponent):
    count: int = 0
    renders = 0

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        type(self).renders += 1
        return kwargs

    @on("bench")
    def changed(self, message: Any) -> None:
        self.count += 1


class BenchShared(Counted, shared=True):
    template = '<div><b id="count">{{ count }}</b><button>+</button></div>'


class BenchOwn(Counted):
    template = '<div><b id="count">{{ count }}</b><button live-click="add">+</button></div>'


class Plain(AsyncWebsocketConsumer):
    """What one writes without livecomp."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def changed(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


class Client:
    """A browser's socket, without a network: takes frames and counts them."""

    frames = 0
    bytes = 0
    last = ""

    def __init__(self, application: Any) -> None:
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.inbox.put_nowait({"type": "websocket.connect"})
        headers = [(b"host", b"localhost"), (b"origin", b"http://localhost")]
        scope = {"type": "websocket", "path": "/livecomp/ws", "headers": headers, "scheme": "ws"}
        scope |= {"query_string": b"", "server": ("localhost", 80), "client": ("127.0.0.1", 1), "subprotocols": []}
        self.task = asyncio.create_task(application(scope, self.inbox.get, self.take))

    async def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            Client.frames += 1
            Client.last = message["text"]
            Client.bytes += len(message["text"])

    def write(self, text: str) -> None:
        self.inbox.put_nowait({"type": "websocket.receive", "text": text})

    async def close(self) -> None:
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(self.task, 10)


async def frames(number: int) -> None:
    """Wait until all clients together have got so many frames."""
    while Client.frames < number:  # noqa: ASYNC110 (another process counts)
        await asyncio.sleep(0.002)


async def measure(publish: Callable[[], Awaitable[None]], acknowledge: Callable[[int], None]) -> list[float]:
    """The CPU times in seconds of all publishes, each from the call until all is quiet again."""
    times = []
    for number in range(PUBLISHES):
        await asyncio.sleep(PAUSE)
        expected = Client.frames + VIEWERS
        started = time.process_time()
        await publish()
        await frames(expected)
        await asyncio.sleep(0.02)
        times.append(time.process_time() - started)
        acknowledge(number + 1)
    return times


async def live(name: str, cls: Any) -> tuple[list[float], float]:
    """CPU times of the publishes, and renders for each."""
    clients = [Client(LiveWebSocket()) for _ in range(VIEWERS)]
    Client.frames = 0
    for client in clients:
        driver = await asyncio.to_thread(Driver, name)
        client.write(f'["join",1,["{driver.token}"],null,"/"]')
    await frames(VIEWERS * (2 if cls.shared else 1))
    cls.renders = 0

    async def publish() -> None:
        publish_now("bench")

    def acknowledge(version: int) -> None:
        for client in clients:
            client.write(f'["ack",{version}]')

    times = await measure(publish, acknowledge)
    for client in clients:
        await client.close()
    return times, cls.renders / PUBLISHES


async def plain(text: str) -> list[float]:
    """The same bytes by a group_send."""
    channel_layers.backends["default"] = layer = InMemoryChannelLayer()
    clients = [Client(Plain.as_asgi()) for _ in range(VIEWERS)]
    while len(layer.groups.get(GROUP, ())) < VIEWERS:  # noqa: ASYNC110 (another process counts)
        await asyncio.sleep(0.01)

    async def publish() -> None:
        await layer.group_send(GROUP, {"type": "changed", "text": text})

    times = await measure(publish, lambda number: None)
    for client in clients:
        await client.close()
    channel_layers.backends.clear()
    return times


async def main() -> None:
    title = f"1 publish to {VIEWERS} viewers, one process"
    print(f"{title:<48}{'CPU a viewer':>14}{'least':>10}{'renders':>10}{'bytes':>8}")
    text = ""
    for title, name, cls in (
        ("a shared component", "bench_shared", BenchShared),
        ("each viewer renders for itself", "bench_own", BenchOwn),
    ):
        times, renders = await live(name, cls)
        text = text or Client.last
        show(title, times, renders, Client.last)
    show("plain Channels consumer, in-memory layer", await plain(text), 0, text)


def show(title: str, times: list[float], renders: float, text: str) -> None:
    median, least = (seconds / VIEWERS * 1e6 for seconds in (statistics.median(times), min(times)))
    print(f"{title:<48}{median:>11.1f} µs{least:>7.1f} µs{renders:>10.0f}{len(text):>8}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
