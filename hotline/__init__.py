"""The application core of a city hotline: calls, tickets, deadlines, statistics.

Two web adapters (`ivr_flows` for the carrier, `agent_console` for people and programs) and the worker call
the same application services. `config` composes the processes; nothing imports `config`.

- `rules`: pure functions and tables (states, deadlines, rights, statistics). They receive the moment as `at`.
- `store`: tables and named queries; one package per subject.
- `services`: one function per use case, inside one unit of work (one transaction, one instant, one actor).
- `unit_of_work`: opens the transaction, commits it, announces the recorded events.
- `events`: what can happen; an event row is committed with the change it describes.
- `outbox`, `reactions`: turn committed events into deliveries and carry them out in a worker.
- `gateways`: the carrier, units' systems, city lookups, live screens.
- `exchange`: an independent simulator of the carrier for development and tests.

An incoming call: the carrier posts to `ivr_flows.webhooks`, which checks the signature, opens a unit of
work and records the call (`services.calls.lifecycle`). The flow engine returns what to say and which
actions to perform. A caller who joins the queue is offered to the operator who has been idle longest
(`services.queueing`). A reaction rings the operator's telephone, and another one moves the caller into a
conference with the operator. Each step of a ticket is a row of `rules.tickets.transitions`. Reports count
the same rows.

Read next: `hotline.rules.tickets.transitions`, then `tests/journeys/test_a_caller_reports_a_pothole.py`.
"""
