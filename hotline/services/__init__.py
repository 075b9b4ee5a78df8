"""One function per intention. Each asks the rules, changes rows by conditional update, and tells the event.

Services never commit, never speak to the outside and never read a clock: the `Work` they are handed carries
the transaction, the instant and the actor. They raise `hotline.rules.errors.Refusal` for an ordinary no.
"""
