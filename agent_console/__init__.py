"""The web console: the pages of the hotline's staff, and the same actions for programs (`api/`).

Each page family has a folder and a `pages()` that returns its blueprint; `app.py` lists them. A view authorises
(`auth.needs`), parses, makes one service call and renders. Rules are in `hotline.rules`.
"""
