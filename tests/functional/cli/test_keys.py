"""`stockroom key`."""

from __future__ import annotations

import pytest

from stockroom.security import keys
from tests.archives import make_wheel
from tests.support.cli import CommandLine
from tests.support.site import TestSite


def test_quiet_prints_the_key_and_nothing_else(site_cli: CommandLine) -> None:
    output = site_cli.run("key", "create", "--scope", "acme", "--role", "writer", "--quiet")

    secret, end = output[:-1], output[-1]
    assert keys.is_well_formed(secret)
    assert end == "\n"


def test_key_is_shown_with_what_it_is_for(site_cli: CommandLine) -> None:
    output = site_cli.run("key", "create", "--scope", "acme/main", "--role", "reader")

    first, secret = output.splitlines()
    assert "reader of acme/main" in first
    assert "once" in first
    assert keys.is_well_formed(secret)


def test_key_as_json(site_cli: CommandLine) -> None:
    made = site_cli.json("key", "create", "--scope", "acme", "--role", "writer", "--days", "7")

    assert keys.is_well_formed(made.pop("key"))
    assert made == {"role": "writer", "scope": "acme", "days": 7}


def test_key_works_at_once(site: TestSite, site_cli: CommandLine) -> None:
    secret = site_cli.run("key", "create", "--scope", "acme", "--role", "writer", "--quiet")

    site.upload(*make_wheel("demo-pkg", "1.0"), secret.strip())

    assert len(site.page("demo-pkg", secret.strip())["files"]) == 1


@pytest.mark.parametrize("scope", ["*", "team:acme", "acme", "acme/main"])
def test_key_of_each_scope_is_listed_and_opens_the_page(
    site: TestSite, site_cli: CommandLine, scope: str
) -> None:
    secret = site_cli.run("key", "create", "--scope", scope, "--role", "reader", "--quiet")

    [row] = site_cli.json("key", "list")
    assert (row["scope"], row["role"]) == (scope, "reader")
    site.get("/simple/acme/main/", secret.strip(), status=200)


def test_key_of_another_workspace_does_not_open_the_page_s61(
    site: TestSite, site_cli: CommandLine
) -> None:
    site.create_workspace("other")
    secret = site_cli.run("key", "create", "--scope", "other", "--role", "owner", "--quiet")

    site.get("/simple/acme/main/", secret.strip(), status=404)


@pytest.mark.parametrize(
    ("scope", "complaint"),
    [
        ("nope", "the scope nope names nothing that exists"),
        ("acme/nope", "the scope acme/nope names nothing that exists"),
        ("team:nope", "the scope team:nope names nothing that exists"),
        ("acme/", "must be * (the whole server), team:NAME"),
        ("acme/main/x/y", "must be * (the whole server), team:NAME"),
        ("acme/main/-", "cannot be the name of a package"),
        ("", "must be * (the whole server), team:NAME"),
    ],
)
def test_wrong_scope_is_refused_and_leaves_no_key(
    site_cli: CommandLine, scope: str, complaint: str
) -> None:
    told = site_cli.refuse("key", "create", "--scope", scope, "--role", "reader")

    assert complaint in told
    assert site_cli.json("key", "list") == []


@pytest.mark.parametrize("days", ["0", "-1", "many", "99999999"])
def test_wrong_number_of_days_is_refused(site_cli: CommandLine, days: str) -> None:
    complaint = site_cli.refuse(
        "key", "create", "--scope", "acme", "--role", "reader", "--days", days, status=2
    )

    assert "--days" in complaint


def test_listing_never_shows_the_secret(site_cli: CommandLine) -> None:
    secret = site_cli.run("key", "create", "--scope", "acme", "--role", "reader", "--quiet").strip()

    listings = site_cli.run("key", "list") + site_cli.run("key", "list", "--json")

    assert secret[: keys.HINT_LENGTH] in listings
    assert secret[: keys.HINT_LENGTH + 1] not in listings
    assert keys.digest(secret) not in listings


def test_listing_shows_name_and_times(site_cli: CommandLine) -> None:
    site_cli.run(
        *("key", "create", "--scope", "acme", "--role", "reader"),
        *("--name", "the CI of [bold]acme[/bold]", "--days", "1"),
    )

    table, [row] = site_cli.run("key", "list"), site_cli.json("key", "list")

    assert "the CI of [bold]acme[/bold]" in table
    assert row["created_at"] < row["expires_at"]
    assert row["revoked_at"] is None


def test_revoked_key_fails_at_its_next_use(site: TestSite, site_cli: CommandLine) -> None:
    secret = site_cli.run("key", "create", "--scope", "acme", "--role", "reader", "--quiet").strip()
    site.get("/simple/acme/main/", secret, status=200)
    [row] = site_cli.json("key", "list")

    site_cli.run("key", "revoke", str(row["id"]))

    site.get("/simple/acme/main/", secret, status=401)
    assert site_cli.json("key", "list")[0]["revoked_at"] is not None


def test_revoking_twice_changes_nothing(site_cli: CommandLine) -> None:
    site_cli.run("key", "create", "--scope", "acme", "--role", "reader")
    site_cli.run("key", "revoke", "1")
    [before] = site_cli.json("key", "list")

    site_cli.run("key", "revoke", "1")

    assert site_cli.json("key", "list") == [before]


@pytest.mark.parametrize(
    ("key_id", "status", "complaint"),
    [("99", 1, "there is no key 99"), ("x", 2, "'x' is not a valid integer")],
)
def test_revoking_an_unknown_key_is_refused(
    site_cli: CommandLine, key_id: str, status: int, complaint: str
) -> None:
    assert complaint in site_cli.refuse("key", "revoke", key_id, status=status)
