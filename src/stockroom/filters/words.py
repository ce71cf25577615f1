"""The values behind a condition, in words for the people whom it keeps from a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from stockroom.filters.columns import Columns
from stockroom.filters.tree import Condition, Literal, Operand, leaves, operands
from stockroom.spi import Level, ValueType

_HUNDREDTH = timedelta(days=1) / 100


def values_in_words(condition: Condition, columns: Columns) -> str:
    """What a condition about a single file looks at, such as ``release.age_days is 3.2``."""
    found = dict.fromkeys(
        operand
        for leaf in leaves(condition)
        for operand in operands(leaf)
        if not isinstance(operand, Literal)
    )
    return ", ".join(f"{operand} is {_value(operand, columns)}" for operand in found)


def _value(operand: Operand, columns: Columns) -> str:
    [value] = columns.values(operand, Level.FILE)
    if value is None:
        return "unknown"
    if operand.type is ValueType.AGE:
        return in_days(columns.now - value)
    return _in_words(value)


def in_days(age: timedelta) -> str:
    """An age in days with up to two decimals, rounded down so that 6.999 is not shown as 7."""
    hundredths = age // _HUNDREDTH
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")


def _in_words(value: Any) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case float():
            return f"{value:.10g}"
        case _:
            return str(value)
