"""Gateways to other systems: the carrier, units' systems, city lookups, live screens. They know no rows and no rules."""
