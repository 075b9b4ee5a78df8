"""A program that speaks to `/api/v1` in tests: it has a token, sends JSON, and reads answers strictly."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hotline.rules.enums import Role
from hotline.services.people import tokens
from hotline.unit_of_work import Application
from tests.builders import make_user, person_of


class Program:
    """Sends requests with a token. Header names are written with underscores: `Idempotency_Key="a"`."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.token = token
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"/api/v1{path}", query_string=query, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            f"/api/v1{path}", json={} if body is None else body, headers={**self.headers, **named}
        )

    def delete(self, path: str) -> TestResponse:
        return self.client.delete(f"/api/v1{path}", headers=self.headers)


def hire(app: Flask, application: Application, role: Role, unit: str | None = None) -> Program:
    """Return a program that acts for a new user of `role` (and `unit`)."""
    user = make_user(application, role, unit_code=unit)
    with application.unit_of_work(person_of(user)) as work:
        token = tokens.create_token(work, name="test", user_name=user.name)
    return Program(app.test_client(), token)


def json_of(response: TestResponse, status: int) -> Any:
    """Return the answer's JSON after checking its status."""
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_json()


def refused(response: TestResponse, status: int, code: str) -> Any:
    """Return the problem document after checking that it is one, and which."""
    problem = json_of(response, status)
    assert response.mimetype == "application/problem+json"
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    return problem


def field_errors(response: TestResponse) -> dict[str, str]:
    """Return field -> code of a refused form."""
    return {fault["field"]: fault["code"] for fault in refused(response, 422, "bad_fields")["errors"]}
