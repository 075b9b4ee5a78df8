"""The people of a journey, each at their own door: what they click is what is sent, nothing is done behind the pages."""

import re
from collections.abc import Mapping
from typing import Any

import requests

from hotline.exchange.clients.telephone import Softphone, Telephone
from tests.journeys.city import PASSWORD, UNIT, City, until


class Visitor:
    """Somebody signed in at a browser (without the browser)."""

    def __init__(self, city: City, name: str) -> None:
        self.city = city
        self.http = requests.Session()
        page = self.http.get(f"{city.web}/login", timeout=10)
        form = {"name": name, "password": PASSWORD, "csrf_token": _csrf(page.text)}
        answer = self.http.post(f"{city.web}/login", data=form, timeout=10)
        assert answer.status_code == 200, answer.text
        self._token = _csrf(answer.text)

    def get(self, path: str) -> requests.Response:
        return self.http.get(f"{self.city.web}{path}", timeout=10)

    def submit(self, path: str, form: Mapping[str, str] | None = None) -> requests.Response:
        """Send a plain form, as the page's own button does."""
        sent = {**(form or {}), "csrf_token": self._token}
        return self.http.post(f"{self.city.web}{path}", data=sent, timeout=10)

    def tell(self, path: str, body: Mapping[str, Any] | None = None) -> requests.Response:
        """Send JSON, as the page's script does."""
        headers = {"X-CSRFToken": self._token}
        return self.http.post(f"{self.city.web}{path}", json=body or {}, headers=headers, timeout=10)


class Operator(Visitor):
    """An operator with a softphone; `take_call` answers the next one."""

    def __init__(self, city: City, name: str = "operator") -> None:
        super().__init__(city, name)
        self.tell("/console/desk/beat")
        token = self.tell("/console/softphone/token").json()["token"]
        self.phone = Softphone(city.exchange, token)
        self.phone.__enter__()
        self.call_id = 0

    def close(self) -> None:
        self.phone.__exit__(None, None, None)

    def state(self) -> dict[str, Any]:
        """Return the desk as the page would show it; reading it is also a sign of life."""
        self.tell("/console/desk/beat")
        return dict(self.get("/console/desk/state").json())

    def be_ready(self) -> None:
        answer = self.tell("/console/desk/presence", {"state": "ready"})
        assert answer.status_code == 204, answer.text

    def take_call(self) -> int:
        """Answer the ringing call and wait until both sides hear each other; returns the call's id."""
        self.phone.wait_incoming(20)
        self.phone.accept()
        state = until("the desk talks", lambda: (s := self.state())["stage"] == "talking" and s)
        self.call_id = int(state["call_id"])
        return self.call_id

    def write(self, facts: Mapping[str, object]) -> dict[str, Any]:
        """Open the call's ticket and save what was typed."""
        opened = self.tell(f"/console/desk/calls/{self.call_id}/draft").json()
        path = f"/console/desk/tickets/{opened['ticket_id']}/save"
        saved = self.tell(path, {"revision": opened["revision"], "facts": facts})
        assert saved.status_code == 200, saved.text
        return {**opened, **saved.json()}

    def finish(self, ticket: Mapping[str, Any], how: str, facts: Mapping[str, object] | None = None) -> str:
        """Finish the ticket (`answer` or `hand-off`); returns its number."""
        path = f"/console/desk/tickets/{ticket['ticket_id']}/{how}"
        done = self.tell(path, {"revision": ticket["revision"], "facts": facts or {}})
        assert done.status_code == 200, done.text
        return str(done.json()["number"])

    def hang_up(self) -> None:
        self.phone.hang_up()
        until("the talk is over", lambda: self.state()["stage"] != "talking")


class Office(Visitor):
    """The handler of a unit."""

    def __init__(self, city: City, name: str = "handler") -> None:
        super().__init__(city, name)

    def wait_for(self, number: str) -> str:
        """Wait until the ticket lies in the inbox; returns the page."""
        return until(f"{number} in the inbox", lambda: number in (page := self.inbox(number)) and page)

    def inbox(self, number: str = "") -> str:
        return self.get(f"/console/unit{'?ticket=' + number if number else ''}").text

    def step(self, number: str, action: str, **form: str) -> requests.Response:
        return self.submit(f"/console/unit/{number}/{action}", form)

    def handle(self, number: str, reply: str = "已于当日修补完毕，欢迎再次监督，联系电话见回执。") -> None:
        """Sign, contact, reply, close: each must be accepted."""
        steps: list[tuple[str, dict[str, str]]] = [
            ("acknowledge", {}),
            ("record_contact", {"contact_note": "已与来电人联系，说明办理流程。"}),
            ("reply", {"reply": reply}),
            ("close", {}),
        ]
        for action, form in steps:
            answer = self.step(number, action, **form)
            assert answer.status_code == 200, f"{action}: {answer.status_code} {answer.text[:500]}"


def telephone(city: City, number: str) -> Telephone:
    """Return a citizen's telephone (a context manager)."""
    return Telephone(city.exchange, number)


def pothole() -> dict[str, object]:
    """Return what an operator types about a hole in the road."""
    return {
        "type": "complaint",
        "title": "静轩路路面塌陷",
        "text": "静轩路与大同路口东约五十米，路面塌陷约一平方米，影响通行。",
        "wanted": "尽快修补并设置警示。",
        "place": "鲁城街道静轩路",
        "unit_code": UNIT,
    }


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf-?_?token"[^>]*(?:value|content)="([^"]+)"', page)
    assert found is not None, page[:800]
    return found.group(1)
