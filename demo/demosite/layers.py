"""A channel layer for several processes of one machine that needs no Redis: datagrams to Unix sockets in one folder.

Every channel is a socket file. A group message goes to all of them, and each channel takes what its groups want.
That is plenty for a demo with a few processes; RedisPubSubChannelLayer is for everything else.
"""

import asyncio
import os
import socket
import stat
import uuid
from pathlib import Path
from typing import Any

import msgspec
from channels.layers import BaseChannelLayer
from django.core.exceptions import ImproperlyConfigured

LARGEST = 1 << 20  # bytes of one message
ATTEMPTS = 20  # at a full socket, before the message is dropped; livecomp sees the gap and renders again


class LocalChannelLayer(BaseChannelLayer):
    extensions = ["groups"]

    def __init__(self, folder: str | Path, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = Path(folder)
        make_private(self.folder)
        self._inboxes: dict[str, socket.socket] = {}
        self._groups: dict[str, set[str]] = {}
        self._idle: list[str] = []  # channels that have left their last group, to be used again
        self._outgoing = _socket()

    async def new_channel(self, prefix: str = "specific.") -> str:
        if self._idle:
            return self._idle.pop()
        channel = f"{prefix}{uuid.uuid4().hex}"
        self._inboxes[channel] = inbox = _socket()
        self._groups[channel] = set()
        inbox.bind(str(self.folder / channel))
        return channel

    async def receive(self, channel: str) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        while True:
            group, message = msgspec.msgpack.decode(await loop.sock_recv(self._inboxes[channel], LARGEST))
            if group in self._groups[channel]:
                return message

    async def group_add(self, group: str, channel: str) -> None:
        self._groups[channel].add(group)

    async def group_discard(self, group: str, channel: str) -> None:
        groups = self._groups[channel]
        if group in groups:
            groups.remove(group)
            if not groups:
                self._idle.append(channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        data = msgspec.msgpack.encode([group, message])
        for path in self.folder.iterdir():
            await self._send(data, path)

    async def _send(self, data: bytes, path: Path) -> None:
        for _ in range(ATTEMPTS):
            try:
                self._outgoing.sendto(data, str(path))
            except BlockingIOError:
                await asyncio.sleep(0.005)
            except (ConnectionRefusedError, FileNotFoundError):  # its process is gone
                _forget(path)
                return
            else:
                return


def make_private(folder: Path) -> None:
    """A folder that only this user can look into. Whoever can write there can send messages to every page, so one that somebody
    else has made, perhaps because its name could be guessed, is refused."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ImproperlyConfigured(
            f"The folder of the channel layer, {str(folder)!r}, is not this user's own: its owner is user {found.st_uid}, and this "
            f"is user {os.getuid()}. Remove it, or name another one in CHANNEL_LAYERS."
        )
    folder.chmod(0o700)


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def _socket() -> socket.socket:
    created = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    created.setblocking(False)
    created.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
    created.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LARGEST)
    return created
