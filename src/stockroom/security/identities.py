"""From a credential to an identity, kept until the change feed touches it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from stockroom.db import Database
from stockroom.feed import Change, CoherentCache, Feed
from stockroom.security import keys, queries
from stockroom.security.credentials import token_of
from stockroom.security.identity import REFUSED, Identity, principals_of
from stockroom.security.permissions import Access, CredentialKind
from stockroom.security.scopes import Containing
from stockroom.security.tokens import AccessTokens, Claims
from stockroom.settings import Settings

CAPACITY = 10_000
RENEW_SECONDS = 60.0
"""After this time a browser session is looked up anew: another node may have seen it in use."""
PLACES = ("team.", "workspace.", "registry.", "view.")
"""Prefixes of the events after which a scope may lie in others than before."""

SOURCE = re.compile(r"(key|login):([0-9]{1,18})", re.ASCII)
"""What an access token can have been got with."""


class Identities:
    """Identifies callers. A warm credential costs no query; a revoked one fails at its next use."""

    def __init__(
        self,
        database: Database,
        feed: Feed,
        settings: Settings,
        tokens: AccessTokens,
        *,
        containing: Containing,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._containing = containing
        self._idle = timedelta(hours=settings.session_idle_hours)
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
            # The checksum or signature turns away typing errors and guesses without a query.
            if keys.is_well_formed(token):
                identity = self._load(digest, lambda: self._of_key(digest))
            elif claims := self._tokens.verify(token):
                identity = self._load(digest, lambda: self._of_token(claims))
            else:
                return REFUSED
        return REFUSED if identity is None or self._is_over(identity) else identity

    def of_session(self, secret: str) -> Identity | None:
        """Who is signed in with this cookie; None if nobody is, any more."""
        digest = keys.digest(secret)
        # Kept apart: what is good in a cookie is good for nothing in an Authorization header, where
        # it would not be subject to what holds for cookies.
        group = keys.SESSION + digest
        identity = self._known.get(group, None)
        if identity is None or (identity.renew_at or 0) <= self._clock():
            if not keys.is_well_formed(secret, keys.SESSION):
                return None
            self._known.drop(group)
            identity = self._load(group, lambda: self._of_session(digest))
        return None if identity is None or self._is_over(identity) else identity

    def _is_over(self, identity: Identity) -> bool:
        return identity.expires_at is not None and identity.expires_at <= self._clock()

    def _load(self, group: str, find: Callable[[], Identity | None]) -> Identity | None:
        def load() -> Identity:
            found = find()
            if found is None:
                raise LookupError
            return found

        try:
            return self._known.load(group, None, load)
        except LookupError:
            return None

    def _of_key(self, digest: str) -> Identity | None:
        with self._database.read() as connection:
            row = queries.key_by_digest(connection, digest)
            if row is None:
                return None
            return self._identity(connection, CredentialKind.API_KEY, row, f"key:{row.id}")

    def _of_token(self, claims: Claims) -> Identity | None:
        """The holder of an access token, which is as good as what it was got with."""
        source = SOURCE.fullmatch(claims.credential)
        if source is None:
            return None
        find = {"key": queries.key_by_id, "login": queries.login_by_id}[source[1]]
        with self._database.read() as connection:
            row = find(connection, int(source[2]))
            if row is None or row.subject != claims.subject:
                return None
            return self._identity(
                connection,
                CredentialKind.ACCESS_TOKEN,
                row,
                claims.credential,
                expires_at=claims.expires_at,
            )

    def _of_session(self, digest: str) -> Identity | None:
        now = self._clock()
        idle_since = datetime.fromtimestamp(now, UTC) - self._idle
        with self._database.read() as connection:
            row = queries.session_by_digest(connection, digest, idle_since)
            if row is None:
                return None
            return self._identity(
                connection,
                CredentialKind.SESSION,
                row,
                f"session:{row.id}",
                renew_at=now + RENEW_SECONDS,
            )

    def _identity(
        self,
        connection: Connection,
        kind: CredentialKind,
        row: queries.KeyRow | queries.LoginRow,
        credential: str,
        *,
        expires_at: float | None = None,
        renew_at: float | None = None,
    ) -> Identity | None:
        holder = queries.holder(connection, row.subject)
        if holder is None:
            return None
        access, places = Access.ADMIN, None
        if isinstance(row, queries.KeyRow):
            access, places = row.access, row.places
        ends = [row.expires_at.timestamp()] if row.expires_at else []
        return Identity(
            subject=row.subject,
            name=holder.name,
            kind=kind,
            credential=credential,
            principals=principals_of(holder.held, access, places, self._containing),
            access=access,
            places=places,
            expires_at=min([*ends, *([expires_at] if expires_at else [])], default=None),
            renew_at=renew_at,
            everywhere=(
                None
                if places is None
                else principals_of(holder.held, access, None, self._containing)
            ),
        )

    def _changed(self, changes: Sequence[Change]) -> None:
        if any(change.kind.startswith(PLACES) for change in changes):
            self._known.clear()
            return
        touched = {change.subject for change in changes if change.subject is not None}
        if touched:
            self._known.drop_if(
                lambda identity: identity.subject in touched or identity.credential in touched
            )
