"""The one security policy: who from the request's credential, what from the tree's ACLs."""

from __future__ import annotations

from typing import Any, Protocol, cast

from pyramid.authorization import Everyone
from pyramid.security import Allowed, Denied

from stockroom.security import cross_site
from stockroom.security.acl import Acl
from stockroom.security.credentials import session_of
from stockroom.security.identities import Identities
from stockroom.security.identity import REFUSED, Identity
from stockroom.security.permissions import CREDENTIAL_PERMISSIONS, Permission
from stockroom.security.uses import Uses

NO_HEADERS: list[tuple[str, str]] = []
ANONYMOUS = frozenset({Everyone})
READS = ("GET", "HEAD")
ALLOWED = Allowed("a role or the visibility of the place says so")


class Place(Protocol):
    """What the tree's resources are."""

    __acl__: Acl
    __parent__: Any
    members: tuple[tuple[int, frozenset[str]], ...]


class Asking(Protocol):
    """What the policy has to know of a request."""

    environ: dict[str, Any]

    def catch_up(self) -> None:
        """Hear of everything that was committed until now."""
        ...


class Refused(Denied):
    """Tells which permission is missing."""

    permission: str

    def __new__(cls, permission: str) -> Refused:
        """Made from the permission alone: who may know why is decided later."""
        made = cast(Refused, Denied.__new__(cls, "%s is not allowed", permission))
        made.permission = permission
        return made


class MembersHidden(Refused):
    """The view itself may be read, but not every registry of other workspaces that it shows."""


class SecurityPolicy:
    """Pyramid's security policy over :class:`Identities` and the resources' ``__acl__``."""

    def __init__(self, identities: Identities, uses: Uses, base_url: str | None = None) -> None:
        self._identities = identities
        self._uses = uses
        self._base_url = base_url

    def identity(self, request: Asking) -> Identity | None:
        """The caller; None when anonymous. Looked up once per request.

        An Authorization header counts before a cookie, which a browser adds by itself.

        :raises CrossSite: the request may change something, and is known by a cookie alone; whoever
            asks after that gets nobody.
        """
        known = request.__dict__
        if "_stockroom_identity" not in known:
            known["_stockroom_identity"] = None
            found = known["_stockroom_identity"] = self._identify(request)
            if found is not None and found is not REFUSED:
                self._uses.note(found.credential, request.environ.get("REMOTE_ADDR", ""))
        identity: Identity | None = known["_stockroom_identity"]
        return identity

    def authenticated_userid(self, request: Asking) -> str | None:
        """The subject of the caller, such as ``user:7``."""
        identity = self.identity(request)
        return None if identity is None or identity is REFUSED else identity.subject

    def permits(self, request: Asking, context: Place, permission: str) -> Allowed | Denied:
        """Decide from the ACLs on ``context`` and its lineage, and from the kind of credential."""
        identity = self.identity(request)
        if identity is None:
            principals = ANONYMOUS
        elif permission in CREDENTIAL_PERMISSIONS[identity.kind]:
            principals = identity.principals
        else:
            return Refused(permission)
        if not _is_carried(permission, context, principals):
            return Refused(permission)
        if permission == Permission.VIEW_READ:
            reads = _reads_members(context, identity)
            return ALLOWED if reads else MembersHidden(permission)
        # A limit never adds: on a view that shows one registry alone, a role on that registry is a
        # reader's, but a key that is limited to the view acts there in the role itself.
        everywhere = _principals_everywhere(identity)
        if everywhere is principals or _is_carried(permission, context, everywhere):
            return ALLOWED
        return Refused(permission)

    def remember(self, request: Asking, userid: str, **options: object) -> list[tuple[str, str]]:
        """Nothing to remember: sessions are started and ended by the pages that do it."""
        return NO_HEADERS

    def forget(self, request: Asking, **options: object) -> list[tuple[str, str]]:
        """Nothing to forget."""
        return NO_HEADERS

    def _identify(self, request: Asking) -> Identity | None:
        environ = request.environ
        header = environ.get("HTTP_AUTHORIZATION")
        if header:
            request.catch_up()
            return self._identities.identify(header)
        cookies = environ.get("HTTP_COOKIE")
        if cookies:
            secret = session_of(cookies, secure=environ["wsgi.url_scheme"] == "https")
            if secret:
                request.catch_up()
                return self._of_session(secret, environ)
        return None

    def _of_session(self, secret: str, environ: dict[str, Any]) -> Identity | None:
        identity = self._identities.of_session(secret)
        if identity is not None and environ["REQUEST_METHOD"] not in READS:
            cross_site.check(environ, secret, self._base_url)
        return identity


def _is_carried(permission: str, context: Place, principals: frozenset[str]) -> bool:
    # As Pyramid's own helper does it, without an account of how it came about: that takes as long
    # as the rest. Our access lists only ever allow.
    place: Place | None = context
    while place is not None:
        for _, name, carried in place.__acl__:
            if name in principals and permission in carried:
                return True
        place = place.__parent__
    return False


def _reads_members(context: Place, identity: Identity | None) -> bool:
    """Whether what is read through a view, but is elsewhere, is the caller's to read.

    A key that is limited to the view is meant to be good for all that it shows; how much that is
    follows from the roles of its owner.
    """
    place: Place | None = context
    while place is not None:
        if place.members:
            principals = _principals_everywhere(identity)
            return not any(readers.isdisjoint(principals) for _, readers in place.members)
        place = place.__parent__
    return True


def _principals_everywhere(identity: Identity | None) -> frozenset[str]:
    if identity is None:
        return ANONYMOUS
    return identity.principals if identity.everywhere is None else identity.everywhere
