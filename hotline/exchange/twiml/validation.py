"""Checks a TwiML document against the table in `schema`; each problem is one sentence that starts with its code.

Codes are those of the carrier's error dictionary: 11750 too long, 12100 not well formed or wrong root, 12200 not in the
schema or not allowed here, 13520/13521 Say without or with too much text, 13201/13238/13320 wrong nesting.
"""

from collections.abc import Iterator
from urllib.parse import quote
from xml.etree import ElementTree as ET

from hotline.exchange.twiml.schema import ALLOWED_VERBS, ELEMENTS, NARROW, SSML, is_invalid_value
from hotline.exchange.vocabulary.enums import DocumentContext
from hotline.exchange.vocabulary.numbers import is_sip

LONGEST_DOCUMENT = 64 * 1024
LONGEST_SAY_BYTES = 4096
LONGEST_SAY_ENCODED = 4500
MOST_HINTS = 500
LONGEST_HINT = 100


class DocumentError(Exception):
    """A document cannot be fetched or run; `code` is the carrier's error number."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


def parse_tree(document: str) -> ET.Element:
    """Returns the document's root element; raises DocumentError 11750 or 12100."""
    if len(document.encode()) > LONGEST_DOCUMENT:
        raise DocumentError(11750, "document longer than 64 kB")
    if "<!DOCTYPE" in document:
        raise DocumentError(12100, "a document type declaration is not TwiML")
    try:
        root = ET.fromstring(document)  # noqa: S314 - no DOCTYPE, hence no entities to expand
    except ET.ParseError as error:
        raise DocumentError(12100, f"not well-formed XML: {error}") from error
    if root.tag != "Response":
        raise DocumentError(12100, f"the root element is <{root.tag}>, not <Response>")
    return root


def validate(document: str, context: DocumentContext, *, narrow: bool = False) -> list[str]:
    """Returns every reason why the exchange would refuse `document` in this context; empty when it is valid.

    With `narrow` the document is checked against the profile of self-hosted engines.
    """
    try:
        root = parse_tree(document)
    except DocumentError as error:
        return [str(error)]
    return list(problems(root, context, narrow=narrow))


def problems(root: ET.Element, context: DocumentContext, *, narrow: bool = False) -> Iterator[str]:
    """Yields the problems of a parsed document, in document order."""
    if narrow:
        yield from _outside_narrow(root)
    if root.attrib:
        yield "12200: <Response> takes no attributes"
    for place, verb in enumerate(root):
        if verb.tag not in ELEMENTS:
            yield f"12200: unknown verb <{verb.tag}> (names are case sensitive)"
        elif verb.tag not in ALLOWED_VERBS[context]:
            yield f"{_misplaced(verb.tag, context)}: <{verb.tag}> is not allowed in a {context} document"
        elif verb.tag == "Reject" and place > 0:
            yield "12200: <Reject> must be the first verb"
        else:
            yield from _element(verb)


def _outside_narrow(root: ET.Element) -> Iterator[str]:
    """Yields what a self-hosted engine refuses or ignores, see `schema.NARROW`."""
    for verb in root:
        for element in verb.iter():
            known = NARROW.get(element.tag)
            if known is None:
                yield f"12200: unknown element <{element.tag}> (this carrier does not have it)"
                continue
            attributes, children = known
            for name in element.attrib.keys() - attributes:
                yield f'12200: <{element.tag}> has no attribute "{name}" (this carrier does not have it)'
            for child in element:
                if child.tag in NARROW and child.tag not in children:
                    yield f"12200: <{child.tag}> is not allowed inside <{element.tag}> (this carrier)"
        if verb.tag == "Redirect" and not (verb.text or "").strip():
            yield "12200: <Redirect> without a URL (this carrier)"


def _misplaced(tag: str, context: DocumentContext) -> int:
    if context is DocumentContext.LEG and tag == "Dial":
        return 13201
    return 13238 if context is DocumentContext.CONFERENCE else 12200


def _element(element: ET.Element) -> Iterator[str]:
    rule = ELEMENTS[element.tag]
    for name, value in element.attrib.items():
        if name not in rule.attributes:
            yield f'12200: <{element.tag}> has no attribute "{name}"'
        elif is_invalid_value(element.tag, name, value):
            yield f'12200: <{element.tag} {name}="{value}">: value not allowed'
    yield from _text(element)
    for child in element:
        if child.tag not in rule.children:
            code = 13320 if element.tag == "Gather" else 12200
            yield f"{code}: <{child.tag}> is not allowed inside <{element.tag}>"
        elif child.tag not in SSML:
            yield from _element(child)
    yield from _composition(element)
    yield from _surroundings(element)


def _text(element: ET.Element) -> Iterator[str]:
    rule = ELEMENTS[element.tag]
    text = "".join(element.itertext()) if element.tag == "Say" else element.text or ""
    if rule.must_have_text and not text.strip():
        code = 13520 if element.tag == "Say" else 12200
        yield f"{code}: <{element.tag}> has no text"
    if not rule.text and text.strip():
        yield f"12200: <{element.tag}> takes no text"
    too_long = len(text.encode()) > LONGEST_SAY_BYTES or len(quote(text)) > LONGEST_SAY_ENCODED
    if element.tag == "Say" and too_long:
        yield f"13521: <Say> text too long ({len(text)} characters, {len(quote(text))} URL-encoded)"


def _composition(element: ET.Element) -> Iterator[str]:
    """Yields the problems of nouns and text that exclude or require each other within one verb."""
    kinds = [child.tag for child in element]
    match element.tag:
        case "Dial" if not kinds and not (element.text or "").strip():
            yield "13000: <Dial> without a number or noun to dial"
        case "Dial" if {"Conference", "Queue"} & set(kinds) and len(kinds) > 1:
            yield "13000: <Conference> and <Queue> stand alone in <Dial>"
        case "Dial" if len(kinds) > 10:
            yield "13000: <Dial> rings at most 10 at once"
        case "Client" if "Identity" not in kinds and not (element.text or "").strip():
            yield "12200: <Client> without identity"
        case "Play" if not (element.text or "").strip() and "digits" not in element.attrib:
            yield "12200: <Play> without a URL"
        case "Enqueue" if len((element.text or "").strip()) > 64:
            yield "12200: <Enqueue> queue name longer than 64 characters"
        case _:
            pass


def _surroundings(element: ET.Element) -> Iterator[str]:
    """Yields the problems of speech recognition, background recording and SIP."""
    match element.tag:
        case "Gather":
            yield from _speech(element)
        case "Sip" if not is_sip((element.text or "").strip()):
            yield "12200: <Sip> is not a sip: address"
        case "Start" | "Stop" if len(element) != 1:
            yield f"12200: <{element.tag}> takes one <Recording>"
        case "Start" if not _is_absolute(element[0].get("recordingStatusCallback")):
            yield "11100: recordingStatusCallback of a <Recording> must be absolute"
        case _:
            pass


def _is_absolute(url: str | None) -> bool:
    return url is None or url.startswith(("http://", "https://"))


def _speech(gather: ET.Element) -> Iterator[str]:
    """Yields the problems of speech recognition.

    They are 13335 for `speechTimeout="auto"` with the default model, and more than 500 hints or 100 characters a hint.
    """
    if gather.get("speechTimeout") == "auto" and gather.get("speechModel", "default") == "default":
        yield '13335: <Gather speechTimeout="auto"> needs a speechModel other than the default'
    if gather.get("speechTimeout", "1").strip("0") == "":
        yield "12200: <Gather speechTimeout> must be positive"
    hints = gather.get("hints", "").split(",")
    if len(hints) > MOST_HINTS or any(len(hint.strip()) > LONGEST_HINT for hint in hints):
        yield f"12200: <Gather hints> are at most {MOST_HINTS} of {LONGEST_HINT} characters"
