"""Transcripts: calls written down as text, played again, generated for every path through a flow, and counted.

A transcript reads like a play: 热线 speaks, 市民 presses keys, and lines in brackets state the outcomes of actions.
`events` defines what can happen, `transcript_format` how it is written, `player` plays events against a flow, `files`
reads and writes files, `generate` finds every path through a flow, `check` compares files with today's flows.
"""
