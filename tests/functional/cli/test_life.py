"""`stockroom package`: yanking files, notes, deleting, burnt names; in force at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from stockroom.cli import stockroom
from tests.archives import make_sdist, make_wheel
from tests.support.cli import CommandLine
from tests.support.site import TestSite

WHEEL = make_wheel("Demo.Pkg", "1.0")
SDIST = make_sdist("Demo.Pkg", "1.0")
LATER = make_wheel("Demo.Pkg", "1.1")
PACKAGE = ("acme/main", "demo-pkg")


@pytest.fixture
def key(site: TestSite) -> str:
    """A writer's key on a site that holds three files of two releases."""
    key = site.create_key()
    for filename, content in (WHEEL, SDIST, LATER):
        site.upload(filename, content, key)
    return key


def files(site: TestSite, key: str) -> dict[str, object]:
    return {file["filename"]: file["yanked"] for file in site.page("demo-pkg", key)["files"]}


def test_packages_are_listed_by_part_of_the_name_and_status(
    site: TestSite, key: str, site_cli: CommandLine
) -> None:
    site.upload(*make_wheel("other", "1.0"), key)
    site_cli.run("package", "status", "acme/main", "other", "archived")

    def names(*options: str) -> list[str]:
        return [row["name"] for row in site_cli.json("package", "list", "acme/main", *options)]

    assert names() == ["demo-pkg", "other"]
    assert names("--query", "o_P") == ["demo-pkg"]
    assert names("--status", "archived") == ["other"]


def test_one_file_is_yanked_and_unyanked(site: TestSite, key: str, site_cli: CommandLine) -> None:
    options = (*PACKAGE, "--file", WHEEL[0])

    told = site_cli.run("package", "yank", *options, "--reason", "broken")
    again = site_cli.run("package", "yank", *options, "--reason", "broken")
    marked = files(site, key)
    site_cli.run("package", "unyank", *options)

    assert told == f"yanked {WHEEL[0]} (1 file)\n"
    assert again == f"{WHEEL[0]} is so already\n"
    assert marked == {WHEEL[0]: "broken", SDIST[0]: False, LATER[0]: False}
    assert set(files(site, key).values()) == {False}


@pytest.mark.parametrize("command", ["yank", "unyank", "delete"])
def test_a_version_and_a_file_are_too_much(key: str, site_cli: CommandLine, command: str) -> None:
    told = site_cli.refuse("package", command, *PACKAGE, "1.0", "--file", WHEEL[0], status=2)

    assert "not both" in told


@pytest.mark.parametrize("command", ["yank", "unyank"])
def test_yanking_says_what_it_needs(key: str, site_cli: CommandLine, command: str) -> None:
    assert "give a VERSION" in site_cli.refuse("package", command, *PACKAGE, status=2)


def test_notes_are_written_shown_and_removed(
    key: str, site_cli: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "notes.md"
    file.write_text("# Ask Ann\n", "utf-8")

    told = [
        site_cli.run("package", "notes", *PACKAGE),
        site_cli.run("package", "notes", *PACKAGE, "--from", str(file)),
        site_cli.run("package", "notes", *PACKAGE, "1.0", "--set", "good"),
        site_cli.run("package", "notes", *PACKAGE),
        site_cli.run("package", "notes", *PACKAGE, "1.0.0"),
        site_cli.run("package", "notes", *PACKAGE, "--clear"),
        site_cli.run("package", "notes", *PACKAGE),
    ]

    assert told == [
        "",
        "wrote the notes on demo-pkg\n",
        "wrote the notes on demo-pkg 1.0\n",
        "# Ask Ann\n",
        "good\n",
        "removed the notes on demo-pkg\n",
        "",
    ]


def test_notes_are_read_from_one_place(key: str, site_cli: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_bytes(b"\xff")

    both = site_cli.refuse("package", "notes", *PACKAGE, "--set", "x", "--clear", status=2)
    binary = site_cli.refuse("package", "notes", *PACKAGE, "--from", str(file))
    half = site_cli.refuse("package", "notes", *PACKAGE, "--set", "\udcff")

    assert "give one of" in both
    assert "must be UTF-8" in binary
    assert "half characters" in half


def test_a_package_is_shown_with_status_and_notes(key: str, site_cli: CommandLine) -> None:
    site_cli.run("package", "status", *PACKAGE, "deprecated", "--reason", "use other")
    site_cli.run("package", "notes", *PACKAGE, "--set", "# Ask Ann")
    site_cli.run("package", "notes", *PACKAGE, "1.1", "--set", "good")
    site_cli.run("registry", "set", "acme/main", "max_package_mb=5")
    site_cli.run("team", "set", "acme", "max_package_mb=3")

    shown = site_cli.run("package", "show", *PACKAGE)
    data = site_cli.json("package", "show", *PACKAGE)

    first, second, rest = shown.split("\n", 2)
    assert first == "Demo.Pkg is deprecated: use other"
    assert second.endswith(" of 3.0 MiB in 2 releases")
    assert rest.startswith("\n# Ask Ann\n")
    assert data["max_size"] == 3 * 1024**2
    assert "Demo.Pkg 1.1:\n\ngood\n" in shown
    assert LATER[0] in shown
    assert [row["notes"] for row in data["releases"]] == [None, "good"]
    assert [row["downloaded_at"] for row in data["files"]] == [None] * 3


@pytest.mark.parametrize(
    ("what", "confirm", "left"),
    [
        (["--file", WHEEL[0]], WHEEL[0], {SDIST[0], LATER[0]}),
        (["1.0"], "1.0", {LATER[0]}),
        (["1.0.0"], "1.0", {LATER[0]}),
    ],
)
def test_what_is_deleted_is_gone(
    site: TestSite,
    key: str,
    site_cli: CommandLine,
    what: list[str],
    confirm: str,
    left: set[str],
) -> None:
    told = site_cli.run("package", "delete", *PACKAGE, *what, "--confirm", confirm)

    assert told.startswith("deleted ")
    assert "stockroom package burnt" in told
    assert set(files(site, key)) == left


def test_a_package_is_deleted_and_empty_ones_are_shown(
    site: TestSite, key: str, site_cli: CommandLine
) -> None:
    for version in ("1.0", "1.1"):
        site_cli.run("package", "delete", *PACKAGE, version, "--confirm", version)
    empty = site_cli.json("package", "show", *PACKAGE)

    site_cli.run("package", "delete", *PACKAGE, "--confirm", "Demo.Pkg", "--reason", "old")

    assert (empty["releases"], empty["files"], empty["size"]) == ([], [], 0)
    assert "there is no package demo-pkg" in site_cli.refuse("package", "show", *PACKAGE)
    site.get("/simple/acme/main/demo-pkg/", key, status=404)


@pytest.mark.parametrize(
    ("typed", "status", "left"), [("demo-pkg\n", 0, 0), ("other\n", 1, 1), ("", 1, 1)]
)
def test_the_name_is_asked_for(
    key: str, site_cli: CommandLine, typed: str, status: int, left: int
) -> None:
    arguments = ["-c", str(site_cli.ini), "package", "delete", *PACKAGE]

    result = CliRunner().invoke(stockroom, arguments, input=typed)

    assert "Type demo-pkg to go on" in result.output
    assert result.exit_code == status
    assert len(site_cli.json("package", "list", "acme/main")) == left


def test_u75_burnt_names_are_listed_and_lifted(
    site: TestSite, key: str, site_cli: CommandLine
) -> None:
    site_cli.run("package", "delete", *PACKAGE, "--confirm", "demo-pkg")

    rows = site_cli.json("package", "burnt", "acme/main")
    site_cli.run("package", "unburn", "acme/main", WHEEL[0])

    assert {row["filename"] for row in rows} == {WHEEL[0], SDIST[0], LATER[0]}
    assert {row["deleted_by"] for row in rows} == {"cli"}
    assert len(site_cli.json("package", "burnt", "acme/main", "--package", "Demo.Pkg")) == 2
    assert site_cli.json("package", "burnt", "acme/main", "--package", "other") == []
    site.upload(*WHEEL, key)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (["delete", *PACKAGE, "9.9", "--confirm", "9.9"], "demo-pkg has no release 9.9"),
        (["delete", *PACKAGE, "--file", "x", "--confirm", "x"], "demo-pkg has no file x"),
        (["delete", *PACKAGE, "1.0", "--confirm", "1.1"], "nothing was deleted"),
        (["delete", "acme/nope", "x", "--confirm", "x"], "there is no package x in acme/nope"),
        (["yank", *PACKAGE, "--file", "x"], "demo-pkg has no file x"),
        (["notes", *PACKAGE, "9.9"], "demo-pkg has no release 9.9"),
        (["notes", "acme/main", "nope", "--set", "x"], "there is no package nope"),
        (["burnt", "acme/nope"], "there is no registry acme/nope"),
        (["unburn", "acme/nope", "x"], "there is no registry acme/nope"),
        (["unburn", "acme/main", "x"], "the name x is not burnt in acme/main"),
    ],
)
def test_refusal_says_what_is_missing(
    key: str, site_cli: CommandLine, command: list[str], complaint: str
) -> None:
    assert complaint in site_cli.refuse("package", *command)
