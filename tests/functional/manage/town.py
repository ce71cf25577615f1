"""A server with keys of every role on every scope, to knock at the doors of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from stockroom.manage.api.doors import Door
from stockroom.manage.grants import Grants
from stockroom.manage.robots import Robots
from stockroom.manage.scopes import find_scope
from stockroom.manage.users import Users
from stockroom.models import View, Workspace
from stockroom.security.permissions import Role
from stockroom.security.scopes import Scope
from tests.functional.manage.conftest import SDIST, WHEEL
from tests.support.library import create_registry
from tests.support.site import TestSite, bearer

NAMES = {
    "team": "acme",
    "workspace": "acme",
    "registry": "main",
    "package": "demo-pkg",
    "version": "1.0",
    "filename": WHEEL[0],
    "part": "1.0",
    "view": "main",
    "user": "ann",
    "robot": "ci",
    "subject": "user:ann",
}
"""What stands for each placeholder of a door so that there is something behind it."""
ABSENT = {
    "user": "nobody",
    "robot": "none",
    "subject": "user:nobody",
    "key": "999999",
    "invitation": "999999",
    "session": "session:999999",
    "source": "none",
}
"""What stands for it in a DELETE, so that nothing is deleted."""
FOREIGN = ["zeta", "team:zeta", "acme/side"]


@dataclass(frozen=True)
class Town:
    """A server with the workspaces acme (team) and yard (public), and zeta, which is foreign."""

    site: TestSite
    keys: Mapping[tuple[Role, str], str]

    def ask(self, door: Door, method: str, key: str | None, **other: str) -> Any:
        """Send what is refused with 415 or 400 at the earliest, so that nothing is changed."""
        absent = ABSENT if method == "DELETE" else {}
        path = door.path.format_map({**ABSENT, **NAMES, **absent, **other})
        return self.site.app.request(path, method=method, headers=bearer(key), expect_errors=True)


def build_town(site: TestSite) -> Town:
    """Make the workspaces, the keys and the packages."""
    for name, visibility in (("acme", "team"), ("zeta", "team"), ("yard", "public")):
        site.create_workspace(name, visibility)
        create_registry(site, "side", name)
    scopes = ["*", "team:acme", "acme", "acme/main", *FOREIGN]
    keys = {(role, scope): site.create_key(role, scope) for role in Role for scope in scopes}
    for name in ("acme", "yard"):
        for file in (WHEEL, SDIST):
            site.upload(*file, keys[Role.WRITER, "*"], to=f"{name}/main")
    with site.database.transaction() as session:
        ann = f"user:{Users(session, 'test').create('ann').id}"
        scope = find_scope(session, "team:acme")
        Robots(session, "test").create(scope.id, "ci")
        roles = {"*": Role.READER, "team:acme": Role.OWNER}
        for text in (*roles, "acme", "acme/main", "acme/main/demo-pkg"):
            role = roles.get(text, Role.READER)
            Grants(session, "test").set(ann, role, find_scope(session, text), text)
        view = select(View.id).join(Workspace).where(View.name == "main", Workspace.name == "acme")
        place = Scope("view", session.execute(view).scalar_one())
        Grants(session, "test").set(ann, Role.READER, place, "acme/main")
    return Town(site, keys)
