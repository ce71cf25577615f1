"""The storage in a folder: content-addressed, atomic, durable."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stockroom.builtin.filesystem import FilesystemStorage, from_url
from stockroom.spi import LEFTOVER_AFTER, BlobMissing, Storage
from stockroom.testing import StorageContract
from stockroom.testing.blobs import CONTENT, DIGEST, publish, read, stage


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


def files(storage: FilesystemStorage) -> list[Path]:
    return [path for path in storage.local_root().parent.rglob("*") if path.is_file()]


class TestContract(StorageContract):
    def reopened(self, storage: Storage, seconds: float) -> Storage:
        assert isinstance(storage, FilesystemStorage)
        return FilesystemStorage(storage.local_root().parent, lambda: time.time() + seconds)


class TestPublishing:
    def test_a_published_blob_is_below_its_digest(self, storage: FilesystemStorage) -> None:
        publish(storage, CONTENT)

        path = storage.local_root() / DIGEST[:2] / DIGEST[2:4] / DIGEST
        assert path.read_bytes() == CONTENT
        assert storage.local_file(DIGEST) == path

    def test_the_same_bytes_are_kept_once(self, storage: FilesystemStorage) -> None:
        publish(storage, CONTENT)

        publish(storage, CONTENT)

        assert files(storage) == [storage.local_file(DIGEST)]

    def test_nothing_can_be_read_before_it_is_published(self, storage: FilesystemStorage) -> None:
        staged = stage(storage, CONTENT)
        staged.prepare(DIGEST)

        assert storage.stat(DIGEST) is None
        staged.discard()


class TestDiscarding:
    @pytest.mark.parametrize("prepared", [False, True])
    def test_discarded_bytes_are_gone(self, storage: FilesystemStorage, prepared: bool) -> None:
        staged = stage(storage, CONTENT)
        if prepared:
            staged.prepare(DIGEST)

        staged.discard()

        assert files(storage) == []
        assert staged.file.closed

    def test_discard_keeps_what_was_published(self, storage: FilesystemStorage) -> None:
        staged = stage(storage, CONTENT)
        staged.prepare(DIGEST)
        staged.publish()

        staged.discard()

        assert read(storage, DIGEST) == CONTENT
        assert staged.file.closed

    def test_discard_twice_is_discard_once(self, storage: FilesystemStorage) -> None:
        staged = stage(storage, CONTENT)
        staged.discard()

        staged.discard()

        assert files(storage) == []

    def test_discard_does_not_mind_that_the_bytes_are_gone(
        self, storage: FilesystemStorage
    ) -> None:
        staged = stage(storage, CONTENT)
        for path in files(storage):
            path.unlink()

        staged.discard()

        assert staged.file.closed

    def test_discard_does_not_raise_when_the_bytes_cannot_be_written(
        self, storage: FilesystemStorage
    ) -> None:
        staged = stage(storage, CONTENT)
        os.close(staged.file.fileno())

        staged.discard()

        assert files(storage) == []


class TestDurability:
    def test_prepare_syncs_the_bytes(self, storage: FilesystemStorage, synced: list[Path]) -> None:
        staged = stage(storage, CONTENT)
        (staging,) = files(storage)

        staged.prepare(DIGEST)

        assert synced[0] == staging
        assert staging.read_bytes() == CONTENT
        staged.discard()

    def test_prepare_syncs_every_folder_in_which_it_made_one(
        self, storage: FilesystemStorage, synced: list[Path]
    ) -> None:
        staged = stage(storage, CONTENT)

        staged.prepare(DIGEST)

        root = storage.local_root()
        assert synced[1:] == [root, root / DIGEST[:2]]
        staged.discard()

    def test_publish_syncs_the_folder_that_the_blob_is_in(
        self, storage: FilesystemStorage, synced: list[Path]
    ) -> None:
        staged = stage(storage, CONTENT)
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


class TestNames:
    @pytest.mark.parametrize("digest", ["", "ab", f"../{DIGEST[3:]}", f"{DIGEST}\n"])
    def test_what_is_no_digest_names_no_path(self, storage: FilesystemStorage, digest: str) -> None:
        with pytest.raises(BlobMissing):
            storage.local_file(digest)

    def test_clients_cannot_reach_the_folder(self, storage: Storage) -> None:
        publish(storage, CONTENT)

        url = storage.download_url(DIGEST, "a-1.0.tar.gz")
        upload = storage.direct_upload("0" * 32, sha256=DIGEST, size=1, seconds=60)

        assert (url, upload) == (None, None)


class TestListing:
    def test_stat_and_blobs_tell_when_the_bytes_were_written(
        self, storage: FilesystemStorage
    ) -> None:
        publish(storage, CONTENT)
        os.utime(storage.local_file(DIGEST), (5, 1_000_000_000.5))

        found = storage.stat(DIGEST)

        assert found is not None
        assert found.modified_at == 1_000_000_000.5
        assert list(storage.blobs()) == [found]

    def test_what_is_no_blob_or_in_the_wrong_place_is_left_out(
        self, storage: FilesystemStorage
    ) -> None:
        publish(storage, CONTENT)
        (storage.local_file(DIGEST).parent / ".nfs0001").touch()
        (storage.local_root() / DIGEST).touch()

        assert [blob.sha256 for blob in storage.blobs()] == [DIGEST]

    def test_a_blob_may_go_while_they_are_listed(
        self, storage: FilesystemStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publish(storage, CONTENT)
        walk = os.walk

        def walk_and_lose(top: Path) -> Iterator[tuple[str, list[str], list[str]]]:
            for step in list(walk(top)):
                storage.delete(DIGEST)
                yield step

        monkeypatch.setattr(os, "walk", walk_and_lose)

        assert list(storage.blobs()) == []


class TestDeleting:
    def test_the_bytes_are_gone_and_so_is_the_name_after_a_power_cut(
        self, storage: FilesystemStorage, synced: list[Path]
    ) -> None:
        publish(storage, CONTENT)
        synced.clear()

        storage.delete(DIGEST)

        assert files(storage) == []
        assert synced == [storage.local_root() / DIGEST[:2] / DIGEST[2:4]]


class TestLeftovers:
    def test_bytes_of_a_crash_are_left_over_after_a_day(self, tmp_path: Path) -> None:
        crashed = stage(FilesystemStorage(tmp_path), CONTENT)
        crashed.file.flush()
        written = os.fstat(crashed.file.fileno()).st_mtime
        storage = FilesystemStorage(tmp_path, clock=lambda: written + LEFTOVER_AFTER + 1)

        leftovers = list(storage.leftovers())

        assert leftovers == [path.name for path in files(storage)]
        assert len(leftovers) == 1
        crashed.discard()

    def test_removing_a_leftover_removes_its_file(self, tmp_path: Path) -> None:
        crashed = stage(FilesystemStorage(tmp_path), CONTENT)
        storage = FilesystemStorage(tmp_path, clock=lambda: time.time() + LEFTOVER_AFTER + 1)

        for name in storage.leftovers():
            storage.remove_leftover(name)

        assert files(storage) == []
        crashed.discard()

    def test_a_name_that_leads_out_of_the_folder_removes_nothing(self, tmp_path: Path) -> None:
        storage = FilesystemStorage(tmp_path / "files")
        (tmp_path / "other").write_bytes(CONTENT)

        for name in ("../../other", str(tmp_path / "other"), "staging/../../other"):
            storage.remove_leftover(name)

        assert (tmp_path / "other").exists()

    def test_bytes_of_the_last_day_may_be_an_upload_that_still_runs(self, tmp_path: Path) -> None:
        running = stage(FilesystemStorage(tmp_path), CONTENT)
        running.file.flush()
        written = os.fstat(running.file.fileno()).st_mtime
        storage = FilesystemStorage(tmp_path, clock=lambda: written + LEFTOVER_AFTER - 1)

        assert list(storage.leftovers()) == []
        running.discard()

    def test_blobs_are_never_left_over(self, tmp_path: Path) -> None:
        publish(FilesystemStorage(tmp_path), CONTENT)
        storage = FilesystemStorage(tmp_path, clock=lambda: float(1 << 40))

        assert list(storage.leftovers()) == []

    def test_opening_a_storage_leaves_nothing_behind(self, tmp_path: Path) -> None:
        storage = FilesystemStorage(tmp_path)

        assert files(storage) == []


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
    digest = publish(storage, CONTENT)
    again = stage(storage, CONTENT)
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
