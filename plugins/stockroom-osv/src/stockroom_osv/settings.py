"""The settings of the plugin."""

from __future__ import annotations

from dataclasses import dataclass

from stockroom.spi import setting
from stockroom.spi.settings import integer, text, url, words


@dataclass(frozen=True, slots=True, kw_only=True)
class OsvSettings:
    """Where records come from, and how often they are looked at."""

    records: str | None = setting(
        parse=text,
        default=None,
        help="OSV records: a folder of JSON files, a zip archive of them, or the URL of one.",
    )
    api: str | None = setting(
        parse=url("http", "https"),
        default=None,
        help="An OSV API, asked for the packages of this server, in place of records.",
    )
    refresh_hours: int = setting(
        parse=integer(minimum=1, maximum=24 * 365),
        default=6,
        help="Hours after which it is looked whether they have changed.",
    )
    exclude: tuple[str, ...] = setting(
        parse=words,
        default=(),
        help="Names, or patterns such as acme-*, that the API is never asked for.",
    )
