"""`stockroom why` and `stockroom view rehearse`, as docs/why.md shows them, here and there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from time_machine import travel

from tests.support.cli import AnyCommandLine
from tests.support.databases import MakeUrl
from tests.support.library import create_registry
from tests.support.server import ServerProcess
from tests.support.site import TestSite
from tests.support.stock import Stocked, stock

PAGE = (Path(__file__).parents[3] / "docs" / "why.md").read_text("utf-8")
SESSION = re.compile(
    r"^    \$ stockroom ((?:.+\\\n)*.+)\n((?:    (?!\$).*\n|\n(?=    (?!\$)))*)", re.MULTILINE
)
TODAY = datetime(2026, 3, 4, tzinfo=UTC)
"""On the page."""
LOCK = """\
version = 1

[[package]]
name = "acme-tools"
version = "1.4"
source = { registry = "https://packages.example/simple/acme/all/" }

[[package]]
name = "requests"
version = "2.30.0"
source = { registry = "https://packages.example/simple/acme/all/" }

[[package]]
name = "urllib3"
version = "2.2.0"
source = { registry = "https://packages.example/simple/acme/all/" }

[[package]]
name = "ship"
version = "0"
source = { virtual = "." }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("why")
    (folder / "uv.lock").write_text(LOCK, "utf-8")
    (folder / "bad.lock").write_text("x", "utf-8")
    (folder / "bad.txt").write_text("a==1\n???\n", "utf-8")
    (folder / "good.txt").write_text("requests==2.30.0\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def clis(make_sqlite: MakeUrl, folder: Path) -> Iterator[dict[str, AnyCommandLine]]:
    """Command lines on the database and on the running server."""
    url = make_sqlite()
    site = TestSite(url, folder / "files")
    site.create_workspace("acme")
    site.create_workspace("public", "public")
    create_registry(site, "pypi", "public")
    with site.database.transaction() as session:
        stock(session, "acme/main", {"acme-tools": [Stocked("1.4", day(1))]})
        stock(
            session,
            "public/pypi",
            {
                "acme-tools": [Stocked("99.0", day(1))],
                "requests": [
                    Stocked("2.30.0", day(2)),
                    Stocked("2.31.0", day(28), sdist=True),
                    Stocked("2.31.0", day(28)),
                ],
                "urllib3": [Stocked("2.2.0", day(20))],
            },
        )
    site.create_view("acme/all", "acme/main", "public/pypi[release.age_days >= 7]")
    server = ServerProcess(folder / "server", url, files=folder / "files").start()
    key = site.create_key("reader", "acme")
    yield {
        "local": AnyCommandLine("-c", server.ini),
        "remote": AnyCommandLine("--server", server.base, STOCKROOM_KEY=key),
    }
    server.stop()
    site.close()


@pytest.fixture(params=["local", "remote"])
def cli(request: pytest.FixtureRequest, clis: dict[str, AnyCommandLine]) -> AnyCommandLine:
    return clis[request.param]


def day(number: int) -> datetime:
    """Noon of a day of February."""
    return datetime(2026, 2, number, 12, tzinfo=UTC)


def documented() -> list[tuple[str, str]]:
    """The commands of the page with what they print."""
    return [
        (
            command.replace("\\\n    ", ""),
            re.sub("^    ", "", output, flags=re.MULTILINE).strip("\n"),
        )
        for command, output in SESSION.findall(PAGE)
    ]


@pytest.mark.parametrize(("line", "output"), documented(), ids=range(len(documented())))
def test_the_documented_sessions_are_real(
    clis: dict[str, AnyCommandLine],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    output: str,
) -> None:
    monkeypatch.chdir(folder)

    with travel(TODAY, tick=False):
        said = clis["local"].run(*shlex.split(line.replace("\\\n", "")), status=1)

    assert [text.rstrip() for text in said.strip("\n").split("\n")] == output.split("\n")


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (0, ["why", "acme/all", "requests", "--at", "2026-03-04T00:00:00Z"]),
        (1, ["why", "acme/all", "requests", "2.31.0", "--at", "2026-03-04"]),
        (0, ["view", "rehearse", "acme/all", "--lock", "uv.lock", "--at", "2026-03-04"]),
        (1, ["view", "rehearse", "acme/all", "--lock", "uv.lock", "--group", "public/pypi"]),
    ],
    ids=range(4),
)
def test_another_server_answers_the_same(
    clis: dict[str, AnyCommandLine],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    arguments: list[str],
) -> None:
    monkeypatch.chdir(folder)

    here, there = (cli.call(*arguments, status=status) for cli in clis.values())

    assert (there.stdout, there.exit_code) == (here.stdout, here.exit_code)


def test_what_is_shown_ends_with_status_0(cli: AnyCommandLine) -> None:
    found = cli.json("why", "acme/all", "acme-tools", "acme_tools-1.4-py3-none-any.whl")

    assert found["visible"] is True
    assert found["files"][0]["fate"] == "shown"


def test_pins_that_are_there_end_with_status_0(cli: AnyCommandLine, folder: Path) -> None:
    lock = str(folder / "good.txt")

    found = cli.json("view", "rehearse", "acme/all", "--lock", lock)
    more = ["--group", "public/pypi", "--group", "acme/main"]
    draft = cli.json("view", "rehearse", "acme/all", "--lock", lock, *more)

    assert found["counts"]["available"] == 1
    assert [pin["present"] for pin in draft["pins"]] == ["available"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["why", "acme/none", "requests"], "acme/none"),
        (["why", "acme/all", "requests", "--at", "soon"], "at must be a date"),
        (["view", "rehearse", "acme/all", "--lock", "bad.lock"], "what kind of lock file"),
        (["view", "rehearse", "acme/all", "--lock", "bad.txt"], "line 2: "),
        (
            ["view", "rehearse", "acme/all", "--lock", "good.txt", "--group", "acme/main["],
            "not closed",
        ),
        (
            ["view", "rehearse", "acme/all", "--lock", "good.txt", "--group", "acme/none"],
            "no registry acme/none",
        ),
    ],
    ids=["view", "at", "kind", "line", "group", "registry"],
)
def test_what_cannot_be_told_is_refused(
    cli: AnyCommandLine,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(folder)

    assert said in cli.refuse(*arguments)
