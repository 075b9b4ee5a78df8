"""The same intentions for programs: `/api/v1`, JSON in and out, a bearer token instead of a browser session.

`routes.py` is the one table of what can be asked; `door.py` parses every request by it and `openapi.py` describes it.
"""
