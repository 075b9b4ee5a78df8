"""The table of REST addresses; every other address is answered 20404."""

from aiohttp import web

from hotline.exchange.rest import calls, conferences, participants, queues, recordings
from hotline.exchange.rest.dispatch import ROOT

_ACCOUNT = ROOT + "Accounts/{account}"
_CALL = "/Calls/{call_sid:CA[0-9a-zA-Z]+}"
_QUEUE = "/Queues/{queue_sid:QU[0-9a-zA-Z]+}"
_CONFERENCE = "/Conferences/{conference}"
_PARTICIPANT = _CONFERENCE + "/Participants/{participant}.json"
_RECORDING = "/Recordings/{recording:RE[0-9a-zA-Z]+}"
_CONFERENCE_RECORDING = _CONFERENCE + r"/Recordings/{recording:RE[0-9a-zA-Z]+|Twilio\.CURRENT}.json"
_CALL_RECORDING = _CALL + r"/Recordings/{recording:RE[0-9a-zA-Z]+|Twilio\.CURRENT}.json"

TABLE = (
    ("POST", "/Calls.json", calls.create_call),
    ("GET", "/Calls.json", calls.list_calls),
    ("GET", _CALL + ".json", calls.fetch_call),
    ("POST", _CALL + ".json", calls.update_call),
    ("DELETE", _CALL + ".json", calls.delete_call),
    ("GET", _CALL + "/Recordings.json", recordings.list_recordings),
    ("POST", _CALL + "/Recordings.json", recordings.start_recording),
    ("GET", _CALL_RECORDING, recordings.fetch_recording),
    ("POST", _CALL_RECORDING, recordings.update_recording),
    ("DELETE", _CALL_RECORDING, recordings.delete_recording),
    ("POST", "/Queues.json", queues.create_queue),
    ("GET", "/Queues.json", queues.list_queues),
    ("GET", _QUEUE + ".json", queues.fetch_queue),
    ("POST", _QUEUE + ".json", queues.update_queue),
    ("DELETE", _QUEUE + ".json", queues.delete_queue),
    ("GET", _QUEUE + "/Members.json", queues.list_members),
    ("GET", _QUEUE + "/Members/{call_sid:CA[0-9a-zA-Z]+|Front}.json", queues.fetch_member),
    ("POST", _QUEUE + "/Members/{call_sid:CA[0-9a-zA-Z]+|Front}.json", queues.update_member),
    ("GET", "/Conferences.json", conferences.list_conferences),
    ("GET", _CONFERENCE + ".json", conferences.fetch_conference),
    ("POST", _CONFERENCE + ".json", conferences.update_conference),
    ("GET", _CONFERENCE + "/Recordings.json", recordings.list_recordings),
    ("GET", _CONFERENCE_RECORDING, recordings.fetch_recording),
    ("POST", _CONFERENCE_RECORDING, recordings.update_recording),
    ("DELETE", _CONFERENCE_RECORDING, recordings.delete_recording),
    ("GET", _CONFERENCE + "/Participants.json", participants.list_participants),
    ("POST", _CONFERENCE + "/Participants.json", participants.create_participant),
    ("GET", _PARTICIPANT, participants.fetch_participant),
    ("POST", _PARTICIPANT, participants.update_participant),
    ("DELETE", _PARTICIPANT, participants.remove_participant),
    ("GET", "/Recordings.json", recordings.list_recordings),
    ("GET", _RECORDING + ".json", recordings.fetch_recording),
    ("DELETE", _RECORDING + ".json", recordings.delete_recording),
    ("GET", _RECORDING + r"{suffix:(\.wav|\.mp3)?}", recordings.media),
)


def rest_routes(*, narrow: bool) -> list[web.RouteDef]:
    """Returns the routes of the table, in the narrow profile without queues and conferences."""
    return [
        web.route(method, _ACCOUNT + path, handler)
        for method, path, handler in TABLE
        if not (narrow and path.startswith(("/Queues", "/Conferences")))
    ]
