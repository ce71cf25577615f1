"""docs/security.md says what the tables of permissions say."""

from __future__ import annotations

from pathlib import Path

from stockroom.security import keys
from stockroom.security.permissions import (
    CAPABILITIES,
    CREDENTIAL_PERMISSIONS,
    OWN,
    CredentialKind,
    Permission,
    least_role,
)

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")
TITLES = {
    CredentialKind.SESSION: "browser session",
    CredentialKind.API_KEY: "API key",
    CredentialKind.ACCESS_TOKEN: "access token",
}


def holder_of(permission: Permission) -> str:
    """Who may do it at all."""
    if permission in OWN:
        return "oneself"
    return "who knows the URL" if permission in CAPABILITIES else f"`{least_role(permission)}`"


def carried_table() -> str:
    """Which kind of credential may ever carry which permission, and who has it."""
    lines = [
        "| permission | least role | " + " | ".join(TITLES.values()) + " |",
        "|---|---|" + "---|" * len(TITLES),
    ]
    for permission in Permission:
        marks = ("yes" if permission in CREDENTIAL_PERMISSIONS[kind] else "" for kind in TITLES)
        lines.append(f"| `{permission}` | {holder_of(permission)} | {' | '.join(marks)} |")
    return "\n".join(lines).replace("|  |", "| |").replace("|  |", "| |")


def test_every_kind_of_credential_has_its_column() -> None:
    assert set(TITLES) == set(CredentialKind)


def test_the_table_of_what_is_carried_is_the_code() -> None:
    assert f"\n\n{carried_table()}\n\n" in PAGE


def test_every_prefix_of_a_secret_is_explained() -> None:
    for prefix in keys.PREFIXES:
        assert f"| `{prefix}` |" in PAGE
