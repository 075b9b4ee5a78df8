"""Settings from the environment, and the errors for wrong values."""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import make_url

from config.settings import (
    BadSettings,
    Mode,
    Settings,
    read_settings,
    redis_socket,
    settings_or_exit,
    unknown_settings,
)
from config.wiring import build
from hotline.rules.enums import Role
from tests.journeys.production import production_environ

VARIABLES = tuple(Settings.model_fields.values())
HEX = "0123456789abcdef0123456789abcdef"
PRODUCTION = {
    "HOTLINE_ENV": "production",
    "DATABASE_URL": "postgres://hotline:pw@db.example/hotline",
    "REDIS_URL": "rediss://:pw@redis.example:6380/0",
    "HOTLINE_SOUNDS": "file:///var/lib/hotline/sounds",
    "SECRET_KEY": "k" * 40,
    "PUBLIC_URL": "https://4412345.example/",
    "HOTLINE_NUMBER": "+865374412345",
    "TWILIO_ACCOUNT_SID": "AC" + HEX,
    "TWILIO_AUTH_TOKEN": HEX,
    "TWILIO_API_KEY": "SK" + HEX,
    "TWILIO_API_SECRET": "s" * 32,
    "TWILIO_APP_SID": "AP" + HEX,
}


def demo(home: Path, **more: str) -> Settings:
    return read_settings({"HOTLINE_HOME": str(home), **more})


def test_without_any_variable_the_demo_has_all_it_needs(tmp_path: Path) -> None:
    settings = demo(tmp_path)
    assert settings.mode is Mode.DEMO
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.account.api_url == "http://127.0.0.1:8010"
    assert settings.database_url == f"sqlite:///{tmp_path}/hotline.sqlite3"
    assert (settings.local_exchange, settings.embedded_redis) == (True, True)


def test_demo_secrets_are_made_once_and_are_for_the_owner_only(tmp_path: Path) -> None:
    first, second = demo(tmp_path), demo(tmp_path)
    assert first == second
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_two_homes_have_different_secrets(tmp_path: Path) -> None:
    assert demo(tmp_path / "a").secret_key != demo(tmp_path / "b").secret_key


def test_damaged_demo_secrets_are_named(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(BadSettings, match=r"^HOTLINE_HOME: .*secrets\.json is damaged"):
        demo(tmp_path)


@pytest.mark.parametrize("kept", ["[]", "null", "{}", '{"SECRET_KEY": 7}', "\udcff"])
def test_secrets_of_another_shape_are_damaged_too(tmp_path: Path, kept: str) -> None:
    (tmp_path / "secrets.json").write_text(kept, errors="surrogateescape")
    with pytest.raises(BadSettings, match=r"^HOTLINE_HOME: .*secrets\.json is damaged"):
        read_settings({"HOTLINE_HOME": str(tmp_path)})


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    shown = repr(read_settings(PRODUCTION))
    assert "pw@" not in shown
    assert "k" * 40 not in shown
    assert "s" * 32 not in shown


def test_production_reads_what_it_was_given() -> None:
    settings = read_settings(PRODUCTION)
    assert settings.database_url == "postgresql+psycopg://hotline:pw@db.example/hotline"
    assert settings.public_url == "https://4412345.example"
    assert settings.account.api_url == "https://api.twilio.com"
    assert (settings.local_exchange, settings.embedded_redis) == (False, False)


@pytest.mark.parametrize("name", [field.alias for field in VARIABLES if field.is_required()])
def test_production_stops_without(name: str) -> None:
    given = {key: value for key, value in PRODUCTION.items() if key != name}
    with pytest.raises(BadSettings, match=f"^{name} must be set when HOTLINE_ENV=production$"):
        read_settings(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOTLINE_ENV", "staging"),
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("EXCHANGE_PORT", "0"),
        ("EXCHANGE_PORT", "8000"),
        ("DATABASE_URL", "mysql://host/name"),
        ("DATABASE_URL", "postgresql+psycopg2://host/name"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "postgresql://host:port/name"),
        ("DATABASE_URL", "nonsense"),
        ("REDIS_URL", "http://localhost"),
        ("REDIS_URL", "unix://"),
        ("REDIS_URL", "redis://host:99999"),
        ("HOTLINE_SOUNDS", "/var/lib/hotline/sounds"),
        ("HOTLINE_SOUNDS", "file://host/sounds"),
        ("HOTLINE_SOUNDS", "file:///"),
        ("HOTLINE_SOUNDS", "file:///sounds?x=1"),
        ("HOTLINE_SOUNDS", "s3://a"),
        ("HOTLINE_SOUNDS", "s3://Bucket"),
        ("HOTLINE_SOUNDS", "s3://bucket/../other"),
        ("HOTLINE_SOUNDS", "s3://key:secret@bucket/prefix"),
        ("HOTLINE_S3_ENDPOINT", "minio.example:9000"),
        ("HOTLINE_S3_ADDRESSING", "auto"),
        ("SECRET_KEY", "short"),
        ("PUBLIC_URL", "4412345.example"),
        ("PUBLIC_URL", "https://4412345.example/voice"),
        ("PUBLIC_URL", "https://user@4412345.example"),
        ("PUBLIC_URL", "https://4412345.example:99999"),
        ("HOTLINE_NUMBER", "4412345"),
        ("HOTLINE_TIMEZONE", "Asia/Qufu"),
        ("HOTLINE_TIMEZONE", "../etc/passwd"),
        ("HOTLINE_LOCALE", "fr"),
        ("TWILIO_ACCOUNT_SID", "AC 1"),
        ("OIDC_ISSUER", "http://id.example"),
        ("OIDC_ISSUER", "id.example"),
        ("OIDC_ISSUER", "https://id.example/?x=1"),
        ("OIDC_ROLES", "agents"),
        ("OIDC_ROLES", "agents=king"),
        ("OIDC_ROLES", "=operator"),
        ("OIDC_ROLES", "agents=operator,"),
        ("OIDC_ROLES", "agents=operator"),
        ("TWILIO_API_URL", "api.twilio.com"),
    ],
)
def test_a_malformed_value_is_refused_in_one_line_that_names_it(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(BadSettings) as refused:
        demo(tmp_path, **{name: value})
    assert str(refused.value).startswith(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://hotline:p@ss/word%1@10.0.0.20:5432/hotline"),
        ("DATABASE_URL", "postgres://hotline:p@ss@db.example/hotline"),
        ("DATABASE_URL", "postgresql://hotline:a?p@ss@db.example/hotline"),
        ("REDIS_URL", "redis://:p@ss/word%1@10.0.0.20:6379/0"),
        ("REDIS_URL", "rediss://:word/p@redis.example:6379/0"),
        ("REDIS_URL", "redis://:word#p@redis.example"),
        ("REDIS_URL", "redis://:word?p@redis.example"),
    ],
)
def test_a_password_that_would_be_read_as_an_address_in_part_is_refused_unrepeated(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(BadSettings) as refused:
        demo(tmp_path, **{name: value})
    assert str(refused.value).startswith(f"{name} must have its password percent-encoded")
    assert "ss" not in str(refused.value).replace("password", "")
    assert "word/" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db/hotline",
        "postgres://user:p%40ss@db.example:5433/hotline?sslmode=require",
        "postgresql+psycopg://user:a/b?c#d@[::1]:5432/hotline",
        "postgresql:///hotline?host=/run/postgresql",
        "sqlite:////srv/city/hotline.sqlite3",
        "sqlite:///var/with blank/hotline.sqlite3",
    ],
)
def test_a_database_url_means_what_sqlalchemy_reads_in_it(tmp_path: Path, url: str) -> None:
    read = make_url(demo(tmp_path, DATABASE_URL=url).database_url)
    wanted = make_url(url.replace("postgres://", "postgresql://"))
    driver = "sqlite" if url.startswith("sqlite") else "postgresql+psycopg"
    assert read == wanted.set(drivername=driver)


BUCKET_ACCOUNT = {"HOTLINE_S3_ACCESS_KEY": "an-access-key", "HOTLINE_S3_SECRET_KEY": "a-secret-of-the-bucket"}


@pytest.mark.parametrize(
    ("url", "bucket"),
    [
        ("s3://city-sounds", ("city-sounds", "")),
        ("s3://city-sounds/", ("city-sounds", "")),
        ("s3://city.sounds/hotline/jining_1/", ("city.sounds", "hotline/jining_1")),
        ("file:///srv/city/sounds", None),
    ],
)
def test_recorded_sound_lies_in_a_bucket_or_in_a_folder(url: str, bucket: tuple[str, str] | None) -> None:
    assert read_settings({**PRODUCTION, **BUCKET_ACCOUNT, "HOTLINE_SOUNDS": url}).sounds_bucket == bucket


def test_the_folder_of_recorded_sound_may_have_any_name(tmp_path: Path) -> None:
    settings = read_settings({**PRODUCTION, "HOTLINE_SOUNDS": "file:///srv/my%20city/录音/"})
    assert settings.sounds_folder == Path("/srv/my city/录音")
    assert demo(tmp_path / "深 圳").sounds_folder == tmp_path / "深 圳" / "sounds"


@pytest.mark.parametrize("name", BUCKET_ACCOUNT)
def test_a_bucket_without_its_account_is_refused(name: str) -> None:
    given = {**PRODUCTION, **BUCKET_ACCOUNT, "HOTLINE_SOUNDS": "s3://city-sounds"}
    del given[name]
    with pytest.raises(BadSettings, match=f"^{name} must be set for HOTLINE_SOUNDS=s3://…$"):
        read_settings(given)


PROVIDER = {
    "OIDC_ISSUER": "https://id.example/realms/city",
    "OIDC_CLIENT_ID": "hotline",
    "OIDC_CLIENT_SECRET": "a-secret-of-the-provider",
}


def test_an_identity_provider_is_read_with_its_roles_in_their_order() -> None:
    mapped = {"OIDC_ROLE_CLAIM": "groups", "OIDC_ROLES": "it=x=admin, agents = operator"}
    settings = read_settings({**PRODUCTION, **PROVIDER, **mapped})
    assert list(settings.oidc_role_values.items()) == [("it=x", Role.ADMIN), ("agents", Role.OPERATOR)]
    assert "a-secret-of-the-provider" not in repr(settings)
    assert "a-secret-of-the-provider" in settings.secrets
    assert read_settings(PRODUCTION).oidc_role_values == {}


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID"),
        ({"OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET"),
        ({"OIDC_SCOPE": "profile"}, "OIDC_SCOPE"),
        ({"OIDC_ROLE_CLAIM": "groups"}, "OIDC_ROLES"),
        ({"OIDC_ISSUR": "https://id.example"}, "OIDC_ISSUR"),
    ],
)
def test_a_provider_that_is_set_in_part_is_refused(changed: dict[str, str], name: str) -> None:
    with pytest.raises(BadSettings, match=f"^{name} "):
        read_settings({**PRODUCTION, **PROVIDER, **changed})


def test_the_secret_of_a_bucket_is_neither_shown_nor_logged() -> None:
    settings = read_settings({**PRODUCTION, **BUCKET_ACCOUNT, "HOTLINE_SOUNDS": "s3://city-sounds"})
    assert "a-secret-of-the-bucket" not in repr(settings)
    assert "a-secret-of-the-bucket" in settings.secrets


def test_twilio_identifiers_must_have_twilios_form_only_where_twilio_is_the_carrier() -> None:
    with pytest.raises(BadSettings, match=r"^TWILIO_ACCOUNT_SID must be AC"):
        read_settings({**PRODUCTION, "TWILIO_ACCOUNT_SID": "a1b2-c3"})
    other = read_settings(
        {**PRODUCTION, "TWILIO_ACCOUNT_SID": "a1b2-c3", "TWILIO_API_URL": "https://carrier.example"}
    )
    assert other.account.sid == "a1b2-c3"


@pytest.mark.parametrize("name", ["SECRET_KEY", "TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET"])
def test_a_complaint_never_repeats_a_secret(name: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings({**PRODUCTION, name: "hush hush"})
    assert "hush" not in str(refused.value)


def test_a_wrong_value_ends_the_process_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        settings_or_exit({"PORT": "x"})
    assert ended.value.code == 2
    assert capsys.readouterr().err == 'hotline: PORT must be a port number from 1 to 65535, not "x"\n'


@pytest.mark.parametrize("home", ["/srv/" + "深" * 40, "/srv/my city/var"])
def test_a_home_that_no_socket_can_lie_in_gets_a_short_folder_of_its_own(home: str) -> None:
    socket = redis_socket(Path(home))
    assert len(str(socket).encode()) <= 100
    assert " " not in str(socket)
    assert socket != redis_socket(Path(home) / "other")
    assert redis_socket(Path("/srv/city/var")) == Path("/srv/city/var/redis.sock")


class RecordingEnviron(Mapping[str, str]):
    """An environment that records which names are read."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values_given = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return self.values_given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_given)

    def __len__(self) -> int:
        return len(self.values_given)


def test_the_table_names_exactly_the_variables_that_are_read(tmp_path: Path) -> None:
    environ = RecordingEnviron({"HOTLINE_HOME": str(tmp_path)})
    read_settings(environ)
    assert environ.read == {field.alias for field in VARIABLES}


def test_what_no_log_line_may_contain_is_named_with_both_forms_of_a_password(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "HOTLINE_HOME": str(tmp_path),
            "DATABASE_URL": "postgresql://hotline:p%40ss%2Fword@db.example/hotline",
            "REDIS_URL": "redis://:another-word@redis.example/0",
        }
    )
    hidden = {settings.secret_key, settings.auth_token, settings.api_secret}
    assert set(settings.secrets) == hidden | {"p%40ss%2Fword", "p@ss/word", "another-word"}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("HOTLINE_PROXY", "HOTLINE_PROXY is not a setting; did you mean HOTLINE_PROXIES?"),
        ("HOTLINE_NUMMER", "HOTLINE_NUMMER is not a setting; did you mean HOTLINE_NUMBER?"),
        ("TWILIO_AUTHTOKEN", "TWILIO_AUTHTOKEN is not a setting; did you mean TWILIO_AUTH_TOKEN?"),
        ("hotline_locale", "hotline_locale is not a setting; did you mean HOTLINE_LOCALE?"),
        ("SOFTPHONE_DRVER", "SOFTPHONE_DRVER is not a setting; did you mean SOFTPHONE_DRIVER?"),
        ("TWILIO_XYZZY_QUUX", "TWILIO_XYZZY_QUUX is not a setting"),
        ("HOTLINE_\nXYZZYXYZZYXYZZYXYZZY", "HOTLINE_\\nXYZZYXYZZYXYZZYXYZZY is not a setting"),
    ],
)
def test_a_misspelt_name_stops_the_boot_of_production(tmp_path: Path, name: str, line: str) -> None:
    environ = production_environ(
        DATABASE_URL=f"sqlite:///{tmp_path}/hotline.sqlite3",
        REDIS_URL="redis://127.0.0.1/0",
        PUBLIC_URL="https://hotline.example",
    )
    assert read_settings(environ).mode is Mode.PRODUCTION
    with pytest.raises(BadSettings) as refused:
        read_settings({**environ, name: ""})
    assert str(refused.value) == line
    assert unknown_settings({name: "x", "PATH": "/bin", "PORT": "1", "HOTLINE_ENV": "demo"}) == [
        line.replace("\\n", "\n")
    ]


def test_the_pool_opens_as_many_connections_as_set(tmp_path: Path) -> None:
    settings = read_settings({"HOTLINE_HOME": str(tmp_path), "HOTLINE_DATABASE_CONNECTIONS": "3"})
    pool = build(settings).application.engine.pool
    assert pool.size() + pool._max_overflow == 3  # type: ignore[attr-defined]
