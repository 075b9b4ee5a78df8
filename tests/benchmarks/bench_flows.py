"""Measures one step of a call in a flow of 60 nodes, and reading, checking and drawing a flow of 200.

Run by `make bench`. Flows are generated: groups of a menu, an announcement, a code to type, a lookup and a connection, joined
to a tree, with the waiting part that every city's flow includes. Targets: a step at most 50 microseconds (median), and
checking and drawing together at most 1 second.
"""

import sys
import time
from collections.abc import Callable
from statistics import median

from hotline.rules.enums import Language
from ivr_flows.diagram import draw
from ivr_flows.engine import hear
from ivr_flows.flow import Script, edges
from ivr_flows.loader import read_draft
from ivr_flows.turn import ActionResult, Digits, Heard, NoInput, TransferEnded
from tests.policies import city_policies

STEP_MICROSECONDS, WHOLE_SECONDS = 50.0, 1.0
SMALL, LARGE = 60, 200
ROUNDS, REPEATS = 5, 200

HEAD = """
name = "generated"
purpose = "inbound"
entry = "menu0"
person = "person"
include = ["person"]
[nodes.thanks]
kind = "hang_up"
say = ["thanks_goodbye"]
"""
GROUP = """
[nodes.menu{n}]
kind = "menu"
say = ["main_keys"]
timeout = 4
on_silence = {{ tries = 1, to = "person" }}
on_invalid = {{ tries = 2, to = "person" }}
[nodes.menu{n}.keys]
1 = {{ to = "say{n}", actions = ["note_pressed:complaint"] }}
2 = {{ to = "code{n}", words = "status" }}
3 = {{ to = "help{n}", words = "police" }}
{children}
0 = {{ to = "person" }}
[nodes.say{n}]
kind = "say"
say = ["status_waiting"]
to = "person"
[nodes.code{n}]
kind = "input"
name = "code"
say = ["status_ask_code"]
least = 6
most = 6
timeout = 8
to = "look{n}"
on_silence = {{ tries = 2, to = "person" }}
on_invalid = {{ tries = 3, to = "person" }}
[nodes.look{n}]
kind = "ticket_status"
by = "caller"
found = "thanks"
unknown = "menu{n}"
locked = "person"
[nodes.help{n}]
kind = "transfer"
number = "police"
to = "thanks"
on_failed = "person"
"""


def generated(nodes: int) -> str:
    """Return the text of a flow with about `nodes` nodes, the waiting part included."""
    bare = len(read_draft(HEAD + _groups(1), city_policies()).flow.nodes)
    return HEAD + _groups(1 + (nodes - bare) // 5)


def _groups(count: int) -> str:
    def children(n: int) -> str:
        below = [(key, child) for key, child in ((4, 2 * n + 1), (5, 2 * n + 2)) if child < count]
        return "\n".join(f'{key} = {{ to = "menu{child}", announced = false }}' for key, child in below)

    return "".join(GROUP.format(n=n, children=children(n)) for n in range(count))


def steps(script: Script) -> list[tuple[str, Heard]]:
    """Return one thing to be heard for every way of the flow that a caller or the application can take."""
    heard: dict[str, Heard] = {
        "entered": Digits("482913"),
        "silence": NoInput(),
        "parted": TransferEnded(reached=True),
    }
    taken = [(node, way.exit) for node, way in edges(script.flow) if way.exit != "next"]
    return [
        (
            f"{node}:0:7?code=482913",
            heard.get(exit_) or (Digits(exit_) if len(exit_) == 1 else ActionResult(exit_)),
        )
        for node, exit_ in taken
    ]


def step_microseconds(script: Script) -> float:
    """Return the median time of one step."""
    taken: list[float] = []
    for _ in range(REPEATS):
        for position, heard in steps(script):
            begun = time.perf_counter()
            hear(script.flow, position, heard)
            taken.append(time.perf_counter() - begun)
    return median(taken) * 1e6


def seconds(work: Callable[[], object]) -> float:
    """Return the median time of `work` in seconds."""
    taken: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return median(taken)


def main() -> int:
    policies = city_policies()
    small = read_draft(generated(SMALL), policies)
    text = generated(LARGE)
    large = read_draft(text, policies)
    counts = {f"{node}>{way.exit}": 7 for node, way in edges(large.flow)}
    step = step_microseconds(small)
    checking = seconds(lambda: read_draft(text, policies))
    drawing = seconds(lambda: draw(large, Language.ZH_CN, counts))
    print("## Flows")
    print(f"step, {len(small.flow.nodes)} nodes      {step:>8.1f} us   (target <= {STEP_MICROSECONDS:.0f})")
    print(f"check, {len(large.flow.nodes)} nodes    {checking:>8.3f} s")
    print(f"draw, {len(large.flow.nodes)} nodes     {drawing:>8.3f} s")
    print(f"check and draw       {checking + drawing:>8.3f} s    (target <= {WHOLE_SECONDS:.0f})")
    return 0 if step <= STEP_MICROSECONDS and checking + drawing <= WHOLE_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
