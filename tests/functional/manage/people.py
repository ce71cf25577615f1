"""A server with people in it, and callers of every kind."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from stockroom.manage.grants import Grants
from stockroom.manage.keys import Keys
from stockroom.manage.people import queries
from stockroom.manage.scopes import find_scope
from stockroom.manage.users import Users
from stockroom.models import BrowserSession, Event, Login
from stockroom.security import keys
from stockroom.security.permissions import Access, Role
from tests.support.site import TestSite, bearer


@dataclass
class People:
    """Users by their names, each with an unlimited key; roles are given as scopes are written."""

    site: TestSite
    ids: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, **roles: str) -> str:
        """Make a user and a key; ``acme="owner"`` is a role on the team, ``server`` on all."""
        with self.site.database.transaction() as session:
            user = Users(session, "test").create(name, f"{name}@example.org")
            self.ids[name] = user.id
            for place, role in roles.items():
                text = "*" if place == "server" else f"team:{place}"
                scope = find_scope(session, text)
                Grants(session, "test").set(f"user:{user.id}", Role(role), scope, text)
        self.keys[name] = self.key(name)
        return self.keys[name]

    def grant(self, name: str, role: str, text: str) -> None:
        """Give a role behind everybody's back."""
        with self.site.database.transaction() as session:
            scope = find_scope(session, text)
            Grants(session, "test").set(self.subject(name), Role(role), scope, text)

    def subject(self, name: str) -> str:
        """By which events name a user."""
        return f"user:{self.ids[name]}"

    def key(
        self,
        name: str,
        access: Access = Access.ADMIN,
        places: list[str] | None = None,
        valid_for: timedelta | None = None,
    ) -> str:
        """A key of a user."""
        with self.site.database.transaction() as session:
            scopes = None if places is None else [find_scope(session, text) for text in places]
            made = Keys(session, "test").create(
                self.subject(name), "test", access=access, places=scopes, valid_for=valid_for
            )
        return made.secret

    def cookie(self, name: str) -> dict[str, str]:
        """The headers of a page of ours in a browser in which a user is signed in."""
        minted, now = keys.mint(keys.SESSION), datetime.now(UTC)
        with self.site.database.transaction() as session:
            session.add(
                BrowserSession(
                    user_id=self.ids[name],
                    digest=minted.digest,
                    pending=False,
                    method="password",
                    address="192.0.2.7",
                    user_agent="Firefox",
                    data={},
                    created_at=now,
                    confirmed_at=now,
                    seen_at=now,
                    expires_at=now + timedelta(days=1),
                )
            )
        token = hmac.new(minted.secret.encode(), b"stockroom form", "sha256").hexdigest()
        return {"Cookie": f"stockroom={minted.secret}", "X-CSRF-Token": token}

    def login(self, name: str) -> int:
        """The number of a login of a program."""
        now = datetime.now(UTC)
        with self.site.database.transaction() as session:
            row = Login(
                user_id=self.ids[name],
                name="uv",
                address="192.0.2.8",
                created_at=now,
                seen_at=now,
                expires_at=now + timedelta(days=1),
            )
            session.add(row)
            session.flush()
            return row.id

    def call(
        self,
        who: str | Mapping[str, str],
        method: str,
        path: str,
        body: object = None,
        *,
        status: int | str = 200,
        if_match: str | None = None,
    ) -> Any:
        """Send JSON as a user, by a key, or with headers."""
        headers = bearer(self.keys.get(who, who)) if isinstance(who, str) else dict(who)
        if if_match is not None:
            headers["If-Match"] = if_match
        send = getattr(self.site.app, f"{method.lower()}{'' if body is None else '_json'}")
        arguments = [f"/v1/{path}"] if body is None else [f"/v1/{path}", body]
        return send(*arguments, headers=headers, status=status)

    def get(self, who: str | Mapping[str, str], path: str, status: int = 200) -> Any:
        """What a GET answers."""
        return self.call(who, "GET", path, status=status).json

    def roles(self, name: str) -> dict[str, str]:
        """The teams of a user with the roles."""
        with self.site.database.read() as connection:
            return dict(queries.team_roles(connection, self.subject(name)))

    def events(self, kind: str) -> list[Event]:
        """The events of a kind, the oldest first."""
        query = select(Event).where(Event.kind == kind).order_by(Event.id)
        with self.site.database.transaction() as session:
            return list(session.execute(query).scalars())
