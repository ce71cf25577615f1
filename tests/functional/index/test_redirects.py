"""Files in a storage that clients can reach: who asks for bytes is sent there (S-58, S-63)."""

from __future__ import annotations

from typing import Any

import pytest

from stockroom.builtin.filesystem import FilesystemStorage
from stockroom.spi import StorageUnavailable
from tests.support.library import Library
from tests.support.site import bearer

STORE = "https://store.example/wheels"


@pytest.fixture(autouse=True)
def touched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the storage hand out URLs; what is read from it nevertheless is collected."""
    reads: list[str] = []
    read = FilesystemStorage.open

    def download_url(_storage: FilesystemStorage, sha256: str, filename: str) -> str:
        return f"{STORE}/{sha256}?as={filename}"

    def opened(storage: FilesystemStorage, sha256: str, *part: Any) -> Any:
        reads.append(sha256)
        return read(storage, sha256, *part)

    monkeypatch.setattr(FilesystemStorage, "download_url", download_url)
    monkeypatch.setattr(FilesystemStorage, "open", opened)
    monkeypatch.setattr(FilesystemStorage, "local_file", lambda *_: None)
    return reads


def ask(library: Library, suffix: str = "", method: str = "GET", **headers: str) -> Any:
    """Ask for the wheel of demo-pkg 1.0."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return library.site.app.request(
        library.path(library.wheel) + suffix,
        method=method,
        headers={**bearer(library.reader), **named},
        expect_errors=True,
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"range": "bytes=0-9"},
        {"range": "bytes=999999999-"},
        {"range": "bytes=0-9", "if_range": '"of another file"'},
        {"if_none_match": '"of another file"'},
    ],
)
def test_s58_a_get_is_sent_to_the_storage(
    library: Library, touched: list[str], headers: dict[str, str]
) -> None:
    answer = ask(library, **headers)

    digest = library.path(library.wheel).split("/")[-2]
    assert answer.status == "302 Found"
    assert answer.headers["Location"] == f"{STORE}/{digest}?as={library.wheel}"
    assert (answer.headers["Content-Length"], answer.body) == ("0", b"")
    assert touched == []


def test_the_redirect_is_not_stored_since_its_url_ends(library: Library) -> None:
    answer = ask(library)

    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_s58_a_head_is_answered_from_the_row(library: Library, touched: list[str]) -> None:
    answer = ask(library, method="HEAD")

    assert answer.status_int == 200
    assert answer.headers["Content-Length"] == str(len(library.files[library.wheel]))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert touched == []


def test_conditions_are_judged_by_the_row(library: Library, touched: list[str]) -> None:
    etag = ask(library, method="HEAD").headers["ETag"]

    unchanged = ask(library, if_none_match=etag)
    refused = ask(library, if_match='"of another file"')

    assert (unchanged.status_int, refused.status_int) == (304, 412)
    assert "Location" not in unchanged.headers
    assert touched == []


def test_a_condition_that_the_storage_would_misjudge_is_not_sent_there(library: Library) -> None:
    etag = ask(library, method="HEAD").headers["ETag"]

    answer = ask(library, if_match=etag, range="bytes=0-9")

    assert answer.status_int == 206
    assert answer.body == library.files[library.wheel][:10]


def test_s55_core_metadata_stays_here(library: Library) -> None:
    answer = ask(library, ".metadata")

    assert answer.status_int == 200
    assert answer.body.startswith(b"Metadata-Version:")


def test_s61_nobody_is_sent_anywhere_without_a_key(library: Library) -> None:
    answer = library.site.app.get(library.path(library.wheel), expect_errors=True)

    assert answer.status_int == 401
    assert "Location" not in answer.headers


def test_a_storage_that_is_away_is_a_sentence_and_503(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> str:
        raise StorageUnavailable("the storage sleeps; try again later")

    monkeypatch.setattr(FilesystemStorage, "download_url", away)

    answer = ask(library)

    assert answer.status == "503 the storage sleeps; try again later"
    assert answer.json["type"] == "urn:stockroom:problem:storage-unavailable"
