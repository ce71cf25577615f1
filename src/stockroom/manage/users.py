"""The people of the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET, UnsetType
from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.authority import Authority
from stockroom.manage.grants import Grants
from stockroom.manage.names import check_name, insert_unique
from stockroom.manage.preconditions import check_if_match, tag_of
from stockroom.manage.problems import NameTaken, NoSuchPlace
from stockroom.manage.roles import keep_owner, lock_owners
from stockroom.manage.texts import clean_email, clean_line, is_storable
from stockroom.models import User
from stockroom.security.permissions import Role
from stockroom.security.scopes import SERVER


class Users:
    """Makes and changes users in the transaction of ``session``."""

    def __init__(
        self,
        session: Session,
        actor: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        if_match: str | None = None,
    ) -> None:
        self._session = session
        self._actor = actor
        self._if_match = if_match
        self._clock = clock

    def create(self, name: str, email: str | None = None, full_name: str = "") -> User:
        """Make a user, who has no role and no password yet.

        :raises InvalidName: the name breaks the rule for names in URLs.
        :raises InvalidText: the address or the full name cannot be one.
        :raises NameTaken: there is a user of that name or e-mail address.
        """
        check_name(name)
        user = User(
            name=name,
            email=clean_email(email),
            full_name=clean_line(full_name, "the full name"),
            created_at=self._clock(),
        )
        if self._session.execute(select(User.id).where(User.name == name)).first():
            raise NameTaken(f"there is a user {name} already")
        self._check_email(user.email)
        insert_unique(self._session, user, f"there is a user {name} already")
        self._note("user.created", user, before=None, after=_state(user))
        return user

    def find(self, name: str, *, lock: bool = False) -> User:
        """The user of that name; locked until the end of the transaction if ``lock``.

        :raises NoSuchPlace: there is none.
        """
        query = select(User).where(User.name == name)
        if lock:
            query = query.with_for_update(key_share=True)
        user = self._session.execute(query).scalar_one_or_none() if is_storable(name) else None
        if user is None:
            raise NoSuchPlace(f"there is no user {name}")
        return user

    def change(
        self,
        name: str,
        *,
        email: str | UnsetType | None = UNSET,
        full_name: str | UnsetType = UNSET,
        disabled: bool | UnsetType = UNSET,
        authority: Authority | None = None,
    ) -> User:
        """Change what is given. Who is disabled can do nothing from the next request on.

        ``authority`` is the caller's; None is the operator, who may change everybody.

        :raises NoSuchPlace: there is no such user.
        :raises InvalidText: the address or the full name cannot be one.
        :raises NameTaken: another user has that e-mail address.
        :raises Forbidden: the user has a higher role on the server than the caller.
        :raises LastOwner: the last owner of the server would be disabled.
        :raises PreconditionFailed: the user is in none of the states that ``if_match`` names.
        """
        user = self.find(name, lock=True)
        check_if_match(self._if_match, user_tag(user))
        lock_owners(self._session, SERVER)
        role = Grants(self._session, self._actor).role_of(subject_of(user), SERVER)
        if authority is not None and role is not None:
            authority.check(role, SERVER)
        before = _state(user)
        if email is not UNSET:
            self._set_email(user, clean_email(email))
        if full_name is not UNSET:
            user.full_name = clean_line(full_name, "the full name")
        insert_unique(self._session, user, f"somebody has the e-mail address {user.email} already")
        if _state(user) != before:
            self._note("user.changed", user, before=before, after=_state(user))
        if disabled is not UNSET and disabled != bool(user.disabled_at):
            if disabled and role is Role.OWNER:
                keep_owner(self._session, subject_of(user), SERVER)
            user.disabled_at = self._clock() if disabled else None
            self._note(
                "user.disabled" if disabled else "user.enabled",
                user,
                before={"disabled": not disabled},
                after={"disabled": disabled},
            )
        return user

    def _set_email(self, user: User, address: str | None) -> None:
        if address != user.email:
            self._check_email(address)
            user.email = address

    def _check_email(self, address: str | None) -> None:
        query = select(User.id).where(User.email == address)
        if address and self._session.execute(query).first():
            raise NameTaken(f"there is a user with the e-mail address {address} already")

    def _note(self, kind: str, user: User, **data: Any) -> None:
        emit(self._session, kind, self._actor, subject=subject_of(user), name=user.name, **data)


def subject_of(user: User) -> str:
    """By which grants, credentials and events name a user."""
    return f"user:{user.id}"


def user_tag(user: User) -> str:
    """The entity tag of what can be changed about a user."""
    return tag_of(user.id, user.email, user.full_name, bool(user.disabled_at))


def _state(user: User) -> dict[str, Any]:
    return {"email": user.email, "full_name": user.full_name}
