"""Tells how often packages are downloaded, for the filters of views."""

from __future__ import annotations

from collections.abc import Sequence

from stockroom.hookspecs import hookimpl
from stockroom.spi import FactSource, FilterField, PluginSettings
from stockroom_downloads.fields import FIELDS
from stockroom_downloads.settings import DownloadsSettings
from stockroom_downloads.source import Downloads

__version__ = "0.1.0"


@hookimpl
def stockroom_settings() -> type:
    """Say where figures come from."""
    return DownloadsSettings


@hookimpl
def stockroom_filter_fields(settings: PluginSettings) -> Sequence[FilterField]:
    """Offer the downloads of 7 and of 30 days."""
    return FIELDS


@hookimpl
def stockroom_fact_sources(settings: PluginSettings) -> Sequence[FactSource]:
    """Offer the source of figures."""
    return [Downloads(settings.of(DownloadsSettings))]
