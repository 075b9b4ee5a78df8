"""What exists in the exchange, as plain dataclasses.

They are changed only on the one event loop, by the task of the call they belong to or by a REST request: no locks.
"""
