"""Ports for servers of tests: below the range from which outgoing connections take theirs, so that nobody is in the way.

A port the system picks (`bind` to 0) may be somebody's outgoing connection a moment later, and the server then fails.
"""

import secrets
import socket

LOWEST, MANY = 15_000, 15_000


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    for _ in range(100):
        port = LOWEST + secrets.randbelow(MANY)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("every port asked for was taken")
