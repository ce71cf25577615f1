"""The part of the contract for storages that clients can reach by themselves."""

from __future__ import annotations

import secrets

import pytest

from stockroom.spi import DOWNLOAD_SECONDS, BlobMissing, BlobTooLarge, Storage
from stockroom.testing.blobs import CONTENT, DIGEST, bring, fetch, incoming, publish, put, read


class DirectAccessContract:
    """Part of ``StorageContract``; a storage that offers nothing of this says so everywhere."""

    def reopened(self, storage: Storage, seconds: float) -> Storage:
        """The same storage as another process sees it ``seconds`` from now, or before now."""
        return storage

    def test_what_a_client_has_brought_is_inspected_and_published(self, storage: Storage) -> None:
        name = bring(storage, CONTENT)
        for staged in incoming(storage, name):
            inspected = staged.file.read()
            staged.prepare(DIGEST)

            staged.publish()

            staged.discard()
            assert inspected == CONTENT
            assert read(storage, DIGEST) == CONTENT
            assert list(storage.leftovers()) == []
        with pytest.raises(BlobMissing):
            storage.incoming(name)

    def test_a_client_need_not_have_told_the_size(self, storage: Storage) -> None:
        name = secrets.token_hex(16)
        upload = storage.direct_upload(name, sha256=DIGEST, size=None, seconds=60)
        if upload is not None:
            put(upload, CONTENT)

        for staged in incoming(storage, name):
            staged.prepare(DIGEST)
            staged.publish()
            staged.discard()

        assert (storage.stat(DIGEST) is None) == (upload is None)

    def test_what_was_discarded_can_be_tried_again(self, storage: Storage) -> None:
        name = bring(storage, CONTENT)
        for staged in incoming(storage, name):
            staged.prepare(DIGEST)
            staged.discard()
            staged.discard()

            [again] = incoming(storage, name)

            assert staged.file.closed
            assert again.file.read() == CONTENT
            again.discard()

    def test_other_bytes_than_were_promised_are_never_published(self, storage: Storage) -> None:
        name = bring(storage, CONTENT, instead=CONTENT.upper())
        for staged in incoming(storage, name):
            with pytest.raises(ValueError, match="digest"):
                staged.prepare(DIGEST)
            staged.discard()

        assert storage.stat(DIGEST) is None

    def test_other_bytes_that_come_after_the_inspection_are_not_published(
        self, storage: Storage
    ) -> None:
        name = secrets.token_hex(16)
        bring(storage, CONTENT, name)
        for staged in incoming(storage, name):
            bring(storage, CONTENT, name, instead=CONTENT.upper())
            staged.prepare(DIGEST)
            staged.publish()
            staged.discard()
            assert read(storage, DIGEST) == CONTENT

    def test_what_is_larger_than_is_wanted_is_not_taken(self, storage: Storage) -> None:
        name = bring(storage, CONTENT)
        for staged in incoming(storage, name):
            staged.discard()

            with pytest.raises(BlobTooLarge):
                storage.incoming(name, len(CONTENT) - 1)

            just = storage.incoming(name, len(CONTENT))
            assert just.file.read() == CONTENT
            just.discard()
        with pytest.raises((BlobMissing, BlobTooLarge)):
            storage.incoming(name, 0)

    @pytest.mark.parametrize("name", ["", "..", "0" * 31, "A" * 32, "g" * 32, f"{'0' * 32}/"])
    def test_what_is_no_name_brings_nothing(self, storage: Storage, name: str) -> None:
        with pytest.raises(BlobMissing):
            storage.incoming(name)

    def test_a_download_url_is_the_same_for_everybody(self, storage: Storage) -> None:
        publish(storage, CONTENT)

        # Time may step over the border of a window between two calls, but not twice.
        tries = [
            (
                storage.download_url(DIGEST, "a-1.0.tar.gz"),
                self.reopened(storage, 0).download_url(DIGEST, "a-1.0.tar.gz"),
            )
            for _ in range(2)
        ]

        assert any(one == other for one, other in tries)

    @pytest.mark.parametrize("seconds", [0, DOWNLOAD_SECONDS - 30])
    def test_a_download_url_works_for_its_time_without_a_credential(
        self, storage: Storage, seconds: int
    ) -> None:
        publish(storage, CONTENT)

        url = self.reopened(storage, -seconds).download_url(DIGEST, "a-1.0.tar.gz")

        assert url is None or fetch(url) == CONTENT

    def test_a_download_url_is_for_that_blob_only(self, storage: Storage) -> None:
        other = publish(storage, b"other")

        url = storage.download_url(DIGEST, "a-1.0.tar.gz")

        assert url is None or DIGEST in url
        assert url is None or other not in url
        assert storage.download_url("../" + DIGEST, "a-1.0.tar.gz") is None
