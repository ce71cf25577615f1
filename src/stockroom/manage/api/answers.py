"""Answering with JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from stockroom.web import VARY, Ready


def answer(value: object, etag: str | None = None) -> Ready:
    """200 with ``value`` as JSON; ``etag`` names the state of the package that it is about.

    It is for If-Match. What is answered may change without it: a download is no change.
    """
    body = msgspec.json.encode(value)
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "private, no-store"),
        VARY,
    ]
    if etag is not None:
        headers.append(("ETag", etag))
    return Ready("200 OK", headers, (body,))


def page(name: str, rows: Sequence[Any], limit: int, key: str) -> Ready:
    """``limit`` of ``rows``, of which one more was read than fits.

    ``next`` is what to give as ``after`` to get the rows that follow; null at the end.
    """
    shown = rows[:limit]
    following = getattr(shown[-1], key) if len(rows) > limit else None
    return answer({name: shown, "next": following})
