"""`stockroom check`: every kind of damage is found, and told from what only wastes space."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import update

from stockroom.models import ViewMember
from tests.archives import make_wheel
from tests.support.blobs import add_session, unpublish
from tests.support.cli import CommandLine
from tests.support.server import BIN
from tests.support.site import TestSite
from tests.support.terminals import read_all, terminal_environment

FILENAME, CONTENT = make_wheel("demo-pkg", "1.0")
DIGEST = hashlib.sha256(CONTENT).hexdigest()
OTHER = b"nobody asked for this"
OTHER_DIGEST = hashlib.sha256(OTHER).hexdigest()


@pytest.fixture
def blob(site: TestSite) -> Path:
    """The file that holds the bytes of the one wheel of the site."""
    site.upload(FILENAME, CONTENT, site.create_key())
    return place_of(site, DIGEST)


def place_of(site: TestSite, digest: str) -> Path:
    return site.folder / "sha256" / digest[:2] / digest[2:4] / digest


def check(cli: CommandLine, *options: str, status: int = 0) -> str:
    return cli.run("check", *options, status=status)


def test_sound_storage(blob: Path, site_cli: CommandLine) -> None:
    assert check(site_cli) == "checked 2 blobs: 0 damaged\n"
    assert check(site_cli, "--deep") == "checked 2 blobs: 0 damaged\n"


def test_empty_storage(site_cli: CommandLine) -> None:
    assert check(site_cli) == "checked 0 blobs: 0 damaged\n"


@pytest.mark.parametrize("options", [[], ["--deep"]])
def test_missing_blob_is_damage(blob: Path, site_cli: CommandLine, options: list[str]) -> None:
    blob.unlink()

    report = check(site_cli, *options, status=1)

    assert report == f"missing: {DIGEST} {FILENAME}\nchecked 2 blobs: 1 damaged\n"


def test_truncated_blob_is_damage(blob: Path, site_cli: CommandLine) -> None:
    blob.write_bytes(CONTENT[:-1])

    assert check(site_cli, status=1).startswith(f"wrong-size: {DIGEST} {FILENAME}\n")


def test_altered_blob_is_found_by_reading_it(blob: Path, site_cli: CommandLine) -> None:
    blob.write_bytes(CONTENT[:-1] + b"?")

    assert check(site_cli) == "checked 2 blobs: 0 damaged\n"
    assert check(site_cli, "--deep", status=1).startswith(f"wrong-digest: {DIGEST} {FILENAME}\n")


def test_lost_metadata_names_the_file_it_belongs_to(
    blob: Path, site: TestSite, site_cli: CommandLine
) -> None:
    page = site.page("demo-pkg", site.create_key(role="reader"))
    digest = page["files"][0]["core-metadata"]["sha256"]
    place_of(site, digest).unlink()

    assert check(site_cli, status=1).startswith(f"missing: {digest} {FILENAME}\n")


def test_unreferenced_blob_is_told_but_is_no_damage(
    blob: Path, site: TestSite, site_cli: CommandLine
) -> None:
    place = place_of(site, OTHER_DIGEST)
    place.parent.mkdir(parents=True)
    place.write_bytes(OTHER)

    report = check(site_cli)

    assert report == f"unreferenced: {OTHER_DIGEST}\nchecked 2 blobs: 0 damaged\n"


def test_blob_with_a_row_that_nobody_needs_is_unreferenced(
    blob: Path, site: TestSite, site_cli: CommandLine
) -> None:
    unpublish(site, FILENAME)

    lines = check(site_cli).splitlines()

    assert f"unreferenced: {DIGEST}" in lines
    assert len(lines) == 3
    assert lines[-1] == "checked 2 blobs: 0 damaged"


@pytest.mark.parametrize("options", [[], ["--deep"]])
def test_lost_blob_that_nobody_needs_is_no_damage(
    blob: Path, site: TestSite, site_cli: CommandLine, options: list[str]
) -> None:
    unpublish(site, FILENAME)
    blob.unlink()

    report = check(site_cli, *options)

    assert report.count("unreferenced: ") == 2


@pytest.mark.parametrize("column", ["sha256", "metadata_sha256"])
def test_blob_of_an_upload_session_is_needed(
    blob: Path, site: TestSite, site_cli: CommandLine, column: str
) -> None:
    unpublish(site, FILENAME)
    add_session(site, **{column: DIGEST})

    assert check(site_cli).count("unreferenced: ") == 1
    blob.unlink()
    assert f"missing: {DIGEST} {FILENAME}\n" in check(site_cli, status=1)


def test_leftover_of_a_crash_is_told_but_is_no_damage(
    blob: Path, site: TestSite, site_cli: CommandLine
) -> None:
    staged = site.folder / "staging" / "half-an-upload"
    staged.write_bytes(OTHER)
    os.utime(staged, (1_000_000_000, 1_000_000_000))

    assert check(site_cli) == "leftover: half-an-upload\nchecked 2 blobs: 0 damaged\n"


def test_upload_in_progress_is_no_leftover(
    blob: Path, site: TestSite, site_cli: CommandLine
) -> None:
    (site.folder / "staging" / "an-upload").write_bytes(OTHER)

    assert check(site_cli) == "checked 2 blobs: 0 damaged\n"


def test_json_lists_everything_found(blob: Path, site_cli: CommandLine) -> None:
    blob.unlink()

    report = json.loads(check(site_cli, "--json", status=1))

    assert report == {
        "checked": 2,
        "damaged": 1,
        "findings": [{"kind": "missing", "blob": DIGEST, "files": [FILENAME]}],
        "views": [],
    }


def test_filter_that_was_right_once_is_found(site: TestSite, site_cli: CommandLine) -> None:
    """The plugin with its field is not enabled any more: the view answers nobody."""
    site.create_view("acme/all", "acme/main", "acme/main[file.age_days >= 7]")
    with site.database.transaction() as session:
        lost = update(ViewMember).where(ViewMember.filter.is_not(None))
        session.execute(lost.values(filter="file.gone >= 7"))

    report = check(site_cli, status=1)
    listed = json.loads(check(site_cli, "--json", status=1))

    assert report.startswith("view acme/all: group 2, acme/main, column 1: ")
    assert report.endswith("checked 0 blobs: 0 damaged\n")
    [broken] = listed["views"]
    assert broken["view"] == "acme/all"


def test_progress_bar_is_shown_at_a_terminal_and_nowhere_else(
    blob: Path, site_cli: CommandLine
) -> None:
    command = [str(BIN / "stockroom"), "-c", str(site_cli.ini), "check"]
    controller, terminal = pty.openpty()

    at_terminal = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=terminal, env=terminal_environment()
    )
    os.close(terminal)
    shown = read_all(controller)
    piped = subprocess.run(command, check=True, capture_output=True)

    assert b"checking blobs" in shown
    assert at_terminal.stdout == piped.stdout == b"checked 2 blobs: 0 damaged\n"
    assert piped.stderr == b""
