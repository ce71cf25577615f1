"""Secrets that were found where they do not belong are made useless (O-24)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from stockroom.accounts import program_queries as queries
from stockroom.db import Database
from stockroom.feed import Origin, emit
from stockroom.models import ApiKey, BrowserSession, Invitation, Login
from stockroom.security import keys
from stockroom.security.tokens import AccessTokens

KINDS: dict[str, tuple[str, type[queries.Stored]]] = {
    keys.API_KEY: ("key", ApiKey),
    keys.SESSION: ("session", BrowserSession),
    keys.INVITATION: ("invitation", Invitation),
}
"""By prefix: what a secret is, and where its digest is kept."""
Revocable = ApiKey | BrowserSession | Invitation | Login
MODELS: dict[str, type[Revocable]] = {
    **dict(KINDS.values()),
    "login": Login,
}
MAX_URL = 500
"""Characters that are kept of where a secret was found."""


class Disclosure:
    """Revokes what belongs to a secret that others have seen.

    An API key, the login of a refresh token, a browser session, an invitation; of an access token
    that is still valid, the key or login with which it was got.
    """

    def __init__(
        self,
        database: Database,
        tokens: AccessTokens,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock

    def report(self, secret: str, url: str, actor: str, origin: Origin) -> bool:
        """Revoke a secret that was found at ``url``; False if it is none of ours, or was revoked.

        In a transaction of its own, which is not even begun for what is none of ours.
        """
        secret = secret.strip()
        with self._database.read() as connection:
            credential = self._credential_of(connection, secret)
        if credential is None:
            return False
        with self._database.transaction() as session:
            session.info["origin"] = origin
            return self._revoke(session, credential, url, actor)

    def _credential_of(self, connection: Connection, secret: str) -> str | None:
        """What the secret is good for, such as ``key:7``."""
        if keys.is_well_formed(secret, keys.REFRESH_TOKEN):
            login_id = queries.login_of_refresh_token(connection, keys.digest(secret))
            return None if login_id is None else f"login:{login_id}"
        for prefix, (kind, model) in KINDS.items():
            if keys.is_well_formed(secret, prefix):
                id_ = queries.id_of_secret(connection, model, keys.digest(secret))
                return None if id_ is None else f"{kind}:{id_}"
        claims = self._tokens.verify(secret)
        return None if claims is None else claims.credential

    def _revoke(self, session: Session, credential: str, url: str, actor: str) -> bool:
        kind, _, number = credential.partition(":")
        found = session.get(MODELS[kind], int(number), with_for_update=True)
        row = cast("Revocable | None", found)
        if row is None or row.revoked_at is not None:
            return False
        row.revoked_at = self._clock()
        owner, team_id = _owner_of(session, row)
        printable = "".join(character for character in url if character.isprintable())
        emit(
            session,
            "key.disclosed",
            actor,
            team_id=team_id,
            subject=credential,
            owner=owner,
            what=kind,
            url=printable[:MAX_URL],
        )
        return True


def _owner_of(session: Session, row: Revocable) -> tuple[str, int | None]:
    """Whose it is, and in the audit trail of which team it stands."""
    match row:
        case ApiKey():
            return row.subject, queries.team_of_robot(session, row.subject)
        case Invitation():
            return row.invited_by, row.scope_id if row.scope_kind == "team" else None
    return f"user:{row.user_id}", None
