"""The secrets of a demonstration: made once, kept in HOTLINE_HOME for its owner only, never committed.

They let every process of one `make run` agree with the exchange in the box. Production never comes here.
"""

import json
import os
import secrets
from pathlib import Path

from config.variables import BadSettings

FILE = "secrets.json"
_HEX = 16


def demo_secrets(home: Path) -> dict[str, str]:
    """Return the secrets kept in `home`, made by whoever asks first. Raises BadSettings if they cannot be read or kept."""
    path = home / FILE
    try:
        if not path.exists():
            _keep(path, _made())
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"HOTLINE_HOME: {error.strerror}: {error.filename}") from error
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in _made()):
        raise _damaged(path)
    return {str(name): str(value) for name, value in found.items()}


def _damaged(path: Path) -> BadSettings:
    return BadSettings(f"HOTLINE_HOME: {path} is damaged; delete it and start again")


def _made() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(_HEX),
        "TWILIO_AUTH_TOKEN": secrets.token_hex(_HEX),
        "TWILIO_API_KEY": "SK" + secrets.token_hex(_HEX),
        "TWILIO_API_SECRET": secrets.token_urlsafe(24),
        "TWILIO_APP_SID": "AP" + secrets.token_hex(_HEX),
        "DEMO_PASSWORD": secrets.token_hex(4),
    }


def _keep(path: Path, made: dict[str, str]) -> None:
    """Write whole or not at all; of several processes that start at once, the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{FILE}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(made, file, indent=1)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
