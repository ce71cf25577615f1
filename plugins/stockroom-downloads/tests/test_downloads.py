"""Figures from an API and from a file, and what a filter reads of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from stockroom.insight.queries import documents
from stockroom.insight.service import Facts
from stockroom.settings import read_settings
from stockroom.spi import FactDocument, FilterField, FilterPackage
from stockroom.testing import FilterFieldContract
from stockroom_downloads import api
from stockroom_downloads.fields import FIELDS
from stockroom_downloads.settings import DownloadsSettings
from stockroom_downloads.source import Downloads
from tests.conftest import MakeSite
from tests.support.facts import FakeRun as Run
from tests.support.facts import hold

HEADER = "package,last_7_days,last_30_days\n"
GOOD = {"data": {"last_day": 1, "last_week": 7, "last_month": 30}, "package": "a", "type": "x"}


class Stats(ThreadingHTTPServer):
    """An API that gives for each package what a test has put there, one after the other."""

    daemon_threads = True

    def __init__(self, answers: dict[str, list[Any]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}


class Handler(BaseHTTPRequestHandler):
    server: Stats

    def do_GET(self) -> None:
        name = self.path.removeprefix("/api/packages/").removesuffix("/recent")
        self.server.asked.append(name)
        told = self.server.answers.get(name, [404])
        answer = told.pop(0) if len(told) > 1 else told[0]
        body = b"" if isinstance(answer, int) else answer
        self.send_response(answer if isinstance(answer, int) else 200)
        for header, value in self.server.headers.items():
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def stats(**answers: list[Any]) -> Iterator[Stats]:
    server = Stats(answers)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def good(week: int = 7, month: int = 30) -> bytes:
    return json.dumps({"data": {"last_week": week, "last_month": month}}).encode()


def source_of(server: Stats | None = None, **settings: Any) -> Downloads:
    url = f"http://127.0.0.1:{server.server_port}/api" if server else None
    return Downloads(DownloadsSettings(url=url, pause=0, **settings))


def told(source: Downloads, run: Run) -> dict[str, Any]:
    found = list(source.refresh(run))
    assert all(isinstance(one, FactDocument) for one in found)
    return {one.package: one.document for one in found}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(api, "LONGEST_WAIT", 0.001)


class TestApi:
    def test_figures_are_told_and_what_has_none_is_known_to_have_none(self) -> None:
        with stats(a=[json.dumps(GOOD).encode()], b=[good(0, 0)]) as server:
            run = Run(["a", "b", "private"])

            found = told(source_of(server), run)

        assert found == {
            "a": {"last_7_days": 7, "last_30_days": 30},
            "b": {"last_7_days": 0, "last_30_days": 0},
            "private": {},
        }
        assert run.reports[-1] == (3, 3)

    def test_names_that_are_excluded_are_never_sent(self) -> None:
        with stats(a=[good()]) as server:
            run = Run(["a", "acme-core", "secret"], known={"secret"})

            found = told(source_of(server, exclude=("acme-*", "secret")), run)

            assert server.asked == ["a"]
        assert found == {"a": {"last_7_days": 7, "last_30_days": 30}, "secret": None}

    @pytest.mark.parametrize("busy", [429, 500, 503])
    def test_who_is_busy_is_asked_again(self, busy: int) -> None:
        with stats(a=[busy, busy, good()]) as server:
            server.headers["Retry-After"] = "1"
            found = told(source_of(server), Run(["a"]))

            assert len(server.asked) == 3
        assert found == {"a": {"last_7_days": 7, "last_30_days": 30}}

    def test_one_without_an_answer_does_not_end_the_refresh(self) -> None:
        with stats(a=[503], b=[good()], c=[301]) as server:
            run = Run(["a", "b", "c"])

            found = told(source_of(server, connections=1), run)

            assert server.asked == ["a"] * 5 + ["b", "c"]
        assert [*found] == ["b"]
        assert run.notes == ["a: it answers 503.", "c: it answers 301."]

    def test_an_api_that_is_away_ends_the_refresh(self) -> None:
        with stats() as server:
            source = source_of(server)

        with pytest.raises(api.Away, match=r"^127.0.0.1 does not answer: it cannot be reached"):
            told(source, Run([f"p-{number}" for number in range(20)]))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"[1]",
            b'{"data": {"last_week": "7", "last_month": 30}}',
            b'{"data": {"last_week": -1, "last_month": 30}}',
            b'{"data": {"last_week": true, "last_month": 30}}',
            b'{"data": {"last_week": 1e400, "last_month": 30}}',
            b"[" * 50_000,
            b'{"data": {"last_week": 7, "last_month": 30}}' + b" " * api.MAX_ANSWER,
        ],
        ids=["empty", "object", "list", "text", "negative", "bool", "infinite", "deep", "long"],
    )
    def test_an_answer_without_figures_is_left_out(self, body: bytes) -> None:
        with stats(a=[body]) as server:
            run = Run(["a"])

            assert told(source_of(server), run) == {}

        assert run.notes[0].startswith("a: ")

    def test_between_refreshes_only_new_packages_are_asked_for(self) -> None:
        with stats(a=[good()], b=[good()]) as server:
            run, source = Run(["a"]), source_of(server)
            told(source, run)
            run.known, run.packages = {"a"}, ["a", "b"]

            assert [*told(source, run)] == ["b"]

            run.known = {"a", "b"}
            assert told(source, run) == {}
            run.state = {}
            assert sorted(told(source, run)) == ["a", "b"]

    def test_the_end_of_the_server_ends_it(self) -> None:
        class Ended(Exception):
            pass

        class Ending(Run):
            def progress(self, done: int, total: int | None = None) -> None:
                raise Ended

        with stats(a=[good()]) as server, pytest.raises(Ended):
            told(source_of(server), Ending(["a"]))


class TestFile:
    def read(self, tmp_path: Path, text: str, *packages: str) -> tuple[dict[str, Any], Run]:
        path, run = tmp_path / "figures.csv", Run(list(packages))
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return told(source_of(csv=str(path)), run), run

    def test_figures_of_packages_that_are_held_are_told(self, tmp_path: Path) -> None:
        found, run = self.read(tmp_path, f"\ufeff{HEADER}A_b,1,2\nother,3,4\n", "a-b", "none")

        assert found == {"a-b": {"last_7_days": 1, "last_30_days": 2}, "none": {}}
        assert run.notes == []

    def test_lines_that_are_wrong_are_told_by_their_number(self, tmp_path: Path) -> None:
        lines = "a,1\n\na,1,x\na,-1,2\na,1,2\nA,3,4\nb,1,2,3\n\udcff,1,2\n"

        found, run = self.read(tmp_path, HEADER + lines, "a")

        assert found == {"a": {"last_7_days": 1, "last_30_days": 2}}
        assert run.notes == [
            *(f"line {n}: it must be a name and two whole numbers." for n in (2, 4, 5)),
            "line 7: a stands in line 6 already.",
            "line 8: it must be a name and two whole numbers.",
        ]

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "figures.csv must begin with the line package,last_7_days,last_30_days."),
            ("a,1,2\n", "figures.csv must begin with the line"),
            (f'{HEADER}"{"x" * 200_000}', "figures.csv is no CSV file: field larger"),
        ],
    )
    def test_another_file_ends_the_refresh(self, tmp_path: Path, text: str, reason: str) -> None:
        with pytest.raises(ValueError, match=f"^{reason}"):
            self.read(tmp_path, text, "a")

    def test_a_file_that_is_not_there_ends_the_refresh(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"^none.csv cannot be read: No such file"):
            told(source_of(csv=str(tmp_path / "none.csv")), Run(["a"]))

    def test_a_file_that_changes_is_read_again(self, tmp_path: Path) -> None:
        path, run = tmp_path / "figures.csv", Run(["a"])
        path.write_text(f"{HEADER}a,1,2\n")
        source = source_of(csv=str(path))
        told(source, run)
        run.known = {"a"}
        assert told(source, run) == {}

        path.write_text(f"{HEADER}a,10,20\n")

        assert told(source, run) == {"a": {"last_7_days": 10, "last_30_days": 20}}


class TestFields(FilterFieldContract):
    @pytest.fixture
    def fields(self) -> Sequence[FilterField]:
        return FIELDS

    @pytest.fixture
    def documents(self) -> Sequence[Mapping[str, Mapping[str, Any]]]:
        return [{"downloads": {"last_7_days": 1, "last_30_days": 2}}]


def test_fields_read_the_document() -> None:
    cases: dict[str, dict[str, dict[str, int]]] = {
        "told": {"downloads": {"last_7_days": 1, "last_30_days": 2}},
        "none": {"downloads": {}},
        "before": {},
    }
    values = {}
    for one in FIELDS:
        assert one.values is not None
        for case, known in cases.items():
            package = FilterPackage("a", None, known)
            values[one.name, case] = one.values(package, [package])

    assert values == {
        ("package.pypi_downloads_7_days", "told"): [1.0],
        ("package.pypi_downloads_7_days", "none"): [None],
        ("package.pypi_downloads_7_days", "before"): [None],
        ("package.pypi_downloads_30_days", "told"): [2.0],
        ("package.pypi_downloads_30_days", "none"): [None],
        ("package.pypi_downloads_30_days", "before"): [None],
    }


@pytest.mark.parametrize("settings", [{}, {"url": "https://stats.example", "csv": "a.csv"}])
def test_exactly_one_place_of_figures_is_named(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^set either plugin.downloads.url or plugin"):
        Downloads(DownloadsSettings(**settings))


@pytest.mark.parametrize("value", ["x", "-1", "61", "nan"])
def test_a_pause_is_some_seconds(value: str) -> None:
    from stockroom.errors import ConfigurationInvalid
    from stockroom.plugins import Plugins

    values = {"sqlalchemy.url": "sqlite:////a", "stockroom.storage": "file:///a"}
    named = {"stockroom.plugins": "downloads", "plugin.downloads.pause": value}
    with pytest.raises(ConfigurationInvalid, match=r"plugin\.downloads\.pause"):
        Plugins(read_settings({**values, **named}))


def test_a_server_with_the_plugin_knows_the_figures(
    make_site: MakeSite, sqlite_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "figures.csv"
    path.write_text(f"{HEADER}demo,1,2\n")
    settings = {
        "stockroom.plugins": "downloads",
        "stockroom.jobs": "separate",
        "plugin.downloads.csv": str(path),
    }
    site = make_site(sqlite_url, **settings)
    site.create_workspace()
    hold(site.database, "demo", "new")

    assert site.service(Facts).refresh_now("downloads", lambda run: None) is None

    with site.database.read() as connection:
        found = documents(connection, ["downloads"], ["demo", "new"])
    assert found["demo"] == {"downloads": {"last_7_days": 1, "last_30_days": 2}}
    assert found["new"] == {"downloads": {}}
