"""Who is asking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pyramid.authorization import Authenticated, Everyone

from stockroom.security.acl import GUEST, PACKAGE_CREATOR, PACKAGE_WRITER, SELF
from stockroom.security.permissions import (
    ACCESS_ROLES,
    ROLE_PERMISSIONS,
    Access,
    CredentialKind,
    Permission,
    Role,
    lower,
    principal,
)
from stockroom.security.scopes import SERVER, Containing, Scope, narrower


class Held(NamedTuple):
    """A role on a scope."""

    role: Role
    scope: Scope


@dataclass(frozen=True, slots=True)
class Identity:
    """A known caller and what was granted to them; the secret itself is not kept.

    ``subject`` is ``user:ID`` or ``robot:ID``, ``credential`` the row by which it is known
    (``key:ID``, ``session:ID``, ``login:ID``). ``access`` and ``places`` are the limits of the
    credential; ``places`` is None where it is good everywhere. ``expires_at`` and ``renew_at``,
    from when on it has to be looked up anew, are in seconds since the epoch. A caller whose
    credential is wrong is not anonymous: they get :data:`REFUSED`, which may do nothing (S-61).
    """

    subject: str
    name: str
    kind: CredentialKind
    credential: str
    principals: frozenset[str]
    access: Access = Access.ADMIN
    places: tuple[Scope, ...] | None = None
    expires_at: float | None = None
    renew_at: float | None = None
    everywhere: frozenset[str] | None = None
    """What ``principals`` would be without the limit to ``places``; None is the same."""


REFUSED = Identity("refused", "refused", CredentialKind.API_KEY, "refused", frozenset())
"""The holder of an unknown, revoked or expired credential."""


def principals_of(
    held: Iterable[Held],
    access: Access,
    places: Sequence[Scope] | None,
    containing: Containing,
) -> frozenset[str]:
    """What roles and the limits of a credential amount to: never more than either of them."""
    most = ACCESS_ROLES[access]
    found = {Everyone, SELF}
    if places is None or SERVER in places:
        found.add(Authenticated)
    else:
        found.update(principal(GUEST, *place) for place in places)
    for role, scope in held:
        acting = lower(role, most)
        for place in (scope,) if places is None else places:
            common = narrower(scope, place, containing)
            if common is None:
                continue
            found.add(principal(acting, *common))
            if common.kind == "package" and acting is not Role.READER:
                found.add(principal(PACKAGE_WRITER, "registry", common.id))
                # To be limited to a name that does not exist yet gives nobody the right to take it.
                if scope == common or Permission.PACKAGE_CREATE in ROLE_PERMISSIONS[acting]:
                    found.add(principal(PACKAGE_CREATOR, *common))
    return frozenset(found)
