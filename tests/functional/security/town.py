"""Three workspaces of each visibility, and users who hold each role on each scope of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from stockroom.security import keys
from stockroom.security.permissions import (
    ACCESS_ROLES,
    CREDENTIAL_PERMISSIONS,
    OPEN,
    OWN,
    ROLE_PERMISSIONS,
    Access,
    CredentialKind,
    Permission,
    Role,
    lower,
)
from stockroom.security.tokens import AccessTokens
from tests.archives import make_wheel
from tests.support.callers import Callers, Credential
from tests.support.knocking import UNKNOWN, Answer, Knock, knock
from tests.support.library import create_registry
from tests.support.site import TestSite

WHEEL = make_wheel("demo-pkg", "1.0")
SHOWN = {"team": "acme", "global": "hall", "public": "yard"}
"""The workspace of each visibility; each belongs to a team of its own name."""
KINDS = ("server", "team", "workspace", "registry", "view", "package", "seen")


def scopes_of(workspace: str) -> tuple[str, ...]:
    """From the widest to the narrowest; window is a view of the registry main alone."""
    main = f"{workspace}/main"
    return ("*", f"team:{workspace}", workspace, main, f"{workspace}/window", f"{main}/demo-pkg")


def inside(about: str, workspace: str) -> tuple[str, ...]:
    """In which scopes each kind of place lies; a package seen through a view lies in all."""
    scopes = scopes_of(workspace)
    if about == "own":
        return scopes[:1]
    return (*scopes[:4], scopes[5]) if about == "package" else scopes[: KINDS.index(about) + 1]


SCOPES = scopes_of("acme")
ELSEWHERE = ("team:zeta", "zeta", "acme/side", "acme/main/other", *scopes_of("hall")[1:])
LIES_IN = {
    **{
        scope: inside(kind, name)
        for name in (*SHOWN.values(), "zeta")
        for kind, scope in zip(KINDS, scopes_of(name), strict=False)
    },
    "acme/side": ("*", "team:acme", "acme", "acme/side"),
    "acme/main/other": (*SCOPES[:4], "acme/main/other"),
}


@dataclass(frozen=True)
class Caller:
    """Who holds ``role`` on ``scope``, with a credential; ``role`` is None for the anonymous.

    ``access`` and ``places`` are what the credential is limited to.
    """

    role: Role | None
    scope: str
    credential: Credential | None = None
    access: Access = Access.ADMIN
    places: tuple[str, ...] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For people."""
        kind = self.credential.kind if self.credential else "anonymous"
        return f"{self.role} of {self.scope} with {kind} ({self.access}, {self.places})"

    @property
    def is_limited(self) -> bool:
        """Whether the credential is worth less than its owner."""
        is_session = self.credential and self.credential.kind is CredentialKind.SESSION
        return not is_session and (self.access is not Access.ADMIN or self.places is not None)

    @property
    def acting(self) -> Role:
        """The role in which the credential acts."""
        assert self.role is not None
        return lower(self.role, ACCESS_ROLES[self.access])

    @property
    def limits(self) -> tuple[str, ...]:
        """The scopes to which a grant and the limits of a credential amount."""
        if self.places is None:
            return (self.scope,)
        narrowed = (
            place if self.scope in LIES_IN[place] else self.scope
            for place in self.places
            if self.scope in LIES_IN[place] or place in LIES_IN[self.scope]
        )
        return tuple(narrowed)

    def may(self, permission: Permission, about: str, workspace: str) -> bool:
        """What the tables say, written down without regard to how the server finds it out."""
        scopes = inside(about, workspace)
        if about == "view" and permission not in ROLE_PERMISSIONS[Role.READER]:
            # What others make of a registry is not for its own admins to decide.
            scopes = tuple(scope for scope in scopes if scope != f"{workspace}/main")
            if self.scope == f"{workspace}/main":
                return False
        is_open = permission in OPEN and about not in {"own", "server", "team"}
        if is_open and workspace == SHOWN["public"]:
            return True
        if self.credential is None:
            return False
        if permission not in CREDENTIAL_PERMISSIONS[self.credential.kind]:
            return False
        if permission in OWN:
            return True
        is_guest = self.places is None or any(place in scopes for place in self.places)
        if is_open and workspace == SHOWN["global"] and is_guest:
            return True
        publishes = permission is Permission.UPLOAD_BEGIN and any(
            limit.startswith(f"{workspace}/main/") for limit in self.limits
        )
        is_covered = publishes or any(limit in scopes for limit in self.limits)
        return is_covered and permission in ROLE_PERMISSIONS[self.acting]


@dataclass(frozen=True)
class Town:
    """A server with the workspaces acme (team), hall (global), yard (public) and zeta."""

    site: TestSite
    callers: Sequence[Caller]

    def ask(self, caller: Caller, asked: Knock, place: str = "acme") -> Answer:
        """Knock at the door of a workspace and its team, as somebody.

        Of what is their own they have nothing that they could change by it.
        """
        names = UNKNOWN if asked.about == "own" else place
        return knock(self.site, asked.method, fill(asked.path, names), caller.headers)


def fill(path: str, place: str, **names: str) -> str:
    """A path with names for its placeholders: of a workspace, as given, or UNKNOWN."""
    known = {
        "team": place,
        "workspace": place,
        "registry": "main",
        "view": "window",
        "package": "demo-pkg",
        "version": "1.0",
        "filename": WHEEL[0],
        "sha256": hashlib.sha256(WHEEL[1]).hexdigest(),
        **names,
    }
    return path.format_map(_Names(known))


class _Names(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return UNKNOWN


def build(site: TestSite) -> Town:
    """Make places, packages, users and credentials."""
    for visibility, name in [*SHOWN.items(), ("team", "zeta")]:
        site.create_workspace(name, visibility)
        create_registry(site, "side", name)
    publisher = site.create_key("writer", "*")
    for name in (*SHOWN.values(), "zeta"):
        site.upload(*WHEEL, publisher, to=f"{name}/main")
        site.create_view(f"{name}/window", f"{name}/main")
    site.service(AccessTokens).prepare()
    with site.database.transaction() as session:
        callers = list(_callers(Callers(site, session)))
    return Town(site, [replace(caller, headers=_headers(caller)) for caller in callers])


def _callers(made: Callers) -> Iterator[Caller]:
    """Each role on each scope with each kind of credential, unlimited and limited."""
    yield Caller(None, "*")
    scopes = (*SCOPES, "zeta")
    for number, (role, scope) in enumerate(product(Role, scopes)):
        subject = made.user(f"user-{number}", (role, scope))
        yield Caller(role, scope, made.browser(subject))
        yield Caller(role, scope, made.token(subject))
        for access in Access:
            key = made.key(subject, access)
            yield Caller(role, scope, key, access)
            yield Caller(role, scope, made.token(subject, key), access)
        if role is Role.OWNER:
            yield from _limited(made, subject, role, scope)


def _limited(made: Callers, subject: str, role: Role, scope: str) -> Iterator[Caller]:
    for number, place in enumerate((*SCOPES[1:], *ELSEWHERE)):
        access = tuple(Access)[number % len(Access)]
        key = made.key(subject, access, [place])
        yield Caller(role, scope, key, access, (place,))
    key = made.key(subject, Access.ADMIN, ["acme/main", "zeta"])
    yield Caller(role, scope, key, Access.ADMIN, ("acme/main", "zeta"))
    yield Caller(role, scope, made.token(subject, key), Access.ADMIN, ("acme/main", "zeta"))


def _headers(caller: Caller) -> Mapping[str, str]:
    return caller.credential.headers if caller.credential else {}


def refused() -> Caller:
    """Somebody with a credential that is nobody's."""
    credential = Credential(CredentialKind.API_KEY, keys.mint().secret, "key:0")
    return Caller(None, "*", credential, headers=credential.headers)
