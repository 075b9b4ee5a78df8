"""Checks a report against itself: each line counts the same rows in two ways.

The text of a line uses the names of the report's JSON, so that a program can follow it too.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hotline.rules.city import Claim
from hotline.rules.enums import CallOutcome, CallRecord, RequestClass, RequestType
from hotline.rules.figures.rates import MatchingCounts, Rate, matching_counts, parse_percent
from hotline.rules.figures.report import Figures, Period


@dataclass(frozen=True, slots=True)
class ReconciliationLine:
    """A line whose text says left = right, with both sides as counted (printed percentages for a claim).

    `name` is the key under which translations of the text are kept.
    """

    name: str
    line: str
    left: int | str
    right: int | str

    @property
    def ok(self) -> bool:
        return self.left == self.right


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """A claim with the computed rate and the counts that would print the published value."""

    claim: Claim
    rate: Rate
    matches: MatchingCounts

    @property
    def agrees(self) -> bool:
        return self.rate.value is not None and parse_percent(self.rate.value) == parse_percent(
            self.claim.value
        )

    def line(self) -> ReconciliationLine:
        """Returns the claim as a reconciliation line; both sides are printed percentages."""
        name = self.claim.statistic
        text = f"published {name} = computed {name}"
        if not self.agrees:
            text += f" ({self.claim.value} needs {describe_matches(self.matches)})"
        left = self.rate.value if self.agrees and self.rate.value else self.claim.value
        return ReconciliationLine("claim", text, left, self.rate.value or "-")


def describe_matches(matches: MatchingCounts) -> str:
    """Returns the matching counts as text, e.g. "numerator 47912-47916 or denominator 48078-48082"."""
    spans = (("numerator", matches.numerators), ("denominator", matches.denominators))
    ways = [
        f"{name} {span.low}-{'' if span.high is None else span.high}"
        for name, span in spans
        if span is not None
    ]
    return " or ".join(ways) or "no count at all"


def check_claims(claims: Iterable[Claim], period: Period, rates: dict[str, Rate]) -> tuple[CheckedClaim, ...]:
    """Returns every claim about exactly this period with its computed rate. Raises KeyError for an unknown statistic."""
    return tuple(
        CheckedClaim(
            claim,
            rates[claim.statistic],
            matching_counts(
                claim.value, rates[claim.statistic].numerator, rates[claim.statistic].denominator
            ),
        )
        for claim in claims
        if claim.is_about(period.first, period.last)
    )


def reconcile(figures: Figures) -> tuple[ReconciliationLine, ...]:
    """Returns every line of the report's own arithmetic."""
    return (*_requests(figures), *_received(figures), *_calls(figures), *_tickets(figures))


def _requests(figures: Figures) -> Iterable[ReconciliationLine]:
    requests = figures.requests
    classes, types, channels = requests.by_class(), requests.by_type(), requests.by_channel()
    yield ReconciliationLine(
        "classes",
        "by_class.complaint + by_class.consultation + by_class.suggestion + by_type.other = requests.total",
        sum(count for word, count in classes.items() if word is not RequestClass.OTHER)
        + types[RequestType.OTHER],
        requests.total,
    )
    yield ReconciliationLine("types", "sum of by_type = requests.total", sum(types.values()), requests.total)
    yield ReconciliationLine(
        "channels", "sum of by_channel = requests.total", sum(channels.values()), requests.total
    )
    from_types = requests.class_by_type()
    for word in (RequestClass.COMPLAINT, RequestClass.CONSULTATION, RequestClass.SUGGESTION):
        yield ReconciliationLine(
            f"class_{word}", f"by_class.{word} = its types in by_type", classes[word], from_types[word]
        )
    yield ReconciliationLine(
        "closed_open",
        "requests closed + open = requests.total",
        requests.closed + requests.open,
        requests.total,
    )
    yield ReconciliationLine(
        "tickets_received",
        "requests.total + drafts + discarded + redo rounds = tickets received",
        requests.total + requests.drafts + requests.discarded + requests.redo_rounds,
        requests.rows,
    )


def _received(figures: Figures) -> Iterable[ReconciliationLine]:
    received, outcomes = figures.received, figures.received.by_outcome()
    answered = outcomes[CallOutcome.ANSWERED]
    ended_as = received.ended_as()
    yield ReconciliationLine(
        "outcomes", "sum of by_outcome = calls.received", sum(outcomes.values()), received.rows
    )
    yield ReconciliationLine(
        "received",
        "calls.offered + calls that never joined the queue = calls.received",
        figures.calls.offered + received.not_queued,
        received.rows,
    )
    yield ReconciliationLine(
        "answered",
        "by_outcome.answered + answered after a full queue = calls.answered",
        answered + received.answered_after_full_queue,
        figures.calls.answered,
    )
    yield ReconciliationLine(
        "ended_as", "sum of ended_as = by_outcome.answered", sum(ended_as.values()), answered
    )
    yield ReconciliationLine(
        "no_matter",
        "ended_as.no_matter + no matter of calls not answered = sum of no_matter",
        ended_as[CallRecord.NO_MATTER] + received.no_matter_unanswered,
        sum(received.no_matter().values()),
    )
    yield ReconciliationLine(
        "after_call", "sum of after_call = by_outcome.answered", sum(received.after_call().values()), answered
    )


def _calls(figures: Figures) -> Iterable[ReconciliationLine]:
    calls = figures.calls
    yield ReconciliationLine(
        "calls",
        "calls answered + abandoned + short waits + left for callback + still waiting + otherwise ended = calls.offered",
        calls.answered
        + calls.abandoned
        + calls.short
        + calls.left_for_callback
        + calls.waiting
        + calls.otherwise_ended,
        calls.offered,
    )
    yield ReconciliationLine(
        "curve",
        "sum of the curve's calls offered = calls.offered",
        sum(p.offered for p in figures.curve),
        calls.offered,
    )


def _tickets(figures: Figures) -> Iterable[ReconciliationLine]:
    balance = figures.balance
    yield ReconciliationLine(
        "balance",
        "tickets open before + received - closed = open after",
        balance.opening + balance.received - balance.closed,
        balance.open,
    )
    parts = [unit.handling.closed for unit in figures.units]
    yield ReconciliationLine(
        "units",
        "tickets closed by unit + without unit = closed",
        sum(parts) + figures.without_unit.closed,
        balance.closed,
    )
