"""The policies of tests, written out so that a change of a city's file does not change a test."""

from zoneinfo import ZoneInfo

from hotline.rules.enums import RequestType, Urgency
from hotline.rules.policies import (
    CallerPolicy,
    DeadlinePolicy,
    DeadlineStage,
    DialPolicy,
    Limit,
    OpeningHours,
    Policies,
    QueuePolicy,
    Schedule,
    TimeUnit,
)

_LIMITS = {
    (DeadlineStage.ACKNOWLEDGE, Urgency.NORMAL): Limit(1, TimeUnit.BUSINESS_DAY),
    (DeadlineStage.ACKNOWLEDGE, Urgency.URGENT): Limit(30, TimeUnit.MINUTE),
    (DeadlineStage.ACKNOWLEDGE, Urgency.CRITICAL): Limit(15, TimeUnit.MINUTE),
    (DeadlineStage.CONTACT, Urgency.NORMAL): Limit(24, TimeUnit.HOUR),
    (DeadlineStage.CONTACT, Urgency.URGENT): Limit(2, TimeUnit.HOUR),
    (DeadlineStage.CONTACT, Urgency.CRITICAL): Limit(30, TimeUnit.MINUTE),
    (DeadlineStage.RESOLVE, Urgency.NORMAL): Limit(5, TimeUnit.BUSINESS_DAY),
    (DeadlineStage.RESOLVE, Urgency.URGENT): Limit(24, TimeUnit.HOUR),
    (DeadlineStage.RESOLVE, Urgency.CRITICAL): Limit(2, TimeUnit.HOUR),
}


_ALWAYS = (OpeningHours(0, 1440),)
_DAYTIME = (OpeningHours(510, 720), OpeningHours(810, 1050))
CALLERS = CallerPolicy(
    inbound="menu",
    schedules={
        "staffed": Schedule(_ALWAYS, _ALWAYS, _ALWAYS),
        "office": Schedule(workdays=_DAYTIME, days_off=(), holidays=()),
    },
    numbers={
        "police": "+865370000110",
        "fire": "+865370000119",
        "ambulance": "+865370000120",
        "traffic": "+865370000122",
    },
    lookups={},
    skills=frozenset({"dialect", "english"}),
    skill_patience=45,
    calls_per_hour=20,
    shared_numbers=frozenset({"+865374400000"}),
    code_tries_per_call=3,
    code_tries_per_hour=10,
    code_tries_withheld=12,
    record_talks=True,
    hear_words=False,
)


def city_policies() -> Policies:
    """Returns the limits of the profile `shandong-2020` with a consultation promise of 2 working days."""
    return Policies(
        zone=ZoneInfo("Asia/Shanghai"),
        number="+865374412345",
        deadlines=DeadlinePolicy(
            name="shandong-2020",
            limits=dict(_LIMITS),
            by_type={(DeadlineStage.RESOLVE, RequestType.CONSULTATION): Limit(2, TimeUnit.BUSINESS_DAY)},
        ),
        queue=QueuePolicy(
            name="hotline",
            max_size=50,
            ring_seconds=15,
            offer_callback_after=120,
            abandon_threshold=0,
            wrap_up_seconds=120,
            presence_timeout=45,
        ),
        callbacks=DialPolicy(
            attempts=3, spacing_seconds=1800, ring_seconds=30, from_hour=8, to_hour=20, delay_seconds=60
        ),
        follow_ups=DialPolicy(
            attempts=3, spacing_seconds=14400, ring_seconds=30, from_hour=9, to_hour=18, delay_seconds=3600
        ),
        callers=CALLERS,
    )
