"""Messages that no browser would send, as many as go: others must not notice.

``python -m tests.soak.hostile PORT COUNT SEED`` sends them from a process of its own and prints what came of it.
"""

import asyncio
import json
import random
import statistics
import sys
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import websockets
from websockets.asyncio.client import connect

from tests.servers.browser import Browser, get
from tests.servers.server import ROOT, Server
from tests.soak.greedy import latencies
from tests.soak.memory import _tokens, server
from tests.soak.report import Report

OTHERS = 5
SENDERS = 4  # connections at once in each hostile process
NAMES = (
    "add",
    "__init__",
    "_save",
    "render",
    "mount",
    "__class__",
    "state.__globals__",
    "c0",
    "",
    "a" * 5000,
    "\u202e",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**63,
    1e308,
    "",
    "\x00",
    "../../etc/passwd",
    {},
    [],
    [[[[]]]],
    {"__proto__": {}},
)
HARMLESS = tuple(value for value in VALUES if value not in (2**63, "\x00"))  # to the decoder, that is
KINDS = ("join", "event", "set", "url", "ack", "render", "ping", "shared", "patch", "", 7)
REPLIES = {"joined", "patch", "ack", "error", "pong"}


def noise(random: random.Random) -> str | bytes:
    """What is no message at all."""
    kind = random.randrange(4)
    if kind == 0:
        return random.randbytes(random.randrange(1, 200))
    if kind == 1:
        return "".join(random.choice('[]{}",:0a\\ue') for _ in range(random.randrange(1, 300)))
    if kind == 2:
        return "[" * random.randrange(1, 5000)
    return json.dumps([random.choice(KINDS), *random.choices(VALUES, k=random.randrange(6))])


def message(random: random.Random) -> list[Any]:
    """What looks like one."""
    kind = random.randrange(3)
    ref = random.choice([0, -1, 2**50, random.randrange(1, 10_000)])
    if kind == 0:
        component = random.choice(["c0", "c1", "c99999999999", "s0", "", "constructor"])
        return ["event", ref, component, random.choice(NAMES), {random.choice(NAMES): random.choice(HARMLESS)}]
    if kind == 1:
        return ["set", ref, "c0", {random.choice(NAMES): random.choice(HARMLESS)}]
    return ["url", ref, random.choice(["/x", "//evil", "javascript:1", "/\\e", "x" * 900])]


def frame(random: random.Random, tokens: list[str]) -> tuple[str | bytes, int]:
    """Something between noise and nearly right, and how many messages it is."""
    share = random.random()
    if share < 0.1:
        return noise(random), 1
    if share < 0.13:
        stolen = random.choice([tokens[0][::-1], tokens[0][:-1], tokens[0], "", "x" * 10_000])
        resume = random.choice([None, ["page", 1], ["a.b.c", 2**50]])
        return json.dumps(["join", random.choice([1, 1, 2]), [stolen], resume, "/page/counting/"]), 1
    count = random.choice([1, random.randrange(2, 51)])
    return json.dumps([message(random) for _ in range(count)]), count


async def send(port: int, count: int, seed: int) -> Counter[str]:
    """Send so many frames over connections that are opened anew whenever the server closes them."""
    choice = random.Random(seed)
    tokens = await _tokens(port, "counting")
    found: Counter[str] = Counter()

    async def one() -> None:
        while found["sent"] < count:
            try:
                async with connect(
                    f"ws://127.0.0.1:{port}/livecomp/ws",
                    origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
                    compression=None,
                    open_timeout=60,
                    close_timeout=5,
                ) as socket:
                    found["connections"] += 1
                    if choice.random() < 0.7:
                        await socket.send(json.dumps(["join", 1, tokens, None, "/page/counting/"]))
                    await _pour(socket)
            except (OSError, websockets.WebSocketException, TimeoutError):
                found["refused"] += 1

    async def _pour(socket: Any) -> None:
        reading = asyncio.create_task(_read(socket))
        try:
            while found["sent"] < count and not reading.done():
                text, number = frame(choice, tokens)
                found["sent"] += number
                await socket.send(text)
                await asyncio.sleep(0)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(socket: Any) -> None:
        try:
            async for text in socket:
                messages = json.loads(text)
                for message in messages if isinstance(messages[0], list) else [messages]:
                    found["answers" if message[0] in REPLIES else f"unknown answer {message[0]!r}"] += 1
        finally:
            found[f"closed with {socket.close_code}"] += 1

    await asyncio.gather(*(one() for _ in range(SENDERS)))
    return found


async def others_do_not_notice(report: Report, count: int) -> None:
    """Latency of well-behaved visitors before and during the attack; the server's log after it."""
    async with server() as process, AsyncExitStack() as stack:
        others = [await stack.enter_async_context(Browser(process.port)) for _ in range(OTHERS)]
        await latencies(others, 10)  # the first clicks load what the later ones use
        before = await latencies(others)
        attack = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.soak.hostile", str(process.port), str(count), "1"),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        during: list[float] = []
        ended = asyncio.create_task(attack.communicate())
        while not ended.done():
            during += await latencies(others, 10)
        found = Counter(json.loads((await ended)[0]))
        _say(report, process, found, before, during)
        assert (await asyncio.to_thread(get, process.port, "/page/counting/"))[0] == 200


def _say(report: Report, process: Server, found: Counter[str], before: list[float], during: list[float]) -> None:
    strange = {name: number for name, number in found.items() if name.startswith("unknown")}
    closes = ", ".join(f"{number} {name}" for name, number in sorted(found.items()) if name.startswith("closed"))
    report.say(f"{found['connections']} connections, {found['answers']} answers; {closes}")
    errors = process.errors()
    what = f"{found['sent']:,} hostile messages over {found['connections']:,} connections"
    report.add(f"{what}: exceptions in the log", "0", errors.count("Traceback"), not errors)
    report.add("… answers that are not of the protocol", "0", sum(strange.values()), not strange)
    slow = _percentile(during)
    measured = f"{slow:.0f} ms, median {statistics.median(during):.1f} ms"
    measured += f" (before: {_percentile(before):.0f}, {statistics.median(before):.1f})"
    report.add("… other users' 99th percentile meanwhile", "< 100 ms", measured, slow < 100)


def _percentile(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


if __name__ == "__main__":
    port, count, seed = map(int, sys.argv[1:])
    sys.stdout.write(json.dumps(asyncio.run(send(port, count, seed))))
