"""Finds words written for today by the key that rode in a URL: an announced outage, or a lookup's answer."""

import re

from sqlalchemy.orm import Session

from hotline.store.calls import lookups, outages
from ivr_flows.speech import Notice
from ivr_flows.webhooks.first_turn_cache import as_line

_KEY = re.compile(r"([nl])([0-9]{1,9})")


def recall(session: Session, key: str) -> Notice | None:
    """Return the words behind `key` (n17: notice 17, l5: answer 5), or None if there are none."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    row: outages.Outage | lookups.Lookup | None
    if match[1] == "n":
        row = session.get(outages.Outage, int(match[2]))
    else:
        row = session.get(lookups.Lookup, int(match[2]))
    return None if row is None or not row.text_zh else as_line(key, row.text_zh, row.text_en)
