"""The settings of the plugin."""

from __future__ import annotations

from dataclasses import dataclass

from stockroom.spi import setting
from stockroom.spi.settings import integer, text, url, words

MAX_PAUSE = 60.0


def seconds(value: str) -> float:
    """A number of seconds, with a fraction or not."""
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found <= MAX_PAUSE:
        raise ValueError(f"must be a number of seconds from 0 to {MAX_PAUSE:g}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadsSettings:
    """Where figures come from, and how gently they are asked for."""

    url: str | None = setting(
        parse=url("http", "https"),
        default=None,
        help="A JSON API that answers at URL/packages/NAME/recent, as pypistats does.",
    )
    csv: str | None = setting(
        parse=text,
        default=None,
        help="A CSV file with the columns package,last_7_days,last_30_days, in place of an API.",
    )
    refresh_hours: int = setting(
        parse=integer(minimum=1, maximum=24 * 365),
        default=24,
        help="Hours after which all figures are asked for anew.",
    )
    pause: float = setting(
        parse=seconds,
        default=0.5,
        help="Seconds between two questions to the API, of each connection.",
    )
    connections: int = setting(
        parse=integer(minimum=1, maximum=4),
        default=2,
        help="Questions to the API at a time.",
    )
    exclude: tuple[str, ...] = setting(
        parse=words,
        default=(),
        help="Names, or patterns such as acme-*, that the API is never asked for.",
    )
