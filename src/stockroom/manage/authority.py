"""What callers may hand on: no more than they hold, by the credential that they came with."""

from __future__ import annotations

from stockroom.errors import Forbidden
from stockroom.security.identity import Held, Identity
from stockroom.security.permissions import (
    ACCESS_ROLES,
    ROLE_PERMISSIONS,
    Access,
    Permission,
    Role,
    is_within,
    principal,
)
from stockroom.security.scopes import SERVER, Containing, Scope


class Authority:
    """A caller's own roles, as far as their credential carries them.

    The grants of its owner say nothing here: a key that is limited to less hands on less.
    """

    def __init__(self, identity: Identity, containing: Containing) -> None:
        self.identity = identity
        self._containing = containing

    def role_on(self, scope: Scope) -> Role | None:
        """The highest role on a place, whatever around it was granted; None without any."""
        places = self._containing(scope)
        held = self.identity.principals
        return next(
            (
                role
                for role in reversed(Role)
                if any(principal(role, *place) in held for place in places)
            ),
            None,
        )

    def check(self, role: Role, scope: Scope) -> None:
        """Make sure that ``role`` on a place is theirs to give and to take.

        :raises Forbidden: it is higher than their own.
        """
        own = self.role_on(scope)
        if own is None or not is_within(role, own):
            raise Forbidden(
                f"the role {role} is not yours to give or to take here: your own is "
                f"{own or 'none'}, and nobody hands on more than they have"
            )

    def check_whole(self) -> None:
        """Make sure that the credential is not limited to less than its owner.

        :raises Forbidden: it is; who finds such a key must not learn or change what it hides.
        """
        if self.identity.access != Access.ADMIN or self.identity.places is not None:
            raise Forbidden(
                "this takes a key with admin access that is not limited to some places, or a "
                "browser that is signed in"
            )

    def check_key(self, access: Access, places: tuple[Scope, ...] | None) -> None:
        """Make sure that a key with these limits would be no wider than the caller's credential.

        :raises Forbidden: it would, or the credential makes no keys at all.
        """
        mine = self.identity
        if mine.access != Access.ADMIN:
            raise Forbidden("only a key with admin access makes keys; this one has not")
        if not is_within(ACCESS_ROLES[access], ACCESS_ROLES[mine.access]):
            raise Forbidden(f"a key with {access} access would be wider than yours")
        if mine.places is None:
            return
        if places is None or not all(self._is_inside(place, mine.places) for place in places):
            raise Forbidden("a key for other places would be wider than yours, which is limited")

    def _is_inside(self, place: Scope, places: tuple[Scope, ...]) -> bool:
        return any(mine in self._containing(place) for mine in places)

    @property
    def teams(self) -> frozenset[int] | None:
        """The teams whose members the caller may see; None are all users of the server."""
        held = self.held()
        on_server = (ROLE_PERMISSIONS[role] for role, scope in held if scope == SERVER)
        if any(Permission.USER_READ in carried for carried in on_server):
            return None
        return frozenset(
            scope.id
            for role, scope in held
            if scope.kind == "team" and Permission.MEMBER_READ in ROLE_PERMISSIONS[role]
        )

    def held(self) -> list[Held]:
        """The roles that the credential carries, in no order."""
        found = []
        for name in self.identity.principals:
            role, _, place = name.partition("@")
            if role in frozenset(Role):
                kind, _, rest = place.partition(":")
                number, _, package = rest.partition("/")
                found.append(Held(Role(role), Scope(kind, int(number), package)))
        return found
