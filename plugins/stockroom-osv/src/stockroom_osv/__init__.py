"""Tells which releases have known vulnerabilities, and how bad these are."""

from __future__ import annotations

from collections.abc import Sequence

from stockroom.hookspecs import hookimpl
from stockroom.spi import FactSource, FilterField, PluginSettings
from stockroom_osv.fields import FIELDS, FIELDS_OF_ASKED
from stockroom_osv.settings import OsvSettings
from stockroom_osv.source import Osv

__version__ = "0.1.0"


@hookimpl
def stockroom_settings() -> type:
    """Say where records come from."""
    return OsvSettings


@hookimpl
def stockroom_filter_fields(settings: PluginSettings) -> Sequence[FilterField]:
    """Offer the highest scores of packages and of releases."""
    return FIELDS if settings.of(OsvSettings).api is None else FIELDS_OF_ASKED


@hookimpl
def stockroom_fact_sources(settings: PluginSettings) -> Sequence[FactSource]:
    """Offer the source of records."""
    return [Osv(settings.of(OsvSettings))]
