"""The poor store: it copies without comparing, and does not look at the checksums of clients."""

from __future__ import annotations

import hashlib
import secrets

import pytest

from s3_support.contract import S3Contract
from s3_support.store import Store
from stockroom.testing.blobs import CONTENT, DIGEST, bring, publish, read


@pytest.fixture
def store(rclone: Store) -> Store:
    return rclone


class TestContract(S3Contract):
    replaces_at_once = False
    """It was seen to find nothing for a moment while an object is put once more."""


def test_a_store_that_does_not_compare_is_not_asked_to_copy(store: Store, prefix: str) -> None:
    """Else a client could put other bytes between the inspection and the copy."""
    storage = store.open(prefix)
    name = secrets.token_hex(16)
    bring(storage, CONTENT, name)
    staged = storage.incoming(name)
    bring(storage, CONTENT, name, instead=CONTENT.upper())

    staged.prepare(DIGEST)

    staged.publish()
    staged.discard()
    assert read(storage, DIGEST) == CONTENT
    assert store.keys(prefix) == [f"sha256/{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}"]


def test_bytes_that_the_store_does_not_look_at_are_found_out(store: Store, prefix: str) -> None:
    """The signed checksum says nothing to rclone."""
    storage = store.open(prefix)
    name = bring(storage, CONTENT, instead=CONTENT.upper())
    staged = storage.incoming(name)

    with pytest.raises(ValueError, match="digest"):
        staged.prepare(DIGEST)

    staged.discard()
    assert storage.stat(DIGEST) is None


def test_large_blobs_travel_in_parts_and_ranges(store: Store, prefix: str) -> None:
    storage = store.open(prefix)
    content = secrets.token_bytes(9 * 1024 * 1024)

    digest = publish(storage, content)

    assert digest == hashlib.sha256(content).hexdigest()
    assert read(storage, digest, 8 * 1024 * 1024 - 5, 10) == content[8 * 1024 * 1024 - 5 :][:10]
