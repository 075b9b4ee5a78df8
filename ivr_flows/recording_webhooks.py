"""News of recordings: a message or a talk has been kept by the carrier, or there was nothing to keep."""

from hotline.rules.actors import Machine
from hotline.rules.facts import is_storable
from hotline.rules.words import RecordingKind
from hotline.services import recordings
from ivr_flows.door import LONGEST_SID, Step, Visit


def recording(visit: Visit) -> str:
    """The carrier says what became of a recording; a talk's is told by its conference, without a call's name."""
    sid, status = visit.post.word("RecordingSid"), visit.post.word("RecordingStatus")
    if status == "absent":
        recordings.recording_absent(visit.work, sid)
    elif status == "completed" and 0 < len(sid) <= LONGEST_SID and is_storable(sid):
        spoken = visit.post.word("RecordingDuration")
        seconds = int(spoken) if spoken.isascii() and spoken.isdigit() else 0
        kind = RecordingKind(visit.ids["kind"])
        recordings.recording_ended(visit.work, visit.id("call_id"), sid, seconds, kind)
    return ""


RECORDING_STEPS = (
    Step(
        "/recording/<any(message, talk):kind>/<int:call_id>",
        "recording",
        Machine.CARRIER,
        recording,
        None,
        ("RecordingSid", "RecordingStatus"),
        names_call=False,
    ),
)
