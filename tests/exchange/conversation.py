"""The usual course of a hotline call: from the queue into a conference of two."""

from hotline.exchange.clients.telephone import Softphone, Telephone
from tests.exchange.application import Application
from tests.exchange.line import Line

ROOM = (
    '<Dial action="/after"><Conference startConferenceOnEnter="{start}" endConferenceOnExit="{end}" waitUrl=""'
    ' statusCallback="/room" statusCallbackEvent="start end join leave mute hold modify" participantLabel="caller"'
    ' record="{record}" recordingStatusCallback="/taped">room-1</Conference></Dial><Say>之后</Say>'
)
PROGRESS = ["initiated", "ringing", "answered", "completed"]
Conversation = tuple[Telephone, Softphone]


def start_conversation(
    line: Line,
    application: Application,
    *,
    end: str = "false",
    record: str = "do-not-record",
    agent_ends: bool = False,
) -> Conversation:
    """Returns a caller taken out of the queue, in conversation with operator 7."""
    application.on("/voice", '<Enqueue waitUrl="/wait">q</Enqueue>')
    application.on("/wait", "<Say>请稍候</Say><Pause length='5'/>")
    application.on("/join", ROOM.format(start="true", end=end, record=record))
    application.on("/after", "<Say>请评价</Say>")
    telephone, agent = line.calling(), line.softphone()
    telephone.hear("请稍候")
    queue = line.client.queues.list()[0]
    line.client.queues(queue.sid).members("Front").update(url=application.url("/join"))
    application.wait_for("/room", lambda event: event["StatusCallbackEvent"] == "participant-join")
    line.client.conferences("room-1").participants.create(
        to="client:agent_7?case=42",
        from_=line.settings.number,
        label="agent",
        end_conference_on_exit=agent_ends,
        status_callback=application.url("/leg"),
        status_callback_event=PROGRESS,
    )
    assert agent.wait_incoming() == {"case": "42"}
    agent.accept()
    assert (agent.wait_connected(), telephone.wait_connected()) == (["caller"], ["agent"])
    return telephone, agent
