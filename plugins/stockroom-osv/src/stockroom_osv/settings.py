"""The settings of the plugin."""

from __future__ import annotations

from dataclasses import dataclass

from stockroom.spi import setting
from stockroom.spi.settings import integer, text


@dataclass(frozen=True, slots=True, kw_only=True)
class OsvSettings:
    """Where records come from, and how often they are looked at."""

    records: str = setting(
        parse=text,
        help="OSV records: a folder of JSON files, a zip archive of them, or the URL of one.",
    )
    refresh_hours: int = setting(
        parse=integer(minimum=1, maximum=24 * 365),
        default=6,
        help="Hours after which it is looked whether they have changed.",
    )
