"""The floor of the reports: plain SQL on the driver that counts the same rows.

No object mapper, no rates, no units' names, no curve, no balance of the days before.
"""

from datetime import UTC, date, datetime, timedelta


def plain_statements(day: date, now: datetime, *, sqlite: bool) -> list[str]:
    """Returns one hand-written statement for each cohort of the report of `day`, as seen at `now`."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
    end = start + timedelta(days=1)

    def at(moment: datetime) -> str:
        return f"'{moment:%Y-%m-%d %H:%M:%S}{'.000000' if sqlite else '+00'}'"

    real = "state NOT IN ('draft', 'discarded')"
    return [
        f"SELECT request_class, type, channel, state, count(*) FROM tickets WHERE received_on = '{day}' GROUP BY 1, 2, 3, 4",
        f"SELECT unit_code, closed_at <= due_at, count(*) FROM tickets WHERE due_at > {at(start)} AND due_at <= {at(end)} AND {real} GROUP BY 1, 2",
        f"SELECT unit_code, first_contact_at <= contact_due, count(*) FROM tickets WHERE dispatched_at >= {at(start)} AND dispatched_at < {at(end)} AND {real} GROUP BY 1, 2",
        f"SELECT t.unit_code, t.closing, count(*), count(f.id), count(r.id) FROM tickets t LEFT JOIN follow_ups f ON f.ticket_id = t.id LEFT JOIN tickets r ON r.redo_of = t.id WHERE t.closed_at >= {at(start)} AND t.closed_at < {at(end)} GROUP BY 1, 2",
        f"SELECT r.state, count(*) FROM tickets t JOIN tickets r ON r.redo_of = t.id WHERE t.received_on = '{day}' AND t.round = 1 GROUP BY 1",
        f"SELECT unit_code, solved, satisfied, count(*) FROM tickets WHERE followed_up_at >= {at(start)} AND followed_up_at < {at(end)} GROUP BY 1, 2, 3",
        f"SELECT unit_code, count(*), count(CASE WHEN due_at <= {at(now)} THEN 1 END) FROM tickets WHERE state NOT IN ('closed', 'discarded') GROUP BY 1",
        f"SELECT \"end\", count(*) FROM calls WHERE arrived_on = '{day}' AND purpose = 'inbound' AND queued_at IS NOT NULL GROUP BY 1",
        f"SELECT count(*) FROM callbacks WHERE promised_at >= {at(start)} AND promised_at < {at(end)} AND state = 'reached'",
    ]
