"""Every hook of Stockroom. The docstring is the contract: kind, caller, moment, failure."""

from __future__ import annotations

from collections.abc import Mapping

import pluggy

from stockroom.spi import PluginSettings, StorageFactory

NAME = "stockroom"
hookspec = pluggy.HookspecMarker(NAME)
hookimpl = pluggy.HookimplMarker(NAME)


@hookspec
def stockroom_settings() -> type | None:
    """Provide: the frozen dataclass that declares this plugin's settings.

    Called once at start-up, before every other hook. Its fields, made with
    ``stockroom.spi.setting``, are read from ``plugin.<name>.<field>``; a wrong value or an unknown
    key stops the start. None means that the plugin has no settings.

    .. versionadded:: 0.1
    """


@hookspec
def stockroom_storage_backends(settings: PluginSettings) -> Mapping[str, StorageFactory]:
    """Provide: storage backends, keyed by the URL scheme that selects them.

    Called once at start-up. Two plugins that offer one scheme stop the start. The factory gets the
    parsed ``stockroom.storage`` URL and raises ValueError, with a sentence for the operator, when
    it cannot be used.

    .. versionadded:: 0.1
    """
    raise NotImplementedError
