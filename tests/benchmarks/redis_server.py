"""A Redis of a benchmark's own, on a unix socket in a short folder."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError


@contextmanager
def own_redis() -> Iterator[str]:
    """Run a Redis and yield its URL; it is gone afterwards."""
    program = shutil.which("redis-server") or str(Path(sys.executable).with_name("redis-server"))
    folder = Path(tempfile.mkdtemp(prefix="hl-r-"))
    options = ("--port", "0", "--unixsocket", f"{folder}/s", "--dir", str(folder), "--save", "")
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    url = f"unix://{folder}/s?db=0"
    try:
        with Redis.from_url(url) as client:
            for _ in range(200):
                try:
                    client.ping()
                    break
                except RedisError:
                    time.sleep(0.02)
        yield url
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
