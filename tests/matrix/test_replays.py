"""Somebody who has listened in sends everything again an hour later, signatures and all: nothing changes."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from hotline.gateways.addresses import VoiceAddresses
from hotline.store.calls.tables import Receipt
from hotline.store.tables import Base
from hotline.unit_of_work import Application
from ivr_flows.webhooks.blueprint import voice_blueprint
from tests.exchange.line import TOKEN
from tests.matrix.city import Ground, matrix_policies
from tests.matrix.gates import Knock, Recorder
from tests.matrix.stories import Name
from tests.matrix.striking import Struck, strike

HOUR = timedelta(hours=1)


def rows(engine: Engine) -> Mapping[str, list[tuple[object, ...]]]:
    """Return every row there is, but what is only remembered of answers."""
    tables = [table for table in Base.metadata.sorted_tables if table.name != Receipt.__tablename__]
    with engine.connect() as connection:
        return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables}


def door_an_hour_later(ground: Ground, struck: Struck) -> Flask:
    """Return the same door, of a process that was started anew meanwhile."""
    played = struck.played
    later = played.exchange.clock.now() + HOUR
    application = Application(ground.engine, lambda: later, matrix_policies(), lambda _at, _told: None)
    app = Flask("later")
    addresses: VoiceAddresses = played.city.tools.addresses
    app.register_blueprint(voice_blueprint(application, ground.make_registry(), TOKEN, addresses))
    return app


def send(app: Flask, knock: Knock, *, without_token: bool) -> int:
    headers = [
        (name, value) for name, value in knock.headers if not (without_token and name.startswith("I-"))
    ]
    with app.test_client() as client:
        return client.post(knock.target, data=knock.body, headers=headers).status_code


@pytest.mark.parametrize("name", Name)
def test_the_same_requests_an_hour_later_change_nothing(ground: Ground, name: Name) -> None:
    """The token is not signed, so whoever listens in may as well leave it out."""
    recorder = Recorder()
    struck = strike(ground, name, gate=recorder.gate)
    app = door_an_hour_later(ground, struck)
    before = rows(ground.engine)
    for without_token in (False, True):
        answers = [send(app, knock, without_token=without_token) for knock in recorder.knocks]
        assert set(answers) <= {200, 204}
        assert len(answers) > 4
        assert rows(ground.engine) == before
