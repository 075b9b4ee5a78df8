"""News of recordings: a message or a talk has been kept by the carrier, or there was nothing to keep."""

from hotline.rules.enums import RecordingKind
from hotline.rules.people.actors import Machine
from hotline.rules.text import is_storable
from hotline.services.calls import recordings
from ivr_flows.webhooks.webhook import LONGEST_SID, Step, Visit


def message_recorded(visit: Visit) -> str:
    return _recorded(visit, RecordingKind.MESSAGE)


def talk_recorded(visit: Visit) -> str:
    return _recorded(visit, RecordingKind.TALK)


def _recorded(visit: Visit, kind: RecordingKind) -> str:
    """The carrier says what became of a recording; a talk's is told by its conference, without a call's name."""
    sid, status = visit.post.word("RecordingSid"), visit.post.word("RecordingStatus")
    if status == "absent":
        recordings.mark_absent(visit.work, sid)
    elif status == "completed" and 0 < len(sid) <= LONGEST_SID and is_storable(sid):
        seconds = visit.post.seconds("RecordingDuration")
        recordings.record_finished(visit.work, visit.id("call_id"), sid, seconds, kind)
    return ""


_TELLS = ("RecordingSid", "RecordingStatus")
RECORDING_STEPS = tuple(
    Step(
        f"/recording/{kind}/<int:call_id>",
        f"{kind}_recorded",
        Machine.CARRIER,
        run,
        None,
        _TELLS,
        names_call=False,
    )
    for kind, run in (
        (RecordingKind.MESSAGE, message_recorded),
        (RecordingKind.TALK, talk_recorded),
    )
)
