"""Headers of index pages: types, variants, validators, methods (S-10 to S-18, S-70 to S-74)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import MakeSite
from tests.support.library import INDEX, Library
from tests.support.pages import HTML, TEXT_HTML, HtmlPage, ask_raw, decoded, from_msgpack
from tests.support.site import JSON, PYX_JSON, PYX_MSGPACK, bearer

PAGE = f"{INDEX}demo-pkg/"
PAGES = pytest.mark.parametrize("path", [INDEX, PAGE])
TYPES = pytest.mark.parametrize("accept", [JSON, HTML, TEXT_HTML, PYX_JSON, PYX_MSGPACK])
CODINGS = pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
METHODS = pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
VALIDATING = ("ETag", "Vary", "Cache-Control")


def ask(library: Library, path: str, method: str = "GET", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask_raw(library.site, path, method, {**bearer(library.reader), **named})


def vary(answer: Any) -> set[str]:
    return {name.strip().lower() for name in answer.headers["Vary"].split(",")}


@PAGES
@TYPES
def test_s10_s18_the_content_type_is_the_type_asked_for(
    library: Library, path: str, accept: str
) -> None:
    answer = ask(library, path, accept=accept)

    assert answer.headers["Content-Type"].partition(";")[0] == accept


@PAGES
@pytest.mark.parametrize("accept", [JSON, PYX_JSON, PYX_MSGPACK])
def test_s10_json_types_have_no_parameters(library: Library, path: str, accept: str) -> None:
    assert ask(library, path, accept=accept).headers["Content-Type"] == accept


@PAGES
def test_s10_without_accept_the_page_is_html(library: Library, path: str) -> None:
    answer = ask(library, path)

    assert answer.headers["Content-Type"].startswith(TEXT_HTML)
    assert HtmlPage(answer.body).anchors


@PAGES
def test_s14_latest_is_answered_with_the_concrete_type(library: Library, path: str) -> None:
    answer = ask(library, path, accept="application/vnd.pypi.simple.latest+json")

    assert answer.headers["Content-Type"] == JSON


@PAGES
@pytest.mark.parametrize("accept", ["application/json", "application/vnd.pypi.simple.v2+json"])
def test_s15_nothing_acceptable_is_406_with_the_supported_types(
    library: Library, path: str, accept: str
) -> None:
    answer = ask(library, path, accept=accept)

    assert answer.status_int == 406
    assert "json" in answer.headers["Content-Type"]
    assert JSON in answer.json["message"]
    assert HTML in answer.json["message"]


@PAGES
def test_s15_an_empty_accept_counts_as_none(library: Library, path: str) -> None:
    assert ask(library, path, accept="").headers["Content-Type"].startswith(TEXT_HTML)


@PAGES
@pytest.mark.parametrize(("query", "status"), [("format=x/y", 406), ("format=text/*", 400)])
def test_s16_a_format_that_is_not_offered(
    library: Library, path: str, query: str, status: int
) -> None:
    assert ask(library, f"{path}?{query}", accept=JSON).status_int == status


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (INDEX, {}, 200),
        (PAGE, {}, 200),
        (f"{INDEX}Demo-Pkg/", {}, 301),
        (f"{INDEX}demo-pkg", {}, 301),
        ("/simple/acme/main", {}, 301),
        (INDEX, {"if_none_match": "*"}, 304),
        (PAGE, {"if_none_match": "*"}, 304),
        (f"{INDEX}nothing/", {}, 404),
        ("/simple/acme/nothing/", {}, 404),
        (INDEX, {"accept": "image/png"}, 406),
        (PAGE, {"accept": "image/png"}, 406),
        (PAGE, {"authorization": "Bearer nonsense"}, 401),
    ],
)
def test_s17_every_answer_varies_by_accept(
    library: Library, path: str, headers: dict[str, str], status: int
) -> None:
    answer = ask(library, path, **headers)

    assert answer.status_int == status
    assert vary(answer) >= {"accept", "authorization", "accept-encoding"}


def test_s70_every_type_and_coding_has_its_own_strong_etag(library: Library) -> None:
    tags = [
        ask(library, path, accept=accept, accept_encoding=coding).headers["ETag"]
        for path in (INDEX, PAGE)
        for accept in (JSON, HTML, TEXT_HTML, PYX_JSON, PYX_MSGPACK)
        for coding in ("identity", "gzip", "zstd")
    ]

    assert len(set(tags)) == len(tags)
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


@PAGES
@CODINGS
@TYPES
def test_s70_304_repeats_the_validators_and_has_no_body(
    library: Library, path: str, accept: str, coding: str
) -> None:
    full = ask(library, path, accept=accept, accept_encoding=coding)

    answer = ask(
        library, path, accept=accept, accept_encoding=coding, if_none_match=full.headers["ETag"]
    )

    assert answer.status_int == 304
    assert answer.body == b""
    assert [answer.headers[name] for name in VALIDATING] == [
        full.headers[name] for name in VALIDATING
    ]
    assert not {"content-type", "content-encoding"} & {name.lower() for name in answer.headers}


@PAGES
@pytest.mark.parametrize("shape", ["{}", "W/{}", '"x", {}', '{}, "x"', '"x",W/{} ,"y"', "*"])
def test_s70_how_a_known_etag_may_be_written(library: Library, path: str, shape: str) -> None:
    etag = ask(library, path).headers["ETag"]

    assert ask(library, path, if_none_match=shape.format(etag)).status_int == 304


@PAGES
@pytest.mark.parametrize("header", ['"x"', "nonsense", ",", '""', '"'])
def test_s70_an_unknown_etag_gets_the_page(library: Library, path: str, header: str) -> None:
    assert ask(library, path, if_none_match=header).status_int == 200


def test_s70_the_etag_of_another_type_gets_the_page(library: Library) -> None:
    etag = ask(library, PAGE, accept=HTML).headers["ETag"]

    assert ask(library, PAGE, accept=TEXT_HTML, if_none_match=etag).status_int == 200


@PAGES
def test_s70_pages_have_no_last_modified(library: Library, path: str) -> None:
    """A page with only a date is taken for fresh for ten minutes (uv-client.md section 6)."""
    assert "Last-Modified" not in ask(library, path).headers


@PAGES
def test_s71_pages_are_private_and_revalidated(library: Library, path: str) -> None:
    directives = ask(library, path).headers["Cache-Control"].split(", ")

    assert set(directives) == {"private", "max-age=0", "must-revalidate"}


def test_s71_cache_control_is_a_setting(make_site: MakeSite, sqlite_url: str) -> None:
    wanted = "private, max-age=60"
    site = make_site(sqlite_url, **{"stockroom.index_cache_control": wanted})
    site.create_workspace(visibility="public")

    assert site.get(INDEX).headers["Cache-Control"] == wanted


@PAGES
@pytest.mark.parametrize("status", [401, 404, 406])
def test_s71_errors_are_not_stored(library: Library, path: str, status: int) -> None:
    headers = {
        401: {"authorization": "Bearer nonsense"},
        404: {},
        406: {"accept": "image/png"},
    }[status]
    wanted = "/simple/acme/nothing/" if status == 404 else path

    answer = ask(library, wanted, **headers)

    assert answer.status_int == status
    assert answer.headers["Cache-Control"] == "no-store"


@PAGES
@TYPES
@CODINGS
def test_s73_the_coding_changes_the_bytes_and_not_the_content(
    library: Library, path: str, accept: str, coding: str
) -> None:
    plain = ask(library, path, accept=accept)

    coded = ask(library, path, accept=accept, accept_encoding=coding)

    assert coded.headers.get("Content-Encoding", "identity") == coding
    assert int(coded.headers["Content-Length"]) == len(coded.body)
    assert decoded(coded) == plain.body


@TYPES
def test_s18_each_form_tells_of_the_same_files(library: Library, accept: str) -> None:
    answer = ask(library, PAGE, accept=accept)

    match accept:
        case x if x in (HTML, TEXT_HTML):
            names = set(HtmlPage(answer.body).by_name)
        case x if x == PYX_MSGPACK:
            names = {file["filename"] for file in from_msgpack(answer.body)["files"]}
        case _:
            names = {file["filename"] for file in json.loads(answer.body)["files"]}
    assert names == {library.wheel, library.sdist, "demo_pkg-2.0-py3-none-any.whl"}


HEAD_PATHS = pytest.mark.parametrize(
    ("path", "headers"),
    [
        (INDEX, {}),
        (PAGE, {}),
        (PAGE, {"accept": PYX_MSGPACK, "accept_encoding": "zstd"}),
        (PAGE, {"if_none_match": "*"}),
        (f"{INDEX}demo-pkg", {}),
        (f"{INDEX}Demo-Pkg/", {}),
        (f"{INDEX}nothing/", {}),
        ("/simple/acme/main", {}),
        ("/simple/nothing/main/", {}),
        (PAGE, {"accept": "image/png"}),
        (PAGE, {"authorization": "Bearer nonsense"}),
        ("/healthz", {}),
    ],
)


@HEAD_PATHS
def test_s74_head_has_the_headers_of_get_and_no_body(
    library: Library, path: str, headers: dict[str, str]
) -> None:
    get = ask(library, path, **headers)

    head = ask(library, path, "HEAD", **headers)

    assert head.body == b""
    assert head.status == get.status
    assert head.headers == get.headers


@METHODS
@pytest.mark.parametrize("path", [INDEX, PAGE, "/simple/acme/main", f"{INDEX}demo-pkg"])
def test_s74_other_methods_are_405_with_allow(library: Library, path: str, method: str) -> None:
    answer = ask(library, path, method)

    assert answer.status_int == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@METHODS
def test_s74_files_answer_the_same_methods(library: Library, method: str) -> None:
    for suffix in ("", ".metadata"):
        answer = ask(library, library.path(library.wheel) + suffix, method)

        assert answer.status_int == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


def test_s74_405_says_that_this_is_the_index(library: Library) -> None:
    """The body is shown below uv's own hint about the index URL."""
    answer = ask(library, INDEX, "POST")

    assert INDEX in answer.json["detail"]
