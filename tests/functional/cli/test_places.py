"""`stockroom team`, `workspace` and `registry`."""

from __future__ import annotations

import pytest

from tests.archives import make_wheel
from tests.support.cli import CommandLine
from tests.support.site import TestSite


def test_workspace_comes_with_its_team_and_its_registry(cli: CommandLine) -> None:
    cli.run("workspace", "create", "acme")

    [team] = cli.json("team", "list")
    [workspace] = cli.json("workspace", "list")
    [registry] = cli.json("registry", "list")
    assert (team["name"], team["workspaces"]) == ("acme", 1)
    assert (workspace["name"], workspace["team"], workspace["visibility"]) == (
        "acme",
        "acme",
        "team",
    )
    assert (registry["registry"], registry["kind"]) == ("acme/main", "hosted")


@pytest.mark.parametrize("visibility", ["team", "global", "public"])
def test_workspace_of_each_visibility(cli: CommandLine, visibility: str) -> None:
    cli.run("workspace", "create", "acme", "--visibility", visibility)

    assert cli.json("workspace", "list")[0]["visibility"] == visibility


def test_workspace_of_another_team(cli: CommandLine) -> None:
    cli.run("team", "create", "builders")

    cli.run("workspace", "create", "acme", "--team", "builders")

    assert [team["name"] for team in cli.json("team", "list")] == ["builders"]
    assert cli.json("workspace", "list")[0]["team"] == "builders"


def test_change_of_visibility_is_in_force_at_once(site: TestSite, site_cli: CommandLine) -> None:
    site.get("/simple/acme/main/", status=401)

    site_cli.run("workspace", "visibility", "acme", "public")

    site.get("/simple/acme/main/", status=200)


def test_new_registry_can_be_published_to_at_once(site: TestSite, site_cli: CommandLine) -> None:
    key = site.create_key()
    site.get("/simple/acme/staging/", key, status=404)

    site_cli.run("registry", "create", "acme/staging")

    site.get("/simple/acme/staging/", key, status=200)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-",
        "..",
        "a/b",
        "Acme",
        "a b",
        "a_b",
        "-a",
        "a-",
        "ä",
        "а",  # noqa: RUF001 - looks like an "a"
        "a" * 65,
        "a\n",
        "a\x00",
        "%2e%2e",
    ],
)
def test_name_that_cannot_stand_in_a_url_is_refused(cli: CommandLine, name: str) -> None:
    for kind in ("team", "workspace"):
        complaint = cli.refuse(kind, "create", "--", name)

        assert "cannot be a name in URLs" in complaint

    assert cli.json("workspace", "list") == cli.json("team", "list") == []


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a" * 64, "acme-2"])
def test_name_that_can_stand_in_a_url_is_taken(cli: CommandLine, name: str) -> None:
    cli.run("workspace", "create", name)

    assert cli.json("workspace", "list")[0]["name"] == name


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (["team", "create", "acme"], "there is a team acme already"),
        (["workspace", "create", "acme"], "there is a workspace acme already"),
        (["registry", "create", "acme/main"], "there is a registry or view acme/main already"),
        (["registry", "create", "nope/main"], "`stockroom workspace create nope`"),
        (["registry", "create", "acme"], "'acme' must be WORKSPACE/NAME, such as acme/main"),
        (["registry", "create", "acme/a/b"], "'acme/a/b' must be WORKSPACE/NAME"),
        (["registry", "create", "acme/.."], "'..' cannot be a name in URLs"),
        (["workspace", "create", "x", "--team", "nope"], "create it with `stockroom team create`"),
        (["workspace", "visibility", "nope", "public"], "there is no workspace nope"),
    ],
)
def test_refusal_says_why_with_status_1(
    cli: CommandLine, command: list[str], complaint: str
) -> None:
    cli.run("workspace", "create", "acme")

    told = cli.refuse(*command)

    assert told.startswith("error: ")
    assert complaint in told


def test_name_that_is_taken_at_the_same_moment_is_told(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.run("workspace", "create", "acme")
    monkeypatch.setattr("stockroom.manage.places.Places._find_workspace", lambda *_: None)

    complaint = cli.refuse("workspace", "create", "acme")

    assert complaint == "error: there is a workspace acme already\n"


def test_unknown_visibility_is_a_wrong_command_line(cli: CommandLine) -> None:
    complaint = cli.refuse("workspace", "create", "acme", "--visibility", "secret", status=2)

    assert "'secret' is not one of 'team', 'global', 'public'" in complaint


def test_registry_listing_counts_what_it_holds(site: TestSite, site_cli: CommandLine) -> None:
    filename, content = make_wheel("demo-pkg", "1.0")
    site.upload(filename, content, site.create_key())

    [registry] = site_cli.json("registry", "list")

    assert (registry["packages"], registry["files"]) == (1, 1)
    assert registry["size"] == len(content)


def test_table_in_a_pipe_has_one_line_for_each_row(cli: CommandLine) -> None:
    name = "a" * 60
    cli.run("workspace", "create", name)

    lines = cli.run("workspace", "list").splitlines()

    assert len(lines) == 2
    assert lines[0].split() == ["name", "team", "visibility", "registries", "created", "at"]
    assert lines[1].split()[:3] == [name, name, "team"]
