"""Access tokens: JSON Web Tokens of one hour, signed with keys that the database shares."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any
from uuid import uuid4

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from stockroom.db import Database
from stockroom.feed import Change, Feed, emit
from stockroom.models import SigningKey
from stockroom.security import queries
from stockroom.settings import Settings

ALGORITHM = "ES256"
VALID_SECONDS = 3600
SIGNS_FOR = timedelta(days=30)
KNOWN_BEFORE = timedelta(days=1)
"""How long a key is published before it signs, for those who keep the list of keys."""
TRUSTED_AFTER = timedelta(hours=2)
"""How long a key is believed after it has signed for the last time."""
ACCESS, SEALED = "at+jwt", "stockroom-sealed+jwt"
"""Types in the headers of what is signed (RFC 9068 section 2.1, RFC 8725 section 3.11)."""
AUDIENCE = "stockroom"
CREDENTIAL = "urn:stockroom:credential"
TEAM = "urn:pyx:org_name"
MAX_TOKEN = 4096
"""Characters of a token; ours have about 600."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says: whose it is, what it was got with, when it ends (in seconds)."""

    subject: str
    credential: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class _Key:
    kid: str
    key: ECKey
    signs_until: datetime
    trusted_until: datetime


class AccessTokens:
    """Mints and verifies access tokens (RFC 7519, RFC 9068 in spirit); ES256 and nothing else.

    Keys are in the database, so that every node verifies what another one has signed. A new one is
    made a day before it is needed; the old one is believed until the last of its tokens has ended.
    """

    def __init__(
        self,
        database: Database,
        feed: Feed,
        settings: Settings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._issuer = settings.base_url or AUDIENCE
        self._clock = clock
        self._lock = Lock()
        self._keys: Sequence[_Key] | None = None
        feed.subscribe(self._changed)

    def prepare(self) -> None:
        """Make the next signing key if it is time to.

        In a transaction of its own: to be called before the caller opens one.
        """
        now = self._now()
        if any(key.signs_until - now > KNOWN_BEFORE for key in self._known()):
            return
        key = ECKey.generate_key("P-256", private=True, auto_kid=True)
        with self._database.transaction() as session:
            session.add(
                SigningKey(
                    kid=key.kid,
                    private=json.dumps(key.as_dict(private=True)),
                    created_at=now,
                    signs_until=now + SIGNS_FOR,
                    trusted_until=now + SIGNS_FOR + TRUSTED_AFTER,
                )
            )
            emit(session, "signing-key.created", "stockroom", kid=key.kid)
        self._forget()

    def mint(
        self, subject: str, credential: str, team: str, expires_at: float | None = None
    ) -> str:
        """A token for ``subject`` that is as good as ``credential`` is at each of its uses.

        ``team`` is what clients show as the place to which they are logged in. It ends after an
        hour, or at ``expires_at`` (in seconds) if that is sooner. :meth:`prepare` comes first.
        """
        now = self._now()
        # The oldest that may sign: newer ones are still being made known.
        key = next(key for key in self._known() if key.signs_until > now)
        issued = int(self._clock())
        ends = issued + VALID_SECONDS
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": subject,
            "jti": uuid4().hex,
            "iat": issued,
            "exp": ends if expires_at is None else min(ends, int(expires_at)),
            TEAM: team,
            CREDENTIAL: credential,
        }
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": ACCESS}
        return jwt.encode(header, claims, key.key, algorithms=[ALGORITHM])

    def seal(self, content: Mapping[str, Any], seconds: int) -> str:
        """Sign what a browser is to bring back within ``seconds``: it can read it, not change it.

        Never taken for an access token, nor the other way round. :meth:`prepare` comes first.
        """
        now = self._now()
        key = next(key for key in self._known() if key.signs_until > now)
        claims = {"iss": self._issuer, "exp": int(self._clock()) + seconds, "content": content}
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": SEALED}
        return jwt.encode(header, claims, key.key, algorithms=[ALGORITHM])

    def unseal(self, sealed: str) -> Mapping[str, Any] | None:
        """What was sealed; None unless we have sealed it, and it is in time."""
        claims = self._decode(sealed, SEALED)
        if claims is None or claims.get("iss") != self._issuer:
            return None
        return claims["content"] if claims["exp"] > self._clock() else None

    def verify(self, token: str) -> Claims | None:
        """What the token says; None unless one of our keys signed it, for us, and it is valid."""
        claims = self._decode(token, ACCESS)
        return None if claims is None else self._read(claims)

    def jwks(self) -> dict[str, Any]:
        """The public keys, as a JSON Web Key Set (RFC 7517)."""
        now = self._now()
        keys = [key.key for key in self._known() if key.trusted_until > now]
        members = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [{**key.as_dict(private=False), **members} for key in keys]}

    def _decode(self, token: str, typ: str) -> dict[str, Any] | None:
        """The claims of what one of our keys has signed, as a thing of that type."""
        if len(token) > MAX_TOKEN:
            return None
        try:
            header = jws.extract_compact(token.encode()).headers()
            key = self._trusted(header, typ)
            if key is None:
                return None
            return jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            return None

    def _trusted(self, header: dict[str, Any], typ: str) -> ECKey | None:
        if header.get("alg") != ALGORITHM or header.get("typ") != typ or "crit" in header:
            return None
        now, kid = self._now(), header.get("kid")
        found = (key for key in self._known() if key.kid == kid and key.trusted_until > now)
        return next((key.key for key in found), None)

    def _read(self, claims: dict[str, Any]) -> Claims | None:
        subject, credential, ends = claims.get("sub"), claims.get(CREDENTIAL), claims.get("exp")
        for_us = (claims.get("iss"), claims.get("aud")) == (self._issuer, AUDIENCE)
        if not (for_us and isinstance(subject, str) and isinstance(credential, str)):
            return None
        if not isinstance(ends, int) or ends <= self._clock():
            return None
        return Claims(subject, credential, float(ends))

    def _known(self) -> Sequence[_Key]:
        """Every key that may still be needed, the oldest first."""
        keys = self._keys
        if keys is None:
            with self._lock:
                with self._database.read() as connection:
                    rows = queries.signing_keys(connection, self._now())
                keys = self._keys = [
                    _Key(row.kid, ECKey.import_key(json.loads(row.private)), *row[2:])
                    for row in rows
                ]
        return keys

    def _forget(self) -> None:
        with self._lock:
            self._keys = None

    def _changed(self, changes: Sequence[Change]) -> None:
        if any(change.kind.startswith("signing-key.") for change in changes):
            self._forget()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
