"""A Redis server for tests, on a unix socket in a temporary folder."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError


@contextmanager
def run_redis() -> Iterator[str]:
    """Runs one server and yields its URL. Tests that start processes against it must not share it with other tests."""
    program = shutil.which("redis-server") or str(Path(sys.executable).with_name("redis-server"))
    # The path of a unix socket may have about 100 characters only.
    folder = Path(tempfile.mkdtemp(prefix="hl-r-"))
    socket = folder / "s"
    server = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    url = f"unix://{socket}?db=0"
    try:
        _wait_for_redis(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_redis(url: str, server: "subprocess.Popen[bytes]") -> None:
    with Redis.from_url(url) as client:
        for _ in range(1000):
            try:
                client.ping()
            except RedisError:
                with suppress(subprocess.TimeoutExpired):
                    raise RuntimeError(f"redis-server ended with {server.wait(0.01)}") from None
            else:
                return
    raise RuntimeError("redis-server did not answer in time")
