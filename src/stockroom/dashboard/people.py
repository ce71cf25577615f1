"""Users whom a login method knows: found, made, and their roles kept in step."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count

from sqlalchemy.orm import Session

from stockroom.dashboard import queries
from stockroom.manage.grants import Grants
from stockroom.manage.lookups import lock_team_of
from stockroom.manage.problems import LastOwner
from stockroom.manage.roles import keep_owner
from stockroom.manage.users import Users
from stockroom.models import ExternalAccount
from stockroom.resources import TeamRow
from stockroom.security.permissions import Role
from stockroom.security.scopes import Scope
from stockroom.spi import ExternalUser, LoginRefused

MAX_NAME = 50
MAX_TEXT = 255
NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


class People:
    """Finds, makes and changes users in the transaction of ``session``, as a method says."""

    def __init__(
        self,
        session: Session,
        method: str,
        *,
        sign_up: bool,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._method = method
        self._sign_up = sign_up
        self._clock = clock
        self._actor = f"login:{method}"

    def enter(self, person: ExternalUser, teams: Mapping[str, TeamRow]) -> int:
        """The id of the user that this person is; ``teams`` are all teams by name.

        An e-mail address never leads to a user that was there before: who can get a provider to
        believe an address would get an account with it.

        :raises LoginRefused: nobody is this person, and no user is made, or cannot be.
        """
        if not person.issuer or not person.external_id:
            raise LoginRefused("the login method does not say who you are")
        if max(len(person.issuer), len(person.external_id)) > MAX_TEXT:
            raise LoginRefused("the login method names you with more than 255 characters")
        connection = self._session.connection()
        known = queries.external_account(connection, person.issuer, person.external_id)
        if known is None:
            user_id = self._create(person)
        else:
            user_id = known[1]
            account = self._session.get_one(ExternalAccount, known[0])
            account.used_at = self._clock()
            account.email = person.email[:MAX_TEXT]
        if person.roles is not None:
            self._keep_in_step(f"user:{user_id}", person, teams)
        return user_id

    def _create(self, person: ExternalUser) -> int:
        if not self._sign_up:
            raise LoginRefused("you have no account here; ask an owner of this server for one")
        email = person.email.strip().lower()[:MAX_TEXT] if person.email_verified else ""
        connection = self._session.connection()
        if email and queries.has_email(connection, email):
            raise LoginRefused(
                f"there is an account with the address {email} already; sign in to it as before"
            )
        users = Users(self._session, self._actor, clock=self._clock)
        name = self._free_name(person.name or email.partition("@")[0])
        user = users.create(name, email or None, _line(person.full_name))
        now = self._clock()
        self._session.add(
            ExternalAccount(
                user_id=user.id,
                method=self._method,
                issuer=person.issuer,
                external_id=person.external_id,
                email=person.email[:MAX_TEXT],
                created_at=now,
                used_at=now,
            )
        )
        return user.id

    def _free_name(self, wish: str) -> str:
        plain = unicodedata.normalize("NFKD", wish).encode("ascii", "ignore").decode().lower()
        base = NOT_IN_NAMES.sub("-", plain).strip("-")[:MAX_NAME].strip("-") or "user"
        connection = self._session.connection()
        names = (base if number == 1 else f"{base}-{number}" for number in count(1))
        return next(name for name in names if not queries.has_name(connection, name))

    def _keep_in_step(
        self, subject: str, person: ExternalUser, teams: Mapping[str, TeamRow]
    ) -> None:
        """Give and take the roles that this method is responsible for, and no others."""
        wanted = _highest(person, teams)
        held = queries.team_grants(self._session.connection(), subject)
        grants = Grants(self._session, self._actor, self._clock)
        names = {team.id: name for name, team in teams.items()}
        for team_id in sorted(wanted.keys() | held.keys()):
            before, after = held.get(team_id), wanted.get(team_id)
            if team_id not in names or (before and before.source != self._actor):
                continue
            scope, text = Scope("team", team_id), f"team:{names[team_id]}"
            lock_team_of(self._session, scope)
            if before and before.role is Role.OWNER and after is not Role.OWNER:
                after = self._role_of_leaving(subject, scope, after)
            if after is None:
                grants.remove(subject, scope, text)
            else:
                grants.set(subject, after, scope, text, self._actor)

    def _role_of_leaving(self, subject: str, scope: Scope, wanted: Role | None) -> Role | None:
        """What becomes of an owner; the last one stays, whatever the login method says."""
        try:
            keep_owner(self._session, subject, scope)
        except LastOwner:
            return Role.OWNER
        return wanted


def _highest(person: ExternalUser, teams: Mapping[str, TeamRow]) -> dict[int, Role]:
    """The highest role in each team that exists; what is no role is none."""
    order = list(Role)
    found: dict[int, Role] = {}
    for entry in person.roles or ():
        if entry.team not in teams or entry.role not in order:
            continue
        team_id, role = teams[entry.team].id, Role(entry.role)
        before = found.get(team_id)
        if before is None or order.index(role) > order.index(before):
            found[team_id] = role
    return found


def _line(text: str) -> str:
    kept = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(kept.split())[:MAX_TEXT]
