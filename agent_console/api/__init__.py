"""The HTTP API for other programs: `/api/v1`, JSON in and out, a bearer token instead of a browser session.

`routes.py` is the table of requests; `dispatch.py` parses every request by it and `openapi.py` describes it.
"""
