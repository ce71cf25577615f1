"""URLs and names of the index (S-01 to S-06, S-77)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urljoin

import pytest

from tests.support.library import EPOCH, INDEX, LOCAL, Library
from tests.support.pages import HtmlPage
from tests.support.site import JSON, TestSite, bearer

PAGE = f"{INDEX}demo-pkg/"
MAX = 300
HOSTILE_NAMES = [
    "..",
    ".",
    "...",
    "%2e%2e",
    "%00",
    "demo-pkg%00",
    "demo%2Fpkg",
    "demo-pkg%2F..",
    "..%2Fdemo-pkg",
    "%5C..%5C",
    "demo-pkg%0A",
    "%0D%0AX-Evil:%20yes",
    "%C5%BFample",  # U+017F folds to s
    "demo-p%E2%84%AAg",  # U+212A folds to k
    "d%C3%A9mo",
    "%F0%9F%92%A5",
    "%ff%fe",
    "%c0%af",
    "%ed%a0%80",
    "a" * MAX,
    "%C3%A4" * MAX,
    "-demo",
    "demo-",
    "_",
    "-",
    "demo pkg",
    "demo+pkg",
    "demo;pkg",
    "<script>",
    "{package}",
    "%25s",
]


def files_of(page: dict[str, Any]) -> list[str]:
    return [file["filename"] for file in page["files"]]


def test_s01_the_index_lists_projects_and_each_has_its_page(library: Library) -> None:
    root = HtmlPage(library.site.get(INDEX, library.reader).body)

    for anchor in root.anchors:
        library.site.get(urljoin(INDEX, anchor.href), library.reader)
    assert [anchor.text for anchor in root.anchors] == ["demo-pkg", "empty", "Foo.Bar", "sample"]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/simple/acme/main", "main/"),
        ("/simple/acme/main?format=text/html&x=1", "main/?format=text/html&x=1"),
        (f"{INDEX}demo-pkg", "demo-pkg/"),
        (f"{INDEX}demo-pkg?a=b%20c&a=%2F", "demo-pkg/?a=b%20c&a=%2F"),
        (f"{INDEX}Demo.Pkg", "demo-pkg/"),
    ],
)
def test_s02_without_the_final_slash_is_redirected(
    library: Library, path: str, location: str
) -> None:
    answer = library.site.get(path, library.reader, status=301)

    assert answer.headers["Location"] == location


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("Foo.Bar", "foo-bar"),
        ("foo_bar", "foo-bar"),
        ("FOO--BAR", "foo-bar"),
        ("foo.-_bar", "foo-bar"),
        ("Foo.Bar__baz", "foo-bar-baz"),
    ],
)
def test_s03_other_spellings_are_redirected_within_the_index(
    library: Library, name: str, normal: str
) -> None:
    answer = library.site.get(f"{INDEX}{name}/?x=1", library.reader, status=301)

    assert answer.headers["Location"] == f"../{normal}/?x=1"


def test_s03_the_redirect_leads_to_the_page(library: Library) -> None:
    answer = library.site.get(f"{INDEX}Foo_Bar", library.reader, status=301)
    target = urljoin(f"{INDEX}Foo_Bar", answer.headers["Location"])

    assert target == f"{INDEX}foo-bar/"
    library.site.get(target, library.reader)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_s04_s77_a_hostile_name_is_not_found_anywhere(
    library: Library, name: str, method: str
) -> None:
    digest = "0" * 64
    paths = [
        f"/simple/{name}/main/",
        f"/simple/acme/{name}/",
        f"/simple/acme/{name}",
        f"{INDEX}{name}/",
        f"{INDEX}{name}",
        f"{INDEX}-/{name}/{digest}/{library.wheel}",
        f"{INDEX}-/demo-pkg/{name}/{library.wheel}",
        f"{INDEX}-/demo-pkg/{name}/{library.wheel}.metadata",
        f"{INDEX}-/demo-pkg/{digest}/{name}",
        f"{INDEX}-/demo-pkg/{digest}/{name}.metadata",
    ]

    statuses = {
        library.site.app.request(
            path, method=method, headers=bearer(library.reader), expect_errors=True
        ).status_int
        for path in paths
    }

    # Some of them are other spellings of names that exist: those are redirected.
    assert statuses <= {404, 301}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_s61_s77_to_strangers_a_hostile_name_is_as_absent_as_any(
    library: Library, name: str
) -> None:
    answer = library.site.get(f"{INDEX}{name}/", None, status="*")

    assert answer.status_int in (401, 404)


def test_s77_a_name_that_the_database_would_choke_on_is_not_found(both: TestSite) -> None:
    """PostgreSQL refuses NUL in a text."""
    key = both.create_key("reader")

    for path in ("%00/", "-/demo/0/a%00b.whl", "-/demo/0/a%00b.whl.metadata", "-/demo/%00/b.whl"):
        both.get(f"{INDEX}{path}", key, status=404)


@pytest.mark.parametrize("query", ["x=1", "x", "&&&", "=", "%ff=%00", "format", "a=1&" * 2000])
def test_s77_unknown_query_parameters_are_ignored(library: Library, query: str) -> None:
    plain = library.site.get(PAGE, library.reader)

    assert library.site.get(f"{PAGE}?{query}", library.reader).body == plain.body


@pytest.mark.parametrize(
    "path",
    ["/simple", "/simple/", "/simple/acme", "/simple/acme/", f"{PAGE}extra/", f"{INDEX}-/", "/x"],
)
def test_s77_what_is_no_door_is_not_found(library: Library, path: str) -> None:
    library.site.get(path, library.reader, status=404)


@pytest.mark.parametrize("name", ["nothing", "demo", "demo-pkg-2", "a" * 200])
def test_s05_an_unknown_project_is_404(library: Library, name: str) -> None:
    library.site.get(f"{INDEX}{name}/", library.reader, status=404)


def test_s05_an_existing_project_without_files_is_an_empty_page(library: Library) -> None:
    page = library.site.page("empty", library.reader)

    assert (page["files"], page["versions"]) == ([], [])


def test_s06_file_urls_are_relative_to_the_page(library: Library) -> None:
    [file] = library.site.page("foo-bar", library.reader)["files"]

    assert "://" not in file["url"]
    url = urljoin(f"{INDEX}foo-bar/", file["url"])
    assert (
        library.site.get(url, library.reader).body == library.files["foo_bar-1.0-py3-none-any.whl"]
    )


@pytest.mark.parametrize("filename", [LOCAL, EPOCH])
def test_s06_the_last_segment_of_a_url_is_the_file_name(library: Library, filename: str) -> None:
    path = library.path(filename, "sample")

    assert unquote(path.rpartition("/")[2]) == filename


@pytest.mark.parametrize("suffix", ["", ".metadata"])
@pytest.mark.parametrize(
    ("filename", "raw", "quoted"), [(LOCAL, "+", "%2B"), (EPOCH, "!", "%21"), (LOCAL, "+", "%2b")]
)
def test_s06_a_name_is_found_quoted_and_raw(
    library: Library, filename: str, raw: str, quoted: str, suffix: str
) -> None:
    folder = library.path(filename, "sample").rpartition("/")[0]
    assert raw in filename

    as_raw = library.site.get(f"{folder}/{filename}{suffix}", library.reader)
    as_quoted = library.site.get(
        f"{folder}/{filename.replace(raw, quoted)}{suffix}", library.reader
    )

    assert as_raw.body == as_quoted.body
    assert suffix or as_raw.body == library.files[filename]


def test_s43_versions_of_a_page(library: Library) -> None:
    assert library.site.page("sample", library.reader)["versions"] == ["1.0+local.1", "1!2.0"]
    assert files_of(library.site.page("sample", library.reader)) == [LOCAL, EPOCH]


def test_s16_the_answer_to_a_spelled_out_format_is_that_form(library: Library) -> None:
    answer = library.site.get(f"{PAGE}?format={JSON}", library.reader, accept="text/html")

    assert answer.headers["Content-Type"] == JSON
