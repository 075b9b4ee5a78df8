"""Writes an arranged diagram as SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from xml.sax.saxutils import escape, quoteattr

from hotline.rules.enums import Language
from ivr_flows.bilingual import BilingualText
from ivr_flows.diagram.cards import CARD_WIDTH, HEAD, KINDS, ROW, TEXT, TOP, Card
from ivr_flows.diagram.layout import Arranged, Drawn, Placed, Point
from ivr_flows.diagram.style import SIGNS, style
from ivr_flows.diagram.text_width import shortened, width
from ivr_flows.flow import Flow

# Around the diagram, inside a panel, above its cards, and between panels.
MARGIN, FRAME, HEADING, BETWEEN = 28, 24, 34, 26
# Widths of a line that no caller took, and of the one that most callers took.
THIN, THICK = 1.3, 7.0
BEND = 34

NODES = BilingualText("{nodes} 个节点 · 版本 {version}", "{nodes} nodes · version {version}")
BACK = BilingualText("虚线：回到前面", "dashed: leads back")
ELSEWHERE = BilingualText("→ 名称：去远处或别的图", "→ name: far away or in another panel")
SAME = BilingualText("↻ 留在原处", "↻ stays here")
COUNTED = BilingualText("数字：走过的来电人数", "numbers: callers who took the edge")
SUBFLOW = BilingualText("子流程", "Subflow")


@dataclass(frozen=True, slots=True)
class Pen:
    """Settings for all parts of a diagram."""

    language: Language
    # Callers of the busiest edge; 0: not counted.
    busiest: int

    def thickness(self, count: int | None) -> float:
        if not self.busiest or not count:
            return THIN
        return THIN + (THICK - THIN) * sqrt(count / self.busiest)


def write_picture(flow: Flow, panels: Sequence[Arranged], language: Language, *, counted: bool) -> str:
    """Returns the whole SVG."""
    taken = [line.row.count or 0 for panel in panels for line in panel.lines]
    pen = Pen(language, max(taken, default=0) if counted else 0)
    wide = max(panel.width for panel in panels) + 2 * FRAME
    spots, height = _arranged_panels(panels, wide)
    across = wide + 2 * MARGIN
    down = height + 2 * MARGIN + 64
    body = "\n".join(
        part for panel, spot in zip(panels, spots, strict=True) for part in _panel(panel, spot, pen)
    )
    facts = NODES.in_(language).format(nodes=len(flow.nodes), version=flow.version)
    name = quoteattr(f"{flow.name}: {facts}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flow-picture" role="img" aria-label={name} width="{across:.0f}" '
        f'height="{down:.0f}" viewBox="0 0 {across:.0f} {down:.0f}">\n<style>{style()}</style>\n{_tips()}\n'
        f'<rect class="f-page" width="100%" height="100%"/>\n'
        f'<text class="f-title" x="{MARGIN}" y="{MARGIN + 16}">{escape(flow.name)}'
        f'<tspan class="f-quiet f-small" dx="14">{escape(facts)}</tspan></text>\n'
        f"{_legend(language, counted=counted)}\n{body}\n</svg>\n"
    )


def _tips() -> str:
    tips = ("f-tip", "f-tip-back")
    return (
        "<defs>"
        + "".join(
            f'<marker id="{name}" class="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>'
            for name in tips
        )
        + "</defs>"
    )


def _legend(language: Language, *, counted: bool) -> str:
    x, y = float(MARGIN), MARGIN + 44
    parts: list[str] = []
    for kind, words in KINDS.items():
        said = words.in_(language)
        parts.append(
            f'<g class="f-{kind}"><path class="f-sign" transform="translate({x:.0f} {y - 11})" d="{SIGNS[kind]}"/>'
            f'<text class="f-kind" x="{x + 19:.0f}" y="{y}">{said}</text></g>'
        )
        x += 38 + width(said, 11.5)
    for each in (SAME, ELSEWHERE, BACK, *([COUNTED] if counted else [])):
        parts.append(f'<text class="f-small" x="{x:.0f}" y="{y}">{each.in_(language)}</text>')
        x += 20 + width(each.in_(language), 11.5)
    return "".join(parts)


def _arranged_panels(panels: Sequence[Arranged], wide: float) -> tuple[list[Point], float]:
    """Returns the corner of each panel, and the total height: side by side while there is room, else in a new row."""
    spots: list[Point] = []
    x, y, tallest = 0.0, 0.0, 0.0
    for panel in panels:
        if x and x + panel.width + 2 * FRAME > wide:
            x, y, tallest = 0.0, y + tallest + BETWEEN, 0.0
        spots.append((MARGIN + x, MARGIN + 64 + y))
        x += panel.width + 2 * FRAME + BETWEEN
        tallest = max(tallest, panel.height + HEADING + 2 * FRAME)
    return spots, y + tallest


def _panel(panel: Arranged, spot: Point, pen: Pen) -> Iterator[str]:
    x, y = spot
    name = panel.panel.name
    high = panel.height + HEADING + 2 * FRAME
    yield f'<g id="{_anchor(name)}" transform="translate({x:.1f} {y:.1f})">'
    yield f'<rect class="f-panel" width="{panel.width + 2 * FRAME:.1f}" height="{high:.1f}" rx="8"/>'
    if name != TOP:
        heading = f"{SUBFLOW.in_(pen.language)} {name}"
        yield f'<text class="f-heading" x="{FRAME}" y="{FRAME + 8}">{escape(heading)}</text>'
    yield f'<g transform="translate({FRAME} {FRAME + HEADING - 10})">'
    yield from (_line(line, pen) for line in panel.lines)
    yield from (part for placed in panel.placed for part in _card(placed, panel, pen))
    yield "</g></g>"


def _anchor(name: str) -> str:
    return f"flow-{name}" if name else "flow"


def _line(line: Drawn, pen: Pen) -> str:
    kind, tip = ("f-line f-back", "f-tip-back") if line.back else ("f-line", "f-tip")
    path = _cornered(line.points) if line.back else _curved(line.points)
    thick = pen.thickness(line.row.count)
    return f'<path class="{kind}" stroke-width="{thick:.1f}" marker-end="url(#{tip})" d="{path}"/>'


def _curved(points: Sequence[Point]) -> str:
    """Returns a path that leaves and arrives horizontally, and is straight where it passes a column."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        if y == to_y:
            parts.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            parts.append(f"C{x + BEND:.1f} {y:.1f} {to_x - BEND:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(parts)


def _cornered(points: Sequence[Point]) -> str:
    first, *rest = points
    return f"M{first[0]:.1f} {first[1]:.1f}" + "".join(f"L{x:.1f} {y:.1f}" for x, y in rest)


def _card(placed: Placed, panel: Arranged, pen: Pen) -> Iterator[str]:
    card = placed.card
    boxed = card.kind == "subflow"
    yield f'<a href="#{_anchor(card.name)}">' if boxed else "<g>"
    yield f'<g class="f-{card.kind}" transform="translate({placed.x:.1f} {placed.y:.1f})">'
    yield f"<title>{escape(f'{card.name}: {card.whole_words}' if card.whole_words else card.name)}</title>"
    if boxed:
        yield f'<rect class="f-card" x="4" y="4" width="{CARD_WIDTH}" height="{card.height}" rx="6"/>'
    corner = 14 if card.kind == "hang_up" else 6
    yield f'<rect class="f-card" width="{CARD_WIDTH}" height="{card.height}" rx="{corner}"/>'
    yield f'<rect class="f-edge" width="4" y="{corner}" height="{card.height - 2 * corner}"/>'
    yield f'<path class="f-sign" transform="translate(10 6)" d="{SIGNS[card.kind]}"/>'
    yield f'<text class="f-called" x="30" y="18">{escape(card.called)}</text>'
    yield f'<text class="f-kind f-end" x="{CARD_WIDTH - 10}" y="18">{_head(card, pen)}</text>'
    for at, words in enumerate(card.words):
        yield f'<text class="f-words" x="10" y="{HEAD + at * TEXT + 12}">{escape(words)}</text>'
    for at in range(len(card.rows)):
        yield from _row(card, at, panel)
    yield "</g>"
    yield "</a>" if boxed else "</g>"


def _head(card: Card, pen: Pen) -> str:
    word = KINDS[card.kind].in_(pen.language)
    return escape(word if card.callers is None else f"{word} · {card.callers:,}")


def _row(card: Card, at: int, panel: Arranged) -> Iterator[str]:
    row, y = card.rows[at], card.port(at)
    top = y - ROW / 2
    yield f'<path class="f-row" d="M4 {top:.1f}H{CARD_WIDTH}"/>'
    right = float(CARD_WIDTH - 10)
    if row.count is not None:
        said = f"{row.count:,}"
        yield f'<text class="f-count f-end" x="{right:.1f}" y="{y + 4:.1f}">{said}</text>'
        right -= width(said, 13) + 10
    go = _go(card, at, panel)
    label = shortened(row.label, 12, right - 10 - (min(width(go, 11), 96) + 10 if go else 0))
    yield f'<text x="10" y="{y + 4:.1f}">{escape(label)}</text>'
    if go:
        go = shortened(go, 11, right - 20 - width(label, 12))
        yield f'<text class="f-go f-end" x="{right:.1f}" y="{y + 4:.1f}">{escape(go)}</text>'


def _go(card: Card, at: int, panel: Arranged) -> str:
    """Returns the name shown in a row whose target no line shows."""
    to = card.rows[at].to
    if to == card.name:
        return "↻"
    seen = to in panel.panel.cards and (card.name, to) not in panel.far
    return "" if seen else f"→ {to}"
