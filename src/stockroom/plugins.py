"""The typed plugin manager: what is enabled, and one method per hook with its combining rule."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import pluggy

from stockroom import hookspecs
from stockroom.builtin import filesystem
from stockroom.errors import ConfigurationInvalid
from stockroom.settings import Configuration
from stockroom.spi import PluginSettings, Storage, StorageFactory

GROUP = "stockroom.plugins"
BUILTIN = {"filesystem": filesystem}


class PluginDescription(NamedTuple):
    """One enabled plugin as `stockroom plugins` shows it."""

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...]


class Plugins:
    """The enabled plugins, made once at start-up; raises ConfigurationInvalid if one is wrong."""

    def __init__(self, configuration: Configuration) -> None:
        self._manager = pluggy.PluginManager(hookspecs.NAME)
        self._manager.add_hookspecs(hookspecs)
        self._origin: dict[str, tuple[str, str]] = {}
        for name, plugin in BUILTIN.items():
            self._register(name, plugin, "stockroom", "")
        self._load(configuration.settings.plugins)
        self._check_pending()
        self.sections = self._declared_sections()
        """The settings classes of the plugins that have settings, by the plugins' names."""
        self.settings: PluginSettings = configuration.plugin_settings(self.sections)

    def storage(self, url: str) -> Storage:
        """The storage backend for ``url``."""
        parts = urlsplit(url)
        factory = self._storage_factories().get(parts.scheme)
        if factory is None:
            offered = ", ".join(sorted(self._storage_factories()))
            raise ConfigurationInvalid(
                f"stockroom.storage = {url}: no enabled plugin stores {parts.scheme}: URLs "
                f"(there is {offered}); add the plugin to stockroom.plugins"
            )
        try:
            return factory(parts)
        except ValueError as error:
            raise ConfigurationInvalid(f"stockroom.storage = {url}: {error}") from error

    def describe(self) -> list[PluginDescription]:
        """Every enabled plugin, the built-in ones first."""
        found = []
        for name, plugin in self._manager.list_name_plugin():
            distribution, version = self._origin[name]
            callers = self._manager.get_hookcallers(plugin) or []
            hooks = tuple(sorted(caller.name for caller in callers))
            found.append(PluginDescription(name, distribution, version, hooks))
        return found

    def _load(self, names: tuple[str, ...]) -> None:
        installed: dict[str, EntryPoint] = {e.name: e for e in entry_points(group=GROUP)}
        absent = [name for name in names if name not in installed]
        if absent:
            have = ", ".join(sorted(installed)) or "none"
            raise ConfigurationInvalid(
                *(
                    f"stockroom.plugins names {name}, which is not installed (installed: {have}); "
                    f"try `pip install stockroom-{name}`"
                    for name in absent
                )
            )
        for name in names:
            entry = installed[name]
            try:
                plugin = entry.load()
            except Exception as error:
                raise ConfigurationInvalid(f"plugin {name} cannot be loaded: {error}") from error
            dist = entry.dist
            origin = (dist.name, dist.version) if dist else ("", "")
            self._register(name, plugin, *origin)

    def _register(self, name: str, plugin: object, distribution: str, version: str) -> None:
        try:
            self._manager.register(plugin, name=name)
        except (ValueError, pluggy.PluginValidationError) as error:
            raise ConfigurationInvalid(f"plugin {name} is refused: {error}") from error
        self._origin[name] = (distribution, version)

    def _check_pending(self) -> None:
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise ConfigurationInvalid(f"a plugin implements an unknown hook: {error}") from error

    def _declared_sections(self) -> Mapping[str, type]:
        sections = {}
        for name, plugin in self._manager.list_name_plugin():
            for caller in self._manager.get_hookcallers(plugin) or []:
                if caller.name == "stockroom_settings":
                    section = cast(Any, plugin).stockroom_settings()
                    if section is not None:
                        sections[name] = section
        return sections

    def _storage_factories(self) -> dict[str, StorageFactory]:
        found: dict[str, StorageFactory] = {}
        for backends in self._manager.hook.stockroom_storage_backends(settings=self.settings):
            twice = found.keys() & backends.keys()
            if twice:
                raise ConfigurationInvalid(
                    f"two plugins store {', '.join(sorted(twice))}: URLs; enable one of them"
                )
            found.update(backends)
        return found
