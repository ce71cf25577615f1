"""A view as of an instant: files that were uploaded later do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import update

from stockroom.feed import Feed
from stockroom.manage.packages import Packages
from stockroom.models import Package
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.databases import MakeUrl
from tests.support.library import create_registry
from tests.support.site import JSON, TestSite
from tests.support.stock import Stocked, define_view, stock

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, 12, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
NUMBERS = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    """A site with the package demo in two registries, each with a view of its own, and a view."""
    make: MakeUrl = request.getfixturevalue(f"make_{request.param}")
    made = TestSite(make(), tmp_path_factory.mktemp("past"))
    yield made
    made.close()


@pytest.fixture
def place(server: TestSite) -> str:
    """A public workspace.

    ``main`` has demo 1.0 of March, 2.0 of the first of April at noon, 3.0 of May, and since May
    the package late. ``other`` has late since March. The view ``prod`` shows main, then other.
    """
    name = f"acme-{next(NUMBERS)}"
    server.create_workspace(name, "public")
    create_registry(server, "other", name)
    with server.database.transaction() as session:
        files = [Stocked("1.0", MARCH), Stocked("2.0", APRIL), Stocked("3.0", MAY)]
        stock(session, f"{name}/main", {"demo": files, "late": [Stocked("2.0", MAY)]})
        stock(session, f"{name}/other", {"late": [Stocked("1.0", MARCH)]})
        main, other = f"{name}/main", f"{name}/other"
        define_view(session, f"{name}/prod", [(main, None)], [(other, None)])
    return name


def ask(server: TestSite, path: str, status: int = 200, **headers: str) -> Any:
    return server.get(path, accept=JSON, status=status, **headers)


def versions(server: TestSite, path: str) -> list[str]:
    found: list[str] = ask(server, path).json["versions"]
    return found


def names(server: TestSite, path: str) -> list[str]:
    return [project["name"] for project in ask(server, path).json["projects"]]


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-03-01", ["1.0"]),
        ("2026-04-01", ["1.0"]),
        ("2026-04-01T11:59:59.999999Z", ["1.0"]),
        ("2026-04-01T12:00Z", ["1.0", "2.0"]),
        ("2026-04-01T12:00:00Z", ["1.0", "2.0"]),
        ("2026-04-01T14:00:00%2B02:00", ["1.0", "2.0"]),
        ("2026-04-01T14:00:00+02:00", ["1.0", "2.0"]),
        ("2026-04-01T12:00:00-01:00", ["1.0", "2.0"]),
        ("2026-04-01T12:00:00.0-00:01", ["1.0", "2.0"]),
        ("2026-05-01", ["1.0", "2.0", "3.0"]),
        ("9999-12-31", ["1.0", "2.0", "3.0"]),
    ],
)
def test_a_view_shows_what_it_had_at_an_instant(
    server: TestSite, place: str, instant: str, expected: list[str]
) -> None:
    assert versions(server, f"/simple/{place}/main@{instant}/demo/") == expected


@pytest.mark.parametrize(
    "instant",
    [
        "",
        "yesterday",
        "2026-02-30",
        "2026-10",
        "20261001",
        "2026-W40",
        "2026-04-01T12",
        "2026-04-01T12:00:00",
        "2026-04-01T24:00:01Z",
        "2026-04-01 12:00:00Z",
        "2026-04-01T12:00:00.1234567Z",
        "2026-04-01@2026-04-01",
        "%D9%A2%D9%A0%D9%A2%D9%A6-04-01",
        "0001-01-01T00:00:00+23:59",
        "2026-04-01%0A",
    ],
)
def test_what_is_no_instant_is_not_found(site: TestSite, instant: str) -> None:
    key = site.create_key("reader")

    for path in ("", "/", "/demo/", "/-/demo/00/demo-1.0-py3-none-any.whl"):
        answer = site.get(f"/simple/acme/main@{instant}{path}", key, status=404)

        assert "acme/main@2026-10-01T12:00:00Z" in answer.json["detail"]


def test_only_who_may_read_the_view_learns_what_is_wrong_with_an_instant(site: TestSite) -> None:
    site.get("/simple/acme/main@nonsense/", status=401)
    answer = site.get("/simple/acme/main@nonsense/", site.create_key("reader"), status=404)

    assert "no such instant" in answer.json["detail"]


def test_before_its_first_file_a_package_does_not_exist(server: TestSite, place: str) -> None:
    ask(server, f"/simple/{place}/main@2026-02-01/demo/", 404)
    ask(server, f"/simple/{place}/main@2026-04-30/late/", 404)


def test_a_later_group_has_what_an_earlier_one_did_not_have_yet(
    server: TestSite, place: str
) -> None:
    past = versions(server, f"/simple/{place}/prod@2026-04-30/late/")
    present = versions(server, f"/simple/{place}/prod/late/")

    assert (past, present) == (["1.0"], ["2.0"])


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("main@2026-02-01", []),
        ("main@2026-04-01", ["demo"]),
        ("prod@2026-04-01", ["demo", "late"]),
        ("main@2026-05-01", ["demo", "late"]),
    ],
)
def test_the_list_has_what_existed(
    server: TestSite, place: str, view: str, expected: list[str]
) -> None:
    assert names(server, f"/simple/{place}/{view}/") == expected


def test_a_package_brought_with_its_history_existed_before_its_row(
    server: TestSite, place: str
) -> None:
    with server.database.transaction() as session:
        stock(session, f"{place}/other", {"brought": [Stocked("1.0", MARCH)]})
        session.execute(update(Package).where(Package.name == "brought").values(created_at=MAY))

    path = f"/simple/{place}/other@2026-04-01/"
    assert (names(server, path), versions(server, f"{path}brought/")) == (
        ["brought", "late"],
        ["1.0"],
    )


@pytest.mark.parametrize("suffix", ["", ".metadata"])
def test_a_later_file_cannot_be_had_by_its_url(site: TestSite, suffix: str) -> None:
    # Uploaded now, so that it has bytes.
    key = site.create_key()
    wheel = make_wheel("demo", "1.0")
    site.upload(*wheel, key)
    url = site.file_url("demo", wheel[0], key) + suffix
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()

    for method in (site.app.get, site.app.head):
        headers = {"Authorization": f"Bearer {key}"}
        method(url.replace("/main/", "/main@2026-10-01/"), headers=headers, status=404)
        method(url.replace("/main/", f"/main@{tomorrow}/"), headers=headers, status=200)


def test_urls_of_files_lead_through_the_same_view(site: TestSite) -> None:
    key = site.create_key()
    site.upload(*make_wheel("demo", "1.0"), key)
    page = "/simple/acme/main@9999-01-01T00:00:00Z/demo/"

    url = site.get(page, key, accept=JSON).json["files"][0]["url"]

    assert url.startswith("../-/demo/")
    site.get(page.replace("demo/", url.removeprefix("../")), key)


def test_absolute_urls_name_the_instant_in_one_way(make_site: MakeSite, sqlite_url: str) -> None:
    settings = {"stockroom.file_urls": "absolute", "stockroom.base_url": "https://pkg.example"}
    site = make_site(sqlite_url, **settings)
    site.create_workspace(visibility="public")
    with site.database.transaction() as session:
        stock(session, "acme/main", {"demo": [Stocked("1.0", MARCH)]})

    urls = {
        ask(site, f"/simple/acme/main@{instant}/demo/").json["files"][0]["url"].partition("-/")[0]
        for instant in ("2026-04-01", "2026-04-01T02:00%2B02:00")
    }

    assert urls == {"https://pkg.example/simple/acme/main@2026-04-01T00:00:00Z/"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("main@2026-04-01", "./main@2026-04-01T00:00:00Z/"),
        ("main@2026-04-01?x=y", "./main@2026-04-01T00:00:00Z/?x=y"),
        ("main@2026-04-01/demo", "demo/"),
        ("main@2026-04-01/De.Mo/", "../de-mo/"),
    ],
)
def test_s02_s03_redirects_stay_at_the_instant(
    server: TestSite, place: str, path: str, expected: str
) -> None:
    assert ask(server, f"/simple/{place}/{path}", 301).headers["Location"] == expected


@pytest.mark.parametrize("path", ["", "demo/"])
def test_the_past_of_hosted_registries_is_immutable(
    server: TestSite, place: str, path: str
) -> None:
    soon = (datetime.now(UTC) - timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    controls = {
        at: ask(server, f"/simple/{place}/prod{at}/{path}").headers["Cache-Control"]
        for at in ("", "@2026-04-01", "@9999-01-01", f"@{soon}")
    }

    assert controls.pop("@2026-04-01") == "private, max-age=31536000, immutable"
    assert set(controls.values()) == {"private, max-age=0, must-revalidate"}


def test_a_past_page_costs_no_query_when_it_is_warm(server: TestSite, place: str) -> None:
    path = f"/simple/{place}/prod@2026-04-01/demo/"
    first = ask(server, path)
    server.service(Feed).check()

    with server.count_queries() as statements:
        ask(server, path, 304, if_none_match=first.headers["ETag"])
        ask(server, path.replace("04-01", "04-01T00:00:00Z"))

    assert [line for line in statements if "packages" in line] == []


def test_what_is_changed_on_purpose_changes_the_past(server: TestSite, place: str) -> None:
    index = f"/simple/{place}/prod@2026-04-02/"
    before = versions(server, f"{index}demo/"), names(server, index)
    with server.database.transaction() as session:
        packages = Packages(session, "test")
        packages.set_yanked(place, "main", "demo", "1.0", yanked=True, reason=None)
    yanked = [file["yanked"] for file in ask(server, f"{index}demo/").json["files"]]
    with server.database.transaction() as session:
        Packages(session, "test").set_status(place, "main", "demo", "quarantined", None)

    after = versions(server, f"{index}demo/"), names(server, index)

    assert before == (["1.0", "2.0"], ["demo", "late"])
    assert yanked == [True, False]
    assert after == ([], ["late"])


def test_many_instants_do_not_crowd_out_the_present(make_site: MakeSite, sqlite_url: str) -> None:
    site = make_site(sqlite_url, **{"stockroom.page_cache_mb": "1"})
    site.create_workspace(visibility="public")
    with site.database.transaction() as session:
        stock(session, "acme/main", {"demo": [Stocked("1.0", MARCH)]})
    ask(site, "/simple/acme/main/demo/")

    for minute in range(600):
        at = MARCH + timedelta(minutes=minute)
        ask(site, f"/simple/acme/main@{at:%Y-%m-%dT%H:%MZ}/demo/")

    with site.count_queries() as statements:
        ask(site, "/simple/acme/main/demo/")
    assert statements == []


def test_administration_knows_no_instants(site: TestSite) -> None:
    key = site.create_key("admin")

    site.get("/v1/workspaces/acme/views/main@2026-04-01/grants", key, status=404)
