"""The change feed: how every node learns what was changed, and drops what it kept of it."""

from stockroom.feed.cache import CoherentCache
from stockroom.feed.feed import Feed
from stockroom.feed.outbox import FACTS_CHANGED, FACTS_READY, Change, Origin, emit

__all__ = [
    "FACTS_CHANGED",
    "FACTS_READY",
    "Change",
    "CoherentCache",
    "Feed",
    "Origin",
    "emit",
]
