"""The invented tickets of a city's size are such as the services write."""

from datetime import timedelta
from itertools import pairwise

from sqlalchemy import func, inspect, select
from sqlalchemy.schema import CreateTable

from config.demo.matters import read_matters
from config.demo.volume import fill
from hotline.events import KINDS, unpack
from hotline.rules.enums import OPEN_AT_UNIT, CallbackState, Closing, FollowUpState
from hotline.rules.figures.report import Period
from hotline.rules.tickets.search import search_columns
from hotline.services.figures.reports import build_report
from hotline.store.outbound import Callback, FollowUp
from hotline.store.outbox import EventRow
from hotline.store.tables import Base
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
        for row in shown:
            unpack(row.kind, row.data)
        open_promises = [
            *session.scalars(select(Callback).where(Callback.state == CallbackState.WAITING)),
            *session.scalars(select(FollowUp).where(FollowUp.state == FollowUpState.WAITING)),
        ]
        assert open_promises == []
        assert session.scalar(select(func.count()).select_from(FollowUp))


def test_invented_tickets_are_such_that_a_report_adds_up(application: Application) -> None:
    for unit in {matter.unit for matter in read_matters()}:
        make_unit(application, unit)
    fill(application.engine, 2_000, now=application.clock(), zone=application.policies.zone)
    with application.read_session() as session:
        today = application.clock().date()
        made = build_report(
            session,
            Period(today - timedelta(days=364), today),
            at=application.clock(),
            policies=application.policies,
        )
        assert all(line.ok for line in made.reconciliation)
        handled = session.scalar(
            select(func.count()).select_from(Ticket).where(Ticket.closing == Closing.HANDLED)
        )
        assert session.scalar(select(func.count()).select_from(FollowUp)) == handled
        open_now = session.scalar(
            select(func.count()).select_from(Ticket).where(Ticket.state.in_(OPEN_AT_UNIT))
        )
        assert 10 <= (open_now or 0) <= 80
        assert session.scalar(select(func.count()).select_from(Ticket).where(Ticket.round > 1))


def test_foreign_keys_are_there_again_and_in_each_later_database(
    application: Application,
) -> None:
    for unit in {matter.unit for matter in read_matters()}:
        make_unit(application, unit)
    fill(application.engine, 10, now=application.clock(), zone=application.policies.zone)
    shown = inspect(application.engine)
    for table in Base.metadata.tables.values():
        assert len(shown.get_foreign_keys(table.name)) == len(table.foreign_key_constraints)
        assert str(CreateTable(table)).count("FOREIGN KEY") == len(table.foreign_key_constraints)
