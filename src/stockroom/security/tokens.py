"""Access tokens: JSON Web Tokens of one hour, signed with keys that the database shares."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Iterable, Sequence
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
REMEMBERED = timedelta(days=90)
"""How long it is known of a key that it was ours: as long as a program can be signed in."""
AUDIENCE = "stockroom"
CREDENTIAL = "urn:stockroom:credential"
TEAM = "urn:pyx:org_name"
MAX_TOKEN = 4096
"""Characters of a token; ours have about 600."""
UNREADABLE = (JoseError, ValueError, TypeError, AttributeError, RecursionError)
"""What is raised for texts that are no tokens, some of which look a little like one."""


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
        if _lasts(self._known(), now):
            return
        key = ECKey.generate_key("P-256", private=True, auto_kid=True)
        with self._database.transaction() as session:
            # Another node may have made it, which this one has not heard of yet. Two at once do no
            # harm.
            if _lasts(queries.signing_keys(session.connection(), now), now):
                self._forget()
                return
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
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": "at+jwt"}
        return jwt.encode(header, claims, key.key, algorithms=[ALGORITHM])

    def verify(self, token: str) -> Claims | None:
        """What the token says; None unless one of our keys signed it, for us, and it is valid."""
        return self._claims(token, self._now(), ends_after=self._clock())

    def verify_ended(self, token: str) -> Claims | None:
        """What a token of ours says that may have ended long ago: good for signing out alone."""
        return self._claims(token, self._now() - REMEMBERED, ends_after=0.0)

    def seals(self, text: str) -> Sequence[bytes]:
        """64 bytes that nobody but this server can make of ``text``.

        With the key that signs now, then with each other one that it may have been some time ago.
        :meth:`prepare` comes first.
        """
        now, message = self._now(), text.encode()
        keys = sorted(self._known(), key=lambda key: (key.signs_until <= now, key.signs_until))
        secrets = [key.key.as_dict(private=True)["d"] for key in keys]
        return [hmac.digest(f"seal:{secret}".encode(), message, "sha512") for secret in secrets]

    def jwks(self) -> dict[str, Any]:
        """The public keys, as a JSON Web Key Set (RFC 7517)."""
        now = self._now()
        keys = [key.key for key in self._known() if key.trusted_until > now]
        members = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [{**key.as_dict(private=False), **members} for key in keys]}

    def _claims(self, token: str, trusted_at: datetime, ends_after: float) -> Claims | None:
        if len(token) > MAX_TOKEN:
            return None
        try:
            header = jws.extract_compact(token.encode()).headers()
            key = self._trusted(header, trusted_at)
            if key is None:
                return None
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except UNREADABLE:
            return None
        return self._read(claims, ends_after)

    def _trusted(self, header: dict[str, Any], at: datetime) -> ECKey | None:
        if header.get("alg") != ALGORITHM or header.get("typ") != "at+jwt" or "crit" in header:
            return None
        kid = header.get("kid")
        found = (key for key in self._known() if key.kid == kid and key.trusted_until > at)
        return next((key.key for key in found), None)

    def _read(self, claims: dict[str, Any], ends_after: float) -> Claims | None:
        subject, credential, ends = claims.get("sub"), claims.get(CREDENTIAL), claims.get("exp")
        for_us = (claims.get("iss"), claims.get("aud")) == (self._issuer, AUDIENCE)
        if not (for_us and isinstance(subject, str) and isinstance(credential, str)):
            return None
        if not isinstance(ends, int) or ends <= ends_after:
            return None
        return Claims(subject, credential, float(ends))

    def _known(self) -> Sequence[_Key]:
        """Every key of which something may still be asked, the oldest first."""
        keys = self._keys
        if keys is None:
            with self._lock:
                with self._database.read() as connection:
                    rows = queries.signing_keys(connection, self._now() - REMEMBERED)
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


def _lasts(keys: Iterable[_Key | queries.SigningKeyRow], now: datetime) -> bool:
    """Whether one of the keys signs for long enough."""
    return any(key.signs_until - now > KNOWN_BEFORE for key in keys)
