"""A flow as a picture: one SVG, laid out here, that needs no other program to be made or looked at.

Every node is a card: its kind, its name, the first words it speaks, and one row for each way on. Subflows are boxes in the
picture of their flow and have a picture of their own below. `cards` says what is drawn, `layers` and `places` where,
`svg` and `look` how.
"""

from collections.abc import Mapping

from hotline.rules.enums import Language
from ivr_flows.diagram.cards import panels_of
from ivr_flows.diagram.layout import arrange
from ivr_flows.diagram.svg import write_picture
from ivr_flows.loader import Script

__all__ = ["draw"]


def draw(script: Script, language: Language, counts: Mapping[str, int] | None = None) -> str:
    """Return the picture of a flow as SVG, in Chinese or English.

    `counts` tells for each way, as `node>exit` (see `Turn.path`), how many callers took it; they are drawn as numbers and
    as the thickness of its line. Pure; ways that are not in `counts` were taken by nobody.
    """
    panels = [arrange(panel) for panel in panels_of(script, language, counts)]
    return write_picture(script.flow, panels, language, counted=counts is not None)
