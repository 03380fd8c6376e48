"""Two server processes over Redis, 500 viewers, 200 publishes a second for ten seconds, and Redis is restarted in the
middle. Half of the viewers look at a shared component, half render for themselves. Prints who ended on the last state, the
number of renders and of frames, and CPU time.

Run: python benchmarks/broadcast_processes.py
"""

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import tests.settings
from benchmarks._quick import QUICK, sized
from tests.servers.server import Redis

PROCESSES = 2
VIEWERS = sized(500, 8)
RATE, SECONDS = sized(200, 50), sized(10, 2)
LAST = RATE * SECONDS
DOWN = (sized(4.5, 0.5), sized(5.5, 1.0))  # seconds after the start at which Redis is stopped, and started again
PATIENCE = 300.0  # seconds for the last state to arrive: it comes at once, or never
TOPIC = "bench"
SHOWN = re.compile(r">(\d+)")
KINDS = ("bench_all", "bench_each")


def use_redis(url: str) -> None:
    """Before Django is set up."""
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [url]}}
    tests.settings.CHANNEL_LAYERS = {"default": layer}  # type: ignore[attr-defined]


async def view(truth: Path) -> None:
    """One server process with its share of the viewers. Speaks to the one that publishes by its output and input."""
    from benchmarks.broadcast import Client
    from livecomp import LiveComponent, on
    from livecomp.runtime.process import Runtime
    from livecomp.websocket import LiveWebSocket
    from tests.driver import Driver

    renders: Counter[int] = Counter()

    class Counted(LiveComponent):
        count: int = 0

        def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
            renders[id(self)] += 1
            return kwargs

        @on(TOPIC)
        def changed(self, message: int | None) -> None:
            """The message says it; where one was missed, what is stored says it."""
            self.count = int(truth.read_text()) if message is None else message

    class BenchAll(Counted, shared=True):
        template = '<div><b id="count">{{ count }}</b><button>+</button></div>'

    class BenchEach(Counted):
        template = '<div><b id="count">{{ count }}</b><button live-click="add">+</button></div>'

    class Viewer(Client):
        """Acknowledges what it gets, as a browser does."""

        number = -1
        got = 0

        async def take(self, message: dict[str, Any]) -> None:
            text = message.get("text", "")
            if text[:2] == '["' and text[2:7] in ("patch", "share"):
                self.got += 1
                if shown := SHOWN.findall(text):
                    self.number = int(shown[-1])
                version = text.split(",", 3)[1 if text[2] == "p" else 2]
                self.write(f'["ack",{version}]')
            elif text:
                self.number = max(self.number, 0)

    viewers = []
    for number in range(VIEWERS // PROCESSES):
        viewer = Viewer(LiveWebSocket())
        driver = await asyncio.to_thread(Driver, KINDS[number % 2])
        viewer.write(f'["join",1,["{driver.token}"],null,"/"]')
        viewers.append(viewer)
    while any(viewer.number < 0 for viewer in viewers):  # noqa: ASYNC110 (the viewers count)
        await asyncio.sleep(0.01)
    renders.clear()
    started = time.process_time()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)  # until all is published
    deadline = time.monotonic() + PATIENCE
    while any(viewer.number != LAST for viewer in viewers) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    hub = Runtime.current().hub
    told = {
        "current": sum(viewer.number == LAST for viewer in viewers),
        "most": max(renders.values()),
        "renders": sum(renders.values()),
        "frames": sum(viewer.got for viewer in viewers),
        "missed": hub.lost,
        "cpu": time.process_time() - started,
    }
    print(json.dumps(told), flush=True)
    for viewer in viewers:
        await viewer.close()


async def publish_all(truth: Path, redis: Redis) -> None:
    """The numbers from 1 to `LAST`, each at its time."""
    from livecomp import publish_now

    asyncio.get_running_loop().call_later(DOWN[0], redis.stop)
    asyncio.get_running_loop().call_later(DOWN[1], redis.start)
    started = time.monotonic()
    for number in range(1, LAST + 1):
        truth.with_suffix(".new").write_text(str(number))
        truth.with_suffix(".new").replace(truth)
        publish_now(TOPIC, number)
        await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))


def main() -> None:
    redis = Redis()
    with tempfile.TemporaryDirectory() as folder:
        truth = Path(folder) / "truth"
        truth.write_text("0")
        command = [sys.executable, __file__, *(["--quick"] if QUICK else []), redis.url, str(truth)]
        servers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(PROCESSES)
        ]
        try:
            for server in servers:
                assert server.stdout is not None
                assert server.stdout.readline() == "ready\n"
            use_redis(redis.url)
            import django

            django.setup()
            asyncio.run(publish_all(truth, redis))
            report([json.loads(server.communicate("published\n")[0]) for server in servers])
        finally:
            for server in servers:
                server.kill()
                server.wait()
            redis.stop()


def report(told: list[dict[str, Any]]) -> None:
    total = {key: sum(each[key] for each in told) for key in told[0]}
    print(f"{PROCESSES} processes over Redis, {VIEWERS} viewers, {RATE} publishes a second for {SECONDS} s")
    print(f"{'viewers that end on the last state':<48}{total['current']:>14} of {VIEWERS}")
    print(f"{'publishes':<48}{LAST:>14}")
    print(f"{'renders of one component, at most':<48}{max(each['most'] for each in told):>14}")
    print(f"{'renders of all components':<48}{total['renders']:>14}")
    print(f"{'frames to the viewers':<48}{total['frames']:>14}")
    print(f"{'messages missed while Redis restarted, and noticed':<51}{total['missed']:>11}")
    print(f"{'CPU time of both processes':<48}{total['cpu']:>12.1f} s")
    if total["current"] != VIEWERS or max(each["most"] for each in told) > LAST:
        sys.exit("This is not as it should be.")


if __name__ == "__main__":
    logging.disable(logging.ERROR)  # that Redis is gone for a second is meant
    given = [each for each in sys.argv[1:] if each != "--quick"]
    if given:
        use_redis(given[0])
        asyncio.run(view(Path(given[1])))
    else:
        main()
