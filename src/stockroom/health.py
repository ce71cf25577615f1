"""Is the process alive? Asked by balancers and supervisors, several times a second."""

from __future__ import annotations

from stockroom.web import Ready, Request

ALIVE = Ready(
    "200 OK",
    [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", "3"),
        ("Cache-Control", "no-store"),
    ],
    (b"ok\n",),
)


def healthz(context: object, request: Request) -> Ready:
    """200 as long as the process answers; touches neither database nor storage."""
    return ALIVE
