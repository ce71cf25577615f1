"""The OSV protocol (uv-client.md section 9): queries, batches, pages, records, refusals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from webtest import TestApp

from stockroom.advisories import service
from stockroom.spi import Advisory
from tests.support.databases import MakeUrl
from tests.support.facts import Telling, offer
from tests.support.site import TestSite

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def record(key: str, name: str, fixed: str) -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    part = {"package": {"ecosystem": "PyPI", "name": name}}
    return {"id": key, "affected": [{**part, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]}


RECORDS = [record("A-1", "Demo.Pkg", "2.0"), record("A-2", "demo-pkg", "3.0")]


class Osv(Telling):
    """A source of advisories."""

    tells_advisories = True

    def __init__(self, told: Iterable[dict[str, Any]], name: str = "osv") -> None:
        super().__init__(name, lambda run: [Advisory(one["id"], NOW, one) for one in told])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    make: MakeUrl = request.getfixturevalue(f"make_{request.param}")
    made = TestSite(make(), tmp_path_factory.mktemp("files"))
    offer(made, Osv(RECORDS)).refresh_now("osv", lambda run: None)
    yield made
    made.close()


@pytest.fixture
def app(site: TestSite) -> TestApp:
    offer(site, Osv(RECORDS))
    return TestApp(site.application)


def asked(name: str = "demo-pkg", version: str | None = None, **more: Any) -> dict[str, Any]:
    package = {"name": name, "ecosystem": "PyPI"}
    return {"package": package, **({"version": version} if version else {}), **more}


def ids(answer: Any) -> list[str]:
    return [one["id"] for one in answer.get("vulns", [])]


def test_a_query_is_answered_with_whole_records_to_anybody(app: TestApp) -> None:
    assert app.post_json("/v1/query", asked("demo_pkg", "1.0")).json == {"vulns": RECORDS}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (asked("demo-pkg"), ["A-1", "A-2"]),
        (asked("DEMO-pkg", "2.5"), ["A-2"]),
        (asked("demo-pkg", "3.0"), []),
        (asked("other", "1.0"), []),
        ({"package": {"purl": "pkg:pypi/demo-pkg@2.5"}}, ["A-2"]),
        ({"package": {"purl": "pkg:pypi/demo-pkg?x=1"}, "version": "2.5"}, ["A-2"]),
        ({"package": {"purl": "pkg:npm/demo-pkg@2.5"}}, []),
        ({"package": {"name": "demo-pkg", "ecosystem": "npm"}}, []),
        ({"commit": "0" * 40}, []),
    ],
)
def test_queries_find_what_affects_a_version(
    app: TestApp, query: dict[str, Any], found: list[str]
) -> None:
    assert ids(app.post_json("/v1/query", query).json) == found


def test_a_batch_is_answered_in_its_order(app: TestApp) -> None:
    queries = [asked("demo-pkg", "2.5"), asked("other"), asked("demo-pkg", "1.0")]

    answer = app.post_json("/v1/querybatch", {"queries": queries}).json

    first, second = ({"id": key, "modified": "2026-01-02T00:00:00Z"} for key in ("A-1", "A-2"))
    assert answer == {"results": [{"vulns": [second]}, {}, {"vulns": [first, second]}]}


def test_many_versions_of_a_package_with_many_advisories_are_asked_about_in_parts(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_COMPARISONS", 4)
    queries = [asked("demo-pkg", version) for version in ("1.0", "2.0", "2.0", "3.0")]

    refused = app.post_json("/v1/querybatch", {"queries": queries}, status=400).json

    assert refused["detail"] == (
        "this takes too long: ask about fewer versions of demo-pkg at a time"
    )
    assert len(app.post_json("/v1/querybatch", {"queries": queries[:3]}).json["results"]) == 3


def test_what_does_not_fit_comes_with_the_next_page(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PAGE", 1)

    first = app.post_json("/v1/query", asked()).json
    second = app.post_json("/v1/query", asked(page_token=first["next_page_token"])).json
    batch = app.post_json("/v1/querybatch", {"queries": [asked()]}).json["results"][0]

    assert (ids(first), ids(second)) == (["A-1"], ["A-2"])
    assert "next_page_token" not in second
    assert batch["next_page_token"] == "A-1"


def test_a_record_is_told_by_its_id(app: TestApp) -> None:
    assert app.get("/v1/vulns/A-1").json == RECORDS[0]
    assert app.get("/v1/vulns/A-9", status=404).json["detail"] == "there is no advisory A-9"


def test_clients_need_not_say_that_it_is_json(app: TestApp) -> None:
    body = '{"package": {"name": "demo-pkg", "ecosystem": "PyPI"}}'

    found = app.post("/v1/query", body, content_type="application/x-www-form-urlencoded").json

    assert ids(found) == ["A-1", "A-2"]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/v1/query", {}, "a query needs package.name"),
        ("/v1/query", {"package": {"name": "a"}}, "a query needs package.name"),
        (
            "/v1/query",
            {"package": {"name": "a", "purl": "pkg:pypi/a"}},
            "a query has either package.purl or package.name",
        ),
        (
            "/v1/query",
            {"package": {"purl": "pkg:pypi/a@1"}, "version": "1"},
            "a query has its version in package.purl or in version",
        ),
        ("/v1/query", {"package": {"name": "a" * 501}}, "the body is not what it should be"),
        ("/v1/querybatch", {}, "the body is not what it should be"),
        ("/v1/querybatch", {"queries": [{}] * 1001}, "there are 1001 queries; send at most 1000"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    app: TestApp, path: str, body: dict[str, Any], reason: str
) -> None:
    answer = app.post_json(path, body, status=400)

    assert answer.json["detail"].startswith(reason)


def test_a_body_that_is_too_long_is_refused(app: TestApp) -> None:
    app.post("/v1/query", " " * (512 * 1024 + 1), content_type="application/json", status=413)


def test_without_a_source_of_advisories_there_is_no_such_service(site: TestSite) -> None:
    offer(site, Telling("downloads", lambda run: []))
    app = TestApp(site.application)

    for answer in (
        app.post_json("/v1/query", asked(), status=404),
        app.post_json("/v1/querybatch", {"queries": []}, status=404),
        app.get("/v1/vulns/A-1", status=404),
    ):
        assert answer.json["detail"].startswith("this server answers no audits")


def test_before_the_first_success_nobody_is_told_that_all_is_well(site: TestSite) -> None:
    offer(site, Osv(RECORDS), Osv([], "new"))
    app = TestApp(site.application)

    answer = app.post_json("/v1/query", asked(), status=503)

    assert answer.json["detail"] == "the advisories have not been read yet; try again later"


def test_what_a_source_that_is_disabled_has_told_is_not_answered(site: TestSite) -> None:
    facts = offer(site, Osv([record("B-1", "other", "2")], "else"))
    facts.refresh_now("else", lambda run: None)
    app = TestApp(site.application)

    assert ids(app.post_json("/v1/query", asked()).json) == []
    app.get("/v1/vulns/A-1", status=404)


@pytest.mark.parametrize(
    "package", [{"name": "a\0b", "ecosystem": "PyPI"}, {"purl": "pkg:pypi/a\0"}]
)
def test_nothing_is_known_of_what_cannot_be_a_name(app: TestApp, package: dict[str, str]) -> None:
    assert app.post_json("/v1/querybatch", {"queries": [{"package": package}]}).json == {
        "results": [{}]
    }


def test_no_advisory_has_the_character_nul_in_its_id(app: TestApp) -> None:
    app.get("/v1/vulns/A-1%00", status=404)
