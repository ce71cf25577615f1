"""The bytes of files and of their metadata (S-55 to S-58, S-63, S-72)."""

from __future__ import annotations

import http.client
import zipfile
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.utils import format_datetime, parsedate_to_datetime
from io import BytesIO
from typing import Any

import pytest

from tests.archives import make_wheel
from tests.conftest import MakeSite, StartServer
from tests.support.library import INDEX, Library
from tests.support.pages import HtmlPage, sha256
from tests.support.server import ServerProcess
from tests.support.site import JSON, TestSite, bearer

Part = tuple[str, bytes]


def ask(library: Library, suffix: str = "", method: str = "GET", **headers: str) -> Any:
    """Ask for the wheel of demo-pkg 1.0."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return library.site.app.request(
        library.path(library.wheel) + suffix,
        method=method,
        headers={**bearer(library.reader), **named},
        expect_errors=True,
    )


def content(library: Library) -> bytes:
    return library.files[library.wheel]


def parts_of(answer: Any) -> list[Part]:
    """The parts of a multipart answer, as the email package reads them."""
    head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
    message = message_from_bytes(head + answer.body, policy=policy.HTTP)
    assert message.is_multipart()
    return [
        (str(part["Content-Range"]), bytes(part.get_payload(decode=True)))
        for part in message.iter_parts()
    ]


def test_s58_a_file_is_sent_as_it_was_published(library: Library) -> None:
    for filename in (library.wheel, library.sdist):
        answer = library.site.get(library.path(filename), library.reader)

        assert answer.body == library.files[filename]
        assert answer.headers["Content-Length"] == str(len(answer.body))


@pytest.mark.parametrize("filename", ["demo_pkg-1.0-py3-none-any.whl", "demo_pkg-1.0.tar.gz"])
@pytest.mark.parametrize("coding", ["gzip, deflate, zstd", "identity", "*"])
def test_s58_an_archive_is_never_sent_encoded(library: Library, filename: str, coding: str) -> None:
    answer = library.site.get(library.path(filename), library.reader, accept_encoding=coding)

    assert "Content-Encoding" not in answer.headers
    assert answer.body == library.files[filename]


@pytest.mark.parametrize("suffix", ["", ".metadata"])
def test_s72_what_never_changes_says_so(library: Library, suffix: str) -> None:
    answer = ask(library, suffix)

    directives = set(answer.headers["Cache-Control"].split(", "))
    assert directives == {"private", "max-age=31536000", "immutable"}
    assert answer.headers["ETag"].startswith('"')


@pytest.mark.parametrize("suffix", ["", ".metadata"])
@pytest.mark.parametrize("headers", [{}, {"if_none_match": "*"}])
def test_s58_s74_head_has_the_headers_of_get(
    library: Library, suffix: str, headers: dict[str, str]
) -> None:
    get = ask(library, suffix, **headers)

    head = ask(library, suffix, "HEAD", **headers)

    assert (head.status, head.body) == (get.status, b"")
    assert head.headers == get.headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_s58_ranges_are_announced(library: Library, method: str) -> None:
    answer = ask(library, "", method)

    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Length"] == str(len(content(library)))


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-10", 10, 11),
        ("bytes=100-", 100, None),
        ("bytes=-20", -20, None),
        ("bytes=50-999999", 50, None),
        ("bytes=-999999", 0, None),
        ("bytes=0-9,5-19", 0, 20),
    ],
)
def test_s58_a_range_is_206(library: Library, header: str, start: int, end: int | None) -> None:
    answer = ask(library, range=header)

    whole = content(library)
    first, stop, _ = slice(start, end).indices(len(whole))
    assert answer.status_int == 206
    assert answer.body == whole[start:end]
    assert answer.headers["Content-Range"] == f"bytes {first}-{stop - 1}/{len(whole)}"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert "ETag" in answer.headers


def test_s58_several_ranges_are_a_multipart_answer(library: Library) -> None:
    answer = ask(library, range="bytes=-5,0-4,20-29")

    whole, size = content(library), len(content(library))
    assert answer.status_int == 206
    assert answer.headers["Content-Type"].startswith("multipart/byteranges; boundary=")
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert "Content-Range" not in answer.headers
    assert parts_of(answer) == [
        (f"bytes 0-4/{size}", whole[:5]),
        (f"bytes 20-29/{size}", whole[20:30]),
        (f"bytes {size - 5}-{size - 1}/{size}", whole[-5:]),
    ]


def test_s58_overlapping_and_adjacent_ranges_are_joined(library: Library) -> None:
    answer = ask(library, range="bytes=0-9,5-14,15-19,30-39")

    size = len(content(library))
    assert [where for where, _ in parts_of(answer)] == [f"bytes 0-19/{size}", f"bytes 30-39/{size}"]


@pytest.mark.parametrize("header", ["bytes=100000-", "bytes=-0", "bytes=99999-100000,88888-"])
def test_s58_an_unsatisfiable_range_is_416(library: Library, header: str) -> None:
    answer = ask(library, range=header)

    assert answer.status_int == 416
    assert answer.body == b""
    assert answer.headers["Content-Range"] == f"bytes */{len(content(library))}"


@pytest.mark.parametrize(
    "header",
    [
        "bytes=9-0",
        "bytes=x-y",
        "lines=1-2",
        "bytes",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 200, 2)),
        "bytes=0-,0-",
    ],
)
def test_s58_a_range_that_is_malformed_or_greedy_is_ignored(library: Library, header: str) -> None:
    answer = ask(library, range=header)

    assert answer.status_int == 200
    assert answer.body == content(library)


@pytest.mark.parametrize("header", ["bytes=0-4", "bytes=0-4,20-29", "bytes=100000-"])
def test_s58_head_of_a_range(library: Library, header: str) -> None:
    get = ask(library, range=header)

    head = ask(library, "", "HEAD", range=header)

    assert (head.status, head.body) == (get.status, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_s58_if_range_with_the_etag_sends_the_range(library: Library) -> None:
    etag = ask(library).headers["ETag"]

    assert ask(library, range="bytes=0-4", if_range=etag).status_int == 206


def test_s58_if_range_with_the_date_sends_the_range(library: Library) -> None:
    modified = ask(library).headers["Last-Modified"]

    assert ask(library, range="bytes=0-4", if_range=modified).status_int == 206


@pytest.mark.parametrize(
    "condition",
    ['"other"', "W/{etag}", "{later}", "{earlier}", "nonsense", "*", '"', "Mon, 99 Foo 2026"],
)
def test_s58_if_range_with_anything_else_sends_everything(library: Library, condition: str) -> None:
    headers = ask(library).headers
    modified = parsedate_to_datetime(headers["Last-Modified"])
    header = condition.format(
        etag=headers["ETag"],
        later=format_datetime(modified + timedelta(seconds=1), usegmt=True),
        earlier=format_datetime(modified - timedelta(seconds=1), usegmt=True),
    )

    answer = ask(library, range="bytes=0-4", if_range=header)

    assert answer.status_int == 200
    assert answer.body == content(library)


@pytest.mark.parametrize("shape", ["{}", "W/{}", '"x", {}', "*"])
@pytest.mark.parametrize("suffix", ["", ".metadata"])
def test_s70_if_none_match_is_304(library: Library, suffix: str, shape: str) -> None:
    full = ask(library, suffix)

    answer = ask(library, suffix, if_none_match=shape.format(full.headers["ETag"]))

    assert (answer.status_int, answer.body) == (304, b"")
    for name in ("ETag", "Vary", "Cache-Control"):
        assert answer.headers[name] == full.headers[name]


def test_s70_if_none_match_wins_over_range_and_date(library: Library) -> None:
    headers = ask(library).headers

    known = ask(library, range="bytes=0-4", if_none_match=headers["ETag"])
    unknown = ask(library, if_none_match='"x"', if_modified_since=headers["Last-Modified"])

    assert (known.status_int, unknown.status_int) == (304, 200)


def test_s70_if_modified_since(library: Library) -> None:
    modified = parsedate_to_datetime(ask(library).headers["Last-Modified"])

    statuses = [
        ask(library, if_modified_since=format_datetime(modified + shift, usegmt=True)).status_int
        for shift in (timedelta(), timedelta(days=1), timedelta(days=-1))
    ]

    assert statuses == [304, 304, 200]


@pytest.mark.parametrize(
    "date",
    [
        "nonsense",
        "0",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2024 00:00:00 +99999999999999",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Mon, 99 Jan 2024 99:99:99 GMT",
        "\xff",
    ],
)
@pytest.mark.parametrize("name", ["if_modified_since", "if_range"])
def test_s70_an_impossible_date_is_ignored(library: Library, name: str, date: str) -> None:
    assert ask(library, **{name: date, "range": "bytes=0-"}).status_int in (200, 206)


@pytest.mark.parametrize(
    ("condition", "status"),
    [("{}", 200), ("*", 200), ('"x", {}', 200), ('"x"', 412), ("W/{}", 412)],
)
def test_if_match(library: Library, condition: str, status: int) -> None:
    etag = ask(library).headers["ETag"]

    assert ask(library, if_match=condition.format(etag)).status_int == status


def test_last_modified_is_the_upload_time(library: Library) -> None:
    answer = ask(library)
    [file] = [
        file
        for file in library.site.page("demo-pkg", library.reader)["files"]
        if file["filename"] == library.wheel
    ]

    uploaded = datetime.fromisoformat(file["upload-time"]).replace(microsecond=0)
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) == uploaded.astimezone(UTC)


def test_s55_metadata_is_the_archives_own_and_has_the_announced_digest(library: Library) -> None:
    wheel = zipfile.ZipFile(BytesIO(content(library)))
    [announced] = [
        file["core-metadata"]["sha256"]
        for file in library.site.page("demo-pkg", library.reader)["files"]
        if file["filename"] == library.wheel
    ]

    answer = ask(library, ".metadata")

    assert answer.body == wheel.read("demo_pkg-1.0.dist-info/METADATA")
    assert sha256(answer.body) == announced


def test_s55_html_announces_the_same(library: Library) -> None:
    page = HtmlPage(library.site.get(f"{INDEX}demo-pkg/", library.reader).body)

    announced = page.by_name[library.wheel].attributes["data-core-metadata"]
    assert announced == f"sha256={sha256(ask(library, '.metadata').body)}"


def test_s55_the_suffix_goes_on_the_path(library: Library) -> None:
    path = library.path(library.wheel)

    answer = library.site.get(f"{path}.metadata?sig=1", library.reader)

    assert answer.body.startswith(b"Metadata-Version:")


@pytest.mark.parametrize("coding", ["identity", "gzip, zstd"])
def test_s57_metadata_is_not_transcoded(library: Library, coding: str) -> None:
    answer = ask(library, ".metadata", accept_encoding=coding)

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "Content-Encoding" not in answer.headers


def test_s56_an_sdist_has_no_metadata_file(library: Library) -> None:
    library.site.get(f"{library.path(library.sdist)}.metadata", library.reader, status=404)


@pytest.mark.parametrize("suffix", ["", ".metadata"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"package": "sample"},
        {"package": "nothing"},
        {"package": "closed"},
        {"filename": "demo_pkg-9.0-py3-none-any.whl"},
        {"filename": "DEMO_PKG-1.0-py3-none-any.whl"},
        {"filename": "demo_pkg-1.0-py3-none-any.whl.asc"},
        {"filename": "demo_pkg-2.0-py3-none-any.whl"},
        {"digest": "0" * 64},
        {"digest": ""},
    ],
)
def test_a_file_is_found_only_under_its_own_url(
    library: Library, suffix: str, wrong: dict[str, str]
) -> None:
    right = {
        "package": "demo-pkg",
        "digest": sha256(content(library)),
        "filename": library.wheel,
    }
    template = f"{INDEX}-/{{package}}/{{digest}}/{{filename}}{suffix}"
    library.site.get(template.format(**right), library.reader)

    library.site.get(template.format(**{**right, **wrong}), library.reader, status=404)


def test_the_digest_in_a_url_is_lower_case(library: Library) -> None:
    folder, _, name = library.path(library.wheel).rpartition("/")
    head, _, digest = folder.rpartition("/")

    library.site.get(f"{head}/{digest.upper()}/{name}", library.reader, status=404)


def test_s55_metadata_of_two_wheels_with_one_name_in_two_packages_is_kept_apart(
    site: TestSite,
) -> None:
    key = site.create_key()
    for version in ("1.0", "2.0"):
        site.upload(*make_wheel("demo-pkg", version, requires=[f"x>{version}"]), key)

    texts = [
        site.get(f"{site.file_url('demo-pkg', make_wheel('demo-pkg', v)[0], key)}.metadata", key)
        for v in ("1.0", "2.0")
    ]

    assert [b"x>1.0" in texts[0].body, b"x>2.0" in texts[1].body] == [True, True]


def test_s58_nginx_sends_the_file_when_configured(make_site: MakeSite, sqlite_url: str) -> None:
    site = make_site(sqlite_url, **{"stockroom.x_accel_redirect": "/protected"})
    site.create_workspace()
    key = site.create_key()
    filename, data = make_wheel("demo-pkg", "1.0")
    site.upload(filename, data, key)
    path = site.file_url("demo-pkg", filename, key)

    answer = site.get(path, key)

    target = answer.headers["X-Accel-Redirect"]
    blob = site.folder / "sha256" / target.removeprefix("/protected/")
    assert answer.body == b""
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert blob.read_bytes() == data


@pytest.mark.parametrize(
    ("path", "key_is_sent", "status"), [("{}", False, 401), ("{}.metadata", True, 200)]
)
def test_s61_nginx_is_told_of_nothing_else(
    make_site: MakeSite, sqlite_url: str, path: str, key_is_sent: bool, status: int
) -> None:
    site = make_site(sqlite_url, **{"stockroom.x_accel_redirect": "/protected/"})
    site.create_workspace()
    key = site.create_key()
    site.upload(*make_wheel("demo-pkg", "1.0"), key)
    url = site.file_url("demo-pkg", make_wheel("demo-pkg", "1.0")[0], key)

    answer = site.get(path.format(url), key if key_is_sent else None, status=status)

    assert "X-Accel-Redirect" not in answer.headers


def test_s58_a_real_server_sends_files_in_one_connection(
    start_server: StartServer, make_site: MakeSite, sqlite_url: str
) -> None:
    """Waitress's own file wrapper, HEAD and 304 between GETs: none may spoil what follows."""
    site = make_site(sqlite_url)
    site.create_workspace()
    key = site.create_key()
    filename, data = make_wheel(
        "demo-pkg", "1.0", files={"big.bin": bytes(300_000)}, compress=False
    )
    site.upload(filename, data, key)
    server: ServerProcess = start_server(sqlite_url, files=site.folder)
    path = site.file_url("demo-pkg", filename, key)
    page = f"{INDEX}demo-pkg/"

    answers = converse(
        server,
        [
            ("GET", path, {}),
            ("HEAD", path, {}),
            ("GET", path, {"Range": "bytes=-70000"}),
            ("GET", path, {"Range": "bytes=0-1,5-6"}),
            ("GET", path, {"If-None-Match": f'"{sha256(data)}"'}),
            ("GET", page, {"Accept": JSON}),
            ("GET", page, {"Accept": JSON, "If-None-Match": "*"}),
            ("HEAD", page, {}),
            ("POST", page, {}),
            ("GET", f"{INDEX}Demo.Pkg/", {}),
            ("GET", f"{path}.metadata", {}),
            ("GET", path, {"Range": "bytes=0-0"}),
        ],
        key,
    )

    assert [status for status, _ in answers] == [
        200,
        200,
        206,
        206,
        304,
        200,
        304,
        200,
        405,
        301,
        200,
        206,
    ]
    assert answers[0][1] == data
    assert answers[2][1] == data[-70000:]
    assert [answers[n][1] for n in (1, 4, 6, 7)] == [b""] * 4
    assert answers[-1][1] == data[:1]


def converse(
    server: ServerProcess, requests: list[tuple[str, str, dict[str, str]]], key: str
) -> list[tuple[int, bytes]]:
    """Send requests one after the other through one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    answers = []
    for method, path, headers in requests:
        if connection.sock is None:
            connection.connect()
        socket = connection.sock
        connection.request(method, path, headers={**bearer(key), **headers})
        response = connection.getresponse()
        answers.append((response.status, response.read()))
        assert connection.sock is socket, f"the connection ended after {method} {path}"
    connection.close()
    return answers
