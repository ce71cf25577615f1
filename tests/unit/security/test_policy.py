"""The security policy: identity, permission, and that a refused caller may do nothing."""

from __future__ import annotations

from typing import Any, cast

import pytest

from stockroom.resources import Resource
from stockroom.security.acl import registry_acl, server_acl, workspace_acl
from stockroom.security.identities import Identities
from stockroom.security.identity import REFUSED, Held, Identity, principals_of
from stockroom.security.permissions import Access, CredentialKind, Permission, Role
from stockroom.security.policy import SecurityPolicy
from stockroom.security.scopes import Scope
from stockroom.security.uses import Uses
from stockroom.web import Request

WORKSPACE, TEAM, REGISTRY = 1, 2, 3


class KnownCallers:
    """Identifies callers by the header itself, and counts how often it is asked."""

    def __init__(self, **callers: Identity | None) -> None:
        self.callers = callers
        self.asked = 0
        self.used: list[str] = []

    def identify(self, authorization: str) -> Identity | None:
        self.asked += 1
        return self.callers[authorization or "anonymous"]

    def note(self, credential: str, address: str) -> None:
        self.used.append(credential)


def caller(role: Role, scope_kind: str, scope_id: int) -> Identity:
    held = [Held(role, Scope(scope_kind, scope_id))]
    principals = principals_of(held, Access.ADMIN, None, lambda scope: frozenset({scope}))
    return Identity("robot:7", "a robot", CredentialKind.API_KEY, "key:7", principals)


def registry(visibility: str = "team") -> Resource:
    """A registry in its workspace in the root."""
    root = Resource(None, "")
    root.__acl__ = server_acl()
    workspace = Resource(root, "acme")
    workspace.__acl__ = workspace_acl(WORKSPACE, TEAM, visibility)
    place = Resource(workspace, "main")
    place.__acl__ = registry_acl(REGISTRY)
    return place


def policy(callers: KnownCallers) -> SecurityPolicy:
    return SecurityPolicy(cast(Identities, callers), cast(Uses, callers))


class Bare(Request):
    """A request of no application."""

    def catch_up(self) -> None:
        """There is no feed."""


def request(authorization: str = "") -> Request:
    environ: dict[str, Any] = {"HTTP_AUTHORIZATION": authorization}
    made: Request = Bare.blank("/", environ=environ)
    return made


def may(identity: Identity | None, permission: Permission, place: Resource | None = None) -> bool:
    callers = KnownCallers(anonymous=None, caller=identity)
    sent = request("" if identity is None else "caller")
    return bool(policy(callers).permits(sent, place or registry(), permission))


class TestIdentity:
    def test_it_is_looked_up_once_per_request(self) -> None:
        callers = KnownCallers(caller=caller(Role.READER, "workspace", WORKSPACE))
        sent, security = request("caller"), policy(callers)

        security.identity(sent)
        security.authenticated_userid(sent)
        security.permits(sent, registry(), Permission.VIEW_READ)

        assert callers.asked == 1

    def test_its_use_is_noted_once_per_request(self) -> None:
        callers = KnownCallers(caller=caller(Role.READER, "workspace", WORKSPACE))
        sent, security = request("caller"), policy(callers)

        security.identity(sent)
        security.permits(sent, registry(), Permission.VIEW_READ)

        assert callers.used == ["key:7"]

    def test_no_header_is_anonymous(self) -> None:
        assert policy(KnownCallers(anonymous=None)).identity(request()) is None

    def test_a_known_caller_has_a_subject(self) -> None:
        callers = KnownCallers(caller=caller(Role.READER, "workspace", WORKSPACE))

        assert policy(callers).authenticated_userid(request("caller")) == "robot:7"

    @pytest.mark.parametrize("identity", [None, REFUSED])
    def test_others_have_none(self, identity: Identity | None) -> None:
        callers = KnownCallers(caller=identity)

        assert policy(callers).authenticated_userid(request("caller")) is None
        assert callers.used == []

    def test_nothing_is_remembered(self) -> None:
        security = policy(KnownCallers(anonymous=None))

        assert security.remember(request(), "key:7") == []
        assert security.forget(request()) == []


class TestPermits:
    @pytest.mark.parametrize(
        ("kind", "id_"),
        [("server", 0), ("team", TEAM), ("workspace", WORKSPACE), ("registry", REGISTRY)],
    )
    def test_a_grant_holds_for_everything_below_its_scope(self, kind: str, id_: int) -> None:
        assert may(caller(Role.WRITER, kind, id_), Permission.REGISTRY_UPLOAD)

    @pytest.mark.parametrize(
        ("kind", "id_"),
        [
            ("server", 1),
            ("team", TEAM + 10),
            ("workspace", WORKSPACE + 10),
            ("registry", REGISTRY + 10),
            ("view", REGISTRY),
        ],
    )
    def test_a_grant_elsewhere_means_nothing(self, kind: str, id_: int) -> None:
        owner = caller(Role.OWNER, kind, id_)

        assert not [permission for permission in Permission if may(owner, permission)]

    def test_a_grant_does_not_reach_above_its_scope(self) -> None:
        place = registry()
        writer = caller(Role.WRITER, "registry", REGISTRY)

        assert not may(writer, Permission.VIEW_READ, place.__parent__)

    @pytest.mark.parametrize("visibility", ["team", "global", "public"])
    def test_a_refused_caller_may_nothing_however_visible_the_place(self, visibility: str) -> None:
        place = registry(visibility)

        assert not [permission for permission in Permission if may(REFUSED, permission, place)]

    @pytest.mark.parametrize(
        ("visibility", "anonymous", "known"),
        [("team", False, False), ("global", False, True), ("public", True, True)],
    )
    def test_visibility_opens_reading(self, visibility: str, anonymous: bool, known: bool) -> None:
        place = registry(visibility)
        stranger = caller(Role.OWNER, "workspace", 99)

        assert may(None, Permission.VIEW_READ, place) == anonymous
        assert may(stranger, Permission.VIEW_READ, place) == known

    @pytest.mark.parametrize("visibility", ["team", "global", "public"])
    def test_visibility_never_opens_uploading(self, visibility: str) -> None:
        place = registry(visibility)

        assert not may(None, Permission.REGISTRY_UPLOAD, place)
        assert not may(caller(Role.OWNER, "team", 99), Permission.REGISTRY_UPLOAD, place)
