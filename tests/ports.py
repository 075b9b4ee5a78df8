"""Ports for the servers that tests start."""

import secrets
import socket

# Below the range of outgoing connections. A port that the system picks (`bind` to 0) may be taken by an outgoing
# connection before the server binds it.
LOWEST, MANY = 15_000, 15_000


def free_port() -> int:
    """Returns a loopback port without a listener."""
    for _ in range(100):
        port = LOWEST + secrets.randbelow(MANY)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("every port that was tried is in use")
