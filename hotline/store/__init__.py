"""Tables and the named queries that read them.

Importing `hotline.store.tables` loads every table; no other import has side effects.
"""
