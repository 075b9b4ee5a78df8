"""Prompt files: the same sentences in every language, each of which can be spoken and is short enough for the carrier."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from string import Formatter
from urllib.parse import quote

from hotline.rules.enums import Language
from hotline.rules.policies import Policies
from hotline.rules.text import is_speakable
from ivr_flows.bilingual import Pair
from ivr_flows.flow import Choice, Flow, Menu, Queue, lines_of
from ivr_flows.source.problems import Told
from ivr_flows.source.prompts import (
    DOOR_PROMPTS,
    SOUNDS,
    STANDING_ARGUMENTS,
    Catalogue,
    Prompts,
    Speech,
    arguments_of,
    plain,
)
from ivr_flows.speech import Line


def _asked(text: str) -> frozenset[str]:
    """Return the arguments a text needs; broken braces are told on their own."""
    try:
        return arguments_of(text)
    except ValueError:
        return frozenset()


def broken_lines(flow: Flow, prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find lines that a language does not have, or that need an argument nobody gives there."""
    for name, node in flow.nodes.items():
        for line, arguments in lines_of(node):
            for language, catalogue in prompts.items():
                if line.language in (None, language):
                    yield from broken_line(name, line, language, arguments, catalogue.texts)


def broken_line(
    name: str, line: Line, language: Language, arguments: frozenset[str], texts: Mapping[str, str]
) -> Iterator[Told]:
    """Find what is wrong with `line` spoken at `name` in one language, whose `texts` these are."""
    if line.prompt not in texts:
        yield _unwritten(name, line, language)
        return
    unknown = _asked(texts[line.prompt]) - arguments - STANDING_ARGUMENTS
    if unknown:
        known = sorted(arguments | STANDING_ARGUMENTS)
        yield Told(
            name,
            Pair(
                f"要说 {line.prompt!r}，其中的 {{{'、'.join(sorted(unknown))}}} 在那里没有",
                f"speaks {line.prompt!r} with {{{', '.join(sorted(unknown))}}}, which is not known there",
            ),
            Pair(f"那里有 {'、'.join(known)}", f"known are {', '.join(known)}"),
            Pair(
                f"改 prompts/{language}.toml 里的这一句，或者换一句说。",
                f"Change the words in prompts/{language}.toml, or speak another prompt.",
            ),
        )


def _unwritten(name: str, line: Line, language: Language) -> Told:
    return Told(
        name,
        Pair(
            f"要说 {line.prompt!r}，但 {language} 里没有这一句",
            f"speaks {line.prompt!r}, which {language} does not have",
        ),
        Pair("来电人什么也听不到", "callers would hear nothing"),
        Pair(
            f"写进 prompts/{language}.toml，或者改用另一句。",
            f"Write it in prompts/{language}.toml, or name another prompt.",
        ),
    )


def unknown_words(flow: Flow, prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find choices whose list of words a language does not have."""
    for name, node in flow.nodes.items():
        if not isinstance(node, Menu):
            continue
        for key, choice in node.keys.items():
            for language, catalogue in prompts.items():
                if choice.words and choice.words not in catalogue.words:
                    yield Told(
                        name,
                        Pair(
                            f"{key} 键也可以说 {choice.words!r}，但 {language} 里没有这组说法",
                            f"key {key} is also said as {choice.words!r}, which {language} does not have",
                        ),
                        Pair("来电人说什么都不算这个键", "nothing a caller says could mean it"),
                        Pair(
                            f"写进 prompts/{language}.toml 的 [words]。",
                            f"Write the words under [words] in prompts/{language}.toml.",
                        ),
                    )


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


MOST_CHINESE = 450
"""Characters of one prompt. The carrier refuses 4,500 URL-encoded ones, and a Chinese character takes nine."""
MOST_ENCODED = MOST_CHINESE * 9
ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[!-~]*)?")
FILE = re.compile(r"[A-Za-z0-9._-]+\.(wav|mp3)")
"""Recordings: elsewhere on the network, or in the folder of ours."""
DAY, HOUR, COUNT = frozenset({"month", "day"}), frozenset({"period", "hour", "n", "nn"}), frozenset({"n"})
"""Arguments of the patterns by which moments and numbers are spoken."""


def check_prompts(prompts: Prompts, recordings: Path = SOUNDS) -> Iterator[tuple[Language, Told]]:
    """Yield what is wrong with the catalogues, each with the language whose file must be mended.

    `recordings` is the folder of those that are played in place of a sentence.
    """
    everywhere = frozenset().union(*(catalogue.texts for catalogue in prompts.values())).union(DOOR_PROMPTS)
    lists = frozenset().union(*(catalogue.words for catalogue in prompts.values()))
    for language, catalogue in prompts.items():
        for told in (
            *_missing(language, everywhere - set(catalogue.texts), lists - set(catalogue.words)),
            *_wrong(language, catalogue),
            *_unplayable(catalogue, recordings),
        ):
            yield language, told


def _missing(language: Language, texts: frozenset[str], lists: frozenset[str]) -> Iterator[Told]:
    for key in sorted(texts):
        yield Told(
            key,
            Pair(f"{language} 里缺少 {key!r} 这一句", f"prompt {key!r} is missing in {language}"),
            Pair("其他语言或程序要说这一句", "other languages or the program speak it"),
            Pair("在这里补上，或者各种语言都去掉。", "Write it here, or remove it everywhere."),
        )
    for key in sorted(lists):
        yield Told(
            key,
            Pair(f"{language} 里缺少 {key!r} 这组说法", f"the words {key!r} are missing in {language}"),
            Pair("其他语言听得懂这组说法", "other languages understand them"),
            Pair(
                "在这里的 [words] 下补上，或者各种语言都去掉。",
                "Write them under [words] here, or remove them everywhere.",
            ),
        )


def _wrong(language: Language, catalogue: Catalogue) -> Iterator[Told]:
    for key, text in catalogue.texts.items():
        yield from _bad_text(key, text)
        if key in DOOR_PROMPTS:
            yield from broken_line(key, Line(key), language, DOOR_PROMPTS[key], {key: text})
    for key, text in _others(catalogue):
        yield from _unspeakable(key, text)
    for key, words in catalogue.words.items():
        yield from _unheard(key, words)
    for key, (pattern, arguments) in _patterns(catalogue.speech).items():
        yield from _broken_braces(key, pattern)
        yield from _bad_pattern(key, pattern, arguments)


def _unheard(key: str, words: Sequence[str]) -> Iterator[Told]:
    for word in words:
        if not plain(word):
            yield Told(
                key,
                Pair(f"{word!r} 里没有能说出来的字", f"the word {word!r} has no letter"),
                Pair("来电人说什么都会算成它", "whatever a caller says would mean it"),
                Pair("换成能说出来的词，或者去掉它。", "Write a word that can be said, or remove it."),
            )


def _unplayable(catalogue: Catalogue, recordings: Path) -> Iterator[Told]:
    for key, sound in catalogue.sounds.items():
        if ADDRESS.fullmatch(sound):
            continue
        if not FILE.fullmatch(sound):
            why = Pair(
                "录音是一个 http(s) 网址，或者一个以 .wav、.mp3 结尾的文件名",
                "a recording is an http(s) address, or a plain file name that ends in .wav or .mp3",
            )
            yield Told(
                key,
                Pair(f"要播放 {sound[:40]!r}，但这不是录音", f"plays {sound[:40]!r}, which is no recording"),
                why,
                Pair("改正名字。", "Mend the name."),
            )
        elif not (recordings / sound).is_file():
            why, mend = (
                Pair("ivr_flows/sounds 里没有这个文件", "it does not lie in ivr_flows/sounds"),
                Pair("把文件放进去，或者去掉 `play`。", "Put it there, or remove `play`."),
            )
            yield Told(
                key,
                Pair(f"要播放 {sound!r}，但它不存在", f"plays {sound!r}, which does not exist"),
                why,
                mend,
            )


def _patterns(speech: Speech) -> Mapping[str, tuple[str, frozenset[str]]]:
    """Return the patterns of a language by their place in its file, each with the arguments it may use."""
    calendar = speech.calendar
    return {
        "speech.callers.one": (speech.callers.one, COUNT),
        "speech.callers.other": (speech.callers.other, COUNT),
        "speech.minutes.one": (speech.minutes.one, COUNT),
        "speech.minutes.other": (speech.minutes.other, COUNT),
        "speech.calendar.day": (calendar.day, DAY),
        "speech.calendar.on_the_hour": (calendar.on_the_hour, HOUR),
        "speech.calendar.half_past": (calendar.half_past, HOUR),
        "speech.calendar.few_minutes": (calendar.few_minutes, HOUR),
        "speech.calendar.minutes": (calendar.minutes, HOUR),
    }


def _bad_pattern(key: str, pattern: str, arguments: frozenset[str]) -> Iterator[Told]:
    known = ", ".join(sorted(arguments))
    for name in sorted({name for name, _ in _fields(pattern)} - arguments):
        yield Told(
            key,
            Pair(f"要说 {{{name}}}，那里没有", f"speaks {{{name}}}, which is not known there"),
            Pair(f"那里有 {known}", f"known are {known}"),
            Pair("改用其中一个。", "Use one of them."),
        )


def _others(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield what goes into the carrier's documents beside the sentences, by its place in the file."""
    yield from _texts("speech", asdict(catalogue.speech))
    yield from _texts("words", catalogue.words)


def _texts(place: str, written: object) -> Iterator[tuple[str, str]]:
    if isinstance(written, str):
        yield place, written
    elif isinstance(written, Mapping):
        for key, each in written.items():
            yield from _texts(f"{place}.{key}", each)
    elif isinstance(written, tuple):
        for each in written:
            yield from _texts(place, each)


def _unspeakable(key: str, text: str) -> Iterator[Told]:
    if not is_speakable(text):
        sign = next(sign for sign in text if not is_speakable(sign))
        what = Pair(f"含有控制字符 U+{ord(sign):04X}", f"holds the control character U+{ord(sign):04X}")
        yield Told(
            key,
            what,
            Pair("有了它，整份文档运营商都读不了", "no document with it could be read by the carrier"),
            Pair("去掉它。", "Remove it."),
        )


def _bad_text(key: str, text: str) -> Iterator[Told]:
    yield from _unspeakable(key, text)
    yield from _broken_braces(key, text)
    if len(quote(text)) > MOST_ENCODED:
        yield Told(
            key,
            Pair(
                f"{len(text)} 个字，一次说不完", f"{len(text)} characters are too long to be spoken at once"
            ),
            Pair(
                f"运营商最多接受 {MOST_CHINESE} 个汉字",
                f"the carrier stops at {MOST_CHINESE} Chinese characters",
            ),
            Pair("拆成两句。", "Split it into two prompts."),
        )


def _broken_braces(key: str, text: str) -> Iterator[Told]:
    mend = Pair(
        "参数写成 {name}；别的花括号说不出来。",
        "Write {name} for an argument; other braces cannot be spoken.",
    )
    try:
        list(Formatter().parse(text))
    except ValueError as error:
        yield Told(key, Pair("花括号不成对", "broken braces"), Pair(f"读不懂：{error}", str(error)), mend)
    for name, layout in _fields(text):
        if layout:
            yield Told(
                key,
                Pair(f"给 {{{name}}} 规定了格式 {layout[:40]!r}", f"lays out {{{name}}} as {layout[:40]!r}"),
                Pair("说出来的话没有格式", "what is spoken has no layout"),
                mend,
            )


def _fields(text: str) -> list[tuple[str, str]]:
    """Return the names in braces, each with the layout it asks for; broken braces are told on their own."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return []
    return [
        (name, f"!{conversion}" * bool(conversion) + f":{spec}" * bool(spec))
        for _, name, spec, conversion in parts
        if name is not None
    ]
