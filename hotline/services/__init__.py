"""Application services: one function per use case, inside the caller's unit of work.

A service checks the rules, changes rows by conditional update and records the event. Services never commit,
never call other systems and never read a clock: the unit of work carries the transaction, the instant and
the actor. A refused use case raises a `hotline.rules.errors.DomainError`.
"""
