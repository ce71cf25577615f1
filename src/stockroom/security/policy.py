"""The one security policy: who from the request's credential, what from the tree's ACLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.authorization import ACLAllowed, ACLDenied, ACLHelper, Everyone
from pyramid.security import Allowed, Denied

from stockroom.security.credentials import session_of
from stockroom.security.identities import Identities
from stockroom.security.identity import REFUSED, Identity
from stockroom.security.permissions import CREDENTIAL_PERMISSIONS

if TYPE_CHECKING:
    from pyramid.request import Request

NO_HEADERS: list[tuple[str, str]] = []
ANONYMOUS = frozenset({Everyone})


class SecurityPolicy:
    """Pyramid's security policy over :class:`Identities` and the resources' ``__acl__``."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._acl = ACLHelper()

    def identity(self, request: Request) -> Identity | None:
        """The caller; None when anonymous. Looked up once per request.

        An Authorization header counts before a cookie, which a browser adds by itself.
        """
        known = request.__dict__
        if "_stockroom_identity" not in known:
            known["_stockroom_identity"] = self._identify(request)
        identity: Identity | None = known["_stockroom_identity"]
        return identity

    def authenticated_userid(self, request: Request) -> str | None:
        """The subject of the caller, such as ``user:7``."""
        identity = self.identity(request)
        return None if identity is None or identity is REFUSED else identity.subject

    def permits(self, request: Request, context: object, permission: str) -> Allowed | Denied:
        """Decide from the ACLs on ``context`` and its lineage, and from the kind of credential."""
        identity = self.identity(request)
        if identity is REFUSED:
            return Denied("the credential is not valid")
        if identity is None:
            principals = ANONYMOUS
        elif permission in CREDENTIAL_PERMISSIONS[identity.kind]:
            principals = identity.principals
        else:
            return ACLDenied("no credential of this kind may do that", (), permission, (), context)
        decision: ACLAllowed | ACLDenied = self._acl.permits(context, principals, permission)
        return decision

    def remember(self, request: Request, userid: str, **options: object) -> list[tuple[str, str]]:
        """Nothing to remember: sessions are started and ended by the pages that do it."""
        return NO_HEADERS

    def forget(self, request: Request, **options: object) -> list[tuple[str, str]]:
        """Nothing to forget."""
        return NO_HEADERS

    def _identify(self, request: Request) -> Identity | None:
        environ = request.environ
        header = environ.get("HTTP_AUTHORIZATION")
        if header:
            return self._identities.identify(header)
        cookies = environ.get("HTTP_COOKIE")
        if cookies:
            secret = session_of(cookies, secure=environ["wsgi.url_scheme"] == "https")
            if secret:
                return self._identities.of_session(secret)
        return None
