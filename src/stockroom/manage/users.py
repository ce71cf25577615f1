"""The people of the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.names import check_name
from stockroom.manage.problems import NameTaken, NoSuchPlace
from stockroom.models import User


class Users:
    """Makes and changes users in the transaction of ``session``."""

    def __init__(
        self,
        session: Session,
        actor: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._actor = actor
        self._clock = clock

    def create(self, name: str, email: str | None = None, full_name: str = "") -> User:
        """Make a user, who has no role and no password yet.

        :raises InvalidName: the name breaks the rule for names in URLs.
        :raises NameTaken: there is a user of that name or e-mail address.
        """
        check_name(name)
        address = email.strip().lower() if email else None
        if self._session.execute(select(User.id).where(User.name == name)).first():
            raise NameTaken(f"there is a user {name} already")
        if address and self._session.execute(select(User.id).where(User.email == address)).first():
            raise NameTaken(f"there is a user with the e-mail address {address} already")
        user = User(name=name, email=address, full_name=full_name, created_at=self._clock())
        self._session.add(user)
        self._session.flush()
        emit(self._session, "user.created", self._actor, subject=f"user:{user.id}", name=name)
        return user

    def find(self, name: str) -> User:
        """The user of that name.

        :raises NoSuchPlace: there is none.
        """
        query = select(User).where(User.name == name)
        user = self._session.execute(query).scalar_one_or_none()
        if user is None:
            raise NoSuchPlace(f"there is no user {name}")
        return user

    def change(self, name: str, *, disabled: bool) -> User:
        """Disable or enable a user. Who is disabled can do nothing from the next request on.

        :raises NoSuchPlace: there is no such user.
        """
        user = self.find(name)
        if disabled != bool(user.disabled_at):
            user.disabled_at = self._clock() if disabled else None
            emit(
                self._session,
                "user.disabled" if disabled else "user.enabled",
                self._actor,
                subject=f"user:{user.id}",
                name=name,
                before={"disabled": not disabled},
                after={"disabled": disabled},
            )
        return user
