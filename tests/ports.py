"""Ports for the servers of tests."""

import contextlib
import secrets
import socket

LOWEST, HIGHEST = 10_000, 32_000


def free_port() -> int:
    """A port that nobody uses at the moment. It is below those that systems give out by themselves, so that no other
    test's server or connection is given it before it is used."""
    while True:
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
