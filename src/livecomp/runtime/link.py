"""A hub's line to the other processes: over the channel layer, which may lose messages, stop or be restarted."""

import asyncio
import logging
import random
import time
from typing import TYPE_CHECKING, Any

from livecomp.presence import ASK, KIND
from livecomp.sendable import unpack
from livecomp.topics import (
    CONTROL_GROUP,
    CONTROL_TYPE,
    LAYER_TIMEOUT,
    LOST,
    MESSAGE_TYPE,
    NUMBERS,
    RETRY,
    Layer,
    group_name,
)

if TYPE_CHECKING:
    from livecomp.runtime.hub import Hub

logger = logging.getLogger("livecomp.topics")

BEAT = 5.0  # seconds between two signs of life that the hub sends itself over the layer
GROUP_RENEWAL = 3600.0  # seconds, or a third of the layer's group_expiry
MAX_PROCESSES = 100  # whose message numbers are remembered for one topic


class LayerLink:
    """One channel, in one group for each topic, and one task that receives.

    Used once: from `start` to `stop`.
    """

    def __init__(self, hub: "Hub", layer: Layer) -> None:
        self._hub = hub
        self._layer = layer
        self._groups: dict[str, str] = {}  # group -> topic, as wanted
        self._joined: set[str] = set()  # groups that the layer knows of
        self._numbers: dict[str, dict[str, int]] = {}  # topic -> process -> number of its last message
        self._changed = asyncio.Event()
        self._channel = ""
        self._receiver: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._heard = 0.0  # when something came over the layer
        self.is_down = False
        """The layer is out of reach."""
        self._own_group = f"livecomp.process.{hub.process}"

    def start(self) -> None:
        """Receive, until `stop`."""
        self._task = self._hub.loop.create_task(self._run())

    def stop(self) -> None:
        """Leave the layer, as soon as it lets us."""
        if self._task:
            self._task.cancel()

    def want(self, topic: str) -> None:
        """The hub has a first subscriber of the topic."""
        self._groups[group_name(topic)] = topic
        self._changed.set()

    def unwant(self, topic: str) -> None:
        """The hub has no subscriber of the topic any more."""
        self._groups.pop(group_name(topic), None)
        self._numbers.pop(topic, None)
        self._changed.set()

    async def _run(self) -> None:
        delay = RETRY[0]
        try:
            while True:
                started = time.monotonic()
                try:
                    await self._stay_connected()
                except Exception as error:
                    if time.monotonic() - started > BEAT:
                        delay = RETRY[0]
                    self._warn_once(error)
                    await asyncio.sleep(delay * random.uniform(0.5, 1))
                    delay = min(delay * 2, RETRY[1])
        finally:
            await self._give_up_channel()

    def _warn_once(self, error: Exception) -> None:
        if not self.is_down:
            self.is_down = True
            logger.warning(
                "The channel layer is out of reach (%r): pages work, without news from other processes. Trying again.",
                error,
            )

    async def _stay_connected(self) -> None:
        """Have a channel in all groups, receive and keep everything fresh, until something fails."""
        if not self._channel:
            async with asyncio.timeout(LAYER_TIMEOUT):
                self._channel = await self._layer.new_channel("livecomp.")
            self._heard = time.monotonic()
        if self._receiver is None or self._receiver.done():
            self._receiver = self._hub.loop.create_task(self._receive(self._channel))
        self._joined.clear()
        await self._join()
        self._hub.presence.connected()
        expiry = getattr(self._layer, "group_expiry", None) or 3 * GROUP_RENEWAL
        renew_at, beat_at = time.monotonic() + min(expiry / 3, GROUP_RENEWAL), 0.0
        while True:
            now = time.monotonic()
            if now >= renew_at:
                renew_at = now + min(expiry / 3, GROUP_RENEWAL)
                await self._renew()
            if now >= beat_at:
                beat_at = now + BEAT
                await self._beat(now)
            await self._until(min(renew_at, beat_at))
            if self._changed.is_set():
                await self._join()

    async def _beat(self, now: float) -> None:
        if now - self._heard > 2.5 * BEAT:
            await self._give_up_channel()
            raise ConnectionError("no message comes through")
        async with asyncio.timeout(LAYER_TIMEOUT):
            await self._layer.group_send(self._own_group, {"type": "livecomp.beat"})
        self._hub.presence.beat()

    async def _until(self, moment: float) -> None:
        """Wait for the time, a change of groups, or the end of the receiver, which is an error."""
        assert self._receiver is not None
        changed = self._hub.loop.create_task(self._changed.wait())
        try:
            timeout = max(0.0, moment - time.monotonic())
            await asyncio.wait([changed, self._receiver], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
        if self._receiver.done():
            self._receiver.result()

    async def _join(self) -> None:
        self._changed.clear()
        wanted = {CONTROL_GROUP, self._own_group, *self._groups}
        for group in self._joined - wanted:
            async with asyncio.timeout(LAYER_TIMEOUT):
                await self._layer.group_discard(group, self._channel)
            self._joined.discard(group)
        for group in wanted - self._joined:
            await self._add(group)
            self._joined.add(group)
            if group in self._groups:
                self._hub.deliver(self._groups[group], [])  # what was published before the layer knew of us

    async def _renew(self) -> None:
        for group in tuple(self._joined):
            await self._add(group)

    async def _add(self, group: str) -> None:
        async with asyncio.timeout(LAYER_TIMEOUT):
            await self._layer.group_add(group, self._channel)

    async def _give_up_channel(self) -> None:
        channel, self._channel = self._channel, ""
        if not channel:
            return
        try:
            async with asyncio.timeout(LAYER_TIMEOUT):
                for group in tuple(self._joined):
                    await self._layer.group_discard(group, channel)
        except Exception as error:
            logger.debug("The channel layer did not let go of a channel: %r", error)
        if self._receiver is not None:
            self._receiver.cancel()
            await asyncio.gather(self._receiver, return_exceptions=True)

    async def _receive(self, channel: str) -> None:
        while True:
            message = await self._layer.receive(channel)
            self._heard = time.monotonic()
            if self.is_down:
                self.is_down = False
                logger.info("The channel layer is back.")
            try:
                self._hear(message)
            except Exception:  # of another version of the code, perhaps: the next one is heard all the same
                logger.exception("A message of another process could not be understood.")

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == MESSAGE_TYPE:
            messages, is_cut = unpack(message["messages"]), message.get("is_cut", False)
            self._take(message["process"], message["topic"], message["number"], messages, is_cut)
        elif message["type"] == CONTROL_TYPE and message["process"] != self._hub.process:
            if message["kind"] == NUMBERS:
                self._compare(message["process"], message["value"])
            elif message["kind"] == LOST:
                for topic in tuple(self._hub.topics):
                    self._hub.deliver(topic, [])
            elif message["kind"] in (ASK, KIND):
                self._hub.presence.hear(message["process"], message["kind"], message["value"])
            else:
                self._hub.control(message["kind"], message["value"])

    def _take(self, process: str, topic: str, number: int, messages: list[Any], is_cut: bool) -> None:
        if process == self._hub.process or topic not in self._hub.topics:  # our own were delivered directly
            return
        last = self._last(process, topic, number)
        lost = 0 if last is None else max(0, number - last - len(messages))
        if lost or is_cut:
            self._hub.lost += lost
            self._hub.deliver(topic, [])
        self._hub.deliver(topic, messages)

    def _compare(self, process: str, numbers: dict[str, int]) -> None:
        if process == self._hub.process:
            return
        for topic, number in numbers.items():
            if topic in self._hub.topics:
                last = self._last(process, topic, number)
                if last is None or last < number:
                    self._hub.lost += number - (last or number)
                    self._hub.deliver(topic, [])

    def _last(self, process: str, topic: str, number: int) -> int | None:
        """The number known so far, and remember this one."""
        numbers = self._numbers.setdefault(topic, {})
        last = numbers.pop(process, None)
        numbers[process] = max(number, last or 0)
        if len(numbers) > MAX_PROCESSES:
            del numbers[next(iter(numbers))]
        return last
