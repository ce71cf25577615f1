"""A server killed in an upload: no listed file without bytes, and the retry works (U-93)."""

from __future__ import annotations

import http.client
import os
from pathlib import Path

import pytest

from tests.archives import make_sdist, make_wheel
from tests.conftest import MakeSite
from tests.functional.publish.conftest import server_for
from tests.support.blobs import LONG_AGO, add_session, put_bytes, unpublish
from tests.support.cli import CommandLine
from tests.support.crashing import MINES, MINES_OF_SWEEP, CrashingServer, crash_command
from tests.support.site import TestSite, bearer
from tests.support.uploads import (
    FORM,
    UPLOAD,
    encode,
    inventory,
    parts_of,
    send_upload,
    stored_files,
)

WHEEL = make_wheel("demo-pkg", "1.0", files={"demo_pkg.py": "ANSWER = 42\n" * 50_000})
SDIST = make_sdist("demo-pkg", "0.9")
PUBLISHED = ["between commit and end", "between end and answer"]


@pytest.fixture
def chosen(request: pytest.FixtureRequest, make_site: MakeSite) -> TestSite:
    """A site with the workspace acme on the kind of database that the test names."""
    site = make_site(request.getfixturevalue(f"{request.param}_url"))
    site.create_workspace()
    return site


def listed(site: TestSite, key: str) -> list[str]:
    return [file["filename"] for file in site.page("demo-pkg", key)["files"]]


def assert_sound(site: TestSite, key: str) -> None:
    """Every listed file, and its metadata, can be fetched, and no release is without files."""
    page = site.page("demo-pkg", key)
    for file in page["files"]:
        url = site.file_url("demo-pkg", file["filename"], key)
        content = site.get(url, key).body
        assert content == {WHEEL[0]: WHEEL[1], SDIST[0]: SDIST[1]}[file["filename"]]
        if file["core-metadata"]:
            site.get(f"{url}.metadata", key)
    rows, _ = inventory(site)
    assert rows["releases"] == rows["files"] == len(page["versions"])


def command_line(site: TestSite, folder: Path) -> CommandLine:
    """The command on the data of a site."""
    return CommandLine(
        folder,
        sqlalchemy__url=site.values["sqlalchemy.url"],
        stockroom__storage=site.values["stockroom.storage"],
    )


def check(site: TestSite, folder: Path, *, status: int = 0) -> str:
    """What the check command says of a site, of which every byte is read."""
    return command_line(site, folder).run("check", "--deep", status=status)


def assert_nothing_left_over(site: TestSite, folder: Path) -> None:
    """After a sweep without any grace, as a day later, there is what the files need and no more."""
    for path in (site.folder / "staging").iterdir():
        os.utime(path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    command_line(site, folder).run("gc", "--grace", "0", "--force")

    rows, stored = inventory(site)
    assert rows["blobs"] == len(stored) == 2 * rows["files"]
    assert check(site, folder) == f"checked {rows['blobs']} blobs: 0 damaged\n"


def crash(site: TestSite, folder: Path, moment: str, key: str) -> None:
    CrashingServer(folder, site, moment).crash(lambda server: send_upload(server, *WHEEL, key))


@pytest.mark.parametrize(
    ("database", "moment"),
    [
        *(("sqlite", moment) for moment in MINES),
        # Where the database plays a part, the other one must play it as well.
        ("postgresql", "when the rows are written"),
        ("postgresql", "between blobs and commit"),
        ("postgresql", "between commit and end"),
    ],
)
def test_u93_a_killed_server_leaves_nothing_by_halves_and_the_retry_works(
    request: pytest.FixtureRequest,
    make_site: MakeSite,
    tmp_path: Path,
    database: str,
    moment: str,
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    site = make_site(url)
    site.create_workspace()
    key = site.create_key()
    site.upload(*SDIST, key)

    crash(site, tmp_path / "crashing", moment, key)

    again = make_site(url)
    assert listed(again, key) == [SDIST[0], *([WHEEL[0]] if moment in PUBLISHED else [])]
    assert_sound(again, key)
    assert "0 damaged" in check(again, tmp_path / "check")
    assert again.upload(*WHEEL, key).status == "200 OK"
    assert listed(again, key) == [SDIST[0], WHEEL[0]]
    assert_sound(again, key)
    assert_nothing_left_over(again, tmp_path / "check")
    assert_sound(again, key)


@pytest.mark.parametrize(
    ("chosen", "moment"),
    [
        ("sqlite", "in the middle of staging"),
        ("sqlite", "when the first blob is public"),
        ("postgresql", "between blobs and commit"),
    ],
    indirect=["chosen"],
)
def test_u93_a_sweep_between_the_crash_and_the_retry_removes_what_is_left(
    chosen: TestSite, tmp_path: Path, moment: str
) -> None:
    key = chosen.create_key()
    chosen.upload(*SDIST, key)
    crash(chosen, tmp_path / "crashing", moment, key)

    assert_nothing_left_over(chosen, tmp_path / "sweep")

    assert chosen.upload(*WHEEL, key).status == "200 OK"
    assert listed(chosen, key) == [SDIST[0], WHEEL[0]]
    assert_sound(chosen, key)


@pytest.mark.parametrize(
    ("chosen", "moment"),
    [
        *(("sqlite", moment) for moment in MINES_OF_SWEEP),
        ("postgresql", "when the bytes are deleted"),
    ],
    indirect=["chosen"],
)
def test_a_killed_sweep_loses_nothing_and_the_next_one_goes_on(
    chosen: TestSite, tmp_path: Path, moment: str
) -> None:
    key = chosen.create_key()
    for file in (SDIST, WHEEL):
        chosen.upload(*file, key)
    unpublish(chosen, WHEEL[0])
    put_bytes(chosen, b"unknown")
    add_session(chosen, "open", LONG_AGO)
    commands = command_line(chosen, tmp_path / "sweep")

    crash_command(commands.ini, moment, "gc", "--grace", "0", "--force")

    assert listed(chosen, key) == [SDIST[0]]
    assert_sound(chosen, key)
    assert "0 damaged" in check(chosen, tmp_path / "check")
    assert chosen.upload(*WHEEL, key).status == "200 OK"
    assert listed(chosen, key) == [SDIST[0], WHEEL[0]]
    assert_sound(chosen, key)
    assert_nothing_left_over(chosen, tmp_path / "check")


def test_u93_a_server_killed_while_it_receives_leaves_nothing(
    site: TestSite, tmp_path: Path
) -> None:
    key = site.create_key()
    server = server_for(site, tmp_path / "first").start()
    body = encode(parts_of(*WHEEL))
    before = inventory(site)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", UPLOAD)
    for name, value in {**bearer(key), "Content-Type": FORM, "Expect": "100-continue"}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 100")
    connection.send(body[: len(body) // 2])

    server.kill()

    connection.close()
    assert inventory(site) == before
    again = server_for(site, tmp_path / "second").start()
    try:
        assert send_upload(again, *WHEEL, key).line == "200 OK"
    finally:
        again.stop()
    assert listed(site, key) == [WHEEL[0]]
    assert_nothing_left_over(site, tmp_path / "sweep")


def test_u93_a_restarted_server_takes_the_retry(site: TestSite, tmp_path: Path) -> None:
    """The same with a real process after the crash."""
    key = site.create_key()
    crash(site, tmp_path / "crashing", "between blobs and commit", key)
    restarted = server_for(site, tmp_path / "restarted").start()

    try:
        answer = send_upload(restarted, *WHEEL, key)
    finally:
        restarted.stop()

    assert answer.line == "200 OK"
    assert listed(site, key) == [WHEEL[0]]


def test_u93_blobs_without_rows_are_reported_and_no_failure(site: TestSite, tmp_path: Path) -> None:
    crash(site, tmp_path / "crashing", "between blobs and commit", site.create_key())

    report = check(site, tmp_path / "check")

    assert report.count("unreferenced: ") == 2


def test_rows_without_blobs_are_a_failure(site: TestSite, tmp_path: Path) -> None:
    """So that the checks above do say something."""
    key = site.create_key()
    site.upload(*WHEEL, key)
    for path in stored_files(site.folder):
        (site.folder / path).unlink()

    report = check(site, tmp_path / "check", status=1)

    assert "2 damaged" in report
