"""The invented tickets of a city's size are such as the services write."""

from itertools import pairwise

from sqlalchemy import select

from config.demo.matters import read_matters
from config.demo.volume import fill
from hotline.events import KINDS
from hotline.rules.tickets.search import search_columns
from hotline.store.outbox import EventRow
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_unit


def test_invented_tickets_are_found_by_the_search_and_cause_no_work(application: Application) -> None:
    for unit in {matter.unit for matter in read_matters()}:
        make_unit(application, unit)
    fill(application.engine, 300, now=application.clock(), zone=application.policies.zone)
    with application.read_session() as session:
        tickets = session.scalars(select(Ticket).order_by(Ticket.received_at)).all()
        assert len(tickets) == 300
        for ticket in tickets:
            stored = {"search_text": ticket.search_text, "search_private": ticket.search_private}
            assert search_columns(vars(ticket)) == stored
        assert all(
            earlier.received_at <= later.received_at <= application.clock()
            for earlier, later in pairwise(tickets)
        )
        shown = session.scalars(select(EventRow)).all()
        assert {row.kind for row in shown} <= set(KINDS)
        assert all(row.relayed_at is not None for row in shown)
