"""The embedded Redis of `make run`: a redis-server on a unix socket, with its append-only file in HOTLINE_HOME."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

# RQ takes jobs from a queue by BLMOVE, which came with Redis 6.2.
OLDEST = (6, 2)


class NoRedis(Exception):
    """There is no redis-server to start. The message says what to do."""


def find_redis(python: Path = Path(sys.executable)) -> str:
    """Returns a redis-server of 6.2 or later: from the PATH, or else that beside `python`. Raises NoRedis."""
    beside = python.with_name("redis-server")
    for candidate in (shutil.which("redis-server"), str(beside) if beside.exists() else None):
        if candidate and _version(candidate) >= OLDEST:
            return candidate
    raise NoRedis("no redis-server 6.2 or later: install one, or set REDIS_URL to a running one")


def _version(program: str) -> tuple[int, int]:
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"v=(\d+)\.(\d+)", output)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def redis_command(program: str, home: Path, socket: Path) -> list[str]:
    """Returns the command that serves `socket` and keeps its data in `home`."""
    return [
        program,
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--dir", str(home), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *(
            "--maxmemory-policy",
            "noeviction",
            "--daemonize",
            "no",
            "--loglevel",
            "notice",
            "--logfile",
            "redis.log",
        ),
    ]


def prepare_socket(socket: Path) -> None:
    """Makes the folder of the socket if it lies outside HOTLINE_HOME. Raises NoRedis if another user owns it."""
    folder = socket.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.getuid():
        raise NoRedis(f"{folder} belongs to another user; set HOTLINE_HOME to a shorter path")
