"""Giving and taking roles for a caller, who hands on no more than their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import Session

from stockroom.manage.authority import Authority
from stockroom.manage.grants import Grants
from stockroom.manage.lookups import lock_team_of
from stockroom.manage.preconditions import check_if_match, tag_of
from stockroom.manage.problems import LastOwner, NoSuchPlace
from stockroom.manage.subjects import Subject
from stockroom.models import Grant, User
from stockroom.security.permissions import Role
from stockroom.security.scopes import SERVER, Scope

OWNED = ("team", "server")
"""Kinds of places that keep an owner once they have one."""


class Roles:
    """Changes the roles that others hold, one after the other for all places of a team."""

    def __init__(
        self,
        session: Session,
        actor: str,
        authority: Authority,
        if_match: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._authority = authority
        self._if_match = if_match
        self._grants = Grants(session, actor, clock)

    def give(self, subject: Subject, role: Role, scope: Scope, text: str) -> None:
        """Give a role on a scope in the place of another one; ``text`` is the scope as written.

        :raises Forbidden: the new role, or the present one, is higher than the caller's own.
        :raises LastOwner: the last owner of a team or of the server would be none any more.
        :raises PreconditionFailed: the present role is none of those that ``if_match`` names.
        """
        before = self._lock(subject, scope)
        self._authority.check(role, scope)
        if before is not None:
            self._authority.check(before, scope)
        if role is not Role.OWNER:
            self._keep_owner(subject, before, scope)
        self._grants.set(subject.key, role, scope, text)

    def take(self, subject: Subject, scope: Scope, text: str) -> None:
        """Take the role on a scope.

        :raises NoSuchPlace: there is none.
        :raises Forbidden: it is higher than the caller's own.
        :raises LastOwner: see :meth:`give`.
        :raises PreconditionFailed: see :meth:`give`.
        """
        before = self._lock(subject, scope)
        if before is None:
            raise NoSuchPlace(f"{subject.text} has no role of its own on {text}")
        self._authority.check(before, scope)
        self._keep_owner(subject, before, scope)
        self._grants.remove(subject.key, scope, text)

    def leave(self, subject: Subject, scope: Scope, text: str) -> None:
        """Give one's own role back, which everybody may.

        :raises NoSuchPlace: there is none.
        :raises LastOwner: see :meth:`give`.
        """
        before = self._lock(subject, scope)
        if before is None:
            raise NoSuchPlace(f"you are not a member of {text}")
        self._keep_owner(subject, before, scope)
        self._grants.remove(subject.key, scope, text)

    def _lock(self, subject: Subject, scope: Scope) -> Role | None:
        lock_team_of(self._session, scope)
        if scope == SERVER:
            lock_owners(self._session, SERVER)
        before = self._grants.role_of(subject.key, scope)
        check_if_match(self._if_match, grant_tag(subject.text, before) if before else None)
        return before

    def _keep_owner(self, subject: Subject, before: Role | None, scope: Scope) -> None:
        if subject.is_user and before is Role.OWNER and scope.kind in OWNED:
            keep_owner(self._session, subject.key, scope)


def grant_tag(subject: str, role: str) -> str:
    """The entity tag of a role; ``subject`` as people write it."""
    return tag_of(subject, role)


def lock_owners(session: Session, scope: Scope) -> set[str]:
    """The subjects of the owners of a place; who asks meanwhile waits.

    To be called before any of their grants is locked alone, or two callers wait for each other.
    """
    query = (
        select(Grant.subject)
        .where(
            Grant.role == Role.OWNER,
            Grant.scope_kind == scope.kind,
            Grant.scope_id == scope.id,
        )
        .order_by(Grant.id)
        .with_for_update()
    )
    return set(session.execute(query).scalars())


def keep_owner(session: Session, leaving: str, scope: Scope) -> None:
    """Make sure that a team or the server has an owner besides ``leaving``, a subject.

    Who asks the same meanwhile waits until the transaction ends. Users who are disabled, and
    robots, do not count.

    :raises LastOwner: it has not.
    """
    subject = literal("user:") + cast(User.id, String)
    owners = lock_owners(session, scope)
    # Read after the lock was got: who is disabled meanwhile holds it, too.
    enabled = select(subject).where(subject.in_(owners), User.disabled_at.is_(None))
    if set(session.execute(enabled).scalars()) <= {leaving}:
        what = "the server" if scope.kind == "server" else "the team"
        raise LastOwner(f"{what} would be left without an owner; make somebody else one first")
