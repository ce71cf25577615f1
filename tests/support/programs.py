"""Users whose programs sign in, without the pages by which people do that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from stockroom.accounts.programs import Programs
from stockroom.feed import emit
from stockroom.manage.grants import Grants
from stockroom.manage.scopes import find_scope
from stockroom.manage.users import Users
from stockroom.models import BrowserSession, Event, User
from stockroom.security import keys
from stockroom.security.permissions import Role
from tests.support.access import RecordedServer
from tests.support.site import TestSite, bearer
from tests.support.waiting import wait_until

POLLED = re.compile(r"/auth/cli/status/([0-9a-f-]{36})")


@dataclass(frozen=True)
class Person:
    """A user who is signed in with a browser."""

    site: TestSite
    id: int
    session_id: int
    cookie: str

    @property
    def subject(self) -> str:
        """In grants and events."""
        return f"user:{self.id}"

    def grant(self, role: str, scope: str) -> None:
        """Give the user a role."""
        with self.site.database.transaction() as session:
            grants = Grants(session, "test")
            grants.set(self.subject, Role(role), find_scope(session, scope), scope)

    def disable(self) -> None:
        """Lock the user out, as an operator does."""
        with self.site.database.transaction() as session:
            session.get_one(User, self.id).disabled_at = datetime.now(UTC)
            tell(session, self.subject)

    def approve(self, code: str) -> None:
        """Confirm a login of a program in the browser."""
        with self.site.database.transaction() as session:
            self.site.service(Programs).approve(code, self.id, self.session_id, session)

    def sign_in(self) -> dict[str, str]:
        """Sign a program in; its tokens."""
        code = str(uuid4())
        self.approve(code)
        pair: dict[str, str] = status(self.site, code).json
        return pair


def tell(session: Any, subject: str) -> None:
    """Write the event of a change that a test has made by hand."""
    emit(session, "user.disabled", "test", subject=subject)


def make_person(site: TestSite, name: str = "ann") -> Person:
    """Make a user with a browser session."""
    minted, now = keys.mint(keys.SESSION), datetime.now(UTC)
    with site.database.transaction() as session:
        user = Users(session, "test").create(name)
        row = BrowserSession(
            user_id=user.id,
            digest=minted.digest,
            pending=False,
            method="password",
            address="127.0.0.1",
            user_agent="",
            data={},
            created_at=now,
            confirmed_at=now,
            seen_at=now,
            expires_at=now + timedelta(days=30),
        )
        session.add(row)
        session.flush()
        return Person(site, user.id, row.id, minted.secret)


def approve_when_polled(server: RecordedServer, person: Person) -> str:
    """Wait until a program polls a server for a login, and approve that; its code."""
    before = len(server.accesses())
    codes: list[str] = []

    def polls() -> bool:
        paths = (access.path for access in server.accesses()[before:])
        codes.extend(found[1] for path in paths if (found := POLLED.fullmatch(path)))
        return bool(codes)

    wait_until(polls)
    person.approve(codes[0])
    return codes[0]


def status(
    site: TestSite, code: str, expected: int | str = "*", agent: str = "uv/0.12.6 {}"
) -> Any:
    """Poll as a client does."""
    path = f"/auth/cli/status/{code}"
    return site.app.get(path, headers={"User-Agent": agent}, status=expected)


def refresh(site: TestSite, token: str, expected: int | str = 200) -> Any:
    """Refresh as uv does: without a Content-Type."""
    body = f'{{"refresh_token":"{token}"}}'.encode()
    return site.app.request(
        "/auth/cli/refresh",
        method="POST",
        body=body,
        environ={"CONTENT_TYPE": ""},
        status=expected,
    )


def exchange(site: TestSite, key: str | None, expected: int | str = 200) -> Any:
    """Trade an API key for an access token as uv does: without a body."""
    return site.app.request(
        "/auth/cli/access-token",
        method="POST",
        headers=bearer(key),
        environ={"CONTENT_TYPE": ""},
        status=expected,
    )


def logout(site: TestSite, token: str | None, expected: int | str = 200) -> Any:
    """Sign a program out."""
    return site.app.get("/auth/cli/logout", headers=bearer(token), status=expected)


def may_read(site: TestSite, token: str) -> bool:
    """Whether a token lists the registry acme/main."""
    found = site.get("/simple/acme/main/", token, status="*").status_int
    assert found in (200, 401, 404)
    return bool(found == 200)


def events(site: TestSite, prefix: str) -> list[Event]:
    """The events of some kinds, the oldest first."""
    query = select(Event).where(Event.kind.startswith(prefix)).order_by(Event.id)
    with site.database.reading() as session:
        return list(session.execute(query).scalars())
