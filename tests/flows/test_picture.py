"""The diagram of a flow shows everything once, without overlap, and with the counts."""

import re
from functools import cache
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.rules.enums import Language
from ivr_flows.diagram import draw
from ivr_flows.diagram.cards import CARD_WIDTH, KINDS, panels_of
from ivr_flows.diagram.layers import FARTHEST, layered
from ivr_flows.diagram.layout import Arranged, arrange
from ivr_flows.diagram.svg import THICK, THIN
from ivr_flows.diagram.text_width import width, wrapped
from ivr_flows.flow import edges
from tests.flows.simulated_calls import our_scripts

NAMES = sorted(our_scripts())
SVG = "{http://www.w3.org/2000/svg}"


@cache
def drawn(name: str, language: Language) -> str:
    return draw(our_scripts()[name], language)


def arranged(name: str) -> list[Arranged]:
    return [arrange(panel) for panel in panels_of(our_scripts()[name], Language.ZH_CN, None)]


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - written by ourselves


def words(svg: str) -> str:
    return "\n".join("".join(text.itertext()) for text in read(svg).iter(f"{SVG}text"))


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", NAMES)
def test_a_diagram_is_one_document_that_needs_nothing_else_and_is_always_the_same(
    name: str, language: Language
) -> None:
    svg = drawn(name, language)
    assert svg == draw(our_scripts()[name], language)
    root = read(svg)
    assert root.get("role") == "img"
    assert all(link.get("href", "").startswith("#") for link in root.iter(f"{SVG}a"))
    assert not re.search(r"href=\"(?!#)|<script|@import|url\((?!#)", svg)
    assert "prefers-color-scheme: dark" in svg


@pytest.mark.parametrize("name", NAMES)
def test_every_node_has_one_card_with_its_kind_in_words(name: str) -> None:
    flow = our_scripts()[name].flow
    cards = [card for panel in arranged(name) for card in panel.panel.cards.values()]
    assert sorted(card.name for card in cards) == sorted(flow.nodes)
    assert {card.kind for card in cards} <= set(KINDS)
    said = words(drawn(name, Language.EN))
    for card in cards:
        assert KINDS[card.kind].english in said


@pytest.mark.parametrize("name", NAMES)
def test_every_edge_of_a_node_is_a_row_that_shows_or_names_its_target(name: str) -> None:
    rows = {}
    for panel in arranged(name):
        drawn = {id(line.row) for line in panel.lines}
        for card in panel.panel.cards.values():
            for row in card.rows:
                named = (
                    row.to not in panel.panel.cards or row.to == card.name or (card.name, row.to) in panel.far
                )
                assert (id(row) in drawn) != named
            rows[card.name] = [row.to for row in card.rows]
            if card.kind == "subflow":
                rows.pop(card.name)
    for node, way in edges(our_scripts()[name].flow):
        if node in rows:
            assert way.to in rows[node]


@pytest.mark.parametrize("name", NAMES)
def test_no_card_lies_on_another_and_every_line_stays_in_its_panel(name: str) -> None:
    for panel in arranged(name):
        for one, other in combinations(panel.placed, 2):
            aside = abs(one.x - other.x) >= CARD_WIDTH
            above = one.y + one.card.height <= other.y or other.y + other.card.height <= one.y
            assert aside or above, (one.card.name, other.card.name)
        for line in panel.lines:
            assert all(-40 <= x <= panel.width + 40 and 0 <= y <= panel.height for x, y in line.points)


def test_lines_lead_from_left_to_right_unless_they_are_marked_as_leading_back() -> None:
    back = 0
    for line in (line for name in NAMES for panel in arranged(name) for line in panel.lines):
        first, last = line.points[0], line.points[-1]
        assert (last[0] <= first[0]) == line.back
        back += line.back
    assert back
    assert 'class="f-line f-back"' in drawn("menu", Language.EN)


def test_subflows_are_boxes_with_a_picture_of_their_own() -> None:
    root = read(drawn("menu", Language.ZH_CN))
    anchors = {part.get("id") for part in root.iter(f"{SVG}g")}
    links = {link.get("href", "").removeprefix("#") for link in root.iter(f"{SVG}a")}
    assert {"flow-status", "flow-emergency", "flow-night", "flow-night.status"} <= links
    assert links <= anchors


def test_cards_speak_the_language_asked_for() -> None:
    chinese, english = (words(drawn("menu", language)) for language in Language)
    for said in ("按 1 · 投诉求助", "不按键", "等候人工", "您好，这里是马上就办一线通。"):
        assert said in chinese
    for said in ("key 1 · complaint", "nothing pressed", "queue", "Hello, this is the city"):
        assert said in english


def test_counts_are_numbers_and_thickness() -> None:
    counts = {"menu>1": 1234, "menu>2": 10}
    svg = draw(our_scripts()["menu"], Language.ZH_CN, counts)
    assert "1,234" in words(svg)
    widths = sorted({float(each) for each in re.findall(r'stroke-width="([\d.]+)" marker', svg)})
    assert (widths[0], widths[-1]) == (THIN, THICK)
    assert len(widths) == 3
    plain = drawn("menu", Language.ZH_CN)
    assert {float(each) for each in re.findall(r'stroke-width="([\d.]+)" marker', plain)} == {THIN}


few = settings(max_examples=40)
nodes = st.integers(min_value=1, max_value=14)


@few
@given(st.data(), nodes)
def test_any_graph_is_laid_in_columns(data: st.DataObject, count: int) -> None:
    names = [f"n{number}" for number in range(count)]
    ends = st.sampled_from(names)
    pairs = data.draw(st.lists(st.tuples(ends, ends), unique=True, max_size=40))
    layers = layered(names, pairs, names[:1])
    column = {name: at for at, each in enumerate(layers.columns) for name in each}
    assert set(names) <= set(column)
    for one, other in pairs:
        if (one, other) in layers.back:
            continue
        assert column[one] < column[other]
        chain = layers.chains.get((one, other), ())
        assert ((one, other) in layers.far) == (column[other] - column[one] > FARTHEST)
        if (one, other) not in layers.far:
            assert [column[dummy] for dummy in chain] == list(range(column[one] + 1, column[other]))


@few
@given(st.text("城东停水，。 abcMW12", max_size=60), st.integers(min_value=1, max_value=3))
def test_words_are_broken_to_fit(text: str, most: int) -> None:
    lines = wrapped(text, 12, 150, most=most)
    assert len(lines) <= most
    assert all(width(line, 12) <= 150 + 12 for line in lines)
