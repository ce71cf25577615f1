"""The fields of filters that read the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stockroom.spi import FilterField, FilterPackage, ValueType

SOURCE = "downloads"
WEEK = "last_7_days"
MONTH = "last_30_days"


def _figure(name: str, key: str, days: int) -> FilterField:
    def values(package: FilterPackage, items: Sequence[Any]) -> Sequence[float | None]:
        found = package.documents.get(SOURCE, {}).get(key)
        return [None if found is None else float(found)] * len(items)

    return FilterField(
        f"package.{name}",
        ValueType.NUMBER,
        f"Downloads from PyPI in {days} days; unknown for what PyPI does not have.",
        values,
        source=SOURCE,
    )


FIELDS = (_figure("pypi_downloads_7_days", WEEK, 7), _figure("pypi_downloads_30_days", MONTH, 30))
