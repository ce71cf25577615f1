"""A server with its files in a bucket: publishing, redirects, failures, checking."""

from __future__ import annotations

import hashlib
import tempfile
import urllib.request
from typing import Any, cast

import pytest

from s3_support.recorder import Exchange, Recorder
from s3_support.store import Store
from stockroom.manage.integrity import Finding, Integrity
from stockroom.spi import DirectUpload, StorageUnavailable
from stockroom.testing.blobs import CONTENT, publish, put
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.site import TestSite, bearer, form_fields
from tests.support.uploads import FORM, UPLOAD, encode, text_parts

FILENAME, WHEEL = make_wheel("demo-pkg", "1.0")


@pytest.fixture
def site(
    make_site: MakeSite, sqlite_url: str, store: Store, prefix: str, recorder: Recorder
) -> TestSite:
    """A site that reaches its store through the recorder, and sends clients there directly."""
    made = make_site(
        sqlite_url,
        **{
            "stockroom.plugins": "s3",
            "stockroom.storage": store.url(prefix, recorder.base),
            "plugin.s3.public_endpoint": store.endpoint,
        },
    )
    made.create_workspace()
    return made


@pytest.fixture
def key(site: TestSite) -> str:
    return site.create_key()


def ask(site: TestSite, key: str, method: str = "GET", **headers: str) -> Any:
    path = site.file_url("demo-pkg", FILENAME, key)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    credential = {"Authorization": f"Bearer {key}"}
    return site.app.request(path, method=method, headers={**credential, **named})


def test_what_was_published_is_fetched_from_the_store(
    site: TestSite, store: Store, key: str
) -> None:
    site.upload(FILENAME, WHEEL, key)

    answer = ask(site, key)

    assert answer.status == "302 Found"
    assert answer.headers["Location"].startswith(store.endpoint)
    with urllib.request.urlopen(answer.headers["Location"]) as fetched:
        assert fetched.read() == WHEEL


def test_every_answer_about_a_file_is_given_without_the_store(
    site: TestSite, recorder: Recorder, key: str
) -> None:
    site.upload(FILENAME, WHEEL, key)
    recorder.exchanges.clear()

    head = ask(site, key, "HEAD")
    unchanged = ask(site, key, if_none_match=head.headers["ETag"])
    redirects = [ask(site, key).headers["Location"] for _ in range(2)]

    assert (head.status_int, unchanged.status_int) == (200, 304)
    assert head.headers["Content-Length"] == str(len(WHEEL))
    assert redirects[0] == redirects[1]
    assert recorder.exchanges == []


def test_core_metadata_is_served_here(site: TestSite, key: str) -> None:
    site.upload(FILENAME, WHEEL, key)

    answer = site.get(site.file_url("demo-pkg", FILENAME, key) + ".metadata", key)

    assert answer.body.startswith(b"Metadata-Version:")


def test_the_server_passes_bytes_on_where_clients_cannot_reach_the_store(
    make_site: MakeSite, sqlite_url: str, store: Store, prefix: str
) -> None:
    site = make_site(
        sqlite_url,
        **{
            "stockroom.plugins": "s3",
            "stockroom.storage": store.url(prefix),
            "plugin.s3.redirect": "off",
        },
    )
    site.create_workspace()
    key = site.create_key()
    site.upload(FILENAME, WHEEL, key)

    whole, part = ask(site, key), ask(site, key, range="bytes=3-9")

    assert (whole.status_int, whole.body) == (200, WHEEL)
    assert (part.status_int, part.body) == (206, WHEEL[3:10])


def test_an_upload_that_the_store_refuses_is_503_and_a_retry_works(
    site: TestSite, recorder: Recorder, key: str
) -> None:
    recorder.on_request = lambda exchange: exchange.refuse(503, "SlowDown")

    answer = site.upload(FILENAME, WHEEL, key, status=503)

    recorder.on_request = lambda _: None
    assert answer.status == (
        "503 the storage of files does not answer as it should; try again later"
    )
    site.get("/simple/acme/main/demo-pkg/", key, status=404)
    site.upload(FILENAME, WHEEL, key)
    assert ask(site, key).status_int == 302


def test_u93_a_store_that_fails_right_before_the_commit_fails_the_upload(
    site: TestSite, recorder: Recorder, key: str
) -> None:
    def refuse(exchange: Exchange) -> None:
        if exchange.method == "HEAD":
            exchange.refuse(403, "AccessDenied")

    recorder.on_request = refuse

    answer = site.upload(FILENAME, WHEEL, key, status=503)

    recorder.on_request = lambda _: None
    assert "try again later" in answer.status
    site.get("/simple/acme/main/demo-pkg/", key, status=404)
    site.upload(FILENAME, WHEEL, key)
    assert ask(site, key).status_int == 302


def test_u72_too_large_a_file_is_refused_alike_by_every_door(
    site: TestSite, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_wheel("demo-pkg", "1.0", files={"x.bin": bytes(2 << 20)}, compress=False)
    told = announce(site, "reserve", file, key, 201).json
    put(DirectUpload(told["upload_url"], told["upload_headers"]), file[1])
    site.set_policy(max_file_mb="1")
    by_form = site.upload(*file, key, status=400, accept="application/json")
    monkeypatch.setattr(tempfile, "tempdir", "/there/is/no/such/folder")

    direct = announce(site, "finalize", file, key, 400)

    assert [error["code"] for error in direct.json["errors"]] == ["file-too-large"]
    assert (direct.status, direct.json["errors"]) == (by_form.status, by_form.json["errors"])


def announce(site: TestSite, step: str, file: tuple[str, bytes], key: str, status: int) -> Any:
    form = {**form_fields(*file), "filename": file[0]}
    return site.app.post(
        f"{UPLOAD}/{step}",
        params=cast(Any, encode(text_parts(form.items()))),
        headers={**bearer(key), "Accept": "application/json", "Content-Type": FORM},
        status=status,
    )


def test_a_blob_that_is_gone_when_the_rows_are_written_is_put_again(
    site: TestSite, store: Store, prefix: str, recorder: Recorder, key: str
) -> None:
    """As a sweeper may remove what no row names yet (U-93)."""
    storage = store.open(prefix)
    digest = hashlib.sha256(WHEEL).hexdigest()

    def sweep(exchange: Exchange) -> None:
        if exchange.method == "HEAD" and digest in exchange.path:
            storage.delete(digest)

    recorder.on_request = sweep

    site.upload(FILENAME, WHEEL, key)

    assert storage.stat(digest) is not None


def test_the_storage_can_be_checked(site: TestSite, store: Store, prefix: str, key: str) -> None:
    site.upload(FILENAME, WHEEL, key)
    storage = store.open(prefix)
    nobodys = publish(storage, CONTENT)
    integrity = Integrity(site.database, storage)

    sound = [step for step in integrity.check(deep=True) if isinstance(step, Finding)]
    storage.delete(hashlib.sha256(WHEEL).hexdigest())
    lost = [step for step in integrity.check(deep=False) if isinstance(step, Finding)]

    assert [(found.kind, found.blob) for found in sound] == [("unreferenced", nobodys)]
    assert [found.kind for found in lost] == ["missing", "unreferenced"]


def test_a_store_that_is_away_is_no_finding(
    site: TestSite, store: Store, prefix: str, recorder: Recorder, key: str
) -> None:
    site.upload(FILENAME, WHEEL, key)
    recorder.on_request = lambda exchange: exchange.refuse(403, "AccessDenied")
    integrity = Integrity(site.database, store.open(prefix, through=recorder.base))

    with pytest.raises(StorageUnavailable):
        list(integrity.check(deep=False))
