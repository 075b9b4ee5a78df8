"""The challenges of passkeys: made for a page, kept in the browser's session, used up by the first answer."""

import ipaddress
import secrets
from urllib.parse import urlsplit

from flask import request, session
from flask_babel import gettext as _

from agent_console.web.console_context import application, options
from hotline.rules.enums import LogInStepKind
from hotline.rules.people.actors import Machine, Person
from hotline.services.people import log_in_steps, passkeys, sign_ins
from hotline.services.people.passkeys import RelyingParty
from hotline.store.people.tables import User

# Session keys of the challenges of the page that was shown last: to use a passkey, and to make one.
CHALLENGE, CREATION = "passkey_challenge", "passkey_creation"
# Field of a form that carries the browser's answer.
CREDENTIAL = "credential"
_BYTES = 32


def relying_party() -> RelyingParty | None:
    """Returns our side, or None where browsers know no passkeys: at an IP address, or over plain http elsewhere."""
    origin = options().public_url
    if not options().secure_cookies:
        # Over plain http browsers have passkeys on `localhost` alone, whatever PUBLIC_URL says.
        origin = f"http://{request.host}"
    host = urlsplit(origin).hostname or ""
    if _is_address(host) or not (options().secure_cookies or host == "localhost"):
        return None
    return RelyingParty(host, str(_("马上就办一线通")), origin)


def registration_options(user: User) -> str:
    """Returns the options with which the browser makes a passkey; empty where there are none."""
    party = relying_party()
    if party is None:
        return ""
    with application().read_session() as reading:
        return passkeys.registration_options(reading, party, user, _new_challenge(CREATION))


def request_options(user_id: int | None) -> str:
    """Returns the options with which the browser uses a passkey of this user, or of whoever has one; empty without any."""
    party = relying_party()
    if party is None:
        return ""
    with application().read_session() as reading:
        if user_id is not None and not passkeys.list_passkeys(reading, user_id):
            return ""
        return passkeys.request_options(reading, party, _new_challenge(CHALLENGE), user_id)


def user_of_answer(user_id: int | None, *, field: str = CREDENTIAL, alone: bool = False) -> Person | None:
    """Returns the unlocked user who answered the page's challenge with a passkey in this request's form, or None."""
    party, challenge = relying_party(), take_challenge(CHALLENGE)
    if party is None or challenge is None:
        return None
    with application().unit_of_work(Machine.SYSTEM) as work:
        found = passkeys.use_passkey(
            work,
            party,
            credential=request.form.get(field, ""),
            challenge=challenge,
            user_id=user_id,
            alone=alone,
        )
        return None if found is None else sign_ins.unlocked_person(work.session, found, work.at)


def take_challenge(key: str) -> bytes | None:
    """Returns the challenge of the page that was shown last; None for one that is over or was used before."""
    kept = session.pop(key, None)
    if not isinstance(kept, dict):
        return None
    age = application().clock().timestamp() - float(kept["at"])
    if not 0 <= age <= log_in_steps.LIFETIME.total_seconds():
        return None
    # The cookie could be sent again; a challenge counts once.
    with application().unit_of_work(Machine.SYSTEM) as work:
        is_first = log_in_steps.use_once(work, LogInStepKind.PASSKEY, str(kept["value"]))
    return bytes.fromhex(str(kept["value"])) if is_first else None


def _new_challenge(key: str) -> bytes:
    challenge = secrets.token_bytes(_BYTES)
    session[key] = {
        "value": challenge.hex(),
        "at": application().clock().timestamp(),
    }
    return challenge


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
