"""The part of the contract about blobs that are there, and about those that are not."""

from __future__ import annotations

import secrets
import time

import pytest

from stockroom.spi import CHUNK, BlobMissing, Storage
from stockroom.testing.blobs import CONTENT, DIGEST, publish, read, stage

NOT_DIGESTS = [
    "",
    "ab",
    DIGEST[:-1],
    f"{DIGEST}0",
    DIGEST.upper(),
    "g" * 64,
    "\u0661" * 64,
    f"../{DIGEST[3:]}",
    f"{DIGEST[:-1]}/",
    f"{DIGEST[:-1]}\x00",
    f"{DIGEST}\n",
]

CLOCKS_DIFFER = 600
"""Seconds by which the clock of a storage may differ from ours."""


class ReadingContract:
    """Part of ``StorageContract``."""

    @pytest.mark.parametrize(
        ("start", "length"),
        [(0, None), (0, 3), (5, None), (5, 3), (0, 0), (5, 0), (len(CONTENT) - 1, 1)],
    )
    def test_a_range_of_a_blob(self, storage: Storage, start: int, length: int | None) -> None:
        publish(storage, CONTENT)

        end = None if length is None else start + length
        assert read(storage, DIGEST, start, length) == CONTENT[start:end]

    @pytest.mark.parametrize(
        ("start", "length"), [(5, 1000), (len(CONTENT), None), (len(CONTENT) + 5, 3)]
    )
    def test_a_range_beyond_the_end_stops_at_the_end(
        self, storage: Storage, start: int, length: int | None
    ) -> None:
        publish(storage, CONTENT)

        assert read(storage, DIGEST, start, length) == CONTENT[start:]

    def test_a_blob_comes_in_chunks(self, storage: Storage) -> None:
        content = secrets.token_bytes(2 * CHUNK + 1)
        digest = publish(storage, content)

        reader = storage.open(digest)

        chunks = list(reader)
        reader.close()
        assert max(len(chunk) for chunk in chunks) <= CHUNK
        assert b"".join(chunks) == content

    def test_a_reader_may_be_closed_early_and_twice(self, storage: Storage) -> None:
        reader = storage.open(publish(storage, CONTENT))

        reader.close()
        reader.close()

        assert read(storage, DIGEST) == CONTENT

    def test_stat_tells_the_size(self, storage: Storage) -> None:
        publish(storage, CONTENT)

        found = storage.stat(DIGEST)

        assert found is not None
        assert (found.sha256, found.size) == (DIGEST, len(CONTENT))

    def test_blobs_lists_every_blob(self, storage: Storage) -> None:
        digests = {publish(storage, content): len(content) for content in (b"1", b"22", b"333")}

        assert {blob.sha256: blob.size for blob in storage.blobs()} == digests

    def test_blobs_and_stat_tell_when_the_bytes_were_written(self, storage: Storage) -> None:
        """The sweeper leaves alone what is new, and what has no time, if no row names it."""
        before = time.time()
        publish(storage, CONTENT)

        [listed] = storage.blobs()
        found = storage.stat(DIGEST)

        assert listed.modified_at is not None
        assert found is not None
        assert found.modified_at is not None
        # Stores round to seconds, and may have a clock of their own.
        assert abs(listed.modified_at - before) < CLOCKS_DIFFER
        assert abs(found.modified_at - before) < CLOCKS_DIFFER

    def test_a_local_file_lies_below_the_local_root(self, storage: Storage) -> None:
        publish(storage, CONTENT)

        file, root = storage.local_file(DIGEST), storage.local_root()

        assert (file is None) == (root is None)
        if file is not None and root is not None:
            assert file.is_relative_to(root)
            assert file.read_bytes() == CONTENT

    # What is not there

    @pytest.mark.parametrize("length", [None, 0, 3])
    def test_an_unknown_blob_is_missing(self, storage: Storage, length: int | None) -> None:
        assert storage.stat(DIGEST) is None
        with pytest.raises(BlobMissing):
            storage.open(DIGEST, 0, length)

    @pytest.mark.parametrize("digest", NOT_DIGESTS)
    def test_what_is_no_digest_names_nothing(self, storage: Storage, digest: str) -> None:
        staged = stage(storage, CONTENT)

        assert storage.stat(digest) is None
        storage.delete(digest)
        with pytest.raises(BlobMissing):
            storage.open(digest)
        with pytest.raises(BlobMissing):
            staged.prepare(digest)
        staged.discard()
        assert list(storage.blobs()) == []

    # Deleting

    def test_a_deleted_blob_is_gone_and_the_others_stay(self, storage: Storage) -> None:
        other = publish(storage, b"other")
        publish(storage, CONTENT)

        storage.delete(DIGEST)

        assert storage.stat(DIGEST) is None
        assert [blob.sha256 for blob in storage.blobs()] == [other]
        with pytest.raises(BlobMissing):
            storage.open(DIGEST)

    def test_what_is_gone_needs_no_deleting(self, storage: Storage) -> None:
        storage.delete(DIGEST)
        publish(storage, CONTENT)
        storage.delete(DIGEST)

        storage.delete(DIGEST)

        assert storage.stat(DIGEST) is None

    def test_a_deleted_blob_can_be_published_again(self, storage: Storage) -> None:
        publish(storage, CONTENT)
        storage.delete(DIGEST)

        publish(storage, CONTENT)

        assert read(storage, DIGEST) == CONTENT
