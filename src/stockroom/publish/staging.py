"""Blobs inside of a transaction: visible right before the rows that name them, or not at all."""

from __future__ import annotations

import transaction

from stockroom.spi import StagedBlob, Storage


class BlobTransaction:
    """A data manager that publishes kept blobs when the transaction is about to commit.

    Its sort key puts it before the database, so that a crash in between leaves a blob that no row
    names, never a row without its blob (U-93). Whatever was staged and not kept is discarded.
    """

    def __init__(self, manager: transaction.TransactionManager, storage: Storage) -> None:
        self.transaction_manager = manager
        self._storage = storage
        self._staged: list[StagedBlob] = []
        self._kept: list[StagedBlob] = []
        manager.get().join(self)

    def stage(self) -> StagedBlob:
        """Begin a blob that will be discarded unless it is kept."""
        staged = self._storage.stage()
        self._staged.append(staged)
        return staged

    def adopt(self, staged: StagedBlob) -> None:
        """Take care of a blob that somebody else has begun, as if it came from :meth:`stage`."""
        self._staged.append(staged)

    def keep(self, staged: StagedBlob, sha256: str) -> None:
        """Make the blob durable now, and publish it if the transaction commits."""
        staged.prepare(sha256)
        self._kept.append(staged)

    def abort(self, _transaction: object) -> None:
        """Discard everything."""
        for staged in self._staged:
            staged.discard()

    def tpc_begin(self, _transaction: object) -> None:
        """Nothing to prepare."""

    def commit(self, _transaction: object) -> None:
        """Nothing to write yet."""

    def tpc_vote(self, _transaction: object) -> None:
        """Publish; the database votes, and commits, after this."""
        for staged in self._kept:
            staged.publish()

    def tpc_finish(self, _transaction: object) -> None:
        """Close what was published, discard the rest."""
        self.abort(_transaction)

    def tpc_abort(self, _transaction: object) -> None:
        """Discard everything that is not visible yet."""
        self.abort(_transaction)

    def sortKey(self) -> str:
        """Before the database's, which begins with a tilde."""
        return "stockroom:blobs"
