"""Style of diagrams: fonts, colours for light and dark, and a symbol for each kind of card beside its word.

All rules and names are specific to the diagram, so that it can be embedded in a page without side effects.
"""

from collections.abc import Mapping

FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'

# Kind -> colour on light, colour on dark. Word and symbol say the same, so colour never carries meaning alone.
_HUES: Mapping[str, tuple[str, str]] = {
    "say": ("#5b6b7f", "#9fb0c5"),
    "menu": ("#1f66c7", "#6ea8fe"),
    "input": ("#0b7285", "#4fc3d9"),
    "voicemail": ("#7048b8", "#b197fc"),
    "transfer": ("#b8462b", "#ff9b82"),
    "queue": ("#23754a", "#63d19a"),
    "ask": ("#8a6100", "#e6bb57"),
    "hang_up": ("#3b4149", "#c2c8d0"),
    "subflow": ("#4a4fb5", "#a3a8ff"),
}

# Kind -> outline of its symbol, in a square of 14 pixels.
SIGNS: Mapping[str, str] = {
    "say": "M1 3h12v7H7l-3 3v-3H1z",
    "menu": "M2 2h2v2H2zM6 2h2v2H6zM10 2h2v2h-2zM2 6h2v2H2zM6 6h2v2H6zM10 6h2v2h-2zM2 10h2v2H2zM6 10h2v2H6zM10 10h2v2h-2z",
    "input": "M1 4h12v6H1zM3 6v2h1V6zM6 6v2h1V6zM9 6v2h1V6z",
    "voicemail": "M4 4a3 3 0 1 0 2.2 5h1.6A3 3 0 1 0 10 4a3 3 0 0 0-2.2 4H6.2A3 3 0 0 0 4 4z",
    "transfer": "M1 6h7V3l5 4-5 4V8H1z",
    "queue": "M3 2a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM11 2a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM7 2a2 2 0 1 1 0 4 2 2 0 0 1 0-4z"
    "M1 12V9l2-2 2 2 2-2 2 2 2-2 2 2v3z",
    "ask": "M7 1l6 6-6 6-6-6z",
    "hang_up": "M3 1.5L7 5.5l4-4L12.5 3l-4 4 4 4-1.5 1.5-4-4-4 4L1.5 11l4-4-4-4z",
    "subflow": "M1 1h8v2H3v6H1zM5 5h8v8H5z",
}

_PLAIN = """
.flow-picture text { font: 12px FONT; fill: var(--ink); }
.flow-picture .f-page { fill: var(--page); }
.flow-picture .f-panel { fill: var(--panel); stroke: var(--frame); }
.flow-picture .f-card { fill: var(--card); stroke: var(--frame); }
.flow-picture .f-row { stroke: var(--frame); stroke-width: .5; }
.flow-picture .f-title { font-size: 20px; font-weight: 600; }
.flow-picture .f-heading { font-size: 15px; font-weight: 600; }
.flow-picture .f-called { font-size: 13px; font-weight: 600; }
.flow-picture .f-kind, .flow-picture .f-small, .flow-picture .f-go { font-size: 11px; }
.flow-picture .f-quiet, .flow-picture .f-small, .flow-picture .f-words, .flow-picture .f-go { fill: var(--quiet); }
.flow-picture .f-count { font-variant-numeric: tabular-nums; font-weight: 600; }
.flow-picture .f-end { text-anchor: end; }
.flow-picture .f-line { fill: none; stroke: var(--line); stroke-opacity: .75; }
.flow-picture .f-back { stroke: var(--back); stroke-dasharray: 6 4; }
.flow-picture .f-tip { fill: var(--line); }
.flow-picture .f-tip-back { fill: var(--back); }
.flow-picture a:hover .f-card { stroke: var(--line); stroke-width: 2; }
"""
_DAY = {"page": "#ffffff", "panel": "#f5f7f9", "card": "#ffffff", "frame": "#c9d1da", "ink": "#1b2430"}
_DAY |= {"quiet": "#586472", "line": "#5f7186", "back": "#9c36b5"}
_NIGHT = {"page": "#12161c", "panel": "#181e26", "card": "#212934", "frame": "#3a4553", "ink": "#e8edf3"}
_NIGHT |= {"quiet": "#a3b0be", "line": "#8fa3b8", "back": "#da9cf0"}


def style() -> str:
    """Returns the style sheet, light by default and dark if the reader's system is."""
    day = _colours(_DAY, 0)
    night = _colours(_NIGHT, 1)
    kinds = "".join(
        f".flow-picture .f-{kind} :is(.f-sign, .f-kind, .f-edge) {{ fill: var(--{kind}); }}\n"
        for kind in _HUES
    )
    plain = _PLAIN.replace("FONT", FONT)
    return f".flow-picture {{ {day} }}\n@media (prefers-color-scheme: dark) {{ .flow-picture {{ {night} }} }}\n{plain}{kinds}"


def _colours(own: Mapping[str, str], side: int) -> str:
    hues = {kind: both[side] for kind, both in _HUES.items()}
    return " ".join(f"--{name}: {colour};" for name, colour in {**own, **hues}.items())
