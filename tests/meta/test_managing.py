"""docs/managing.md says what the declarations say: settings, roles, doors of the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from stockroom.cli import stockroom
from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.reference import as_markdown
from stockroom.manage.api.doors import Door
from stockroom.manage.api.views import DOORS
from stockroom.policies import RegistryPolicy, TeamPolicy
from stockroom.security.permissions import (
    CAPABILITIES,
    OWN,
    Permission,
    least_role,
)
from stockroom.spi.settings import declared

PAGE = (Path(__file__).parents[2] / "docs" / "managing.md").read_text("utf-8")
LINES = re.MULTILINE | re.DOTALL
WORDS = {
    Permission.VIEW_READ: "install",
    Permission.VIEW_INSPECT: "see what views are made of",
    Permission.VIEW_DEFINE: "make and change views",
    Permission.REGISTRY_READ: "its packages with their notes",
    Permission.TEAM_READ: "see a team's settings",
    Permission.REGISTRY_UPLOAD: "publish",
    Permission.RELEASE_YANK: "yank and unyank",
    Permission.PACKAGE_CREATE: "publish first files",
    Permission.PACKAGE_CHANGE: "set status, notes",
    Permission.PACKAGE_DELETE: "delete",
    Permission.REGISTRY_CHANGE: "settings",
    Permission.TEAM_CHANGE: "settings",
    Permission.REGISTRY_AUDIT: "read the audit trail",
    Permission.UPLOAD_BEGIN: "publish",
    Permission.WORKSPACE_READ: "see a workspace",
    Permission.MEMBER_READ: "its members and robots",
    Permission.REGISTRY_CREATE: "make registries",
    Permission.WORKSPACE_CREATE: "make workspaces",
    Permission.WORKSPACE_CHANGE: "set their visibility",
    Permission.GRANT_READ: "see and give roles",
    Permission.GRANT_CHANGE: "see and give roles",
    Permission.TEAM_AUDIT: "read the audit trail",
    Permission.MEMBER_CHANGE: "invite and remove members",
    Permission.ROBOT_CHANGE: "make robots and their keys",
    Permission.TEAM_CREATE: "on the server: make teams",
    Permission.USER_READ: "see and change users",
    Permission.USER_CHANGE: "see and change users",
    Permission.SERVER_AUDIT: "read the audit trail",
    Permission.FACTS_REFRESH: "have [fact sources](facts.md) asked",
    Permission.REGISTRY_DELETE: "delete empty registries",
    Permission.WORKSPACE_DELETE: "workspaces without packages",
    Permission.TEAM_DELETE: "teams that own nothing",
}
"""What the table of roles calls each permission."""


def row_of(door: Door, method: str) -> str:
    """The line of the table of the API."""
    path = door.path.removeprefix("/v1/")
    _, permission = door.methods[method]
    who = "a credential" if permission in OWN else f"`{least_role(permission)}`"
    return f"| {method} | `{path}` | {who} |"


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, by its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def is_remote(command: click.Command) -> bool:
    """Whether a command is handed any server, and not only the one on this machine."""
    function: Any = command.callback
    names = []
    while function is not None:
        names.append(function.__code__.co_qualname)
        function = getattr(function, "__wrapped__", None)
    return any(name.startswith(f"{pass_backend.__name__}.") for name in names)


@pytest.mark.parametrize("kind", [RegistryPolicy, TeamPolicy])
def test_tables_of_settings_are_the_declarations(kind: type) -> None:
    assert f"\n\n{as_markdown(declared(kind))}\n" in PAGE


def test_table_of_the_api_is_its_doors() -> None:
    rows = [row_of(door, method) for door in DOORS for method in door.methods]

    assert "|---|---|---|\n" + "\n".join(rows) + "\n\n" in PAGE


def test_commands_that_do_not_work_on_another_server_are_listed() -> None:
    [listed] = re.findall(r"^Only on the machine of the server work: (.+?)\.$", PAGE, LINES)

    bound = [" ".join(path) for path, command in commands(stockroom) if not is_remote(command)]
    assert re.findall(r"`([^`]+)`", listed) == bound


@pytest.mark.parametrize("permission", sorted(set(Permission) - CAPABILITIES - OWN))
def test_each_permission_stands_with_the_lowest_role_that_carries_it(
    permission: Permission,
) -> None:
    [row] = re.findall(rf"^\| `{least_role(permission)}` \| (.+) \|$", PAGE, re.MULTILINE)

    assert WORDS[permission] in row


@pytest.mark.parametrize("kind", [RegistryPolicy, TeamPolicy])
def test_every_setting_has_help_that_is_a_sentence(kind: type) -> None:
    for entry in declared(kind):
        assert entry.help[0].isupper()
        assert entry.help.endswith(".")
        assert "|" not in entry.help
