"""`stockroom registry show`, `settings`, `set`, `retention`; `stockroom team settings`, `set`."""

from __future__ import annotations

import pytest

from stockroom.policies import RegistryPolicy, TeamPolicy
from stockroom.spi.settings import declared
from tests.archives import make_wheel
from tests.support.cli import CommandLine
from tests.support.site import TestSite

FILES = [make_wheel("demo-pkg", version) for version in ("1.0", "1.1", "2.0rc1")]
SIZE = sum(len(content) for _, content in FILES)


@pytest.fixture
def key(site: TestSite) -> str:
    key = site.create_key()
    for file in FILES:
        site.upload(*file, key)
    return key


def test_settings_are_listed_with_value_default_and_help(cli: CommandLine) -> None:
    cli.run("workspace", "create", "acme")
    cli.run("registry", "set", "acme/main", "keep_newest=20")

    rows = {row["name"]: row for row in cli.json("registry", "settings", "acme/main")}

    assert list(rows) == [entry.name for entry in declared(RegistryPolicy)]
    assert (rows["keep_newest"]["value"], rows["keep_newest"]["default"]) == (20, 0)
    assert rows["burn_filenames"]["help"].startswith("The name of a deleted file")
    assert [row["name"] for row in cli.json("team", "settings", "acme")] == [
        entry.name for entry in declared(TeamPolicy)
    ]
    assert "keep_newest" in cli.run("registry", "settings", "acme/main")


@pytest.mark.parametrize("place", [("registry", "acme/main"), ("team", "acme")])
def test_settings_are_set_and_put_back(cli: CommandLine, place: tuple[str, str]) -> None:
    cli.run("workspace", "create", "acme")
    kind, name = place

    told = cli.run(kind, "set", name, "max_file_mb=5", "max_total_mb = 7".replace(" ", ""))
    back = cli.run(kind, "set", name, "max_file_mb=")

    assert told == "max_file_mb = 5\nmax_total_mb = 7\n"
    assert back == "max_file_mb = 0\n"
    values = {row["name"]: row["value"] for row in cli.json(kind, "settings", name)}
    assert (values["max_file_mb"], values["max_total_mb"]) == (0, 7)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (["registry", "set", "acme/main", "keep_newest"], "must be NAME=VALUE"),
        (["registry", "set", "acme/main", "a=1", "a=2"], "a is given twice"),
        (["registry", "set", "acme/main", "a=1"], "a is not a setting; there are any_user_name"),
        (["registry", "set", "acme/main", "keep_newest=x"], "keep_newest = x: must be a whole"),
        (["registry", "set", "acme/nope", "keep_newest=1"], "there is no registry acme/nope"),
        (["registry", "settings", "acme/nope"], "there is no registry acme/nope"),
        (["registry", "show", "acme/nope"], "there is no registry acme/nope"),
        (["registry", "retention", "acme/nope"], "there is no registry acme/nope"),
        (["registry", "retention", "acme/nope", "--apply"], "there is no registry acme/nope"),
        (["team", "set", "acme", "keep_newest=1"], "keep_newest is not a setting"),
        (["team", "set", "nope", "max_file_mb=1"], "there is no team nope"),
        (["team", "settings", "nope"], "there is no team nope"),
    ],
)
def test_refusal_says_why(cli: CommandLine, command: list[str], complaint: str) -> None:
    cli.run("workspace", "create", "acme")

    assert complaint in cli.refuse(*command)


def test_use_is_shown_against_the_quotas(key: str, site_cli: CommandLine) -> None:
    site_cli.run("registry", "set", "acme/main", "max_total_mb=3")

    shown = site_cli.run("registry", "show", "acme/main").splitlines()
    data = site_cli.json("registry", "show", "acme/main")
    [row] = site_cli.json("registry", "list")

    assert shown[0].endswith(" of 3.0 MiB in 3 files of 1 package")
    assert shown[1].startswith("team acme: ")
    assert shown[-1].split() == ["max_total_mb", "3", "0"]
    assert data["usage"] == {"packages": 1, "files": 3, "size": SIZE, "max_size": 3 * 1024**2}
    assert data["team_usage"]["max_size"] is None
    assert (row["size"], row["quota"]) == (SIZE, 3 * 1024**2)


def test_retention_is_a_dry_run_unless_applied(
    site: TestSite, key: str, site_cli: CommandLine
) -> None:
    retention = ("registry", "retention", "acme/main")
    nothing = site_cli.run(*retention)
    site_cli.run("registry", "set", "acme/main", "keep_newest=1")

    dry = site_cli.run(*retention)
    plan = site_cli.json(*retention)
    before = len(site.page("demo-pkg", key)["files"])
    done = site_cli.run(*retention, "--apply")

    assert nothing == "would delete 0 releases (0 files, 0 B); --apply does it\n"
    assert "demo-pkg  1.0" in dry
    assert "it is not among the newest 1" in dry
    assert dry.splitlines()[-1].startswith("would delete 1 release (1 file, ")
    assert [row["version"] for row in plan["releases"]] == ["1.0"]
    assert plan["applied"] is False
    assert before == 3
    assert done.splitlines()[-1].startswith("deleted 1 release (1 file, ")
    assert site.page("demo-pkg", key)["versions"] == ["1.1", "2.0rc1"]
    assert site_cli.json(*retention, "--apply")["releases"] == []
