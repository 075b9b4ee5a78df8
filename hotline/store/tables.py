"""Imports every table, so that migrations and tests see all of them."""

from hotline.store import calendar, city, flows, jobs, outbound, outbox
from hotline.store.base import Base
from hotline.store.calls import escalations, lookups, outages, recordings
from hotline.store.calls import tables as calls
from hotline.store.people import factors, kept_forms
from hotline.store.people import tables as people
from hotline.store.tickets import search_index
from hotline.store.tickets import tables as tickets

__all__ = [
    "Base",
    "calendar",
    "calls",
    "city",
    "escalations",
    "factors",
    "flows",
    "jobs",
    "kept_forms",
    "lookups",
    "outages",
    "outbound",
    "outbox",
    "people",
    "recordings",
    "search_index",
    "tickets",
]
