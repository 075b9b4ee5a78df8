"""A line in production as docs/operating.md describes it: PostgreSQL, Redis with a password, nginx with TLS, two hosts.

The two hosts are two web processes and two schedulers of this machine. nginx runs with the configuration of the document; only
its names and addresses are replaced.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests
from twilio.request_validator import RequestValidator

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
OPERATING = ROOT / "docs" / "operating.md"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
OPENSSL = shutil.which("openssl")
REDIS_PASSWORD = "a redis password: 100%/@?"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
T = TypeVar("T")


def until(what: str, look: Callable[[], T | None], seconds: float = 120) -> T:
    """Returns the first thing that `look` finds. Raises AssertionError with `what` when the time is over."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"did not happen in {seconds} s: {what}")


def documented_nginx() -> str:
    """Returns the proxy's configuration as the document shows it."""
    text = OPERATING.read_text(encoding="utf-8")
    return text.split("```nginx\n", 1)[1].split("\n```", 1)[0]


def _replaced(text: str, replacements: Mapping[str, str]) -> str:
    for old, new in replacements.items():
        assert old in text, f"the document's configuration lacks {old!r}"
        text = text.replace(old, new)
    return text


def certificate(folder: Path) -> Path:
    """Makes a certificate for localhost and returns its path; its key lies beside it."""
    path = folder / "hotline.crt"
    command = [str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    names = ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return path


@contextmanager
def nginx(folder: Path, port: int, web: tuple[int, int], events: int) -> Iterator[Path]:
    """Runs nginx with the document's configuration and yields the certificate for clients."""
    crt = certificate(folder)
    site = _replaced(
        documented_nginx(),
        {
            "10.0.0.11:8000": f"127.0.0.1:{web[0]}",
            "10.0.0.12:8000": f"127.0.0.1:{web[1]}",
            "10.0.0.11:8001": f"127.0.0.1:{events}",
            "10.0.0.12:8001": f"127.0.0.1:{free_port()}",
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "hotline.example.gov.cn": "localhost",
            "/etc/ssl/hotline.crt": str(crt),
            "/etc/ssl/hotline.key": str(crt.with_suffix(".key")),
            "/var/log/nginx/hotline.log": str(folder / "access.log"),
        },
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.getuid() == 0 else ""
    conf = folder / "nginx.conf"
    main = f"{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;"
    conf.write_text(f"{main}\nevents {{}}\nhttp {{ {folders}\n{site}\n}}\n", encoding="utf-8")
    command = [str(NGINX), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(conf)]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield crt
    finally:
        server.send_signal(signal.SIGQUIT if server.poll() is None else signal.SIGTERM)
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.terminate()
            server.wait(5)


@contextmanager
def redis_with_password(folder: Path) -> Iterator[int]:
    """Runs a Redis that asks for a password, on a loopback port, and yields the port."""
    program = shutil.which("redis-server") or str(Path(sys.executable).with_name("redis-server"))
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
    secret = folder / "redis.conf"
    secret.write_text(f'requirepass "{REDIS_PASSWORD}"\n')
    server = subprocess.Popen([program, str(secret), *options], stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        server.terminate()
        server.wait(10)


@dataclass
class Production:
    """The running line: its address, its processes by name, and what they have written."""

    folder: Path
    environ: dict[str, str]
    address: str
    certificate: Path
    web_ports: tuple[int, int]
    events_port: int
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, name: str, *arguments: str, **environ: str) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=self.folder,
            env=self.environ | environ,
            stdout=log,
            stderr=log,
        )

    def start_all(self) -> None:
        for number, port in enumerate(self.web_ports, 1):
            self.start(f"web-{number}", "config.processes.serve", "web", PORT=str(port))
        self.start("events", "config.processes.serve", "events", PORT=str(self.events_port))
        for lane in ("calls", "notifications", "heavy"):
            self.start(f"worker-{lane}", "config.processes.worker", lane)
        for number in (1, 2):
            self.start(f"clock-{number}", "config.processes.scheduler")

    def end(self, name: str) -> int:
        """Stops one process as a service manager does, and returns its exit status."""
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(20)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)

    def run(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Runs a command of the command line to its end."""
        return subprocess.run(
            [sys.executable, "-m", "config.cli", *arguments],
            cwd=self.folder,
            env=self.environ,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def lines(self, name: str) -> list[str]:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8").splitlines()

    def logged(self, name: str) -> list[dict[str, Any]]:
        """Returns what a process has logged. Raises ValueError for a line that is no JSON."""
        return [json.loads(line) for line in self.lines(name)]

    def http(self) -> requests.Session:
        """Returns a browser without cookies that trusts the line's certificate."""
        session = requests.Session()
        session.verify = str(self.certificate)
        session.trust_env = False
        return session

    def signed_webhook(self, path: str, form: dict[str, str], public_url: str = "") -> requests.Response:
        """Posts a webhook as the carrier does; `public_url` is another address that it signs."""
        url = (public_url or self.address) + path
        signature = RequestValidator(AUTH_TOKEN).compute_signature(url, form)
        return self.http().post(
            self.address + path, data=form, headers={"X-Twilio-Signature": signature}, timeout=20
        )


def production_environ(**more: str) -> dict[str, str]:
    """Returns a complete environment of production; the carrier's address has no listener."""
    return {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}},
        "PYTHONPATH": str(ROOT),
        "HOTLINE_ENV": "production",
        "HOTLINE_NUMBER": "+865374412345",
        "HOTLINE_PROXIES": "1",
        "WEB_CONCURRENCY": "1",
        "SECRET_KEY": "only-for-tests-" * 3,
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_API_KEY": "SK1",
        "TWILIO_API_SECRET": "the-secret-of-the-key",
        "TWILIO_APP_SID": "AP1",
        "TWILIO_API_URL": f"http://127.0.0.1:{free_port()}",
        "HOTLINE_SOUNDS": "file:///nowhere",
        **more,
    }


@contextmanager
def production(folder: Path, database_url: str) -> Iterator[Production]:
    """Migrates the database, starts every process, and yields the line when it is ready behind nginx."""
    with ExitStack() as stack:
        port, web, events = free_port(), (free_port(), free_port()), free_port()
        redis_port = stack.enter_context(redis_with_password(folder))
        certificate_path = stack.enter_context(nginx(folder, port, web, events))
        address = f"https://localhost:{port}"
        password = requests.utils.quote(REDIS_PASSWORD, safe="")
        sounds = folder / "sounds"
        sounds.mkdir()
        environ = production_environ(
            HOTLINE_SOUNDS=sounds.as_uri(),
            HOTLINE_HOME=str(folder / "home"),
            PUBLIC_URL=address,
            DATABASE_URL=database_url,
            REDIS_URL=f"redis://:{password}@127.0.0.1:{redis_port}/0",
        )
        line = Production(folder, environ, address, certificate_path, web, events)
        migrated = line.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        stack.callback(line.stop)
        line.start_all()
        for each in (*web, events):
            until(f"port {each} is ready", lambda each=each: is_ready(f"http://127.0.0.1:{each}/readyz"))
        yield line


def is_ready(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
