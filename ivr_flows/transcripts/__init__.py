"""Conversations on paper: a call written as a play, played again, walked through on every way, and counted.

A play is text that reads like one: 热线 speaks, 市民 presses keys, and stage directions in brackets say what the application
answers. `cues` is what can happen, `phrases` how it is written, `stage` plays it against a flow, `scripts_text` reads and
writes files, `walks` finds every way through a flow, `rehearsal` plays recorded files against today's flows.
"""
