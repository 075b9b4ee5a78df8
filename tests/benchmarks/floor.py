"""The floor of the webhook benchmark: a hand-written Flask view that does only the unavoidable.

Signature check and TwiML by the official SDK, one Core INSERT and COMMIT. Nobody could ship it: it forgets duplicates,
order, language and queue. It only says what this machine can do.
"""

import os
from datetime import UTC, datetime

from flask import Flask, Response, abort, request
from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, insert
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Gather, VoiceResponse

from hotline.store.engine import open_engine

FLOOR_CALLS = Table(
    "floor_calls",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("sid", String(40), unique=True),
    Column("number", String(80)),
    Column("at", DateTime(timezone=True)),
)


def create_app() -> Flask:
    app = Flask(__name__)
    engine = open_engine(os.environ["DATABASE_URL"])
    validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
    url = os.environ["PUBLIC_URL"] + "/voice/incoming"

    @app.post("/voice/incoming")
    def incoming() -> Response:
        if not validator.validate(url, request.form, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        with engine.begin() as connection:
            row = {"sid": request.form["CallSid"], "number": request.form["From"], "at": datetime.now(UTC)}
            connection.execute(insert(FLOOR_CALLS).values(**row))
        answer = VoiceResponse()
        keys = Gather(num_digits=1, timeout=4, action="/voice/heard")
        keys.say("您好，欢迎拨打热线。", voice="Polly.Zhiyu-Neural", language="cmn-CN")
        answer.append(keys)
        answer.redirect("/voice/heard")
        return Response(str(answer), mimetype="text/xml")

    return app
