"""Who may do what below /v1/, for every role on every scope and every door (S-61).

What is expected is computed from the two tables that the code has: doors with their permissions,
and roles with theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stockroom.manage.api.views import DOORS
from stockroom.security.permissions import CAPABILITIES, ROLE_PERMISSIONS, Permission, Role
from tests.functional.manage.town import FOREIGN, Town, build_town
from tests.support.databases import MakeUrl
from tests.support.site import TestSite, bearer

COVERING = {
    "api.team": ["*", "team:acme"],
    **{
        door.name: ["*", "team:acme", "acme", "acme/main"]
        for door in DOORS
        if door.name != "api.team"
    },
}
"""Scopes below which a door lies; a grant on anything else says nothing about it."""
REQUESTS = [(door, method) for door in DOORS for method in door.methods]


@pytest.fixture(scope="module")
def town(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("town"))
    yield build_town(site)
    site.close()


def passes(answer: Any, method: str) -> bool:
    """Whether the access rules let a request through, to be refused for what it lacks."""
    through = {"GET": {200}, "PATCH": {415}, "POST": {415}, "DELETE": {400, 404}}[method]
    missing = b"is not burnt" in answer.body or b"again" in answer.body
    return answer.status_int in through and (method != "DELETE" or missing)


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_the_doors_whose_permission_it_carries(town: Town, role: Role) -> None:
    for door, method in REQUESTS:
        _, permission = door.methods[method]
        for scope in COVERING[door.name]:
            answer = town.ask(door, method, town.keys[role, scope])

            if permission in ROLE_PERMISSIONS[role]:
                assert passes(answer, method), (door.name, method, scope, answer.body)
            else:
                assert answer.status_int == 403, (door.name, method, scope, answer.body)
                assert b"needs the role " in answer.body


@pytest.mark.parametrize("role", Role)
def test_s61_a_grant_elsewhere_shows_nothing(town: Town, role: Role) -> None:
    for door, method in REQUESTS:
        covered = COVERING[door.name]
        for scope in [scope for scope in (*FOREIGN, "acme", "acme/main") if scope not in covered]:
            hidden = town.ask(door, method, town.keys[role, scope])
            missing = town.ask(door, method, town.keys[role, scope], team="none", workspace="none")

            assert hidden.status_int == missing.status_int == 404
            assert hidden.body.replace(b"acme", b"none") == missing.body


def test_s61_without_a_key_every_door_is_401(town: Town) -> None:
    for door, method in REQUESTS:
        for key in (None, "nonsense"):
            for workspace in ("acme", "yard", "none"):
                answer = town.ask(door, method, key, workspace=workspace)

                assert answer.status_int == 401
                assert "WWW-Authenticate" in answer.headers


def test_a_public_workspace_is_open_to_installers_only(town: Town) -> None:
    """Notes and the audit trail are for its people."""
    for door, method in REQUESTS:
        if door.name != "api.team":
            answer = town.ask(door, method, town.keys[Role.OWNER, "acme"], workspace="yard")

            assert answer.status_int == 403


@pytest.mark.parametrize(
    ("role", "status"), [(Role.READER, 403), (Role.WRITER, 403), (Role.ADMIN, 200)]
)
def test_notes_of_a_release_take_the_permission_for_notes(
    town: Town, role: Role, status: int
) -> None:
    """A writer may yank by the same door."""
    path = "/v1/workspaces/acme/registries/main/packages/demo-pkg/releases/1.0"
    headers = bearer(town.keys[role, "acme"])

    town.site.app.patch_json(path, {"yanked": True, "notes": "x"}, headers=headers, status=status)
    yanked = town.site.app.get(path, headers=headers).json["yanked"]

    assert yanked is (status == 200)


def test_every_permission_is_asked_for_by_some_door() -> None:
    asked = {permission for door in DOORS for _, permission in door.methods.values()}

    elsewhere = {
        Permission.VIEW_READ,
        Permission.UPLOAD_BEGIN,
        Permission.REGISTRY_UPLOAD,
        Permission.PACKAGE_CREATE,
    }
    assert elsewhere | CAPABILITIES <= set(Permission) - asked
