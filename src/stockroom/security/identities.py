"""From a credential to an identity, kept until the change feed touches it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from stockroom.db import Database
from stockroom.feed import Change, CoherentCache, Feed
from stockroom.security import keys, queries
from stockroom.security.credentials import token_of
from stockroom.security.identity import REFUSED, Identity

CAPACITY = 10_000


class Identities:
    """Identifies callers. A warm credential costs no query; a revoked one fails at its next use."""

    def __init__(
        self, database: Database, feed: Feed, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._clock = clock
        self._known: CoherentCache[str, None, Identity] = CoherentCache(CAPACITY)
        feed.subscribe(self._changed)

    def identify(self, authorization: str) -> Identity | None:
        """Who sent this Authorization header: None is anonymous, REFUSED has a bad credential."""
        token = token_of(authorization)
        if token is None:
            return None
        digest = keys.digest(token)
        identity = self._known.get(digest, None)
        if identity is None:
            # The checksum turns away typing errors and guesses without a query.
            if not keys.is_well_formed(token):
                return REFUSED
            identity = self._look_up(digest)
        if identity.expires_at is not None and identity.expires_at <= self._clock():
            return REFUSED
        return identity

    def _look_up(self, digest: str) -> Identity:
        def load() -> Identity:
            with self._database.read() as connection:
                found = queries.identity_of_key(connection, digest)
            if found is None:
                raise LookupError
            return found

        try:
            return self._known.load(digest, None, load)
        except LookupError:
            return REFUSED

    def _changed(self, changes: Sequence[Change]) -> None:
        if any(change.subject is not None for change in changes):
            self._known.clear()
