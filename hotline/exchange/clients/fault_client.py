"""A client of `/faults` for tests and scripts in another thread or process; inside the exchange use `exchange.faults`."""

import http.client
import json
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from hotline.exchange.core.faults import BadRuleError, FaultRule

_TIMEOUT_SECONDS = 10.0


class FaultSwitches:
    """The fault switches of the exchange at `base_url` (http); every method raises OSError when it cannot be reached."""

    def __init__(self, base_url: str) -> None:
        self._host = urlsplit(base_url).netloc

    def set(self, rule: FaultRule) -> str:
        """Sets `rule` from now on; returns the id of its switch. Raises BadRuleError."""
        return str(self._request("POST", "", asdict(rule))["id"])

    def fired(self, switch_id: str) -> int:
        """Returns how often the fault had its effect; raises KeyError when it is no longer set."""
        switches = {switch["id"]: switch for switch in self._request("GET", "")["faults"]}
        return int(switches[switch_id]["fired"])

    def turn(self, switch_id: str, *, on: bool) -> None:
        self._request("POST", f"/{switch_id}", {"is_on": on})

    def clear(self) -> None:
        self._request("DELETE", "")

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._host, timeout=_TIMEOUT_SECONDS)
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
