"""`stockroom package`: what it lists, and that what it changes is in force at once."""

from __future__ import annotations

import pytest

from tests.archives import make_sdist, make_wheel
from tests.support.cli import CommandLine
from tests.support.site import TestSite

WHEEL = make_wheel("Demo.Pkg", "1.0")
SDIST = make_sdist("Demo.Pkg", "1.0")
LATER = make_wheel("Demo.Pkg", "1.1")


@pytest.fixture
def key(site: TestSite) -> str:
    """A writer's key on a site that holds three files of two releases."""
    key = site.create_key()
    for filename, content in (WHEEL, SDIST, LATER):
        site.upload(filename, content, key)
    return key


def test_listing_of_a_registry(key: str, site_cli: CommandLine) -> None:
    [row] = site_cli.json("package", "list", "acme/main")

    assert row["serial"] > 0
    assert row["size"] == sum(len(content) for _, content in (WHEEL, SDIST, LATER))
    assert (row["name"], row["display_name"], row["status"]) == ("demo-pkg", "Demo.Pkg", "active")
    assert (row["releases"], row["files"]) == (2, 3)


def test_listing_of_an_empty_registry(site_cli: CommandLine) -> None:
    assert site_cli.json("package", "list", "acme/main") == []
    assert site_cli.run("package", "list", "acme/main").split()[0] == "name"


@pytest.mark.parametrize("name", ["demo-pkg", "Demo.Pkg", "DEMO_pkg"])
def test_files_of_a_package_by_any_spelling(key: str, site_cli: CommandLine, name: str) -> None:
    rows = site_cli.json("package", "show", "acme/main", name)["files"]

    assert [row["filename"] for row in rows] == [WHEEL[0], SDIST[0], LATER[0]]
    assert rows[0]["size"] == len(WHEEL[1])
    assert rows[0]["uploaded_by"] == "robot:1"


def test_yanked_release_is_marked_on_the_page_s63(
    site: TestSite, key: str, site_cli: CommandLine
) -> None:
    told = site_cli.run("package", "yank", "acme/main", "demo_pkg", "1.0", "--reason", "broken")

    files = site.page("demo-pkg", key)["files"]
    assert "2 files" in told
    assert {file["filename"]: file["yanked"] for file in files} == {
        WHEEL[0]: "broken",
        SDIST[0]: "broken",
        LATER[0]: False,
    }


def test_yanked_release_can_be_taken_back(site: TestSite, key: str, site_cli: CommandLine) -> None:
    site_cli.run("package", "yank", "acme/main", "demo-pkg", "1.1")
    yanked = [file["yanked"] for file in site.page("demo-pkg", key)["files"]]

    told = site_cli.run("package", "unyank", "acme/main", "demo-pkg", "1.1.0")

    assert yanked.count(False) == 2
    assert "1 file)" in told
    assert [file["yanked"] for file in site.page("demo-pkg", key)["files"]] == [False] * 3


def test_archived_package_takes_no_uploads_s44(
    site: TestSite, key: str, site_cli: CommandLine
) -> None:
    site_cli.run("package", "status", "acme/main", "demo-pkg", "archived", "--reason", "moved")

    site.upload(*make_wheel("Demo.Pkg", "2.0"), key, status=403)
    status = site.page("demo-pkg", key)["project-status"]
    assert status == {"status": "archived", "reason": "moved"}


def test_quarantined_package_is_not_served_until_it_is_active_again_s60(
    site: TestSite, key: str, site_cli: CommandLine
) -> None:
    url = site.file_url("demo-pkg", WHEEL[0], key)

    site_cli.run("package", "status", "acme/main", "demo-pkg", "quarantined")

    site.get(url, key, status=403)
    site_cli.run("package", "status", "acme/main", "demo-pkg", "active")
    site.get(url, key, status=200)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (["list", "acme/nope"], "there is no registry acme/nope"),
        (["list", "nope/main"], "there is no registry nope/main"),
        (["list", "acme"], "'acme' must be WORKSPACE/NAME"),
        (["show", "acme/main", "nope"], "there is no package nope in this registry"),
        (["yank", "acme/main", "nope", "1.0"], "there is no package nope in acme/main"),
        (["yank", "acme/main", "demo-pkg", "9.9"], "demo-pkg has no release 9.9"),
        (["yank", "acme/main", "demo-pkg", "latest"], "demo-pkg has no release latest"),
        (["unyank", "acme/nope", "demo-pkg", "1.0"], "there is no package demo-pkg in acme/nope"),
        (["status", "acme/main", "nope", "archived"], "there is no package nope in acme/main"),
    ],
)
def test_refusal_says_what_is_missing(
    key: str, site_cli: CommandLine, command: list[str], complaint: str
) -> None:
    assert complaint in site_cli.refuse("package", *command)


def test_unknown_status_is_a_wrong_command_line(key: str, site_cli: CommandLine) -> None:
    complaint = site_cli.refuse("package", "status", "acme/main", "demo-pkg", "lost", status=2)

    assert "'lost' is not one of" in complaint
