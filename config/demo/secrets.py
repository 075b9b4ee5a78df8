"""Secrets of a demonstration: made once, kept in HOTLINE_HOME, readable by its owner only.

With them all processes of `make run` and the exchange agree on credentials. Production does not use them.
"""

import json
import os
import secrets
from pathlib import Path

FILE = "secrets.json"
# Bytes; Twilio's identifiers end in 32 hexadecimal digits.
_HEX = 16


class BadSecrets(Exception):
    """The secrets cannot be read or kept. The message is one line."""


def demo_secrets(home: Path) -> dict[str, str]:
    """Returns the secrets kept in `home` by name; the first process makes them. Raises BadSecrets."""
    path = home / FILE
    try:
        if not path.exists():
            _keep(path, _made())
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSecrets(f"{error.strerror}: {error.filename}") from error
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in _made()):
        raise _damaged(path)
    return {str(name): str(value) for name, value in found.items()}


def _damaged(path: Path) -> BadSecrets:
    return BadSecrets(f"{path} is damaged; delete it and start again")


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
    """Writes the secrets, unless another process has just done so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{FILE}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(made, file, indent=1)
    try:
        # A link is made whole or not at all, and only if there is no such file: the first process wins.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
