"""The fields keep the contract of all fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from stockroom.spi import FilterField
from stockroom.testing import FilterFieldContract
from stockroom_osv.fields import FIELDS, FIELDS_OF_ASKED, SOURCE


class TestFields(FilterFieldContract):
    @pytest.fixture(params=[FIELDS, FIELDS_OF_ASKED], ids=["all", "asked"])
    def fields(self, request: pytest.FixtureRequest) -> Sequence[FilterField]:
        found: Sequence[FilterField] = request.param
        return found

    @pytest.fixture
    def documents(self) -> Sequence[Mapping[str, Mapping[str, Any]]]:
        found = {"score": 9.8, "versions": {"1": 9.8}, "steps": [["2.0rc1", False, 5.3]]}
        return [{SOURCE: found}, {SOURCE: found, "downloads": {"score": 1.0}}]
