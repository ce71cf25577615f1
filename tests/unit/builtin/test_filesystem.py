"""The storage in a folder: content-addressed, atomic, durable."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stockroom.builtin.filesystem import LEFTOVER_AFTER, FilesystemStorage, StagedFile, from_url
from stockroom.spi import CHUNK, BlobMissing

CONTENT = b"all the bytes of a wheel"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NO_DIGESTS = [
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


@pytest.fixture
def storage(tmp_path: Path) -> FilesystemStorage:
    return FilesystemStorage(tmp_path / "files")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was made durable, in order."""
    paths: list[Path] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return paths


def stage(storage: FilesystemStorage, content: bytes = CONTENT) -> StagedFile:
    staged = storage.stage()
    staged.write(content)
    return staged


def publish(storage: FilesystemStorage, content: bytes = CONTENT) -> str:
    digest = hashlib.sha256(content).hexdigest()
    staged = stage(storage, content)
    staged.prepare(digest)
    staged.publish()
    staged.discard()
    return digest


def files(storage: FilesystemStorage) -> list[Path]:
    return [path for path in storage.local_root().parent.rglob("*") if path.is_file()]


def read(
    storage: FilesystemStorage, digest: str, start: int = 0, length: int | None = None
) -> bytes:
    reader = storage.open(digest, start, length)
    try:
        return b"".join(reader)
    finally:
        reader.close()


class TestPublishing:
    def test_a_published_blob_is_read_back(self, storage: FilesystemStorage) -> None:
        digest = publish(storage)

        assert read(storage, digest) == CONTENT

    def test_a_published_blob_is_below_its_digest(self, storage: FilesystemStorage) -> None:
        digest = publish(storage)

        path = storage.local_root() / digest[:2] / digest[2:4] / digest
        assert path.read_bytes() == CONTENT
        assert storage.local_file(digest) == path

    @pytest.mark.parametrize("prepared", [False, True])
    def test_nothing_is_visible_before_publish(
        self, storage: FilesystemStorage, prepared: bool
    ) -> None:
        staged = stage(storage)
        if prepared:
            staged.prepare(DIGEST)

        assert storage.stat(DIGEST) is None
        assert list(storage.blobs()) == []
        with pytest.raises(BlobMissing):
            storage.open(DIGEST)
        staged.discard()

    def test_publish_needs_prepare(self, storage: FilesystemStorage) -> None:
        staged = stage(storage)

        with pytest.raises(RuntimeError, match="prepare"):
            staged.publish()
        staged.discard()

    def test_publish_twice_is_publish_once(self, storage: FilesystemStorage) -> None:
        staged = stage(storage)
        staged.prepare(DIGEST)
        staged.publish()

        staged.publish()

        assert read(storage, DIGEST) == CONTENT
        staged.discard()

    def test_the_same_bytes_may_be_published_again(self, storage: FilesystemStorage) -> None:
        first = publish(storage)

        second = publish(storage)

        assert first == second
        assert read(storage, second) == CONTENT
        assert files(storage) == [storage.local_file(second)]

    def test_two_may_publish_the_same_bytes_at_once(self, storage: FilesystemStorage) -> None:
        one, other = stage(storage), stage(storage)
        one.prepare(DIGEST)
        other.prepare(DIGEST)

        one.publish()
        other.publish()

        one.discard()
        other.discard()
        assert read(storage, DIGEST) == CONTENT
        assert files(storage) == [storage.local_file(DIGEST)]

    def test_the_staged_bytes_can_be_inspected(self, storage: FilesystemStorage) -> None:
        staged = stage(storage)

        staged.file.seek(4)

        assert staged.file.read() == CONTENT[4:]
        staged.discard()

    def test_inspection_leaves_the_bytes_alone(self, storage: FilesystemStorage) -> None:
        staged = stage(storage)
        staged.file.seek(4)
        staged.file.read(3)

        staged.prepare(DIGEST)
        staged.publish()

        staged.discard()
        assert read(storage, DIGEST) == CONTENT


class TestDiscarding:
    @pytest.mark.parametrize("prepared", [False, True])
    def test_discarded_bytes_are_gone(self, storage: FilesystemStorage, prepared: bool) -> None:
        staged = stage(storage)
        if prepared:
            staged.prepare(DIGEST)

        staged.discard()

        assert files(storage) == []
        assert staged.file.closed

    def test_discard_keeps_what_was_published(self, storage: FilesystemStorage) -> None:
        staged = stage(storage)
        staged.prepare(DIGEST)
        staged.publish()

        staged.discard()

        assert read(storage, DIGEST) == CONTENT
        assert staged.file.closed

    def test_discard_twice_is_discard_once(self, storage: FilesystemStorage) -> None:
        staged = stage(storage)
        staged.discard()

        staged.discard()

        assert files(storage) == []

    def test_discard_does_not_mind_that_the_bytes_are_gone(
        self, storage: FilesystemStorage
    ) -> None:
        staged = stage(storage)
        for path in files(storage):
            path.unlink()

        staged.discard()

        assert staged.file.closed

    def test_discard_does_not_raise_when_the_bytes_cannot_be_written(
        self, storage: FilesystemStorage
    ) -> None:
        staged = stage(storage)
        os.close(staged.file.fileno())

        staged.discard()

        assert files(storage) == []


class TestDurability:
    def test_prepare_syncs_the_bytes(self, storage: FilesystemStorage, synced: list[Path]) -> None:
        staged = stage(storage)
        (staging,) = files(storage)

        staged.prepare(DIGEST)

        assert synced[0] == staging
        assert staging.read_bytes() == CONTENT
        staged.discard()

    def test_prepare_syncs_every_folder_in_which_it_made_one(
        self, storage: FilesystemStorage, synced: list[Path]
    ) -> None:
        staged = stage(storage)

        staged.prepare(DIGEST)

        root = storage.local_root()
        assert synced[1:] == [root, root / DIGEST[:2]]
        staged.discard()

    def test_publish_syncs_the_folder_that_the_blob_is_in(
        self, storage: FilesystemStorage, synced: list[Path]
    ) -> None:
        staged = stage(storage)
        staged.prepare(DIGEST)
        synced.clear()

        staged.publish()

        assert synced == [storage.local_root() / DIGEST[:2] / DIGEST[2:4]]
        staged.discard()

    def test_a_new_storage_syncs_the_folders_in_which_it_made_its_own(
        self, tmp_path: Path, synced: list[Path]
    ) -> None:
        FilesystemStorage(tmp_path / "srv" / "files")

        assert {tmp_path, tmp_path / "srv", tmp_path / "srv" / "files"} <= set(synced)


class TestReading:
    @pytest.mark.parametrize(
        ("start", "length"), [(0, None), (0, 3), (5, None), (5, 3), (0, 0), (len(CONTENT), None)]
    )
    def test_a_range_of_a_blob(
        self, storage: FilesystemStorage, start: int, length: int | None
    ) -> None:
        digest = publish(storage)

        end = None if length is None else start + length
        assert read(storage, digest, start, length) == CONTENT[start:end]

    def test_a_range_beyond_the_end_stops_at_the_end(self, storage: FilesystemStorage) -> None:
        digest = publish(storage)

        assert read(storage, digest, 5, 1000) == CONTENT[5:]

    def test_a_large_blob_comes_in_chunks(self, storage: FilesystemStorage) -> None:
        content = secrets.token_bytes(2 * CHUNK + 1)
        digest = publish(storage, content)

        reader = storage.open(digest)

        chunks = list(reader)
        reader.close()
        assert [len(chunk) for chunk in chunks] == [CHUNK, CHUNK, 1]
        assert b"".join(chunks) == content

    def test_a_reader_may_be_closed_twice(self, storage: FilesystemStorage) -> None:
        reader = storage.open(publish(storage))
        reader.close()

        reader.close()

    def test_stat_tells_the_size(self, storage: FilesystemStorage) -> None:
        digest = publish(storage)

        found = storage.stat(digest)

        assert found is not None
        assert (found.sha256, found.size) == (digest, len(CONTENT))

    def test_stat_and_blobs_tell_when_the_bytes_were_written(
        self, storage: FilesystemStorage
    ) -> None:
        digest = publish(storage)
        os.utime(storage.local_file(digest), (5, 1_000_000_000.5))

        found = storage.stat(digest)

        assert found is not None
        assert found.modified_at == 1_000_000_000.5
        assert list(storage.blobs()) == [found]

    def test_blobs_leaves_out_what_is_no_blob_or_in_the_wrong_place(
        self, storage: FilesystemStorage
    ) -> None:
        digest = publish(storage)
        place = storage.local_file(digest)
        (place.parent / ".nfs0001").touch()
        (storage.local_root() / digest).touch()

        assert [blob.sha256 for blob in storage.blobs()] == [digest]

    def test_blobs_does_not_mind_that_one_goes_meanwhile(
        self, storage: FilesystemStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        digest = publish(storage)
        walk = os.walk

        def walk_and_lose(top: Path) -> Iterator[tuple[str, list[str], list[str]]]:
            for step in list(walk(top)):
                storage.delete(digest)
                yield step

        monkeypatch.setattr(os, "walk", walk_and_lose)

        assert list(storage.blobs()) == []

    def test_blobs_lists_every_blob(self, storage: FilesystemStorage) -> None:
        digests = {publish(storage, content): len(content) for content in (b"", b"1", b"22")}

        assert {blob.sha256: blob.size for blob in storage.blobs()} == digests

    def test_an_unknown_digest_is_missing(self, storage: FilesystemStorage) -> None:
        assert storage.stat(DIGEST) is None
        with pytest.raises(BlobMissing):
            storage.open(DIGEST)

    @pytest.mark.parametrize("digest", NO_DIGESTS)
    def test_what_is_no_digest_is_missing(self, storage: FilesystemStorage, digest: str) -> None:
        assert storage.stat(digest) is None
        with pytest.raises(BlobMissing):
            storage.open(digest)

    @pytest.mark.parametrize("digest", NO_DIGESTS)
    def test_what_is_no_digest_names_no_path(self, storage: FilesystemStorage, digest: str) -> None:
        staged = stage(storage)

        with pytest.raises(BlobMissing):
            storage.local_file(digest)
        with pytest.raises(BlobMissing):
            staged.prepare(digest)
        staged.discard()


class TestLeftovers:
    def test_bytes_of_a_crash_are_left_over_after_a_day(self, tmp_path: Path) -> None:
        crashed = stage(FilesystemStorage(tmp_path))
        crashed.file.flush()
        written = os.fstat(crashed.file.fileno()).st_mtime
        storage = FilesystemStorage(tmp_path, clock=lambda: written + LEFTOVER_AFTER + 1)

        leftovers = list(storage.leftovers())

        assert leftovers == [path.name for path in files(storage)]
        assert len(leftovers) == 1
        crashed.discard()

    def test_a_leftover_can_be_removed_by_its_name_and_twice(
        self, storage: FilesystemStorage
    ) -> None:
        crashed = stage(storage)
        (path,) = files(storage)

        storage.remove_leftover(path.name)
        storage.remove_leftover(path.name)

        assert files(storage) == []
        crashed.discard()

    @pytest.mark.parametrize("name", ["", ".", "..", "../sha256", "a/b", "/etc/passwd", "a\0b"])
    def test_what_is_no_name_of_a_leftover_removes_nothing(
        self, storage: FilesystemStorage, name: str
    ) -> None:
        digest = publish(storage)
        outside = storage.local_root().parent.parent / "b"
        outside.touch()

        storage.remove_leftover(name)

        assert files(storage) == [storage.local_file(digest)]
        assert outside.exists()

    def test_bytes_of_the_last_day_may_be_an_upload_that_still_runs(self, tmp_path: Path) -> None:
        running = stage(FilesystemStorage(tmp_path))
        running.file.flush()
        written = os.fstat(running.file.fileno()).st_mtime
        storage = FilesystemStorage(tmp_path, clock=lambda: written + LEFTOVER_AFTER - 1)

        assert list(storage.leftovers()) == []
        running.discard()

    def test_blobs_are_never_left_over(self, tmp_path: Path) -> None:
        publish(FilesystemStorage(tmp_path))
        storage = FilesystemStorage(tmp_path, clock=lambda: float(1 << 40))

        assert list(storage.leftovers()) == []

    def test_opening_a_storage_leaves_nothing_behind(self, tmp_path: Path) -> None:
        storage = FilesystemStorage(tmp_path)

        assert files(storage) == []


class TestDeleting:
    def test_a_deleted_blob_is_gone_and_can_be_published_again(
        self, storage: FilesystemStorage
    ) -> None:
        digest = publish(storage)

        storage.delete(digest)

        assert storage.stat(digest) is None
        assert files(storage) == []
        assert read(storage, publish(storage)) == CONTENT

    def test_other_blobs_stay(self, storage: FilesystemStorage) -> None:
        digest = publish(storage)

        storage.delete(publish(storage, b"other"))

        assert read(storage, digest) == CONTENT

    def test_who_reads_a_blob_meanwhile_gets_all_of_it(self, storage: FilesystemStorage) -> None:
        digest = publish(storage)
        reader = storage.open(digest)

        storage.delete(digest)

        assert b"".join(reader) == CONTENT
        reader.close()

    @pytest.mark.parametrize("digest", [DIGEST, *NO_DIGESTS])
    def test_what_is_not_there_needs_no_deleting(
        self, storage: FilesystemStorage, digest: str
    ) -> None:
        kept = publish(storage, b"other")

        storage.delete(digest)

        assert files(storage) == [storage.local_file(kept)]

    def test_deleting_between_prepare_and_publish_does_not_hinder(
        self, storage: FilesystemStorage
    ) -> None:
        digest = publish(storage)
        again = stage(storage)
        again.prepare(digest)

        storage.delete(digest)
        again.publish()

        assert read(storage, digest) == CONTENT
        again.discard()


class TestUrl:
    def test_the_folder_is_made(self, tmp_path: Path) -> None:
        storage = from_url(urlsplit(f"file://{tmp_path}/new/folder"))

        assert storage.local_root() == tmp_path / "new" / "folder" / "sha256"
        assert (tmp_path / "new" / "folder").is_dir()

    def test_percent_signs_are_decoded(self, tmp_path: Path) -> None:
        from_url(urlsplit(f"file://{tmp_path}/a%20folder"))

        assert (tmp_path / "a folder").is_dir()

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("file:relative", "absolute folder"),
            ("file://server/share", "absolute folder"),
            ("file:///tmp?compress=yes", "no \\?options"),
            ("file:///tmp#part", "no \\?options"),
        ],
    )
    def test_a_url_that_names_no_folder_is_refused(self, url: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            from_url(urlsplit(url))

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file")

        with pytest.raises(ValueError, match=r"cannot be used: .*taken"):
            from_url(urlsplit(f"file://{tmp_path}/taken/files"))

    def test_a_folder_that_cannot_be_written_to_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path, *_args: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        FilesystemStorage(tmp_path)
        monkeypatch.setattr(Path, "touch", refuse)

        with pytest.raises(ValueError, match=rf"Permission denied: {tmp_path}/staging"):
            from_url(urlsplit(f"file://{tmp_path}"))


def test_a_staging_failure_does_not_touch_a_published_blob(
    storage: FilesystemStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = publish(storage)
    again = stage(storage)
    again.prepare(digest)
    rename: Callable[[Path, Path], Path] = Path.replace

    def fail(path: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        again.publish()
    monkeypatch.setattr(Path, "replace", rename)
    again.discard()

    assert read(storage, digest) == CONTENT
    assert files(storage) == [storage.local_file(digest)]
