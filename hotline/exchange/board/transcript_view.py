"""`/calls/{sid}/transcript`: a call as a file to keep, to read and to replay. Only the latest calls are kept."""

from aiohttp import web

from hotline.exchange.board.transcript_file import write_transcript
from hotline.exchange.core.exchange import EXCHANGE


def transcript_routes() -> list[web.RouteDef]:
    return [web.get("/calls/{call_sid:CA[0-9a-f]{32}}/transcript", transcript)]


async def transcript(request: web.Request) -> web.Response:
    """Returns the transcript, as far as the call has come; 404 for a call that is unknown or no longer kept."""
    sid = request.match_info["call_sid"]
    journal = request.app[EXCHANGE].registry.transcripts.by_call.get(sid)
    if journal is None:
        raise web.HTTPNotFound(text="no such call is kept")
    return web.Response(
        text=write_transcript(journal),
        content_type="application/json",
        headers={
            "Content-Disposition": f'inline; filename="{sid}.json"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
