"""What the operator may write into the ini file, and which methods come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stockroom.cli.reference import as_markdown
from stockroom.errors import ConfigurationInvalid
from stockroom.plugins import Plugins
from stockroom.settings import read_settings
from stockroom.spi import LoginMethod, TeamRole
from stockroom.spi.settings import declared
from stockroom_sso.settings import GroupRole, SsoSettings

README = Path(__file__).parents[1] / "README.md"
ISSUER = {"issuer": "https://login.corp.example", "client_id": "stockroom"}
GITHUB = {"github_client_id": "Iv1", "github_client_secret": "hush", "domains": "corp.example"}
GOOGLE = {
    "google_client_id": "7.apps.example",
    "google_client_secret": "hush",
    "domains": "corp.example",
}


def enabled(**settings: str) -> Plugins:
    """The plugins of a server at its start."""
    values = {f"plugin.sso.{name}": value for name, value in settings.items()}
    return Plugins(
        read_settings(
            {
                "sqlalchemy.url": "sqlite:////unused.db",
                "stockroom.storage": "file:///unused",
                "stockroom.plugins": "sso",
                **values,
            }
        )
    )


def methods(**settings: str) -> dict[str, LoginMethod]:
    return enabled(**settings).login_methods()


def complaint(**settings: str) -> str:
    """Why a server with these settings does not start."""
    with pytest.raises(ConfigurationInvalid) as caught:
        methods(**settings)
    [message] = caught.value.messages
    assert "hush" not in message
    return message


def test_each_client_makes_a_method() -> None:
    found = methods(
        **{**ISSUER, **GITHUB, **GOOGLE}, name="corp", label="Sign in with Example Corp"
    )

    assert {name: method.label for name, method in found.items()} == {
        "corp": "Sign in with Example Corp",
        "github": "Sign in with GitHub",
        "google": "Sign in with Google",
    }


@pytest.mark.parametrize(
    ("settings", "names"), [(ISSUER, ["sso"]), (GITHUB, ["github"]), (GOOGLE, ["google"])]
)
def test_methods_without_a_client_are_left_out(settings: dict[str, str], names: list[str]) -> None:
    assert [*methods(**settings)] == names


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "the plugin sso knows no client: set plugin.sso.issuer and"),
        ({"issuer": "https://corp.example"}, "plugin.sso.issuer and plugin.sso.client_id go"),
        ({**GITHUB, "client_id": "x"}, "plugin.sso.issuer and plugin.sso.client_id go together"),
        ({**ISSUER, "scopes": "email"}, "plugin.sso.scopes must name openid"),
        ({"github_client_id": "x"}, "needs plugin.sso.github_client_secret"),
        ({"google_client_id": "x"}, "needs plugin.sso.google_client_secret"),
        ({**GITHUB, "domains": ""}, "would let everybody in who has an account there: set"),
        ({**GOOGLE, "domains": ""}, "set plugin.sso.google_domain or plugin.sso.domains"),
        ({**GITHUB, "github_client_secret_file": "/x"}, "stands beside the secret itself"),
        ({**ISSUER, "client_secret_file": "/nowhere"}, "cannot be read (FileNotFoundError)"),
        ({**ISSUER, "ca_file": "/nowhere"}, "/nowhere: holds no certificates (FileNotFoundError)"),
        ({**ISSUER, "ca_file": __file__}, "holds no certificates (SSLError)"),
        ({**ISSUER, **GITHUB, "name": "github"}, "two login methods have the name github"),
        ({**ISSUER, "name": "Corp"}, "'Corp' cannot be the name of a login method"),
    ],
    ids=str,
)
def test_settings_that_do_not_fit_together_stop_the_start(
    settings: dict[str, str], reason: str
) -> None:
    assert reason in complaint(**settings)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"issuer": "http://corp.example"}, "must be a URL that starts with https://"),
        ({"issuer": "corp.example"}, "must be a URL that starts with https://"),
        ({"issuer": "https://corp.example/?tenant=7"}, "must be a URL that starts with https://"),
        ({"issuer": f"https://corp.example/{'x' * 255}"}, "must have at most 255 characters"),
        ({"github_url": "http://github.example"}, "must be a URL that starts with https://"),
        ({"github_organisations": "acme/lab"}, "acme/lab cannot be an organisation at GitHub"),
        ({"domains": "@corp.example"}, "@corp.example is no domain like corp.example"),
        ({"domains": "corp"}, "corp is no domain like corp.example"),
        ({"google_domain": "a.example b.example"}, "must be one domain"),
        ({"roles": "engineers"}, "engineers must be GROUP=TEAM:ROLE"),
        ({"roles": "=acme:reader"}, "=acme:reader must be GROUP=TEAM:ROLE"),
        ({"roles": "engineers=acme"}, "engineers=acme must be GROUP=TEAM:ROLE"),
        ({"roles": "engineers=acme:boss"}, "the role one of reader, writer, admin, owner"),
        ({"roles": "engineers=Acme Inc:reader"}, "must be GROUP=TEAM:ROLE"),
        ({"roles": "'engineers=acme:reader"}, "No closing quotation"),
        ({"timeout": "0"}, "must be at least 1"),
    ],
    ids=str,
)
def test_wrong_values_stop_the_start(settings: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        enabled(**{**ISSUER, **settings})

    [message] = caught.value.messages
    assert message.startswith(f"plugin.sso.{next(iter(settings))} = ")
    assert reason in message


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", ()),
        ("engineers=acme:writer", [("engineers", "acme", "writer")]),
        ("a=acme:reader\n  b=lab:owner", [("a", "acme", "reader"), ("b", "lab", "owner")]),
        ("'Domain Users=acme:reader'", [("Domain Users", "acme", "reader")]),
        ("cn=dev,dc=corp=acme:admin", [("cn=dev,dc=corp", "acme", "admin")]),
    ],
    ids=["none", "one", "two", "quoted", "distinguished"],
)
def test_groups_are_mapped_to_roles(text: str, rules: Any) -> None:
    found = enabled(**ISSUER, roles=text).settings.of(SsoSettings).roles

    assert found == tuple(GroupRole(group, TeamRole(team, role)) for group, team, role in rules)


def test_names_of_others_are_read_as_they_write_them() -> None:
    settings = enabled(
        **ISSUER,
        domains="Corp.example, lab.corp.example",
        google_domain="Corp.example",
        github_organisations="Acme-Labs acme",
    ).settings.of(SsoSettings)

    assert settings.domains == ("corp.example", "lab.corp.example")
    assert settings.google_domain == "corp.example"
    assert settings.github_organisations == ("Acme-Labs", "acme")


@pytest.mark.parametrize("content", ["hush\n", "hush", " hush \r\n"])
def test_secret_may_be_in_a_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secret"
    file.write_text(content, "utf-8")

    found = methods(github_client_id="Iv1", github_client_secret_file=str(file), everybody="on")

    assert [*found] == ["github"]


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"\xff"])
def test_file_without_a_secret_stops_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)

    told = complaint(github_client_id="Iv1", github_client_secret_file=str(file), everybody="on")

    assert f"plugin.sso.github_client_secret_file = {file}: " in told


def test_secrets_are_not_shown() -> None:
    shown = {entry.name: entry.shown("hush") for entry in declared(SsoSettings)}

    assert {name for name, value in shown.items() if value == "***"} == {
        "client_secret",
        "github_client_secret",
        "google_client_secret",
    }


def test_table_of_settings_is_the_declaration() -> None:
    table = as_markdown(declared(SsoSettings, "plugin.sso."))

    assert f"\n\n{table.strip()}\n" in README.read_text("utf-8")
