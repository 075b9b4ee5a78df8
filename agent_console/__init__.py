"""The desk's door: everything people at a desk see, and the same intentions for programs (`api/`).

One page family per file (`desk.py`, `tickets.py`, ...), each with a `pages()` that returns its blueprint; `app.py`
lists them. A view authorises (`auth.needs`), parses, makes one service call and renders; rules are never here.
"""
