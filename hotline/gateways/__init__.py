"""Whom we talk to: the carrier, units' own systems, live screens. Each speaks one protocol and knows nothing of rows or rules."""
