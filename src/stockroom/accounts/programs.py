"""Logins of programs: approved in a browser, collected once, refreshed, ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from stockroom.accounts import program_queries as queries
from stockroom.accounts.codes import CodeSpent, CodeTaken, NotApproved, code_digest
from stockroom.db import Database, insert_if_absent
from stockroom.errors import Unauthenticated
from stockroom.feed import Origin, emit
from stockroom.models import CliLogin, Login, RefreshToken
from stockroom.security import keys
from stockroom.security.ending import end_login
from stockroom.security.identity import REFUSED, Identity
from stockroom.security.permissions import CredentialKind
from stockroom.security.queries import holder
from stockroom.security.tokens import AccessTokens
from stockroom.settings import Settings

APPROVED_FOR = timedelta(minutes=5)
"""How long an approval waits to be collected."""
SIGNED_IN_FOR = timedelta(days=90)
"""How long a login lasts, however often it is refreshed."""
GRACE = timedelta(seconds=60)
"""How long a refresh token that was used gives the same answer again: answers can get lost."""
TRACED_FOR = timedelta(days=30)
"""How long it is known of a refresh token that it was used, and of what has ended that it was."""
MAX_PROGRAM = 100
"""Characters of what a program calls itself that are kept."""
MAX_ADDRESS = 64
SERVER = "stockroom"
"""The server's name, where it is not known under which one clients reach it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What a program is signed in with (uv-client.md 3.2)."""

    access_token: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class _Granted:
    """A login that was found good, and the next link of its chain."""

    login_id: int
    user_id: int
    teams: Sequence[str]
    expires_at: datetime
    refresh_token: str


class Programs:
    """Signs programs in and out.

    Everything but :meth:`approve` runs in a transaction of its own: what was found out must hold
    although the caller is refused. So the caller may not have one open.
    """

    def __init__(
        self,
        database: Database,
        tokens: AccessTokens,
        settings: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._server = urlsplit(settings.base_url or "").hostname or SERVER
        self._clock = clock

    def approve(self, code: str, user_id: int, session_id: int, session: Session) -> None:
        """Let the program that has made ``code`` act for a user, as their browser has confirmed.

        Part of the transaction of ``session``; ``session_id`` is the browser session. Doing it
        twice changes nothing as long as the program has not come for its tokens.

        :raises InvalidCode: it is no UUID of version 4.
        :raises CodeTaken: somebody else has approved it, or it has been used.
        """
        digest, now = code_digest(code), self._clock()
        queries.forget_ended(session, now - TRACED_FOR)
        is_new = insert_if_absent(
            session,
            CliLogin,
            {
                "digest": digest,
                "user_id": user_id,
                "session_id": session_id,
                "approved_at": now,
                "expires_at": now + APPROVED_FOR,
            },
        )
        if is_new:
            return
        row = queries.lock_code(session, digest)
        if row is None or row.user_id != user_id or row.collected_at or row.expires_at <= now:
            raise CodeTaken("this login was approved before; start a new one in the program")

    def collect(self, code: str, program: str, address: str) -> Pair:
        """The tokens of a login that was approved, once; ``program`` is what it calls itself.

        Who comes a second time shows that more than one knows the code: the login ends.

        :raises InvalidCode: it is no UUID of version 4.
        :raises NotApproved: nobody has approved it yet.
        :raises CodeSpent: the tokens are gone, or the approval is.
        """
        digest = code_digest(code)
        with self._database.read() as connection:
            found = queries.approval(connection, digest)
        if found is None:
            raise NotApproved("nobody has approved this login yet")
        # Told without a transaction, since anybody can ask this all day.
        is_late = found.collected_at is None and found.expires_at <= self._clock()
        granted = None
        if not is_late and found.revoked_at is None:
            self._tokens.prepare()
            with self._writing(address) as session:
                granted = self._collect(session, digest, program, address)
        if granted is None:
            raise CodeSpent("this login is over; start a new one")
        return self._pair(granted)

    def refresh(self, token: str, address: str) -> Pair:
        """New tokens for a refresh token, which is good for one time.

        Its successor is the same for a minute, as long as it was not used itself: the answer may
        have got lost, or several processes may have asked. Any other second use ends the login.

        :raises Unauthenticated: it is unknown, was used before, or the login has ended.
        """
        self._tokens.prepare()
        login_id = None
        if keys.is_well_formed(token, keys.REFRESH_TOKEN):
            with self._database.read() as connection:
                login_id = queries.login_of_refresh_token(connection, keys.digest(token))
        granted = None
        if login_id is not None:
            seals = self._tokens.seals(token)
            successors = [keys.derive(keys.REFRESH_TOKEN, seal) for seal in seals]
            with self._writing(address) as session:
                granted = self._rotate(session, login_id, keys.digest(token), successors)
        if granted is None:
            raise Unauthenticated("this login has ended; sign in again")
        return self._pair(granted)

    def logout(self, token: str, address: str) -> None:
        """End the login to which an access token belongs, however old it is.

        A token that was got with an API key belongs to no login, and nothing happens.

        :raises Unauthenticated: the token is none of ours.
        """
        claims = self._tokens.verify_ended(token)
        if claims is None:
            raise Unauthenticated("this is no access token of this server")
        kind, _, number = claims.credential.partition(":")
        if kind != "login":
            return
        with self._writing(address) as session:
            login = queries.lock_login(session, int(number))
            if login is not None and f"user:{login.user_id}" == claims.subject:
                end_login(session, login, claims.subject, self._clock(), reason="signed out")

    def exchange(self, identity: Identity | None) -> str:
        """An access token that carries what the caller's API key does, and ends with it.

        :raises Unauthenticated: the caller has no valid API key.
        """
        if identity is None or identity is REFUSED or identity.kind != CredentialKind.API_KEY:
            raise Unauthenticated("send a valid API key, as `Authorization: Bearer KEY`")
        self._tokens.prepare()
        with self._database.read() as connection:
            teams = queries.teams_of(connection, identity.subject)
        return self._tokens.mint(
            identity.subject, identity.credential, self._place(teams), identity.expires_at
        )

    def _collect(
        self, session: Session, digest: str, program: str, address: str
    ) -> _Granted | None:
        now = self._clock()
        row = queries.lock_code(session, digest)
        if row is None:
            return None
        subject = f"user:{row.user_id}"
        if row.login_id is not None:
            login = queries.lock_login(session, row.login_id)
            if login is not None:
                _reused(session, login, now, "code")
            return None
        if row.expires_at <= now or not queries.is_signed_in(session, row.session_id, now):
            return None
        if holder(session.connection(), subject) is None:
            return None
        login = Login(
            user_id=row.user_id,
            name=program_name(program),
            address=address[:MAX_ADDRESS],
            created_at=now,
            seen_at=now,
            expires_at=now + SIGNED_IN_FOR,
        )
        session.add(login)
        session.flush()
        row.collected_at, row.login_id = now, login.id
        emit(
            session,
            "login.created",
            subject,
            subject=f"login:{login.id}",
            owner=subject,
            name=login.name,
            approved_in=f"session:{row.session_id}",
        )
        return self._granted(session, login, keys.mint(keys.REFRESH_TOKEN), now)

    def _rotate(
        self, session: Session, login_id: int, digest: str, successors: Sequence[keys.NewKey]
    ) -> _Granted | None:
        now = self._clock()
        login = queries.lock_login(session, login_id)
        if login is None or login.revoked_at is not None or login.expires_at <= now:
            return None
        if holder(session.connection(), f"user:{login.user_id}") is None:
            return None
        chain = queries.refresh_tokens(session, [digest, *(key.digest for key in successors)])
        link = chain.get(digest)
        if link is None:
            return None
        login.seen_at = now
        if link.used_at is None:
            link.used_at = now
            queries.forget_links(session, login_id, now - TRACED_FOR)
            return self._granted(session, login, successors[0], now)
        for successor in successors:
            following = chain.get(successor.digest)
            if following and following.used_at is None and now - link.used_at <= GRACE:
                return self._known(session, login, successor)
        _reused(session, login, now, "refresh token")
        return None

    def _granted(
        self, session: Session, login: Login, successor: keys.NewKey, now: datetime
    ) -> _Granted:
        session.add(RefreshToken(login_id=login.id, digest=successor.digest, created_at=now))
        return self._known(session, login, successor)

    def _known(self, session: Session, login: Login, successor: keys.NewKey) -> _Granted:
        teams = queries.teams_of(session.connection(), f"user:{login.user_id}")
        return _Granted(login.id, login.user_id, teams, login.expires_at, successor.secret)

    def _pair(self, granted: _Granted) -> Pair:
        token = self._tokens.mint(
            f"user:{granted.user_id}",
            f"login:{granted.login_id}",
            self._place(granted.teams),
            granted.expires_at.timestamp(),
        )
        return Pair(token, granted.refresh_token)

    def _place(self, teams: Sequence[str]) -> str:
        """What clients call the place to which they are logged in."""
        return teams[0] if len(teams) == 1 else self._server

    @contextmanager
    def _writing(self, address: str) -> Iterator[Session]:
        with self._database.transaction() as session:
            session.info["origin"] = Origin(None, address[:MAX_ADDRESS])
            yield session


def program_name(user_agent: str) -> str:
    """What a program calls itself in its User-Agent: the first product (RFC 9110 10.1.5)."""
    first = user_agent.split(" ", 1)[0]
    printable = "".join(character for character in first if " " < character < "\x7f")
    return printable[:MAX_PROGRAM] or "unknown"


def _reused(session: Session, login: Login, now: datetime, what: str) -> None:
    if login.revoked_at is not None:
        return
    emit(
        session,
        "login.reuse-detected",
        "stockroom",
        subject=f"login:{login.id}",
        owner=f"user:{login.user_id}",
        name=login.name,
        what=what,
    )
    end_login(session, login, "stockroom", now, reason=f"a {what} was used twice")
