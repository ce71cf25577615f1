"""A server with keys of every role on every scope, to knock at the doors of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stockroom.manage.api.doors import Door
from stockroom.security.permissions import Role
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
}
"""What stands for each placeholder of a door so that there is something behind it."""
FOREIGN = ["zeta", "team:zeta", "acme/side"]


@dataclass(frozen=True)
class Town:
    """A server with the workspaces acme (team) and yard (public), and zeta, which is foreign."""

    site: TestSite
    keys: Mapping[tuple[Role, str], str]

    def ask(self, door: Door, method: str, key: str | None, **other: str) -> Any:
        """Send what is refused with 415 or 400 at the earliest, so that nothing is changed."""
        path = door.path.format_map({**NAMES, **other})
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
    return Town(site, keys)
