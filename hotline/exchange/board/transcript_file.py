"""The transcript file of a call: one JSON object with one entry a line, for people and for `clients.replay`.

`{"format": "exchange-transcript/1", "call": {sid, direction, from, to, began, is_over, is_cut}, "entries": [{"at": 0.0,
"what": "dialled", …}, …]}`, UTF-8. `what` is one of `ENTRIES`; the other fields are those of its
class in `vocabulary.transcript_entries`. `at` is in exchange seconds since the call began. Numbers are the invented ones
of the exchange; credentials and signatures are left out.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from hotline.exchange.state.transcripts import TranscriptRecorder
from hotline.exchange.vocabulary.transcript_entries import (
    BeepHeard,
    CallAnswered,
    CallCompleted,
    CallDialled,
    CallerHungUp,
    CallerSpoke,
    KeysPressed,
    OtherPartyHeard,
    PlaybackHeard,
    TranscriptEntry,
    WebhookSent,
)

FORMAT = "exchange-transcript/1"
ENTRIES: Mapping[str, type[TranscriptEntry]] = {
    "dialled": CallDialled,
    "answered": CallAnswered,
    "pressed": KeysPressed,
    "said": CallerSpoke,
    "hung-up": CallerHungUp,
    "heard": PlaybackHeard,
    "heard-beep": BeepHeard,
    "heard-person": OtherPartyHeard,
    "asked": WebhookSent,
    "ended": CallCompleted,
}
LONGEST_SECONDS = 24 * 3600.0
_WORDS: Mapping[object, str] = {
    float: f"a number of seconds up to {LONGEST_SECONDS:.0f}",
    str: "a text",
    bool: "true or false",
}
_NAMES = {kind: name for name, kind in ENTRIES.items()}


class BadTranscriptError(ValueError):
    """A file is no transcript, or cannot be replayed; the text is one line and names the place."""


@dataclass(frozen=True)
class ReplayScript:
    """The part of a transcript that a replay needs: caller, hotline, and all entries in order except webhooks."""

    caller: str
    hotline: str
    entries: tuple[TranscriptEntry, ...]


def write_transcript(transcript: TranscriptRecorder) -> str:
    """Returns the file's text; the transcript of a call in progress ends with its latest entry."""
    call = {
        "sid": transcript.call_sid,
        "direction": transcript.direction,
        "from": transcript.from_,
        "to": transcript.to,
        "began": transcript.began.isoformat(timespec="seconds"),
        "is_over": transcript.is_over,
        "is_cut": transcript.is_cut,
    }
    entries = sorted(transcript.entries, key=lambda entry: entry.at)
    lines = ",\n".join(f"  {_compact(_shape(entry))}" for entry in entries)
    return f'{{\n "format": "{FORMAT}",\n "call": {_compact(call)},\n "entries": [\n{lines}\n ]\n}}\n'


def _shape(entry: TranscriptEntry) -> dict[str, Any]:
    shape = asdict(entry)
    return {"at": shape.pop("at"), "what": _NAMES[type(entry)], **shape}


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def read_transcript(text: str) -> ReplayScript:
    """Returns the replay script of a complete call made by a telephone; raises BadTranscriptError."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadTranscriptError(f"not JSON: {error}") from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BadTranscriptError(f'not a transcript: "format" must be "{FORMAT}"')
    call, entries = value.get("call"), value.get("entries")
    if not isinstance(call, dict) or not isinstance(entries, list):
        raise BadTranscriptError('"call" must be an object and "entries" a list')
    caller, hotline = call.get("from"), call.get("to")
    if not isinstance(caller, str) or not isinstance(hotline, str):
        raise BadTranscriptError('"call": "from" and "to" must be texts')
    if call.get("is_cut") is not False or call.get("is_over") is not True:
        raise BadTranscriptError("the call is not whole: it was not over yet, or too long to be kept")
    read = [_entry(place, shape) for place, shape in enumerate(entries, 1)]
    known = tuple(entry for entry in read if entry is not None)
    if not known or not isinstance(known[0], CallDialled) or not isinstance(known[-1], CallCompleted):
        raise BadTranscriptError("only a call that a telephone dialled, to its end, can be replayed")
    return ReplayScript(caller, hotline, known)


def _entry(place: int, shape: object) -> TranscriptEntry | None:
    """Returns one entry, or None for a webhook; `place` counts from 1."""
    if not isinstance(shape, dict) or shape.get("what") not in ENTRIES:
        raise BadTranscriptError(f'entry {place}: "what" must be one of {", ".join(ENTRIES)}')
    kind = ENTRIES[shape["what"]]
    if kind is WebhookSent:
        return None
    given = {name: value for name, value in shape.items() if name != "what"}
    wanted = {field.name: field.type for field in fields(kind)}
    if set(given) != set(wanted):
        raise BadTranscriptError(f"entry {place}: {shape['what']} has the fields {', '.join(wanted)}")
    for name, type_ in wanted.items():
        if not _fits(given[name], type_):
            raise BadTranscriptError(f"entry {place}: {name} must be {_WORDS[type_]}")
    return kind(**given)


def _fits(value: object, type_: object) -> bool:
    if type_ is float:
        return (
            isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST_SECONDS
        )
    return type(value) is type_
