"""Blobs inside of a transaction (U-93)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from transaction import TransactionManager

from stockroom.builtin.filesystem import FilesystemStorage
from stockroom.publish.staging import BlobTransaction
from stockroom.spi import StagedBlob

CONTENT = b"all the bytes of a wheel"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Participant:
    """Another member of the transaction, which notes what is visible when it is asked."""

    def __init__(
        self,
        manager: TransactionManager,
        storage: FilesystemStorage,
        *,
        sort_key: str = "~database",
        fails_in: str = "",
    ) -> None:
        self.transaction_manager = manager
        self.seen: dict[str, bool] = {}
        self._storage = storage
        self._sort_key = sort_key
        self._fails_in = fails_in
        manager.get().join(self)

    def abort(self, _transaction: object) -> None:
        pass

    def tpc_begin(self, _transaction: object) -> None:
        self._note("begin")

    def commit(self, _transaction: object) -> None:
        self._note("commit")

    def tpc_vote(self, _transaction: object) -> None:
        self._note("vote")

    def tpc_finish(self, _transaction: object) -> None:
        self._note("finish")

    def tpc_abort(self, _transaction: object) -> None:
        pass

    def sortKey(self) -> str:
        return self._sort_key

    def _note(self, step: str) -> None:
        self.seen[step] = self._storage.stat(DIGEST) is not None
        if step == self._fails_in:
            raise RuntimeError(step)


@pytest.fixture
def storage(tmp_path: Path) -> FilesystemStorage:
    return FilesystemStorage(tmp_path)


@pytest.fixture
def manager() -> TransactionManager:
    manager = TransactionManager(explicit=True)
    manager.begin()
    return manager


def files(storage: FilesystemStorage) -> list[Path]:
    return [path for path in storage.local_root().parent.rglob("*") if path.is_file()]


def stage(blobs: BlobTransaction, content: bytes = CONTENT) -> StagedBlob:
    staged = blobs.stage()
    staged.write(content)
    return staged


def keep(blobs: BlobTransaction, content: bytes = CONTENT) -> str:
    digest = hashlib.sha256(content).hexdigest()
    blobs.keep(stage(blobs, content), digest)
    return digest


def test_commit_publishes_what_was_kept(
    storage: FilesystemStorage, manager: TransactionManager
) -> None:
    blobs = BlobTransaction(manager, storage)
    digests = [keep(blobs), keep(blobs, b"metadata")]

    manager.commit()

    assert sorted(path.name for path in files(storage)) == sorted(digests)


def test_commit_discards_what_was_not_kept(
    storage: FilesystemStorage, manager: TransactionManager
) -> None:
    blobs = BlobTransaction(manager, storage)
    staged = stage(blobs)

    manager.commit()

    assert files(storage) == []
    assert staged.file.closed


def test_commit_closes_what_it_published(
    storage: FilesystemStorage, manager: TransactionManager
) -> None:
    blobs = BlobTransaction(manager, storage)
    staged = stage(blobs)
    blobs.keep(staged, DIGEST)

    manager.commit()

    assert staged.file.closed


def test_abort_leaves_nothing(storage: FilesystemStorage, manager: TransactionManager) -> None:
    blobs = BlobTransaction(manager, storage)
    keep(blobs)
    stage(blobs, b"not kept")

    manager.abort()

    assert files(storage) == []


def test_a_blob_is_invisible_until_the_vote(
    storage: FilesystemStorage, manager: TransactionManager
) -> None:
    blobs = BlobTransaction(manager, storage)
    early = Participant(manager, storage, sort_key="a")
    keep(blobs)

    manager.commit()

    assert early.seen == {"begin": False, "commit": False, "vote": False, "finish": True}


def test_a_blob_is_visible_before_the_database_votes(
    storage: FilesystemStorage, manager: TransactionManager
) -> None:
    database = Participant(manager, storage)
    keep(BlobTransaction(manager, storage))

    manager.commit()

    assert database.seen == {"begin": False, "commit": False, "vote": True, "finish": True}


@pytest.mark.parametrize("step", ["begin", "commit"])
def test_a_failure_before_the_vote_leaves_nothing(
    storage: FilesystemStorage, manager: TransactionManager, step: str
) -> None:
    Participant(manager, storage, fails_in=step)
    keep(BlobTransaction(manager, storage))

    with pytest.raises(RuntimeError, match=step):
        manager.commit()

    manager.abort()
    assert files(storage) == []


def test_a_failed_vote_of_the_database_leaves_at_most_a_whole_blob(
    storage: FilesystemStorage, manager: TransactionManager
) -> None:
    """No row names it; the next upload of the same bytes uses it."""
    Participant(manager, storage, fails_in="vote")
    blobs = BlobTransaction(manager, storage)
    keep(blobs)
    stage(blobs, b"not kept")

    with pytest.raises(RuntimeError, match="vote"):
        manager.commit()

    manager.abort()
    assert files(storage) == [storage.local_file(DIGEST)]
    assert storage.local_file(DIGEST).read_bytes() == CONTENT


def test_a_blob_that_cannot_be_published_aborts_the_transaction(
    storage: FilesystemStorage, manager: TransactionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    database = Participant(manager, storage)
    keep(BlobTransaction(manager, storage))
    monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(OSError, match="No space"):
        manager.commit()

    manager.abort()
    assert "vote" not in database.seen
    assert files(storage) == []
