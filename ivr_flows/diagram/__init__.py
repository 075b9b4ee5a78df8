"""Draws a flow as one self-contained SVG.

Every node is a card: its kind, its name, the first words it speaks, and one row for each edge. Subflows are boxes in
the diagram of their flow and have a panel of their own below it. `cards` decides what is drawn, `layers` and
`layout`
where, `svg` and `style` how.
"""

from collections.abc import Mapping

from hotline.rules.enums import Language
from ivr_flows.diagram.cards import panels_of
from ivr_flows.diagram.layout import arrange
from ivr_flows.diagram.svg import write_picture
from ivr_flows.flow import Script

__all__ = ["draw"]


def draw(script: Script, language: Language, counts: Mapping[str, int] | None = None) -> str:
    """Returns the diagram of a flow as SVG, in Chinese or English.

    `counts` holds for each edge, as `node>exit` (see `DialogTurn.path`), the number of callers who took it; they are
    drawn as numbers and as the width of its line. An edge that is not in `counts` was taken by no caller. Pure.
    """
    panels = [arrange(panel) for panel in panels_of(script, language, counts)]
    return write_picture(script.flow, panels, language, counted=counts is not None)
