"""Keys and words that cannot be told apart."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from hotline.rules.policies import Policies
from ivr_flows.exit_labels import Pair
from ivr_flows.flow import Choice, Flow, Menu, Queue
from ivr_flows.lint.finding import Told
from ivr_flows.source.prompts import Prompts
from ivr_flows.speech_matching import plain


def colliding_keys(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find queues in which one key means two things; in a menu the file itself cannot hold a key twice."""
    for name, node in flow.nodes.items():
        if isinstance(node, Queue) and node.callback_key in node.keys:
            yield Told(
                name,
                Pair(f"{node.callback_key} 键有两个意思", f"key {node.callback_key} means two things"),
                Pair(
                    "它既是 callback_key，又是等候时可按的键",
                    "it is callback_key, and one of the keys heard while waiting",
                ),
                Pair("把其中一个换成别的键。", "Give one of them another key."),
            )


def colliding_words(flow: Flow, prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find menus in which saying one choice's word could mean another: equal words, or one inside the other."""
    for name, node in flow.nodes.items():
        if isinstance(node, Menu):
            for language, catalogue in prompts.items():
                for one, other, word in _clashes(node.keys, catalogue.words):
                    yield Told(
                        name,
                        Pair(
                            f"{word!r}（{language}）既是 {one} 键的说法，也是 {other} 键的说法",
                            f"{word!r} ({language}) is said for {one} and for {other}",
                        ),
                        Pair("来电人说了，也听不出是哪一个", "a caller who says it cannot be understood"),
                        Pair(
                            f"改 prompts/{language}.toml 里的说法。",
                            f"Change the words in prompts/{language}.toml.",
                        ),
                    )


def _clashes(
    keys: Mapping[str, Choice], words: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str, str]]:
    said = [(key, words.get(choice.words, ())) for key, choice in keys.items() if choice.words]
    for (one, ours), (other, theirs) in combinations(said, 2):
        clash = next((word for word in ours for their in theirs if _sound_alike(word, their)), None)
        if clash is not None:
            yield one, other, clash


def _sound_alike(one: str, other: str) -> bool:
    """Say whether one of two words is heard where the other is said; a word of nothing but signs is told on its own."""
    ours, theirs = plain(one), plain(other)
    return bool(ours and theirs) and (ours in theirs or theirs in ours)
