"""The fields keep the contract of all fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from stockroom.spi import FilterField
from stockroom.testing import FilterFieldContract
from stockroom_downloads.fields import FIELDS, MONTH, SOURCE, WEEK


class TestFields(FilterFieldContract):
    @pytest.fixture
    def fields(self) -> Sequence[FilterField]:
        return FIELDS

    @pytest.fixture
    def documents(self) -> Sequence[Mapping[str, Mapping[str, Any]]]:
        return [{SOURCE: {WEEK: 7, MONTH: 30}}, {SOURCE: {WEEK: 7}, "osv": {MONTH: 30}}]
