"""The carrier in a box: a process of its own that plays Twilio Programmable Voice on loopback.

Why it exists: the whole product (calls, queues, conferences, callbacks) must be runnable, demonstrable and testable on
one machine without a contract, a number or the internet. It speaks the carrier's own wire formats (signed webhooks,
TwiML, the REST API, access tokens), so the product cannot tell it from the real thing by anything but the address.

Its lines can be made as bad as real ones (`faults`, set over `/faults`), and every call is kept as a file that can be
made again (`transcript`, `replay`).

Reading order: `settings` → `words` → `state` (what exists) → `interpreter` (one call, one task, one document after
another) → the verbs (`speaking`, `gathering`, `taping`, `queueing`, `dialling`, `conferencing`) → the doors
(`phones`, `devices`, `rest/`, `pages`) → `server`. Who hears whom in sound: `voices`. Beside the road: `clock` and
`virtual` (a day in seconds), `callers` (people who are programs), `answering`, `automata` and `detecting` (what answers by
itself, and what it is taken for). Nothing here imports the rest of the product.
"""
