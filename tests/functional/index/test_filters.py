"""What a filter hides is hidden everywhere: on pages, in the list, and by its URL."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import webob

from stockroom.feed import feed
from tests.archives import make_sdist, make_wheel
from tests.support.databases import MakeUrl
from tests.support.library import create_registry, set_status
from tests.support.nodes import wait_for_feed
from tests.support.site import JSON, TestSite
from tests.support.stock import LONG_AGO, Stocked, define_view, stock

NUMBERS = count(1)
WHEELS = '".whl" in file.name'
WEEK = "file.age_days >= 7"
TODAY = datetime.now(UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    make: MakeUrl = request.getfixturevalue(f"make_{request.param}")
    made = TestSite(make(), tmp_path_factory.mktemp("filters"))
    yield made
    made.close()


@pytest.fixture
def place(server: TestSite) -> str:
    """A public workspace with the registries main and other."""
    name = f"acme-{next(NUMBERS)}"
    server.create_workspace(name, "public")
    create_registry(server, "other", name)
    return name


def fill(server: TestSite, registry: str, **packages: list[Stocked]) -> None:
    with server.database.transaction() as session:
        stock(session, registry, packages)


def define(server: TestSite, view: str, *groups: list[tuple[str, str | None]]) -> None:
    with server.database.transaction() as session:
        define_view(session, view, *groups)


def ask(server: TestSite, path: str, status: int | str = 200, **headers: str) -> Any:
    return server.get(path, accept=JSON, status=status, **headers)


def filenames(server: TestSite, path: str) -> list[str]:
    return [file["filename"] for file in ask(server, path).json["files"]]


def names(server: TestSite, path: str) -> list[str]:
    return [project["name"] for project in ask(server, path).json["projects"]]


def urls(server: TestSite, index: str, package: str) -> dict[str, str]:
    """The paths of the files on a page below another index."""
    files = ask(server, f"{index}{package}/").json["files"]
    return {file["filename"]: file["url"].removeprefix("../") for file in files}


def test_a_page_has_what_the_filter_shows(server: TestSite, place: str) -> None:
    files = [Stocked("1.0"), Stocked("1.0", sdist=True), Stocked("2.0", sdist=True)]
    fill(server, f"{place}/main", demo=files)
    define(server, f"{place}/prod", [(f"{place}/main", WHEELS)])

    page = ask(server, f"/simple/{place}/prod/demo/").json

    assert [file["filename"] for file in page["files"]] == ["demo-1.0-py3-none-any.whl"]
    assert page["versions"] == ["1.0"]


def test_s05_a_package_that_is_hidden_as_a_whole_has_an_empty_page(
    server: TestSite, place: str
) -> None:
    main, other = f"{place}/main", f"{place}/other"
    fill(server, main, secret=[Stocked("0.1", TODAY)], plain=[Stocked("1.0")])
    fill(server, other, secret=[Stocked("99.0")])
    define(server, f"{place}/prod", [(main, WEEK)], [(other, None)])

    assert filenames(server, f"/simple/{place}/prod/secret/") == []
    assert names(server, f"/simple/{place}/prod/") == ["plain"]


def test_s64_what_is_excluded_by_name_comes_from_the_next_group(
    server: TestSite, place: str
) -> None:
    main, other = f"{place}/main", f"{place}/other"
    fill(server, main, demo=[Stocked("1.0")], mine=[Stocked("1.0")])
    fill(server, other, demo=[Stocked("2.0")])
    define(server, f"{place}/prod", [(main, 'package.name != "demo"')], [(other, None)])

    assert filenames(server, f"/simple/{place}/prod/demo/") == ["demo-2.0-py3-none-any.whl"]
    assert names(server, f"/simple/{place}/prod/") == ["demo", "mine"]
    define(server, f"{place}/prod", [(main, 'package.name != "demo"')])
    ask(server, f"/simple/{place}/prod/demo/", 404)
    assert names(server, f"/simple/{place}/prod/") == ["mine"]


@pytest.mark.parametrize("suffix", ["", ".metadata"])
def test_a_hidden_file_is_refused_by_its_url(site: TestSite, suffix: str) -> None:
    key = site.create_key()
    for file in (make_wheel("demo", "1.0"), make_sdist("demo", "1.0")):
        site.upload(*file, key)
    text = 'file.age_days >= 7 and ".whl" in file.name'
    define(site, "acme/prod", [("acme/main", text)])
    url = site.file_url("demo", "demo-1.0-py3-none-any.whl", key).replace("/main/", "/prod/")
    uploaded = site.page("demo", key)["files"][0]["upload-time"]

    answer = site.get(url + suffix, key, status=403)
    head = site.app.head(url, headers={"Authorization": f"Bearer {key}"}, status=403)

    assert answer.headers["Content-Type"] == head.headers["Content-Type"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    problem = answer.json
    [term] = problem["terms"]
    assert (term["text"], term["value"]) == ("file.age_days >= 7", False)
    assert "file.age_days is 0" in term["detail"]
    assert problem | {"terms": None, "detail": "", "message": "", "code": ""} == {
        "type": "urn:stockroom:problem:hidden-by-filter",
        "title": "Hidden by a filter",
        "status": 403,
        "detail": "",
        "message": "",
        "code": "",
        "view": "acme/prod",
        "registry": "acme/main",
        "filter": text,
        "terms": None,
        "visible_at": _later(uploaded, timedelta(days=7)),
        "why": "/v1/why/acme/prod/demo/demo-1.0-py3-none-any.whl",
    }
    assert "acme/prod hides demo-1.0-py3-none-any.whl" in problem["detail"]


def _later(instant: str, delta: timedelta) -> str:
    moved = datetime.fromisoformat(instant) + delta
    return moved.isoformat().replace("+00:00", "Z")


def test_a_hidden_file_that_time_will_not_show_is_refused_without_a_date(
    server: TestSite, place: str
) -> None:
    main = f"{place}/main"
    fill(server, main, demo=[Stocked("1.0", sdist=True)])
    define(server, f"{place}/prod", [(main, WHEELS)])
    [path] = urls(server, f"/simple/{main}/", "demo").values()

    assert ask(server, f"/simple/{place}/prod/{path}", 403).json["visible_at"] is None


def test_in_the_past_nothing_becomes_visible(server: TestSite, place: str) -> None:
    main = f"{place}/main"
    fill(server, main, demo=[Stocked("1.0", datetime(2026, 3, 1, tzinfo=UTC))])
    define(server, f"{place}/prod", [(main, WEEK)])
    [path] = urls(server, f"/simple/{main}/", "demo").values()

    hidden = ask(server, f"/simple/{place}/prod@2026-03-05/{path}", 403).json
    listed = names(server, f"/simple/{place}/prod@2026-03-05/")

    assert (hidden["visible_at"], hidden["view"], listed) == (
        None,
        f"{place}/prod@2026-03-05T00:00:00Z",
        [],
    )
    assert "file.age_days is 4" in hidden["terms"][0]["detail"]
    assert names(server, f"/simple/{place}/prod@2026-03-08/") == ["demo"]


@pytest.mark.parametrize("suffix", ["", ".metadata"])
def test_s64_a_file_that_another_has_the_place_of_is_never_served(
    server: TestSite, place: str, suffix: str
) -> None:
    main, other = f"{place}/main", f"{place}/other"
    fill(server, main, demo=[Stocked("1.0", TODAY)], late=[Stocked("1.0")])
    fill(server, other, demo=[Stocked("1.0")], late=[Stocked("2.0")])
    define(server, f"{place}/merged", [(main, WEEK), (other, None)])
    define(server, f"{place}/ranked", [(main, None)], [(other, None)])
    [shadowed] = urls(server, f"/simple/{other}/", "demo").values()
    [outranked] = urls(server, f"/simple/{other}/", "late").values()

    ask(server, f"/simple/{place}/merged/{shadowed}{suffix}", 404)
    ask(server, f"/simple/{place}/ranked/{outranked}{suffix}", 404)


def test_s60_a_quarantined_file_stays_refused_and_is_not_replaced(
    server: TestSite, place: str
) -> None:
    main, other = f"{place}/main", f"{place}/other"
    fill(server, main, demo=[Stocked("1.0")])
    fill(server, other, demo=[Stocked("1.0"), Stocked("2.0")])
    define(server, f"{place}/merged", [(main, None), (other, None)])
    [first] = urls(server, f"/simple/{main}/", "demo").values()
    second = urls(server, f"/simple/{other}/", "demo")["demo-1.0-py3-none-any.whl"]

    set_status(server, "quarantined", "stolen", package="demo", workspace=place)

    assert ask(server, f"/simple/{place}/merged/{first}", 403).json["type"].endswith("quarantined")
    ask(server, f"/simple/{place}/merged/{second}", 404)
    page = ask(server, f"/simple/{place}/merged/demo/").json
    assert [file["filename"] for file in page["files"]] == ["demo-2.0-py3-none-any.whl"]
    assert page["project-status"]["status"] == "active"
    assert names(server, f"/simple/{place}/merged/") == ["demo"]


def test_the_age_of_a_release_is_that_of_its_first_file_for_pages_and_files_alike(
    server: TestSite, place: str
) -> None:
    main = f"{place}/main"
    files = [
        Stocked("1.0", TODAY),
        Stocked("1.0", LONG_AGO, sdist=True),
        Stocked("2.0", TODAY, sdist=True),
    ]
    fill(server, main, demo=files, young=[Stocked("1.0", TODAY)])
    define(server, f"{place}/prod", [(main, "release.age_days >= 7 and package.age_days >= 7")])
    paths = urls(server, f"/simple/{main}/", "demo") | urls(server, f"/simple/{main}/", "young")

    page = filenames(server, f"/simple/{place}/prod/demo/")
    statuses = {
        name: ask(server, f"/simple/{place}/prod/{path}", status="*").status_int
        for name, path in paths.items()
        if name not in page
    }

    assert sorted(page) == ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"]
    assert statuses == {"demo-2.0.tar.gz": 403, "young-1.0-py3-none-any.whl": 403}


def test_the_list_follows_uploads_of_files(site: TestSite) -> None:
    key = site.create_key()
    site.upload(*make_sdist("demo", "1.0"), key)
    define(site, "acme/prod", [("acme/main", WHEELS)])
    before = site.get("/simple/acme/prod/", key, accept=JSON).json["projects"]

    site.upload(*make_wheel("demo", "1.0"), key)

    after = site.get("/simple/acme/prod/", key, accept=JSON).json["projects"]
    assert (before, after) == ([], [{"name": "demo"}])


def test_a_view_is_made_anew_when_it_is_defined_anew(server: TestSite, place: str) -> None:
    main = f"{place}/main"
    fill(server, main, demo=[Stocked("1.0", sdist=True)])
    define(server, f"{place}/prod", [(main, WHEELS)])
    path = f"/simple/{place}/prod/"
    before = filenames(server, f"{path}demo/"), names(server, path)

    define(server, f"{place}/prod", [(main, None)])

    after = filenames(server, f"{path}demo/"), names(server, path)
    assert (before, after) == (([], []), (["demo-1.0.tar.gz"], ["demo"]))


@pytest.mark.parametrize("path", ["", "demo/", "nothing/", "-/demo/00/demo-1.0.tar.gz"])
def test_a_filter_that_cannot_be_read_shows_nothing(
    server: TestSite, place: str, path: str
) -> None:
    main, other = f"{place}/main", f"{place}/other"
    fill(server, main, demo=[Stocked("1.0")])
    define(server, f"{place}/prod", [(main, None)], [(other, "package.stars >= 5")])

    problem = ask(server, f"/simple/{place}/prod/{path}", 503).json

    assert problem["type"] == "urn:stockroom:problem:filter-broken"
    assert {key: problem[key] for key in ("view", "registry", "filter")} == {
        "view": f"{place}/prod",
        "registry": other,
        "filter": "package.stars >= 5",
    }
    [mistake] = problem["mistakes"]
    assert (mistake["line"], mistake["column"]) == (1, 1)
    assert "package.stars" in mistake["message"]
    assert "package.stars" in problem["detail"]


@pytest.fixture
def views(server: TestSite, place: str) -> dict[str, str]:
    """The views of a workspace, each with the path of its list; all show demo 1.0 of main."""
    registries = [f"{place}/main", *(f"{place}/r{number}" for number in range(9))]
    for registry in registries[1:]:
        create_registry(server, registry.partition("/")[2], place)
    fill(server, registries[0], demo=[Stocked("1.0"), Stocked("2.0", TODAY, sdist=True)])
    rule = f"{WEEK} and {WHEELS} and release.age_days >= 7"
    define(server, f"{place}/filtered", [(registries[0], rule)])
    define(
        server,
        f"{place}/grouped",
        [(registry, rule) for registry in registries[:2]],
        [(registries[2], rule)],
    )
    define(server, f"{place}/ten", [(registry, None) for registry in registries])
    names = ("main", "filtered", "grouped", "ten")
    return {name: f"/simple/{place}/{name}/" for name in names}


def test_what_is_warm_takes_no_query(
    server: TestSite, views: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A listener that is starved on a busy machine counts as living.
    monkeypatch.setattr(feed, "PROOF_SECONDS", 600.0)
    paths = [f"{index}{path}" for index in views.values() for path in ("", "demo/", "nothing/")]
    for path in paths:
        ask(server, path, status="*")
    wait_for_feed(server)

    with server.count_queries() as statements:
        for path in paths:
            ask(server, path, status="*")

    assert statements == []


def test_a_warm_page_costs_no_more_python_with_filters_and_groups(
    server: TestSite, views: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PROOF_SECONDS", 600.0)
    for index in views.values():
        ask(server, f"{index}demo/")
    wait_for_feed(server)

    calls = {name: calls_of(server, f"{index}demo/") for name, index in views.items()}

    assert calls["filtered"] == calls["main"]
    assert max(calls["grouped"], calls["ten"]) <= calls["main"]


def calls_of(server: TestSite, path: str) -> int:
    """How many Python functions a request calls."""
    environ = {"PATH_INFO": path, "HTTP_ACCEPT": JSON, "QUERY_STRING": ""}
    request = {**webob.Request.blank(path).environ, **environ, "REMOTE_ADDR": "127.0.0.1"}
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    for _ in range(2):  # the first fills what is kept for each path
        count = 0
        sys.setprofile(note)
        try:
            list(server.application(dict(request), lambda *_: None))
        finally:
            sys.setprofile(None)
    return count


def test_three_registries_of_a_thousand_packages_each(server: TestSite, place: str) -> None:
    main, other, third = (f"{place}/{name}" for name in ("main", "other", "third"))
    create_registry(server, "third", place)
    ages = [TODAY, LONG_AGO]
    for registry, first in ((main, 0), (other, 500), (third, 1000)):
        packages = {
            f"pkg-{number}": [Stocked("1.0", ages[number % 2]), Stocked("2.0", TODAY, sdist=True)]
            for number in range(first, first + 1000)
        }
        fill(server, registry, **packages)
    excluded = 'not package.name in ["pkg-1", "pkg-1501"] and file.age_days >= 7'
    define(server, f"{place}/prod", [(main, excluded)], [(other, WEEK), (third, WHEELS)])

    listed = set(names(server, f"/simple/{place}/prod/"))

    expected = {f"pkg-{number}" for number in range(1000) if number % 2}
    expected |= {f"pkg-{number}" for number in range(1000, 1500) if number % 2}
    expected -= {"pkg-1"}
    # Where other and third both have a package, the wheel of other has the place of third's.
    expected |= {f"pkg-{number}" for number in range(1500, 2000)}
    assert listed == expected
    assert filenames(server, f"/simple/{place}/prod/pkg-3/") == ["pkg_3-1.0-py3-none-any.whl"]
    assert filenames(server, f"/simple/{place}/prod/pkg-1002/") == []
    ask(server, f"/simple/{place}/prod/pkg-1/", 404)
