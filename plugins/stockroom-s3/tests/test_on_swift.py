"""A store that checks signatures, dates, lengths and checksums."""

from __future__ import annotations

import secrets
import urllib.error
from urllib.parse import urlsplit

import pytest
from boto3.session import Session

from s3_support.contract import S3Contract
from s3_support.recorder import Exchange, Recorder
from s3_support.store import Store
from stockroom.spi import DOWNLOAD_SECONDS
from stockroom.testing.blobs import CONTENT, DIGEST, bring, fetch, publish, put, read
from stockroom_s3.location import parse_location
from stockroom_s3.settings import S3Settings
from stockroom_s3.storage import S3Storage


@pytest.fixture
def store(swift: Store) -> Store:
    return swift


class TestContract(S3Contract):
    pass


def test_a_signed_url_ends(store: Store, prefix: str) -> None:
    publish(store.open(prefix), CONTENT)
    now = store.open(prefix, presign_seconds=2 * DOWNLOAD_SECONDS)
    before = store.open(prefix, -2 * DOWNLOAD_SECONDS, presign_seconds=2 * DOWNLOAD_SECONDS)

    [current, ended] = [each.download_url(DIGEST, "a-1.0.tar.gz") for each in (now, before)]

    assert current is not None
    assert ended is not None
    assert fetch(current) == CONTENT
    with pytest.raises(urllib.error.HTTPError, match="403") as caught:
        fetch(ended)
    caught.value.close()


@pytest.mark.parametrize("size", [len(CONTENT), None])
@pytest.mark.parametrize("content", [CONTENT.upper(), CONTENT + b"x", b""])
def test_a_client_can_only_put_what_it_has_promised(
    store: Store, prefix: str, content: bytes, size: int | None
) -> None:
    storage = store.open(prefix)
    upload = storage.direct_upload(secrets.token_hex(16), sha256=DIGEST, size=size, seconds=60)
    assert upload is not None

    with pytest.raises(urllib.error.HTTPError) as caught:
        put(upload, content)

    caught.value.close()
    assert store.keys(prefix) == []


def test_the_store_copies_what_it_can_compare(
    store: Store, prefix: str, recorder: Recorder
) -> None:
    storage = store.open(prefix, through=recorder.base)
    staged = storage.incoming(bring(storage, CONTENT))
    recorder.exchanges.clear()

    staged.prepare(DIGEST)

    staged.publish()
    staged.discard()
    assert read(storage, DIGEST) == CONTENT
    assert store.keys(prefix) == [f"sha256/{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}"]
    puts = recorder.seen("PUT")
    assert {put.body for put in puts} == {b""}
    assert {"x-amz-copy-source-if-match" in put.headers for put in puts} == {True}


def test_a_copy_that_fails_is_made_up_for_and_tried_the_next_time(
    store: Store, prefix: str, recorder: Recorder
) -> None:
    storage = store.open(prefix, through=recorder.base)

    def refuse(exchange: Exchange) -> None:
        if "x-amz-copy-source" in exchange.headers:
            exchange.refuse(400, "InvalidRequest")

    for on_request in (refuse, lambda _: None):
        recorder.on_request = on_request
        staged = storage.incoming(bring(storage, CONTENT))
        recorder.exchanges.clear()
        staged.prepare(DIGEST)
        staged.publish()
        staged.discard()

    assert read(storage, DIGEST) == CONTENT
    assert {put.body for put in recorder.seen("PUT")} == {b""}


def test_a_wrong_secret_is_told(store: Store) -> None:
    location = parse_location(urlsplit(store.url("x")))
    storage = S3Storage(location, S3Settings(), session=Session(store.key, "wrong"))

    with pytest.raises(ValueError, match="does not accept the credentials"):
        storage.try_out()
