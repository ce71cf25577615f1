"""What every storage backend has to do, as tests."""

from __future__ import annotations

import hashlib
import secrets
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from stockroom.spi import CHUNK, LEFTOVER_AFTER, BlobMissing, Storage
from stockroom.testing.blobs import CONTENT, DIGEST, bring, digest_of, publish, read, stage
from stockroom.testing.direct import DirectAccessContract
from stockroom.testing.reading import ReadingContract

MIB = 1024 * 1024
PIECE = hashlib.sha256(b"piece").digest() * (CHUNK // 32)


class StorageContract(ReadingContract, DirectAccessContract):
    """Subclass it, and give it a fixture ``storage`` that is empty for every test.

    A storage that looks at the time, or that several processes can open, overrides
    :meth:`reopened` as well.
    """

    large = 48 * MIB
    """Size of the large blob in bytes."""
    memory = 32 * MIB
    """Bytes of memory that one blob may take on its way, whatever its size."""
    replaces_at_once = True
    """Whether a blob stays readable while the same bytes are published again by somebody else."""

    # Staging and publishing

    def test_a_published_blob_can_be_read(self, storage: Storage) -> None:
        digest = publish(storage, CONTENT)

        assert read(storage, digest) == CONTENT

    def test_an_empty_blob_is_a_blob(self, storage: Storage) -> None:
        digest = publish(storage, b"")

        assert read(storage, digest) == b""
        assert {blob.sha256: blob.size for blob in storage.blobs()} == {digest: 0}

    def test_another_process_can_read_what_was_published(self, storage: Storage) -> None:
        digest = publish(storage, CONTENT)

        assert read(self.reopened(storage, 0), digest) == CONTENT

    def test_what_is_only_staged_cannot_be_read(self, storage: Storage) -> None:
        staged = stage(storage, CONTENT)

        assert storage.stat(DIGEST) is None
        assert list(storage.blobs()) == []
        with pytest.raises(BlobMissing):
            storage.open(DIGEST)
        staged.discard()

    def test_prepared_bytes_are_readable_as_a_whole_or_not_at_all(self, storage: Storage) -> None:
        staged = stage(storage, CONTENT)

        staged.prepare(DIGEST)

        found = storage.stat(DIGEST)
        assert found is None or read(storage, DIGEST) == CONTENT
        staged.discard()

    def test_nothing_is_published_that_was_not_prepared(self, storage: Storage) -> None:
        staged = stage(storage, CONTENT)

        with pytest.raises(RuntimeError):
            staged.publish()
        staged.discard()

    def test_to_publish_twice_is_to_publish_once(self, storage: Storage) -> None:
        staged = stage(storage, CONTENT)
        staged.prepare(DIGEST)
        staged.publish()

        staged.publish()

        staged.discard()
        assert read(storage, DIGEST) == CONTENT

    def test_the_same_bytes_may_be_published_again(self, storage: Storage) -> None:
        publish(storage, CONTENT)

        publish(storage, CONTENT)

        assert read(storage, DIGEST) == CONTENT
        assert [blob.sha256 for blob in storage.blobs()] == [DIGEST]

    def test_two_may_publish_the_same_bytes_at_once(self, storage: Storage) -> None:
        one, other = stage(storage, CONTENT), stage(storage, CONTENT)
        one.prepare(DIGEST)
        other.prepare(DIGEST)

        other.publish()
        one.publish()

        one.discard()
        other.discard()
        assert read(storage, DIGEST) == CONTENT

    def test_bytes_that_are_published_hold_while_others_publish_them_again(
        self, storage: Storage
    ) -> None:
        publish(storage, CONTENT)
        again = stage(storage, CONTENT)
        again.prepare(DIGEST)

        again.discard()

        assert read(storage, DIGEST) == CONTENT

    def test_a_prepared_blob_that_is_swept_is_published_all_the_same(
        self, storage: Storage
    ) -> None:
        staged = stage(storage, CONTENT)
        staged.prepare(DIGEST)
        storage.delete(DIGEST)

        staged.publish()

        staged.discard()
        assert read(storage, DIGEST) == CONTENT

    def test_bytes_are_appended_whatever_holds_them(self, storage: Storage) -> None:
        staged = storage.stage()
        for part in (b"", CONTENT[:3], bytearray(CONTENT[3:9]), CONTENT[9:]):
            staged.write(part)

        staged.prepare(DIGEST)
        staged.publish()

        staged.discard()
        assert read(storage, DIGEST) == CONTENT

    def test_the_staged_bytes_can_be_inspected_without_harm(self, storage: Storage) -> None:
        staged = stage(storage, CONTENT)

        staged.file.seek(4)
        seen = staged.file.read(3)
        staged.prepare(DIGEST)
        staged.publish()

        staged.discard()
        assert seen == CONTENT[4:7]
        assert read(storage, DIGEST) == CONTENT

    def test_a_large_blob_takes_no_more_memory_than_a_small_one(self, storage: Storage) -> None:
        known = hashlib.sha256()
        publish(storage, CONTENT)
        tracemalloc.start()

        staged = storage.stage()
        for _ in range(self.large // len(PIECE)):
            staged.write(PIECE)
            known.update(PIECE)
        staged.prepare(known.hexdigest())
        staged.publish()
        staged.discard()
        found = digest_of(storage, known.hexdigest())

        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found == known.hexdigest()
        assert peak < self.memory

    # Discarding

    @pytest.mark.parametrize("prepared", [False, True])
    def test_discard_closes_the_file_and_may_be_called_twice(
        self, storage: Storage, prepared: bool
    ) -> None:
        staged = stage(storage, CONTENT)
        if prepared:
            staged.prepare(DIGEST)

        staged.discard()
        staged.discard()

        assert staged.file.closed

    def test_discarded_bytes_are_no_blob(self, storage: Storage) -> None:
        stage(storage, CONTENT).discard()

        assert list(storage.blobs()) == []

    def test_discard_keeps_what_was_published(self, storage: Storage) -> None:
        publish(storage, CONTENT)

        assert read(storage, DIGEST) == CONTENT

    # Threads

    def test_threads_do_not_disturb_each_other(self, storage: Storage) -> None:
        contents = [b"shared", *(secrets.token_bytes(CHUNK + number) for number in range(8))]

        def work(number: int) -> bool:
            content = contents[number % len(contents)]
            digest = publish(storage, content)
            return read(storage, digest) == content and read(storage, digest, 3, 2) == content[3:5]

        together = [0] * 8 if self.replaces_at_once else []
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(work, together + list(range(len(contents)))))

        assert all(results)
        assert len(list(storage.blobs())) == len(contents)

    # Leftovers

    def test_bytes_of_an_upload_that_runs_are_not_left_over(self, storage: Storage) -> None:
        staged = stage(storage, CONTENT)
        staged.file.flush()
        bring(storage, CONTENT)

        found = list(self.reopened(storage, LEFTOVER_AFTER - 3600).leftovers())

        staged.discard()
        assert found == []

    def test_leftovers_can_be_removed_and_blobs_are_none(self, storage: Storage) -> None:
        publish(storage, CONTENT)
        staged = stage(storage, CONTENT)
        staged.file.flush()
        name = bring(storage, CONTENT)
        later = self.reopened(storage, LEFTOVER_AFTER + 3600)

        for leftover in later.leftovers():
            later.remove_leftover(leftover)
            later.remove_leftover(leftover)

        staged.discard()
        assert list(later.leftovers()) == []
        assert read(later, DIGEST) == CONTENT
        with pytest.raises(BlobMissing):
            later.incoming(name)

    @pytest.mark.parametrize("name", ["", ".", "..", "/", "../sha256", "a\0b", "nothing", "parts/"])
    def test_what_was_never_left_over_removes_nothing(self, storage: Storage, name: str) -> None:
        publish(storage, CONTENT)

        storage.remove_leftover(name)

        assert read(storage, DIGEST) == CONTENT
