"""What answers about lists have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

R = TypeVar("R")
P = TypeVar("P")


def page(make: Callable[[list[R], Any], P], rows: Sequence[R], limit: int, key: str) -> P:
    """``limit`` of ``rows``, of which one more was read than fits, as a document of two fields.

    The second one, ``next``, is what to give as ``after`` to get the rows that follow; None at the
    end.
    """
    shown = list(rows[:limit])
    following = getattr(shown[-1], key) if len(rows) > limit else None
    return make(shown, following)
