"""How blobs travel: in one piece or in parts, with proofs, whatever the store does."""

from __future__ import annotations

import hashlib
import re
import secrets
import tempfile
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from s3_support.recorder import Exchange, Recorder
from s3_support.store import Store
from stockroom.spi import LEFTOVER_AFTER, BlobTooLarge, StorageUnavailable
from stockroom.testing.blobs import CONTENT, DIGEST, bring, publish, read, stage
from stockroom_s3.bucket import PART
from stockroom_s3.storage import S3Storage

LARGE = secrets.token_bytes(PART + 1000)
LARGE_DIGEST = hashlib.sha256(LARGE).hexdigest()
KEY = f"sha256/{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}"
ENCRYPTION: dict[str, Any] = {
    "encryption": "aws:kms",
    "kms_key": "alias/wheels",
    "storage_class": "STANDARD_IA",
}


def md5(data: bytes) -> str:
    return b64encode(hashlib.md5(data).digest()).decode()


def sha256(data: bytes) -> str:
    return b64encode(hashlib.sha256(data).digest()).decode()


def without_etag(exchange: Exchange) -> None:
    """Answer as a store does whose ETags say nothing of the bytes."""
    if exchange.method == "PUT" and "partNumber" not in exchange.path:
        exchange.answer_headers["etag"] = '"anything"'
    exchange.answer = re.sub(rb"[0-9a-f]{32}-2", b"anything", exchange.answer)


def damage(exchange: Exchange) -> None:
    """Change a byte on the way to the store, which does not look."""
    if exchange.method == "PUT" and exchange.body:
        exchange.body = exchange.body[:-1] + bytes([exchange.body[-1] ^ 1])


def test_blobs_lie_below_their_digest(store: Store, prefix: str) -> None:
    publish(store.open(prefix), CONTENT)

    assert store.keys(prefix) == [KEY]


def test_a_small_blob_is_put_at_once(store: Store, prefix: str, recorder: Recorder) -> None:
    publish(store.open(prefix, through=recorder.base), CONTENT)

    [put] = recorder.seen("PUT")
    assert put.headers["content-md5"] == md5(CONTENT)
    assert recorder.seen("POST") == []


def test_a_large_blob_is_put_in_parts(store: Store, prefix: str, recorder: Recorder) -> None:
    publish(store.open(prefix, through=recorder.base), LARGE)

    parts = recorder.seen("PUT")
    assert [part.headers["content-md5"] for part in parts] == [md5(LARGE[:PART]), md5(LARGE[PART:])]
    assert read(store.open(prefix), LARGE_DIGEST) == LARGE
    # A proof is there, so that nothing has to be read back.
    assert recorder.seen("GET") == []


@pytest.mark.parametrize("content", [CONTENT, LARGE], ids=["small", "large"])
def test_sha256_is_sent_where_it_is_understood(
    store: Store, prefix: str, recorder: Recorder, content: bytes
) -> None:
    publish(store.open(prefix, through=recorder.base, checksum="sha256"), content)

    pieces = [content[:PART], content[PART:]] if len(content) > PART else [content]
    puts = recorder.seen("PUT")
    assert [put.headers["x-amz-checksum-sha256"] for put in puts] == [*map(sha256, pieces)]


@pytest.mark.parametrize("content", [CONTENT, LARGE], ids=["small", "large"])
def test_encryption_and_storage_class_are_asked_for(
    store: Store, prefix: str, recorder: Recorder, content: bytes
) -> None:
    publish(store.open(prefix, through=recorder.base, **ENCRYPTION), content)

    begun = recorder.seen("POST", "?uploads") or recorder.seen("PUT")
    assert begun[0].headers["x-amz-server-side-encryption"] == "aws:kms"
    assert begun[0].headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/wheels"
    assert begun[0].headers["x-amz-storage-class"] == "STANDARD_IA"


@pytest.mark.parametrize("content", [CONTENT, LARGE], ids=["small", "large"])
def test_without_a_proof_the_bytes_are_read_back(
    store: Store, prefix: str, recorder: Recorder, content: bytes
) -> None:
    recorder.on_answer = without_etag

    digest = publish(store.open(prefix, through=recorder.base), content)

    assert len(recorder.seen("GET")) == 1
    assert read(store.open(prefix), digest) == content


@pytest.mark.parametrize("content", [CONTENT, LARGE], ids=["small", "large"])
def test_bytes_that_arrive_damaged_are_removed_and_refused(
    store: Store, prefix: str, recorder: Recorder, content: bytes
) -> None:
    recorder.on_request = damage
    staged = stage(store.open(prefix, through=recorder.base), content)

    with pytest.raises(StorageUnavailable):
        staged.prepare(hashlib.sha256(content).hexdigest())

    staged.discard()
    assert store.keys(prefix) == []


@pytest.mark.parametrize("content", [CONTENT, LARGE], ids=["small", "large"])
def test_bytes_with_another_digest_are_not_stored_under_it(
    store: Store, prefix: str, content: bytes
) -> None:
    storage = store.open(prefix)
    staged = stage(storage, content)

    with pytest.raises(ValueError, match="digest"):
        staged.prepare("0" * 64)

    staged.discard()
    assert store.keys(prefix) == []
    assert list(store.open(prefix, LEFTOVER_AFTER + 60).leftovers()) == []


def test_an_upload_that_breaks_off_leaves_no_parts(
    store: Store, prefix: str, recorder: Recorder
) -> None:
    def refuse(exchange: Exchange) -> None:
        if "partNumber=2" in exchange.path:
            exchange.refuse(403, "AccessDenied")

    recorder.on_request = refuse
    staged = stage(store.open(prefix, through=recorder.base), LARGE)

    with pytest.raises(StorageUnavailable):
        staged.prepare(LARGE_DIGEST)

    staged.discard()
    assert store.client.list_multipart_uploads(Bucket=store.bucket).get("Uploads", []) == []


def test_parts_of_a_crash_are_left_over_and_can_be_removed(store: Store, prefix: str) -> None:
    key = f"{prefix}/{KEY}"
    begun = store.client.create_multipart_upload(Bucket=store.bucket, Key=key)
    storage = store.open(prefix, LEFTOVER_AFTER + 60)

    [leftover] = storage.leftovers()
    storage.remove_leftover(leftover)

    assert leftover == f"parts/{KEY}?{begun['UploadId']}"
    assert list(storage.leftovers()) == []


def test_incoming_objects_that_nobody_finished_are_left_over(store: Store, prefix: str) -> None:
    name = bring(store.open(prefix), CONTENT)
    storage = store.open(prefix, LEFTOVER_AFTER + 60)

    [leftover] = storage.leftovers()
    storage.remove_leftover(leftover)

    assert leftover == f"incoming/{name}"
    assert store.keys(prefix) == []


@pytest.mark.parametrize(("start", "length"), [(0, 5), (5, 3), (5, None)])
def test_a_store_without_ranges_is_read_from_the_beginning(
    store: Store, prefix: str, recorder: Recorder, start: int, length: int | None
) -> None:

    def ignore_range(exchange: Exchange) -> None:
        exchange.headers.pop("range", None)

    recorder.on_request = ignore_range
    storage = store.open(prefix, through=recorder.base)
    publish(storage, CONTENT)

    found = read(storage, DIGEST, start, length)

    assert found == CONTENT[start : None if length is None else start + length]


def test_objects_of_others_below_the_prefix_are_no_blobs(store: Store, prefix: str) -> None:
    storage = store.open(prefix)
    publish(storage, CONTENT)
    for name in ("sha256/readme", f"sha256/{DIGEST}", f"sha256/00/00/{DIGEST}", "other"):
        store.client.put_object(Bucket=store.bucket, Key=f"{prefix}/{name}", Body=b"x")

    assert [blob.sha256 for blob in storage.blobs()] == [DIGEST]


def test_a_connection_that_breaks_off_is_noticed(
    store: Store, prefix: str, recorder: Recorder
) -> None:
    storage = store.open(prefix, through=recorder.base)
    publish(storage, CONTENT)

    recorder.cuts_short = True

    with pytest.raises(StorageUnavailable):
        read(storage, DIGEST)


def test_u72_what_is_too_large_is_refused_before_there_is_a_file_for_it(
    store: Store, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = store.open(prefix)
    name = bring(storage, CONTENT)
    monkeypatch.setattr(tempfile, "tempdir", "/there/is/no/such/folder")

    with pytest.raises(BlobTooLarge):
        storage.incoming(name, len(CONTENT) - 1)
    with pytest.raises(FileNotFoundError):
        storage.incoming(name, len(CONTENT))


def test_u72_a_size_that_is_not_announced_is_found_out(
    store: Store, prefix: str, recorder: Recorder
) -> None:
    storage = store.open(prefix, through=recorder.base)
    name = bring(storage, CONTENT)
    recorder.announces_length = False

    with pytest.raises(BlobTooLarge):
        storage.incoming(name, len(CONTENT) - 1)

    staged = storage.incoming(name, len(CONTENT))
    assert staged.file.read() == CONTENT
    staged.discard()


CALLS: dict[str, Callable[[S3Storage], object]] = {
    "stat": lambda storage: storage.stat(DIGEST),
    "open": lambda storage: storage.open(DIGEST),
    "delete": lambda storage: storage.delete(DIGEST),
    "blobs": lambda storage: list(storage.blobs()),
    "leftovers": lambda storage: list(storage.leftovers()),
    "remove_leftover": lambda storage: storage.remove_leftover("incoming/of-somebody"),
    "incoming": lambda storage: storage.incoming("0" * 32),
    "publish": lambda storage: publish(storage, CONTENT),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_store_that_refuses_is_unavailable(
    store: Store,
    prefix: str,
    recorder: Recorder,
    caplog: pytest.LogCaptureFixture,
    call: str,
) -> None:
    recorder.on_request = lambda exchange: exchange.refuse(403, "AccessDenied")

    with pytest.raises(StorageUnavailable) as caught:
        CALLS[call](store.open(prefix, through=recorder.base))

    assert caught.value.detail == (
        "the storage of files does not answer as it should; try again later"
    )
    [record] = caplog.records
    assert "AccessDenied" in record.getMessage() or "403" in record.getMessage()
