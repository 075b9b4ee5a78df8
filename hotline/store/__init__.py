"""What is remembered: typed rows without behaviour, and the few named queries that read them.

Importing `hotline.store.tables` loads every table; nothing else here has side effects.
"""
