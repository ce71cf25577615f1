"""A store that checks signatures, dates, lengths and checksums."""

from __future__ import annotations

import pytest

from s3_support.contract import S3Contract
from s3_support.store import Store


@pytest.fixture
def store(swift: Store) -> Store:
    return swift


class TestContract(S3Contract):
    pass
