"""The applicable limit: a type's own at normal urgency, else the urgency's."""

import pytest

from hotline.rules.enums import RequestType, Urgency
from hotline.rules.policies import DeadlineStage, Limit, TimeUnit
from tests.policies import city_policies


@pytest.mark.parametrize(
    ("kind", "urgency", "limit"),
    [
        (RequestType.COMPLAINT, Urgency.NORMAL, Limit(5, TimeUnit.BUSINESS_DAY)),
        (RequestType.CONSULTATION, Urgency.NORMAL, Limit(2, TimeUnit.BUSINESS_DAY)),
        (RequestType.CONSULTATION, Urgency.URGENT, Limit(24, TimeUnit.HOUR)),
        (RequestType.CONSULTATION, Urgency.CRITICAL, Limit(2, TimeUnit.HOUR)),
    ],
)
def test_which_limit_applies(kind: RequestType, urgency: Urgency, limit: Limit) -> None:
    assert city_policies().deadlines.limit(DeadlineStage.RESOLVE, kind, urgency) == limit


def test_there_is_a_limit_for_every_stage_type_and_urgency() -> None:
    deadlines = city_policies().deadlines
    limits = [
        deadlines.limit(stage, kind, how)
        for stage in DeadlineStage
        for kind in RequestType
        for how in Urgency
    ]
    assert all(limit.amount > 0 for limit in limits)
