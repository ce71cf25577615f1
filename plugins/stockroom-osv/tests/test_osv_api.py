"""The OSV API as a source: what it is asked, how often, and what is made of its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from stockroom.insight.service import Facts
from stockroom.spi import Advisory, FactDocument, FilterPackage, FilterRelease
from stockroom_osv import api
from stockroom_osv.fields import FIELDS_OF_ASKED
from stockroom_osv.settings import OsvSettings
from stockroom_osv.source import Osv
from stockroom_osv.steps import score_of
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.databases import MakeUrl
from tests.support.facts import FakeRun

V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
NOTHING = {"score": 0.0, "steps": [], "versions": {}}
Answer = tuple[int, bytes]


def record(key: str, *names: str, modified: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": "2.0"}]
    parts = [
        {
            "package": {"ecosystem": "PyPI", "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }
        for name in names
    ]
    severity = [{"type": "CVSS_V3", "score": V3}]
    return {"id": key, "modified": modified, "affected": parts, "severity": severity}


class Double(ThreadingHTTPServer):
    """An OSV API with some records; ``instead`` may answer in its place."""

    daemon_threads = True
    page = 1000
    """Ids in an answer about one package."""

    def __init__(self, *records: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.records = {one["id"]: one for one in records}
        self.batches: list[list[str]] = []
        self.got: list[str] = []
        self.instead: Callable[[str], Answer | None] = lambda path: None
        self.url = f"http://127.0.0.1:{self.server_port}/osv"

    def result(self, query: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is answered to one query."""
        assert query["package"]["ecosystem"] == "PyPI"
        assert "version" not in query
        name, after = query["package"]["name"], query.get("page_token", "")
        found = [
            {"id": key, "modified": one["modified"]}
            for key, one in sorted(self.records.items())
            if key > after and name in [part["package"]["name"] for part in one["affected"]]
        ]
        if len(found) > self.page:
            return {"vulns": found[: self.page], "next_page_token": found[self.page - 1]["id"]}
        return {"vulns": found} if found else {}


class Handler(BaseHTTPRequestHandler):
    server: Double

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/osv/v1/querybatch"
        self.server.batches.append([one["package"]["name"] for one in body["queries"]])
        results = [self.server.result(one) for one in body["queries"]]
        self._answer(200, json.dumps({"results": results}).encode())

    def do_GET(self) -> None:
        key = self.path.removeprefix("/osv/v1/vulns/")
        self.server.got.append(key)
        found = self.server.records.get(key)
        self._answer(200 if found else 404, json.dumps(found).encode())

    def _answer(self, status: int, body: bytes) -> None:
        status, body = self.server.instead(self.path) or (status, body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def double() -> Iterator[Double]:
    server = Double(record("A-1", "demo"))
    with serving(server):
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(api, "LONGEST_WAIT", 0.001)


def ask(server: Double, run: FakeRun, **settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The documents and the advisories that are told, which the run keeps, as the server does."""
    told = list(Osv(OsvSettings(api=server.url, **settings)).refresh(run))
    documents = {one.package: one.document for one in told if isinstance(one, FactDocument)}
    advisories = {one.id: one.record for one in told if isinstance(one, Advisory)}
    for name, document in documents.items():
        (run.known.discard if document is None else run.known.add)(name)
    for key, found in advisories.items():
        if found is None:
            run.kept.pop(key)
        else:
            run.kept[key] = found
    return documents, advisories


def age(run: FakeRun, **of: float) -> None:
    run.state["at"] = (datetime.now(UTC) - timedelta(**of)).isoformat()


def test_packages_of_this_server_are_asked_about_without_versions(double: Double) -> None:
    run = FakeRun(["demo", "fine"])

    documents, advisories = ask(double, run)

    assert double.batches == [["demo", "fine"]]
    assert score_of(documents["demo"], ["1.0", "1.9", "2.0"]) == [9.8, 9.8, 0.0]
    assert documents["fine"] == NOTHING
    assert advisories == double.records
    assert run.notes == []
    assert run.reports


def test_names_that_are_excluded_are_never_sent_and_stay_unknown(double: Double) -> None:
    run = FakeRun(["acme-core", "demo", "secret"], known={"secret"})

    documents, _ = ask(double, run, exclude=("acme-*", "secret"))

    assert double.batches == [["demo"]]
    assert (sorted(documents), documents["secret"]) == (["demo", "secret"], None)


def test_a_record_tells_nothing_of_packages_that_were_not_asked_about(double: Double) -> None:
    """There may be other advisories about these."""
    double.records = {"A-1": record("A-1", "demo", "other")}

    documents, _ = ask(double, FakeRun(["demo"]))

    assert [*documents] == ["demo"]


def test_many_packages_and_many_advisories_are_asked_for_in_parts(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MAX_QUERIES", 2)
    double.page = 1
    double.records = {key: record(key, "a") for key in ("A-1", "A-2", "A-3")}

    documents, advisories = ask(double, FakeRun(["a", "b", "c"]))

    assert sorted(double.batches) == [["a"], ["a"], ["a", "b"], ["c"]]
    assert [*documents] == ["a", "b", "c"]
    assert sorted(advisories) == ["A-1", "A-2", "A-3"]


def test_only_records_that_are_new_or_modified_are_got_again(double: Double) -> None:
    run = FakeRun(["demo"])
    ask(double, run)
    double.got.clear()
    age(run, hours=7)
    double.records["A-2"] = record("A-2", "demo")
    ask(double, run)
    age(run, hours=7)
    double.records["A-1"] = record("A-1", "demo", modified="2026-01-02T00:00:00.5Z")

    documents, advisories = ask(double, run)

    assert double.got == ["A-2", "A-1"]
    assert [*advisories] == ["A-1"]
    assert score_of(documents["demo"], ["1.0"]) == [9.8]


def test_what_is_not_told_any_more_is_forgotten(double: Double) -> None:
    """An advisory that was withdrawn, one that is gone, and a package that is gone."""
    double.records["A-2"] = record("A-2", "demo")
    run = FakeRun(["demo", "gone"])
    ask(double, run)
    age(run, hours=7)
    run.packages = ["demo"]
    del double.records["A-1"]
    double.records["A-2"] = {
        **record("A-2", "demo", modified="2026-01-03T00:00:00Z"),
        "withdrawn": "2026-01-03T00:00:00Z",
    }

    documents, advisories = ask(double, run)

    assert documents == {"demo": NOTHING, "gone": None}
    assert advisories == {"A-1": None, "A-2": None}


def test_a_server_without_packages_forgets_everything(double: Double) -> None:
    run = FakeRun(known={"demo"}, kept={"A-1": record("A-1", "demo")})

    assert ask(double, run) == ({"demo": None}, {"A-1": None})
    assert double.batches == []


def test_between_refreshes_only_new_packages_are_asked_about(double: Double) -> None:
    run = FakeRun(["demo"])
    ask(double, run)
    run.packages = ["demo", "new"]
    age(run, hours=5)

    soon = ask(double, run)
    nothing_new = ask(double, run)
    run.state = {}
    all_again, _ = ask(double, run)

    assert soon == ({"new": NOTHING}, {})
    assert nothing_new == ({}, {})
    assert sorted(all_again) == ["demo", "new"]
    assert Osv(OsvSettings(api=double.url)).refresh_seconds == 900


def test_another_place_is_asked_about_everything_at_once(double: Double) -> None:
    at = datetime.now(UTC).isoformat()
    run = FakeRun(["demo"], known={"demo", "left"}, state={"api": "https://a.example", "at": at})

    documents, _ = ask(double, run)

    assert sorted(documents) == ["demo", "left"]


@pytest.mark.parametrize("busy", [429, 500, 503])
def test_who_is_busy_is_asked_again(double: Double, busy: int) -> None:
    answers = [(busy, b""), (busy, b""), None, (busy, b""), None]
    double.instead = lambda path: answers.pop(0)

    documents, _ = ask(double, FakeRun(["demo"]))

    assert documents["demo"]["score"] == 9.8
    assert answers == []


@pytest.mark.parametrize(
    ("where", "answer", "reason"),
    [
        ("batch", (503, b""), "answers 503 to POST /v1/querybatch"),
        ("batch", (302, b""), "answers 302 to POST /v1/querybatch"),
        ("batch", (400, b""), "answers 400 to POST /v1/querybatch"),
        ("A-1", (404, b""), "answers 404 to GET /v1/vulns/A-1"),
        ("batch", (200, b'{"results": []}'), "gives 0 answers to 1 queries"),
        ("batch", (200, b" " * 2000), "answers with more than 1,000 bytes"),
        *[
            ("batch", (200, body), "does not answer as an OSV API does")
            for body in (
                b"",
                b"[1]",
                b'{"results": 1}',
                b'{"results": [null]}',
                b'{"results": [{"vulns": 1}]}',
                b'{"results": [{"vulns": [{"id": "a b"}]}]}',
                b'{"results": [{"vulns": [{"id": "A-1", "modified": "x"}]}]}',
                b'{"results": [{"next_page_token": 1}]}',
                b"[" * 900,
            )
        ],
        ("batch", (200, b'{"results": [{"next_page_token": "x"}]}'), "answers 3 times that there"),
    ],
    ids=range(16),
)
def test_an_answer_that_is_none_ends_the_refresh(
    double: Double, monkeypatch: pytest.MonkeyPatch, where: str, answer: Answer, reason: str
) -> None:
    monkeypatch.setattr(api, "MAX_ANSWER", 1000)
    monkeypatch.setattr(api, "MAX_PAGES", 3)
    double.instead = lambda path: answer if path.endswith(where) else None
    run = FakeRun(["demo"])

    with pytest.raises(api.Away, match=rf"^127\.0\.0\.1 {reason}"):
        ask(double, run)

    assert run.state == {}


def test_more_advisories_than_can_be_end_the_refresh(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MAX_FOUND", 1)
    double.records["A-2"] = record("A-2", "demo")

    with pytest.raises(api.Away, match="tells more than 1 advisories"):
        ask(double, FakeRun(["demo"]))


def test_an_api_that_is_away_ends_the_refresh() -> None:
    server = Double()
    server.server_close()

    with pytest.raises(api.Away, match=r"^127\.0\.0\.1 cannot be reached \(\w+\)\.$"):
        ask(server, FakeRun(["demo"]))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"x", "A-1 is no JSON."),
        (b" " * 1_000_001, "A-1 has more than 1,000,000 bytes."),
        (json.dumps(record("A-2", "demo")).encode(), "A-1 is answered with another record."),
        (b'{"id": "A-1"}', "A-1 does not say when it was modified."),
    ],
    ids=["text", "long", "another", "no-instant"],
)
def test_what_is_no_record_is_left_out_by_its_id(double: Double, body: bytes, reason: str) -> None:
    double.instead = lambda path: (200, body) if path.endswith("A-1") else None
    run = FakeRun(["demo"])

    documents, advisories = ask(double, run)

    assert (documents, advisories) == ({"demo": NOTHING}, {})
    assert run.notes == [reason]


def test_what_can_be_read_no_more_counts_as_before(double: Double) -> None:
    run = FakeRun(["demo"])
    ask(double, run)
    age(run, hours=7)
    double.records["A-1"] = record("A-1", "demo", modified="2026-01-02T00:00:00Z")
    double.instead = lambda path: (200, b"x") if path.endswith("A-1") else None

    documents, advisories = ask(double, run)

    assert documents["demo"]["score"] == 9.8
    assert advisories == {}


def test_the_end_of_the_server_ends_it(double: Double) -> None:
    class Ended(Exception):
        pass

    class Ending(FakeRun):
        def progress(self, done: int, total: int | None = None) -> None:
            raise Ended

    with pytest.raises(Ended):
        ask(double, Ending(["demo"]))


def test_what_nobody_was_asked_about_is_unknown() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    documents: list[dict[str, Any]] = [{}, {"osv": {}}, {"osv": NOTHING}]
    found: list[object] = []
    for known in documents:
        package = FilterPackage("demo", None, known)
        for field, item in zip(FIELDS_OF_ASKED, [package, FilterRelease("1", at)], strict=True):
            assert field.values is not None
            found += field.values(package, [item])

    assert found == [None, None, None, None, 0.0, 0.0]


@pytest.mark.parametrize("settings", [{}, {"records": "/osv", "api": "https://osv.example"}])
def test_exactly_one_place_is_named(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^set either plugin\.osv\.records or plugin\.osv\.api$"):
        Osv(OsvSettings(**settings))


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_server_asks_another_one_and_hides_what_nobody_was_asked_about(
    make_site: MakeSite, make_sqlite: MakeUrl, tmp_path: Path
) -> None:
    """The other one answers from records, by its own OSV doors (uv-client.md section 9)."""
    (tmp_path / "a.json").write_text(json.dumps(record("A-1", "demo")))
    common = {"stockroom.plugins": "osv", "stockroom.jobs": "separate"}
    other = make_site(make_sqlite(), **common, **{"plugin.osv.records": str(tmp_path)})
    other.service(Facts).refresh_now("osv", lambda run: None)
    door = make_server("127.0.0.1", 0, other.application, handler_class=Quiet)
    url = f"http://127.0.0.1:{door.server_port}"
    site = make_site(make_sqlite(), **common, **{"plugin.osv.api": url})
    site.create_workspace(visibility="public")
    writer = site.create_key()
    for version in ("1.0", "2.0"):
        site.upload(*make_wheel("demo", version), writer)
    site.create_view("acme/safe", "acme/main[release.cve_max_score < 7]")
    facts = site.service(Facts)

    def shown(name: str) -> list[str]:
        page = site.page(name, None, index="acme/safe")
        return [file["filename"].split("-")[1] for file in page["files"]]

    with serving(door):
        first = facts.refresh_now("osv", lambda run: None)
        site.upload(*make_wheel("demo", "1.5"), writer)
        site.upload(*make_wheel("late", "1.0"), writer)
        before = shown("late")
        again = facts.refresh_now("osv", lambda run: None)

    assert (first, again) == (None, None)
    assert shown("demo") == ["2.0"]
    assert (before, shown("late")) == ([], ["1.0"])
    # It would say that all is well of packages that it has never asked about.
    assert (
        site.app.get("/v1/vulns/A-1", status=404).json["detail"].startswith("this server answers")
    )
