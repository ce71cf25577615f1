"""What pages tell of published files, yanked ones and packages of every status (S-40 to S-63)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from packaging.version import Version
from sqlalchemy import insert

from stockroom.models import Blob, File, Package, Release
from tests.archives import make_metadata, make_sdist, make_wheel
from tests.conftest import MakeSite
from tests.support.library import (
    INDEX,
    YANK_REASON,
    Library,
    add_empty_package,
    set_status,
    set_yanked,
)
from tests.support.pages import HtmlPage, from_msgpack, sha256
from tests.support.site import JSON, PYX_MSGPACK, TestSite

PAGE = f"{INDEX}demo-pkg/"
WHEEL = make_wheel("demo-pkg", "1.0")
SDIST = make_sdist("demo-pkg", "1.0")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
REASONS = ["", "broken", "<script>\"&'</script>", "two\nlines"]


def pyx(site: TestSite, key: str, package: str = "demo-pkg") -> dict[str, object]:
    return from_msgpack(site.get(f"{INDEX}{package}/", key, accept=PYX_MSGPACK).body)


def html(site: TestSite, key: str | None, path: str = PAGE) -> HtmlPage:
    return HtmlPage(site.get(path, key).body)


def test_s45_s46_s47_s48_a_file_is_told_completely(library: Library) -> None:
    page = library.site.page("demo-pkg", library.reader)

    [file] = [file for file in page["files"] if file["filename"] == library.wheel]
    content = library.files[library.wheel]
    assert file["hashes"] == {"sha256": sha256(content)}
    assert file["size"] == len(content)
    assert file["requires-python"] == ">=3.8,<4"
    assert file["yanked"] is False
    assert page["name"] == "demo-pkg"
    assert page["project-status"] == {"status": "active"}


def test_s49_upload_time_is_the_instant_of_the_upload(both: TestSite) -> None:
    key = both.create_key()
    before = datetime.now(UTC)

    both.upload(*WHEEL, key)

    [file] = both.page("demo-pkg", key)["files"]
    assert INSTANT.fullmatch(file["upload-time"])
    assert before <= datetime.fromisoformat(file["upload-time"]) <= datetime.now(UTC)


def test_s49_upload_time_is_utc_whatever_the_servers_zone(
    make_site: MakeSite, postgresql_url: str
) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET timezone = 'Asia/Kolkata'")
    site = make_site(postgresql_url)
    site.create_workspace()
    key = site.create_key()

    site.upload(*WHEEL, key)

    [file] = site.page("demo-pkg", key)["files"]
    assert INSTANT.fullmatch(file["upload-time"])
    age = datetime.now(UTC) - datetime.fromisoformat(file["upload-time"])
    assert timedelta() <= age < timedelta(minutes=10)


def test_s37_s41_the_list_shows_names_as_the_archives_spell_them(library: Library) -> None:
    listing = library.site.get(INDEX, library.reader, accept=JSON).json

    assert [project["name"] for project in listing["projects"]] == [
        "demo-pkg",
        "empty",
        "Foo.Bar",
        "sample",
    ]


def test_s51_two_nodes_make_the_same_bytes(make_site: MakeSite, database_url: str) -> None:
    nodes = [make_site(database_url) for _ in range(2)]
    nodes[0].create_workspace(visibility="public")
    key = nodes[0].create_key()
    for file in (WHEEL, SDIST):
        nodes[0].upload(*file, key)

    answers = [make_site(database_url).get(PAGE, accept=JSON) for _ in range(2)]

    assert len({answer.body for answer in answers}) == 1
    assert len({answer.headers["ETag"] for answer in answers}) == 1


@pytest.mark.parametrize("reason", [None, *REASONS])
def test_s26_s48_s63_a_yanked_file_is_marked_in_every_form(
    site: TestSite, reason: str | None
) -> None:
    key = site.create_key()
    site.upload(*WHEEL, key)

    set_yanked(site, yanked=True, reason=reason)

    [file] = site.page("demo-pkg", key)["files"]
    [anchor] = html(site, key).anchors
    assert file["yanked"] == (reason or True)
    assert anchor.attributes["data-yanked"] == " ".join((reason or "").split())
    assert pyx(site, key)["files"][0]["yanked"] == (reason or True)  # type: ignore[index]


def test_s63_a_yanked_file_is_downloadable_and_keeps_its_digest(site: TestSite) -> None:
    key = site.create_key()
    site.upload(*WHEEL, key)
    [before] = site.page("demo-pkg", key)["files"]

    set_yanked(site, yanked=True, reason="broken")

    [after] = site.page("demo-pkg", key)["files"]
    assert {**after, "yanked": False} == before
    path = site.file_url("demo-pkg", WHEEL[0], key)
    assert site.get(path, key).body == WHEEL[1]
    site.get(f"{path}.metadata", key)


def test_s63_a_release_can_be_unyanked(site: TestSite) -> None:
    key = site.create_key()
    site.upload(*WHEEL, key)
    before = site.page("demo-pkg", key)

    set_yanked(site, yanked=True, reason="broken")
    set_yanked(site, yanked=False)

    assert site.page("demo-pkg", key) == before


def test_s63_only_the_yanked_release_is_marked(library: Library) -> None:
    page = library.site.page("demo-pkg", library.reader)

    marks = {file["filename"]: file["yanked"] for file in page["files"]}
    assert marks.pop("demo_pkg-2.0-py3-none-any.whl") == YANK_REASON
    assert set(marks.values()) == {False}


@pytest.mark.parametrize("status", ["archived", "deprecated"])
def test_s60_s44_a_status_with_its_reason_is_told_and_files_are_served(
    site: TestSite, status: str
) -> None:
    key = site.create_key()
    site.upload(*WHEEL, key)

    set_status(site, status, 'use "other" <b>instead</b>')

    told = {"status": status, "reason": 'use "other" <b>instead</b>'}
    page = html(site, key)
    assert site.page("demo-pkg", key)["project-status"] == told
    assert pyx(site, key)["project-status"] == told
    assert page.metas["pypi:project-status"] == status
    assert page.metas["pypi:project-status-reason"] == told["reason"]
    path = site.file_url("demo-pkg", WHEEL[0], key)
    assert site.get(path, key).body == WHEEL[1]
    site.get(f"{path}.metadata", key)


def test_s60_a_quarantined_package_offers_nothing(library: Library) -> None:
    page = library.site.page("closed", library.reader)

    told = {"status": "quarantined", "reason": "it steals secrets"}
    assert (page["files"], page["versions"], page["project-status"]) == ([], [], told)
    as_html = html(library.site, library.reader, f"{INDEX}closed/")
    assert as_html.anchors == []
    assert as_html.metas["pypi:project-status"] == "quarantined"
    in_full = pyx(library.site, library.reader, "closed")
    assert (in_full["files"], in_full["core-metadata"]) == ([], {})


@pytest.mark.parametrize("accept", [JSON, "text/html", PYX_MSGPACK])
def test_s60_a_quarantined_package_is_left_out_of_the_list(library: Library, accept: str) -> None:
    assert b"closed" not in library.site.get(INDEX, library.reader, accept=accept).body


@pytest.mark.parametrize("suffix", ["", ".metadata"])
@pytest.mark.parametrize("warm", [True, False])
def test_s60_files_of_a_quarantined_package_are_403_with_the_reason(
    both: TestSite, suffix: str, warm: bool
) -> None:
    key = both.create_key()
    both.upload(*WHEEL, key)
    path = both.file_url("demo-pkg", WHEEL[0], key) + suffix
    if warm:
        both.get(path, key)
    etag = f'"{sha256(WHEEL[1])}"'

    set_status(both, "quarantined", "it steals secrets")

    for headers in ({}, {"if_none_match": etag}, {"range": "bytes=0-1"}):
        answer = both.get(path, key, status=403, **headers)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "it steals secrets" in answer.json["detail"]


def test_s60_a_package_returns_from_quarantine(site: TestSite) -> None:
    key = site.create_key()
    site.upload(*WHEEL, key)
    before, listed = site.page("demo-pkg", key), site.get(INDEX, key).body
    path = site.file_url("demo-pkg", WHEEL[0], key)

    set_status(site, "quarantined")
    site.page("demo-pkg", key)
    set_status(site, "active")

    assert site.page("demo-pkg", key) == before
    assert site.get(INDEX, key).body == listed
    assert site.get(path, key).body == WHEEL[1]


def test_s05_a_missing_package_appears_with_its_first_file(both: TestSite) -> None:
    key = both.create_key()
    both.get(PAGE, key, status=404)
    assert html(both, key, INDEX).anchors == []

    both.upload(*WHEEL, key)

    assert len(both.page("demo-pkg", key)["files"]) == 1
    assert [anchor.text for anchor in html(both, key, INDEX).anchors] == ["demo-pkg"]


def test_every_form_and_coding_shows_a_new_file_at_once(both: TestSite) -> None:
    key = both.create_key()
    both.upload(*WHEEL, key)
    variants = [
        {"accept": accept, "accept_encoding": coding}
        for accept in (JSON, "text/html", PYX_MSGPACK)
        for coding in ("identity", "gzip")
    ]
    before = [both.get(PAGE, key, **headers).headers["ETag"] for headers in variants]

    both.upload(*SDIST, key)

    after = [both.get(PAGE, key, **headers).headers["ETag"] for headers in variants]
    assert not set(before) & set(after)


def test_other_packages_keep_their_etag(site: TestSite) -> None:
    key = site.create_key()
    site.upload(*WHEEL, key)
    before = site.get(PAGE, key).headers["ETag"]

    site.upload(*make_wheel("other", "1.0"), key)

    assert site.get(PAGE, key).headers["ETag"] == before


def test_pyx_pages_carry_what_the_archive_requires(library: Library) -> None:
    page = pyx(library.site, library.reader)

    assert page["core-metadata"]["1.0"] == {  # type: ignore[index]
        "requires-python": "<4,>=3.8",
        "requires-dist": ["beta>=1"],
        "provides-extra": [],
    }


@pytest.mark.parametrize(
    "headers", [[("Dynamic", "Requires-Dist")], [("Dynamic", "Requires-Python")]]
)
def test_pyx_pages_leave_out_a_dynamic_sdist(
    site: TestSite, headers: list[tuple[str, str]]
) -> None:
    key = site.create_key()
    site.upload(*make_sdist("demo-pkg", "1.0", extra_headers=headers), key, metadata_version="2.2")
    site.upload(*make_sdist("demo-pkg", "2.0"), key, metadata_version="2.2")

    assert pyx(site, key)["core-metadata"].keys() == {"2.0"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "header",
    [
        "Requires-Dist: beta===one",
        "Requires-Dist: beta>=99999999999999999999",
    ],
)
def test_pyx_pages_leave_out_what_not_every_resolver_can_read(site: TestSite, header: str) -> None:
    key = site.create_key()
    metadata = make_metadata("demo-pkg", "1.0").rstrip(b"\n") + f"\n{header}\n".encode()
    doubtful = make_wheel("demo-pkg", "1.0", metadata=metadata)
    site.upload(*doubtful, key)
    site.upload(*make_wheel("demo-pkg", "1.0", tag="cp312-cp312-win32"), key)
    site.upload(*make_wheel("demo-pkg", "2.0"), key)

    page = pyx(site, key)

    assert page["core-metadata"].keys() == {"2.0"}  # type: ignore[attr-defined]
    assert len(page["files"]) == 3  # type: ignore[arg-type]
    text = site.get(f"{site.file_url('demo-pkg', doubtful[0], key)}.metadata", key).text
    assert header in text


def test_pyx_files_are_in_the_byte_order_of_their_names(library: Library) -> None:
    page = pyx(library.site, library.reader)

    names = [file["filename"] for file in page["files"]]  # type: ignore[attr-defined]
    assert names == sorted(names, key=str.encode)
    assert all(Version(version) for version in page["versions"])  # type: ignore[attr-defined]


def test_s78_a_page_of_thousands_of_files_takes_one_query(site: TestSite) -> None:
    key = site.create_key("reader")
    count = 2000
    add_many_files(site, "demo-pkg", count)
    site.get(INDEX, key)

    with site.count_queries() as statements:
        page = site.page("demo-pkg", key)

    assert len(page["files"]) == len(page["versions"]) == count
    assert len(statements) == 1


def add_many_files(site: TestSite, name: str, count: int) -> None:
    """Add releases of one wheel each, rows only."""
    now = datetime.now(UTC)
    with site.database.transaction() as session:
        add_empty_package(session, name)
        session.flush()
        package = session.query(Package).filter_by(name=name).one()
        session.add(Blob(sha256="0" * 64, size=1, created_at=now, touched_at=now))
        session.flush()
        session.execute(
            insert(Release),
            [
                {
                    "id": n,
                    "package_id": package.id,
                    "version": f"{n}.0",
                    "canonical_version": f"{n}",
                    "created_at": now,
                }
                for n in range(1, count + 1)
            ],
        )
        session.execute(
            insert(File),
            [
                {
                    "registry_id": package.registry_id,
                    "package_id": package.id,
                    "release_id": n,
                    "filename": f"demo_pkg-{n}.0-py3-none-any.whl",
                    "kind": "wheel",
                    "sha256": "0" * 64,
                    "blake2b_256": "0" * 64,
                    "size": 1,
                    "metadata_sha256": "0" * 64,
                    "metadata_static": True,
                    "requires_dist": [],
                    "provides_extra": [],
                    "yanked": False,
                    "uploaded_at": now,
                    "uploaded_by": "test",
                    "warnings": [],
                }
                for n in range(1, count + 1)
            ],
        )
