"""Giving and taking roles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.db import insert_if_absent
from stockroom.feed import emit
from stockroom.manage.scopes import team_of
from stockroom.models import Grant
from stockroom.security.permissions import Role
from stockroom.security.scopes import Scope


class Grants:
    """Changes grants in the transaction of ``session``; in force at the next request.

    ``scope`` is given with the text by which people name it, for the audit trail.
    """

    def __init__(
        self,
        session: Session,
        actor: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._actor = actor
        self._clock = clock

    def role_of(self, subject: str, scope: Scope) -> Role | None:
        """The role that a user or robot was granted on this very scope."""
        found = self._find(subject, scope)
        return None if found is None else Role(found.role)

    def set(self, subject: str, role: Role, scope: Scope, text: str, source: str = "") -> None:
        """Give a role on a scope, in the place of another one on the same scope.

        ``source`` names the login method that keeps the grant, "" is nobody.
        """
        if self._add(subject, role, scope, source):
            self._changed("grant.set", subject, scope, text, before=None, after=role)
            return
        found = self._find(subject, scope)
        if found is None:  # taken away in this moment
            self.set(subject, role, scope, text, source)
            return
        if (found.role, found.source) == (role, source):
            return
        before, found.role, found.source = found.role, role, source
        self._changed("grant.set", subject, scope, text, before=before, after=role)

    def remove(self, subject: str, scope: Scope, text: str) -> Role | None:
        """Take the role on a scope; returns which it was, None if there was none."""
        found = self._find(subject, scope)
        if found is None:
            return None
        self._session.delete(found)
        self._changed("grant.removed", subject, scope, text, before=found.role, after=None)
        return Role(found.role)

    def _add(self, subject: str, role: Role, scope: Scope, source: str) -> bool:
        """Whether there was none: whoever gives one at the same moment waits."""
        kind, id_, package = scope
        row = {
            "subject": subject,
            "role": role.value,
            "scope_kind": kind,
            "scope_id": id_,
            "package": package,
            "source": source,
            "created_at": self._clock(),
        }
        self._session.flush()
        return insert_if_absent(self._session, Grant, row)

    def _find(self, subject: str, scope: Scope) -> Grant | None:
        kind, id_, package = scope
        query = select(Grant).where(
            Grant.subject == subject,
            Grant.scope_kind == kind,
            Grant.scope_id == id_,
            Grant.package == package,
        )
        return self._session.execute(query.with_for_update()).scalar_one_or_none()

    def _changed(
        self,
        kind: str,
        subject: str,
        scope: Scope,
        text: str,
        *,
        before: str | None,
        after: str | None,
    ) -> None:
        emit(
            self._session,
            kind,
            self._actor,
            team_id=team_of(self._session, scope),
            registry_id=scope.id if scope.kind in {"registry", "package"} else None,
            package=scope.package or None,
            subject=subject,
            scope=text,
            before=before,
            after=after,
        )
