"""A greedy client in a process of its own: ``python -m tests.servers.flood PORT COUNT``. Prints the close code."""

import asyncio
import json
import sys

import websockets

from tests.servers.browser import Browser


async def flood(port: int, count: int) -> int | None:
    """Send ``count`` events as fast as they go."""
    async with Browser(port) as browser:
        frames = [json.dumps(["event", ref, "c0", "add", {}]) for ref in range(1, count + 1)]
        try:
            for frame in frames:
                await browser.send(frame)
        except websockets.ConnectionClosed:
            pass
        return await browser.until_closed(60)


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(flood(int(sys.argv[1]), int(sys.argv[2])))))
