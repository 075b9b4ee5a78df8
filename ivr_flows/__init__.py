"""Web adapter for the telephone carrier: everything a caller hears, and every webhook the carrier sends.

`flow` defines the nodes of a conversation, `engine` plays them without side effects, `loader` reads flows from the
city's TOML files (`source`) and refuses what `lint` finds wrong. `webhooks` connects the engine to the application,
`diagram` draws a flow, `transcripts` writes calls down and plays them again.
"""
