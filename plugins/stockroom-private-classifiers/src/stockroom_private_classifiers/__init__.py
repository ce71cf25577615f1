"""Decides which ``Private ::`` classifiers may be published, and to which registries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stockroom.hookspecs import hookimpl
from stockroom.spi import PluginSettings, RegistryInfo, Violation
from stockroom_private_classifiers.rules import violations
from stockroom_private_classifiers.settings import PrivateClassifierSettings

__version__ = "0.1.0"


@hookimpl
def stockroom_settings() -> type:
    """Say which roots are the operator's own."""
    return PrivateClassifierSettings


@hookimpl
def stockroom_classifier_violations(
    classifiers: Sequence[str], registry: RegistryInfo, settings: PluginSettings
) -> Iterable[Violation]:
    """Vote against private classifiers that are not meant for this registry."""
    return violations(classifiers, registry, settings.of(PrivateClassifierSettings).roots)
