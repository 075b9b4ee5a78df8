"""The composition root: a wrong file of the city stops a process, and nothing connects while it is built."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twilio.jwt.access_token import AccessToken

from config.city.folder import make_folder
from config.readiness import storage_trouble
from config.settings import Settings, read_settings
from config.wiring import build, build_or_exit, device_token, sound_storage
from hotline.gateways.storage.folder import FolderStorage
from hotline.gateways.storage.s3 import S3Storage
from tests.s3_server import run_s3

PRODUCTION = {
    "HOTLINE_ENV": "production",
    "DATABASE_URL": "postgresql://127.0.0.1:1/hotline",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "HOTLINE_SOUNDS": "file:///var/lib/hotline/sounds",
    "SECRET_KEY": "s" * 40,
    "PUBLIC_URL": "https://hotline.example",
    "HOTLINE_NUMBER": "+865374412345",
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_API_KEY": "SK" + "2" * 32,
    "TWILIO_API_SECRET": "secret-of-the-key-with-32-characters",
    "TWILIO_APP_SID": "AP" + "3" * 32,
}


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """The folder of the city's texts that `demo` reads."""
    folder = tmp_path / "home" / "city"
    make_folder(folder, is_demo=True)
    return folder


@pytest.fixture
def demo(tmp_path: Path) -> Settings:
    return read_settings({"HOTLINE_HOME": str(tmp_path / "home")})


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server on loopback that accepts connections only when a test looks for one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("name", ["callers.toml", "policies.toml", "published.toml"])
def test_a_wrong_file_of_the_city_is_status_2_and_one_line(
    city: Path, demo: Settings, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (city / name).write_text('"a\\nb" = 1', encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        build_or_exit(demo)
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith(f"hotline: {name}: ")
    assert message.count("\n") == 1


def test_the_folder_is_made_once_and_the_demonstration_has_short_waits(
    tmp_path: Path, demo: Settings
) -> None:
    real = read_settings({**PRODUCTION, "HOTLINE_CITY": str(tmp_path / "real")})
    shown = build(demo).application.policies
    assert shown.follow_ups.delay_seconds < build(real).application.policies.follow_ups.delay_seconds
    policies = real.city_folder / "policies.toml"
    policies.write_text(
        policies.read_text(encoding="utf-8").replace("max_size = 200", "max_size = 7"), encoding="utf-8"
    )
    assert build(real).application.policies.queue.max_size == 7


def test_limits_belong_to_the_line_and_the_zone_of_the_settings(tmp_path: Path) -> None:
    given = {
        "HOTLINE_HOME": str(tmp_path),
        "HOTLINE_NUMBER": "+4930123456",
        "HOTLINE_TIMEZONE": "Europe/Berlin",
    }
    policies = build(read_settings(given)).application.policies
    assert (policies.number, policies.zone.key) == ("+4930123456", "Europe/Berlin")


def test_nothing_connects_while_the_components_are_built(listener: socket.socket, tmp_path: Path) -> None:
    port = listener.getsockname()[1]
    addresses = {
        "DATABASE_URL": f"postgresql://127.0.0.1:{port}/hotline?connect_timeout=1",
        "REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "TWILIO_API_URL": f"http://127.0.0.1:{port}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HOTLINE_CITY": str(tmp_path / "city"),
    }
    components = build(read_settings({**PRODUCTION, **addresses}))
    with pytest.raises(BlockingIOError):
        listener.accept()
    components.application.engine.dispose()
    components.redis.close()


def test_sound_lies_in_the_folder_that_production_must_have(tmp_path: Path) -> None:
    storage = sound_storage(read_settings({**PRODUCTION, "HOTLINE_SOUNDS": (tmp_path / "sounds").as_uri()}))
    assert storage == FolderStorage(tmp_path / "sounds")


def test_the_demonstration_makes_its_folder_of_sound(demo: Settings) -> None:
    storage = sound_storage(demo)
    storage.put("a", b"sound")
    assert (demo.home / "sounds" / "a").read_bytes() == b"sound"


def test_sound_in_a_bucket_is_written_and_read_with_the_settings(tmp_path: Path) -> None:
    with run_s3() as s3:
        S3Storage(s3)._client.create_bucket(Bucket=s3.bucket)
        given = {
            "HOTLINE_SOUNDS": f"s3://{s3.bucket}/{s3.prefix}",
            "HOTLINE_S3_ENDPOINT": s3.endpoint,
            "HOTLINE_S3_ACCESS_KEY": s3.access_key,
            "HOTLINE_S3_SECRET_KEY": s3.secret_key,
        }
        assert storage_trouble(sound_storage(read_settings({**PRODUCTION, **given}))) is None
        lost = {**given, "HOTLINE_SOUNDS": "s3://another-bucket"}
        assert (
            storage_trouble(sound_storage(read_settings({**PRODUCTION, **lost}))) == "HTTP 404 NoSuchBucket"
        )


def test_a_desks_token_lets_its_own_softphone_receive_calls_for_an_hour() -> None:
    account = read_settings(PRODUCTION).account
    before = int(time.time())
    token = AccessToken.from_jwt(device_token(account, "op-7"), account.api_secret)
    payload = token.payload
    assert (payload["iss"], payload["sub"]) == (account.api_key, account.sid)
    assert before + 3600 <= payload["exp"] <= time.time() + 3600
    assert payload["grants"]["identity"] == "op-7"
    voice = payload["grants"]["voice"]
    assert voice["incoming"] == {"allow": True}
    assert voice["outgoing"] == {"application_sid": account.app_sid}
