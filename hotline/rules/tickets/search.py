"""The rules of searching tickets: which texts are searched, how they are compared, and how a query is read.

A query finds a ticket that holds each of its words, in any order and in any of the searched texts. Blanks, invisible signs,
full-width forms and letter case make no difference.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hotline.rules.people.private_words import mask_texts, private_numbers
from hotline.rules.phone_numbers import parse_number
from hotline.rules.text import normalise

# Texts that everybody searches who may read the ticket; numbers and the caller's name in them are masked.
SEARCHED = ("title", "text", "place")
# The columns whose change changes the columns of the search.
SEARCH_SOURCES = frozenset({*SEARCHED, "external_number", "caller_name"})
# Between the words of a query.
_SEPARATORS = re.compile(r"[\s,，、;；]+")
# No word holds it, because words have no blanks.
_BETWEEN = "\n"


@dataclass(frozen=True, slots=True)
class SearchWord:
    """One word of a query: its normalised text, and the telephone number in E.164 if it may be one."""

    text: str
    number: str | None


def search_columns(values: Mapping[str, object]) -> dict[str, str]:
    """Returns the columns that a search reads, from a ticket's columns `values` (an absent one is empty).

    `search_text` is for everybody who may read the ticket. `search_private` is for those who may read its texts in full: the
    caller's name, and the texts in which something is masked.
    """
    name = str(values.get("caller_name") or "")
    texts = {column: str(values.get(column) or "") for column in SEARCHED}
    masked = mask_texts(texts, name)
    hidden = [text for column, text in texts.items() if text != masked[column]]
    external = str(values.get("external_number") or "")
    return {
        "search_text": _BETWEEN.join(normalise(text) for text in (*masked.values(), external)),
        "search_private": _BETWEEN.join(normalise(text) for text in (name, *hidden)),
    }


def search_words(query: str, line: str) -> tuple[SearchWord, ...]:
    """Returns the words of a query; none for a query of invisible signs.

    A telephone number is one word, whatever stands between its digits. `line` is the hotline's own number in E.164, whose
    area local numbers belong to.
    """
    whole = parse_number(query, line)
    if whole is not None:
        return (SearchWord(normalise(query), whole),)
    words, rest, last = [], [], 0
    for start, end in private_numbers(query):
        rest.append(query[last:start])
        words.append(query[start:end])
        last = end
    rest.append(query[last:])
    words += _SEPARATORS.split(" ".join(rest))
    found = (SearchWord(normalise(word), parse_number(word, line)) for word in words)
    return tuple(word for word in found if word.text)
