"""Who may do what below /v1/, for every role on every scope and every door (S-61).

What is expected is computed from the two tables that the code has: doors with their permissions,
and roles with theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stockroom.manage.api.views import DOORS
from stockroom.resources import Own
from stockroom.security.permissions import (
    CAPABILITIES,
    CREDENTIAL_PERMISSIONS,
    OPEN,
    OWN,
    ROLE_PERMISSIONS,
    CredentialKind,
    Permission,
    Role,
)
from tests.functional.manage.town import FOREIGN, Town, build_town
from tests.support.databases import MakeUrl
from tests.support.site import TestSite, bearer

LIMITS = (
    ("/v1/workspaces/{workspace}/registries/{registry}", ["*", "team:acme", "acme", "acme/main"]),
    # Whoever may read its only registry may read the view, too.
    ("/v1/workspaces/{workspace}/views/{view}", ["*", "team:acme", "acme", "acme/main"]),
    ("/v1/why/{workspace}/{view}", ["*", "team:acme", "acme", "acme/main"]),
    ("/v1/views/{workspace}/{view}", ["*", "team:acme", "acme", "acme/main"]),
    ("/v1/workspaces/{workspace}", ["*", "team:acme", "acme"]),
    ("/v1/teams/{team}", ["*", "team:acme"]),
    ("/v1/", ["*"]),
)
"""Scopes below which a door lies, by the first prefix of its path that fits."""
COVERING = {
    door.name: next(scopes for prefix, scopes in LIMITS if door.path.startswith(prefix))
    for door in DOORS
}
OF_ALL = {door.name for door in DOORS if issubclass(door.context, Own) or "/me/" in door.path}
"""Doors that are there for every known caller, if only to be refused."""
KEY = CredentialKind.API_KEY
REQUESTS = [(door, method) for door in DOORS for method in door.methods]


@pytest.fixture(scope="module")
def town(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("town"))
    yield build_town(site)
    site.close()


def passes(answer: Any, method: str) -> bool:
    """Whether the access rules let a request through, to be refused for what it lacks."""
    through = {"GET": {200}, "DELETE": {400, 404, 409}}.get(method, {404, 415})
    return answer.status_int in through and b"problem:not-found" not in answer.body


def carries(role: Role, permission: Permission) -> bool:
    """Whether somebody with that role may do it with an API key."""
    return permission in (ROLE_PERMISSIONS[role] | OWN) & CREDENTIAL_PERMISSIONS[KEY]


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_the_doors_whose_permission_it_carries(town: Town, role: Role) -> None:
    for door, method in REQUESTS:
        _, permission = door.methods[method]
        for scope in COVERING[door.name]:
            answer = town.ask(door, method, town.keys[role, scope])

            if carries(role, permission):
                assert passes(answer, method), (door.name, method, scope, answer.body)
            else:
                assert answer.status_int == 403, (door.name, method, scope, answer.body)
                assert b"needs the role " in answer.body or permission in OWN


@pytest.mark.parametrize("role", Role)
def test_s61_a_grant_elsewhere_shows_nothing(town: Town, role: Role) -> None:
    for door, method in REQUESTS:
        covered = COVERING[door.name]
        for scope in [scope for scope in (*FOREIGN, "acme", "acme/main") if scope not in covered]:
            hidden = town.ask(door, method, town.keys[role, scope])
            if door.name in OF_ALL:
                _, permission = door.methods[method]
                is_own = permission in OWN & CREDENTIAL_PERMISSIONS[KEY]
                assert passes(hidden, method) if is_own else hidden.status_int == 403
                continue
            missing = town.ask(door, method, town.keys[role, scope], team="none", workspace="none")

            assert hidden.status_int == missing.status_int == 404, (door.name, method, scope)
            assert hidden.body.replace(b"acme", b"none") == missing.body


def test_s61_without_a_key_every_door_but_those_of_guests_is_401(town: Town) -> None:
    for door, method in REQUESTS:
        for key in (None, "nonsense"):
            for workspace in ("acme", "yard", "none"):
                answer = town.ask(door, method, key, workspace=workspace)

                _, permission = door.methods[method]
                if permission in OPEN and key is None and workspace == "yard":
                    assert passes(answer, method)
                    continue
                assert answer.status_int == 401
                assert "WWW-Authenticate" in answer.headers


def test_a_public_workspace_is_open_to_installers_only(town: Town) -> None:
    """Notes and the audit trail are for its people."""
    for door, method in REQUESTS:
        if "{workspace}" in door.path:
            answer = town.ask(door, method, town.keys[Role.OWNER, "acme"], workspace="yard")

            _, permission = door.methods[method]
            if permission in OPEN:
                assert passes(answer, method)
                continue
            assert answer.status_int == 403, (door.name, method)


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
        Permission.UPLOAD_BEGIN,
        Permission.REGISTRY_UPLOAD,
        Permission.PACKAGE_CREATE,
    }
    assert elsewhere | CAPABILITIES == set(Permission) - asked
