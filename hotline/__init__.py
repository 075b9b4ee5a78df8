"""A city's telephone hotline: calls, tickets, 95 departments, the legal clock, honest figures.

Three doors lead into one application, under one roof. The caller's door (`ivr_flows`), the desk's door
(`agent_console`) and time's door (the worker and the clock) all call the same intentions
(`hotline.services`), which ask pure `rules`, write `store`, and tell `events`. `config` is the roof: it
knows everyone, no one knows it.

A call, told once. The carrier posts; `ivr_flows.webhooks.blueprint` checks the signature, opens a `Work` and records
the call. The flow engine takes (flow, position, what was heard) and returns what to say and perhaps a wish;
`services.calls` grants it: the caller joins the queue, and `services.queue` offers the call to the
longest-idle ready operator. The desk's screen shows it at once (an event on the live stream) while a
reaction rings the desk's phone. The operator accepts, a reaction moves the caller into a conference with
them, and the ticket is written while they talk. Each step of a ticket is looked up in one table
(`rules.tickets.TRANSITIONS`) and told as an event in the same commit; the un-relayed tail of that log is the
outbox. The relay turns it into deliveries, RQ carries their ids to a worker, and `reactions` hand the ticket
to its unit or phone the citizen. Reports count the same rows.

Read next: `hotline.rules.tickets.transitions`, then `tests/journeys/test_a_caller_reports_a_pothole.py`.
"""
