"""The one security policy: who from the Authorization header, what from the tree's ACLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.authorization import ACLAllowed, ACLDenied, ACLHelper, Authenticated, Everyone
from pyramid.security import Allowed, Denied

from stockroom.security.identities import Identities
from stockroom.security.identity import REFUSED, Identity

if TYPE_CHECKING:
    from pyramid.request import Request

NO_HEADERS: list[tuple[str, str]] = []
ANONYMOUS = (Everyone,)


class SecurityPolicy:
    """Pyramid's security policy over :class:`Identities` and the resources' ``__acl__``."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._acl = ACLHelper()

    def identity(self, request: Request) -> Identity | None:
        """The caller; None when anonymous. Looked up once per request."""
        known = request.__dict__
        if "_stockroom_identity" not in known:
            header = request.environ.get("HTTP_AUTHORIZATION", "")
            known["_stockroom_identity"] = self._identities.identify(header)
        identity: Identity | None = known["_stockroom_identity"]
        return identity

    def authenticated_userid(self, request: Request) -> str | None:
        """The subject of the caller, such as ``key:7``."""
        identity = self.identity(request)
        return None if identity is None or identity is REFUSED else identity.subject

    def permits(self, request: Request, context: object, permission: str) -> Allowed | Denied:
        """Decide from the ACLs on ``context`` and its lineage."""
        identity = self.identity(request)
        if identity is REFUSED:
            return Denied("the credential is not valid")
        principals = (
            ANONYMOUS if identity is None else (Everyone, Authenticated, *identity.principals)
        )
        decision: ACLAllowed | ACLDenied = self._acl.permits(context, principals, permission)
        return decision

    def remember(self, request: Request, userid: str, **options: object) -> list[tuple[str, str]]:
        """Nothing to remember: every request carries its credential."""
        return NO_HEADERS

    def forget(self, request: Request, **options: object) -> list[tuple[str, str]]:
        """Nothing to forget."""
        return NO_HEADERS
