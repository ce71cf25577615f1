"""Second factors: codes of an authenticator app (RFC 6238), security keys, recovery codes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, NamedTuple

import pyotp
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stockroom.accounts import queries, webauthn
from stockroom.accounts.browser_sessions import Visitor
from stockroom.accounts.problems import ProofRefused
from stockroom.accounts.signing_in import Failures
from stockroom.accounts.throttle import Standing, Throttle
from stockroom.accounts.webauthn import Site
from stockroom.db import Database
from stockroom.models import RecoveryCode, SecurityKey, User

STEP_SECONDS = 30
WINDOW = (-1, 0, 1)
"""The time steps whose codes are taken: clocks differ, and people type slowly."""
CODE_LENGTH = 6
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
RECOVERY_LENGTH = 16  # 79 bits
WRONG = "that code is not right; it may be too old, or used already"


class Proof(NamedTuple):
    """What a second factor has shown, to be accepted once."""

    user_id: int
    kind: str
    """``totp``, ``security-key`` or ``recovery-code``."""
    number: int = 0
    """The time step of a code, or the counter of a key."""
    key_id: int = 0
    digest: str = ""
    standing: Standing | None = None


class SecondFactors:
    """Checks second factors before a transaction, and accepts them in one."""

    def __init__(
        self,
        database: Database,
        throttle: Throttle,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._throttle = throttle
        self._failures = Failures(database)
        self._clock = clock

    def check_code(self, user_id: int, code: str, visitor: Visitor) -> Proof:
        """Look at a code of the authenticator app, or a recovery code.

        :raises TooManyAttempts: the user has tried too often.
        :raises ProofRefused: it is not right, or was used before.
        """
        standing = self._throttle.count("second-factor", account=str(user_id))
        plain = "".join(code.split()).replace("-", "").lower()
        is_totp = len(plain) == CODE_LENGTH and plain.isdecimal() and plain.isascii()
        find = self._totp if is_totp else self._recovery
        proof = find(user_id, plain)
        if proof is None:
            kind = "totp" if is_totp else "recovery-code"
            self._failures.note(user_id, kind, visitor)
            raise ProofRefused(WRONG, standing.headers())
        return proof._replace(standing=standing)

    def check_key(
        self, user_id: int, site: Site, state: Mapping[str, Any], answer: str, visitor: Visitor
    ) -> Proof:
        """Look at what a security key has signed.

        ``state`` is what the session has kept of the question.

        :raises TooManyAttempts: the user has tried too often.
        :raises ProofRefused: it is no answer of a key of this user to that question.
        """
        standing = self._throttle.count("second-factor", account=str(user_id))
        with self._database.read() as connection:
            known = queries.known_keys(connection, user_id)
        try:
            key_id, counter = webauthn.check(site, known, state, answer)
        except ProofRefused as refusal:
            self._failures.note(user_id, "security-key", visitor)
            raise ProofRefused(refusal.detail, standing.headers()) from refusal
        return Proof(user_id, "security-key", number=counter, key_id=key_id, standing=standing)

    def accept(self, session: Session, proof: Proof) -> None:
        """Take a proof, which nobody can use another time.

        :raises ProofRefused: somebody has used it meanwhile.
        """
        user = session.get_one(User, proof.user_id, with_for_update=True)
        taken = {
            "totp": self._take_step,
            "security-key": self._take_count,
            "recovery-code": self._take_code,
        }[proof.kind](session, user, proof)
        if not taken:
            raise ProofRefused(WRONG)
        self._throttle.forgive(session, "second-factor", account=str(user.id))

    def _totp(self, user_id: int, code: str) -> Proof | None:
        with self._database.read() as connection:
            account = queries.account_by_id(connection, user_id)
        if account is None or account.totp_secret is None:
            return None
        step = step_of(account.totp_secret, code, self._clock())
        if step is None or step <= account.totp_step:
            return None
        return Proof(user_id, "totp", number=step)

    def _recovery(self, user_id: int, code: str) -> Proof | None:
        digest = digest_of(code)
        with self._database.read() as connection:
            if not queries.has_code(connection, user_id, digest):
                return None
        return Proof(user_id, "recovery-code", digest=digest)

    def _take_step(self, session: Session, user: User, proof: Proof) -> bool:
        is_new = user.totp_secret is not None and proof.number > user.totp_step
        if is_new:
            user.totp_step = proof.number
        return is_new

    def _take_count(self, session: Session, user: User, proof: Proof) -> bool:
        key = session.get(SecurityKey, proof.key_id, with_for_update=True)
        if key is None or not webauthn.counts_on(key.sign_count, proof.number):
            return False
        key.sign_count, key.used_at = proof.number, self._clock()
        return True

    def _take_code(self, session: Session, user: User, proof: Proof) -> bool:
        query = select(RecoveryCode).where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.digest == proof.digest,
            RecoveryCode.used_at.is_(None),
        )
        code = session.execute(query).scalars().first()
        if code is not None:
            code.used_at = self._clock()
        return code is not None


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step of a code of an authenticator app; None if it is of none that is near."""
    present = int(now.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    found = None
    for offset in WINDOW:
        if compare_digest(totp.generate_otp(present + offset), code):
            found = present + offset
    return found


def make_recovery_codes(session: Session, user_id: int) -> list[str]:
    """Make new recovery codes for a user, in the place of the old ones; shown this once only."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    session.add_all(RecoveryCode(user_id=user_id, digest=digest_of(code)) for code in codes)
    return ["-".join(code[at : at + 4] for at in range(0, RECOVERY_LENGTH, 4)) for code in codes]


def digest_of(code: str) -> str:
    """What is stored in place of a recovery code; no salt, since its entropy is high."""
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
