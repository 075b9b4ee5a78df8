"""Setting faults from another thread or process, as tests and scripts do; inside the exchange there is `exchange.faults`."""

import http.client
import json
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from hotline.exchange.core.faults import BadRuleError, FaultRule

_PATIENCE_SECONDS = 10.0


class FaultSwitches:
    """The switches of the exchange at `base_url` (http). Raises OSError when it cannot be reached."""

    def __init__(self, base_url: str) -> None:
        self._host = urlsplit(base_url).netloc

    def set(self, rule: FaultRule) -> str:
        """Let `rule` hold from now on; returns the id to ask about it. Raises BadRuleError."""
        return str(self._ask("POST", "", asdict(rule))["id"])

    def fired(self, switch_id: str) -> int:
        """Return how often the fault did what it says; raises KeyError when it is no longer set."""
        switches = {switch["id"]: switch for switch in self._ask("GET", "")["faults"]}
        return int(switches[switch_id]["fired"])

    def turn(self, switch_id: str, *, on: bool) -> None:
        self._ask("POST", f"/{switch_id}", {"is_on": on})

    def clear(self) -> None:
        self._ask("DELETE", "")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._host, timeout=_PATIENCE_SECONDS)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, f"/faults{path}", content, {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        answer: dict[str, Any] = json.loads(text) if text else {}
        if response.status >= 400:
            raise BadRuleError(answer.get("error", f"answered {response.status}"))
        return answer
