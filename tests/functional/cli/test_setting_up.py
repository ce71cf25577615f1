"""`stockroom init` and `migrate`: from nothing, again, and from another schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from stockroom.models import SCHEMA_REVISION
from tests.support.cli import CommandLine, stockroom_command
from tests.support.schemas import empty, set_revision
from tests.support.site import TestSite


def test_init_makes_database_and_storage(bare: CommandLine) -> None:
    bare.run("init")

    assert bare.json("workspace", "list") == []
    assert (bare.folder / "files").is_dir()


def test_init_makes_the_folder_of_the_database(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path, sqlalchemy__url=f"sqlite:///{tmp_path}/new/folder/stockroom.db")

    cli.run("init")

    assert (tmp_path / "new/folder/stockroom.db").exists()


def test_init_can_be_repeated(bare: CommandLine) -> None:
    bare.run("init")
    bare.run("workspace", "create", "acme")

    again = bare.run("init")

    assert "ready already" in again
    assert [row["name"] for row in bare.json("workspace", "list")] == ["acme"]


def test_init_prints_nothing_secret(postgresql_url: str, tmp_path: Path) -> None:
    sign = "&" if "?" in postgresql_url else "?"
    cli = CommandLine(tmp_path, sqlalchemy__url=f"{postgresql_url}{sign}password=hush-hush")

    output = cli.run("init")

    assert output == f"schema {SCHEMA_REVISION} is ready already\n"


def test_init_of_an_empty_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    cli = CommandLine(tmp_path, sqlalchemy__url=empty(postgresql_url))

    cli.run("init")
    cli.run("workspace", "create", "acme")

    assert [row["registry"] for row in cli.json("registry", "list")] == ["acme/main"]


def test_migrate_has_nothing_to_do_when_the_schema_is_right(cli: CommandLine) -> None:
    output = cli.run("migrate")

    assert output == f"schema {SCHEMA_REVISION}, nothing to do\n"


def test_migrate_of_an_empty_database_makes_the_schema(bare: CommandLine) -> None:
    output = bare.run("migrate")

    assert output == f"schema none -> {SCHEMA_REVISION}\n"
    assert bare.json("key", "list") == []


@pytest.mark.parametrize("command", [["init"], ["key", "list"], ["check"], ["serve"]])
def test_older_schema_is_refused_with_the_command_to_run(
    cli: CommandLine, sqlite_url: str, command: list[str]
) -> None:
    set_revision(sqlite_url, "0000")

    complaint = cli.refuse(*command, status=2)

    assert "the database has schema 0000" in complaint
    assert "make a backup" in complaint
    assert f"-c {cli.ini} migrate`" in complaint


@pytest.mark.parametrize("command", [["init"], ["migrate"], ["key", "list"], ["serve"]])
def test_newer_schema_is_refused(cli: CommandLine, sqlite_url: str, command: list[str]) -> None:
    set_revision(sqlite_url, "9999")

    complaint = cli.refuse(*command, status=2)

    assert "the database has schema 9999, newer than this Stockroom knows" in complaint
    assert "upgrade Stockroom" in complaint


def test_unknown_older_schema_cannot_be_migrated(cli: CommandLine, sqlite_url: str) -> None:
    set_revision(sqlite_url, "0000")

    complaint = cli.refuse("migrate", status=2)

    assert complaint.startswith("error: the database cannot be migrated:")


def test_database_of_another_program_is_refused(bare: CommandLine) -> None:
    with sqlite3.connect(bare.folder / "stockroom.db") as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()

    complaint = bare.refuse("init", status=2)

    assert "belongs to another program, it holds the table recipes" in complaint


@pytest.mark.parametrize(
    "command", [["key", "list"], ["check"], ["serve"], ["team", "create", "x"]]
)
def test_command_before_init_says_what_to_run_and_leaves_no_trace(
    bare: CommandLine, command: list[str]
) -> None:
    complaint = bare.refuse(*command, status=2)

    assert f"is empty: run `stockroom -c {bare.ini} init`" in complaint
    assert not (bare.folder / "stockroom.db").exists()


def test_command_on_an_embedded_instance_that_is_not_there_says_what_to_run(tmp_path: Path) -> None:
    result = stockroom_command("--data-dir", tmp_path / "data", "key", "list", status=2)

    assert f"run `stockroom --data-dir {tmp_path / 'data'} init`" in result.stderr
    assert not (tmp_path / "data").exists()


def test_database_that_is_busy_is_told_in_a_sentence(
    site: TestSite, site_cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockroom.db.SQLITE_BUSY_SECONDS", 0)

    with site.database.transaction() as session:
        session.execute(text("SELECT 1"))
        complaint = site_cli.refuse("team", "create", "acme-two")

    assert complaint == "error: the database refuses: database is locked\n"
