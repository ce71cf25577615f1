"""`stockroom gc`: what it tells of what went, and that it asks before it takes risks."""

from __future__ import annotations

import os
import pty
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from stockroom.builtin.filesystem import FilesystemStorage
from tests.archives import make_sdist, make_wheel
from tests.support.blobs import (
    digest_of,
    put_bytes,
    put_leftover,
    rows_of,
    stored,
    touch_all,
    unpublish,
)
from tests.support.cli import CommandLine
from tests.support.server import BIN
from tests.support.site import TestSite
from tests.support.terminals import read_all, terminal_environment
from tests.support.uploads import inventory

WHEEL = make_wheel("demo-pkg", "1.0")
SDIST = make_sdist("demo-pkg", "0.9")
UNKNOWN = b"nobody asked for this"
KINDS = ("unreferenced", "unknown", "leftover", "expired", "ended")


@pytest.fixture
def swept_site(site: TestSite) -> TestSite:
    """A site with two blobs, some bytes and a leftover that nobody needs."""
    key = site.create_key()
    for file in (WHEEL, SDIST):
        site.upload(*file, key)
    unpublish(site, WHEEL[0])
    touch_all(site)
    put_bytes(site, UNKNOWN)
    put_leftover(site, "half-an-upload")
    return site


def test_it_says_what_has_gone(swept_site: TestSite, site_cli: CommandLine) -> None:
    report = site_cli.run("gc")

    first, *rest = report.splitlines()
    assert first.startswith("removed 2 unreferenced blobs, ")
    assert rest == ["removed 1 blob without a row, 21 B", "removed 1 leftover"]
    assert len(rows_of(swept_site)) == 2
    assert stored(swept_site) == rows_of(swept_site)
    assert site_cli.run("check") == "checked 2 blobs: 0 damaged\n"
    assert site_cli.run("gc") == "nothing to remove\n"


def test_a_dry_run_lists_it_and_changes_nothing(
    swept_site: TestSite, site_cli: CommandLine
) -> None:
    before = inventory(swept_site)

    report = site_cli.run("gc", "--dry-run")

    lines = report.splitlines()
    assert f"unreferenced: {digest_of(WHEEL[1])} {len(WHEEL[1])} B" in lines[:2]
    assert lines[2:4] == [f"unknown: {digest_of(UNKNOWN)} 21 B", "leftover: half-an-upload"]
    assert lines[4].startswith("would remove 2 unreferenced blobs, ")
    assert lines[5:] == ["would remove 1 blob without a row, 21 B", "would remove 1 leftover"]
    assert inventory(swept_site) == before


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_json_has_the_figures_of_every_kind(
    swept_site: TestSite, site_cli: CommandLine, options: list[str]
) -> None:
    report = site_cli.json("gc", *options)

    assert report["dry_run"] == bool(options)
    assert report["grace_hours"] == 24
    assert {kind: report[kind]["count"] for kind in KINDS} == {
        "unreferenced": 2,
        "unknown": 1,
        "leftover": 1,
        "expired": 0,
        "ended": 0,
    }
    assert report["unknown"]["bytes"] == 21
    assert report["unreferenced"]["bytes"] > len(WHEEL[1])


@pytest.mark.parametrize(("hours", "count"), [("1", 1), ("3", 0)])
def test_grace_is_in_hours(site: TestSite, site_cli: CommandLine, hours: str, count: int) -> None:
    put_bytes(site, UNKNOWN, datetime.now(UTC) - timedelta(hours=2))

    assert site_cli.json("gc", "--grace", hours)["unknown"]["count"] == count


def test_no_grace_has_to_be_forced(site: TestSite, site_cli: CommandLine) -> None:
    put_bytes(site, UNKNOWN, datetime.now(UTC) - timedelta(seconds=1))

    refusal = site_cli.refuse("gc", "--grace", "0", status=2)

    assert "--grace 0 is safe only while no server is running" in refusal
    assert "--force" in refusal
    assert stored(site) == {digest_of(UNKNOWN)}
    assert site_cli.run("gc", "--grace", "0", "--force") == "removed 1 blob without a row, 21 B\n"


@pytest.mark.parametrize("hours", ["-1", "0.5", "nan", "1000000000", "a day"])
def test_what_is_no_number_of_hours_is_refused(site_cli: CommandLine, hours: str) -> None:
    assert "--grace" in site_cli.refuse("gc", "--grace", hours, "--force", status=2)


def test_a_storage_that_refuses_is_told_in_a_sentence(
    swept_site: TestSite, site_cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_storage: FilesystemStorage, _digest: str) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(FilesystemStorage, "delete", refuse)

    message = site_cli.refuse("gc")

    assert message.startswith("error: the storage refuses: Read-only file system; ")
    assert stored(swept_site) == {*rows_of(swept_site), digest_of(UNKNOWN)}


def test_progress_bar_is_shown_at_a_terminal_and_nowhere_else(
    swept_site: TestSite, site_cli: CommandLine
) -> None:
    command = [str(BIN / "stockroom"), "-c", str(site_cli.ini), "gc"]
    controller, terminal = pty.openpty()

    at_terminal = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=terminal, env=terminal_environment()
    )
    os.close(terminal)
    shown = read_all(controller)
    piped = subprocess.run(command, check=True, capture_output=True)

    assert b"sweeping" in shown
    assert at_terminal.stdout.startswith(b"removed 2 unreferenced blobs, ")
    assert piped.stdout == b"nothing to remove\n"
    assert piped.stderr == b""
