"""The contract of every storage, for whatever store the tests name."""

from __future__ import annotations

import pytest

from s3_support.store import Store
from stockroom.spi import Storage
from stockroom.testing import StorageContract
from stockroom_s3.storage import S3Storage


class S3Contract(StorageContract):
    """Runs on the fixture ``store``."""

    @pytest.fixture
    def storage(self, store: Store, prefix: str) -> S3Storage:
        self.prefix, self.store = prefix, store
        return store.open(prefix)

    def reopened(self, storage: Storage, seconds: float) -> Storage:
        return self.store.open(self.prefix, seconds)
