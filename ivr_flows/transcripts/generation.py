"""Every walk through a flow told as a scene."""

from collections.abc import Iterator

from hotline.rules.enums import Language
from ivr_flows.loader import Script
from ivr_flows.transcripts.events import HangsUp
from ivr_flows.transcripts.files import write_scene
from ivr_flows.transcripts.player import perform
from ivr_flows.transcripts.walks import walks
from ivr_flows.turn import Over


def recite(script: Script, language: Language) -> Iterator[str]:
    """Yield the scenes of a flow that together take every way; each ends with the last word or the caller's hanging up.

    A scene is called by the ways that it is the first to take.
    """
    for number, walk in enumerate(walks(script, language), 1):
        stage = perform(script, walk.cues, language)
        if not isinstance(stage.turn.then, Over):
            stage.plays(HangsUp())
        yield write_scene(f"{number}. {', '.join(walk.new)}", script.flow.name, stage.lines, language)
