"""HTTP: what was trained, for other programs and in a browser. `likewise serve` starts it; `app.py` is read first.

Nothing here knows more than its callers could do in Python: a route decodes, calls an index or an application in a
thread, and encodes. Needs the extra `likewise[serve]`.
"""

NEEDED = ("fastapi", "uvicorn", "msgspec", "orjson", "prometheus_client")  # modules of the extra `serve`
