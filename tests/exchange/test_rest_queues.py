"""Queues and participants over REST: creation, changes, deletion and errors."""

from tests.exchange.application import Application
from tests.exchange.line import HOTLINE, Line, api_error


def test_queues_are_made_changed_and_deleted(line: Line) -> None:
    client = line.client
    queue = client.queues.create(friendly_name="投诉", max_size=30)
    assert (queue.friendly_name, queue.max_size, queue.current_size, queue.average_wait_time) == (
        "投诉",
        30,
        0,
        0,
    )
    assert client.queues(queue.sid).update(max_size=40).max_size == 40
    assert api_error(lambda: client.queues.create(friendly_name="投诉")) == (400, 22003)
    assert api_error(lambda: client.queues.create(friendly_name="x" * 65)) == (400, 20001)
    assert api_error(lambda: client.queues.create(friendly_name="x", max_size=9999)) == (400, 20001)
    assert client.queues(queue.sid).delete()
    assert client.queues.list() == []


def test_a_queue_with_people_in_it_is_not_deleted(line: Line, application: Application) -> None:
    application.on("/voice", '<Enqueue waitUrl="/wait">q</Enqueue>')
    application.on("/wait", "<Say>请稍候</Say>")
    line.calling().hear("请稍候")
    queue = line.client.queues.list()[0]
    assert api_error(lambda: line.client.queues(queue.sid).delete()) == (400, 22001)
    assert api_error(lambda: line.client.queues(queue.sid).members("Front").update(url="nowhere")) == (
        400,
        21205,
    )


def test_a_label_in_use_and_a_coach_without_pupil_are_refused(line: Line) -> None:
    line.softphone()
    room = line.client.conferences("room").participants
    facts = {"to": "client:agent_7", "from_": HOTLINE}
    assert room.create(label="agent", **facts).label == "agent"
    assert api_error(lambda: room.create(label="agent", **facts)) == (400, 16025)
    nobody = "CA" + "0" * 32
    assert api_error(lambda: room.create(coaching=True, call_sid_to_coach=nobody, **facts)) == (400, 16028)
