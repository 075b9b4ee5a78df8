"""One table of webhook routes: every route has a handler, and every URL given to the carrier reaches it."""

import pytest
from flask import Flask

from hotline.gateways.addresses import FORMER_PATHS, VoiceAddresses, VoiceRoute
from ivr_flows.webhooks.blueprint import WEBHOOKS
from tests.flows.conftest import PUBLIC

ADDRESSES = VoiceAddresses(PUBLIC)
PLAIN = [route for route in VoiceRoute if "<" not in route]
WITH_IDENTIFIER = [route for route in VoiceRoute if "<" in route]


def test_every_route_has_one_handler_and_every_handler_a_route() -> None:
    served = [webhook.route for webhook in WEBHOOKS]
    assert sorted(served) == sorted(VoiceRoute)


@pytest.mark.parametrize("route", list(VoiceRoute), ids=lambda route: route.name)
def test_the_url_of_a_route_is_served_by_its_handler(route: VoiceRoute, app: Flask) -> None:
    url = ADDRESSES.url(route) if route in PLAIN else ADDRESSES.url(route, 7)
    endpoint, values = app.url_map.bind("hotline.example").match(url.removeprefix(PUBLIC), method="POST")
    assert endpoint == f"voice.{route.name.lower()}"
    assert [str(value) for value in values.values()] == ([] if route in PLAIN else ["7"])


@pytest.mark.parametrize("path", FORMER_PATHS)
def test_a_former_path_still_answers(path: str, app: Flask) -> None:
    endpoint, _ = app.url_map.bind("hotline.example").match(path, method="POST")
    assert endpoint == f"voice.{FORMER_PATHS[path].name.lower()}"


def test_an_identifier_that_is_missing_or_not_used_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        ADDRESSES.url(WITH_IDENTIFIER[0])
    with pytest.raises(ValueError, match="do not fit"):
        ADDRESSES.url(PLAIN[0], 7)
