"""The typed plugin manager: what is enabled, and one method per hook with its combining rule."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import pluggy

from stockroom import __version__, hookspecs
from stockroom.builtin import fields, filesystem
from stockroom.errors import ConfigurationInvalid
from stockroom.filters import Language
from stockroom.settings import Configuration
from stockroom.spi import (
    AuditEvent,
    FactSource,
    FilterField,
    FilterFunction,
    LoginMethod,
    PluginSettings,
    RegistryInfo,
    Storage,
    StorageFactory,
    UploadedFile,
    Violation,
)
from stockroom.spi.settings import declared, masked

log = logging.getLogger(__name__)

GROUP = "stockroom.plugins"
BUILTIN = {"filesystem": filesystem, "fields": fields}
MIN_REFRESH_SECONDS = 60
SHORT_NAME = re.compile(r"(?=.{1,32}\Z)[a-z0-9]+(-[a-z0-9]+)*")
RESERVED_METHODS = frozenset({"second-factor"})
"""Names that no login method has, because pages below ``/sign-in`` have them."""


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
            self._register(name, plugin, "stockroom", __version__)
        self._load(configuration.settings.plugins)
        self._check_hooks()
        self.sections = self._declared_sections()
        """The settings classes of the plugins that have settings, by the plugins' names."""
        self.settings: PluginSettings = configuration.plugin_settings(self.sections)
        self._language: Language | None = None

    def storage(self, url: str) -> Storage:
        """The storage backend for ``url``."""
        parts = urlsplit(url)
        factory = self._storage_factories().get(parts.scheme)
        if factory is None:
            offered = ", ".join(sorted(self._storage_factories()))
            raise ConfigurationInvalid(
                f"stockroom.storage = {masked(url)}: no enabled plugin stores {parts.scheme}: "
                f"URLs, only {offered}:; add the plugin that does to stockroom.plugins"
            )
        try:
            return factory(parts)
        except ValueError as error:
            raise ConfigurationInvalid(f"stockroom.storage = {masked(url)}: {error}") from error

    def login_methods(self) -> dict[str, LoginMethod]:
        """Every way to sign in that plugins offer, by its name, in the order of the plugins."""
        found: dict[str, LoginMethod] = {}
        try:
            offers = self._manager.hook.stockroom_login_methods(settings=self.settings)
        except ValueError as error:
            raise ConfigurationInvalid(f"nobody could sign in: {error}") from error
        for method in [method for offer in reversed(offers) for method in offer]:
            if not SHORT_NAME.fullmatch(method.name) or method.name in RESERVED_METHODS:
                raise ConfigurationInvalid(
                    f"{method.name!r} cannot be the name of a login method: take up to 32 "
                    "lower-case letters and digits, with single hyphens between them, and not "
                    f"{' or '.join(sorted(RESERVED_METHODS))}"
                )
            if method.name in found:
                raise ConfigurationInvalid(
                    f"two login methods have the name {method.name}; give one of them another"
                )
            found[method.name] = method
        return found

    def filter_language(self) -> Language:
        """The language of all fields and functions that plugins offer; made once."""
        if self._language is None:
            try:
                offers = self._manager.hook.stockroom_filter_fields(settings=self.settings)
                self._language = _language([one for offer in reversed(offers) for one in offer])
            except ValueError as error:
                raise ConfigurationInvalid(f"filters cannot be read: {error}") from error
        return self._language

    def fact_sources(self) -> dict[str, FactSource]:
        """Every source of facts that plugins offer, by its name, in the order of the plugins."""
        found: dict[str, FactSource] = {}
        try:
            offers = self._manager.hook.stockroom_fact_sources(settings=self.settings)
        except ValueError as error:
            raise ConfigurationInvalid(f"facts could not be got: {error}") from error
        for source in [source for offer in reversed(offers) for source in offer]:
            if not SHORT_NAME.fullmatch(source.name):
                raise ConfigurationInvalid(
                    f"{source.name!r} cannot be the name of a fact source: take up to 32 "
                    "lower-case letters and digits, with single hyphens between them"
                )
            if source.name in found:
                raise ConfigurationInvalid(
                    f"two fact sources have the name {source.name}; enable one of their plugins"
                )
            if not source.refresh_seconds >= MIN_REFRESH_SECONDS:
                raise ConfigurationInvalid(
                    f"the fact source {source.name} must not be refreshed more often than every "
                    f"{MIN_REFRESH_SECONDS} seconds"
                )
            found[source.name] = source
        return found

    def classifier_violations(
        self, classifiers: Sequence[str], registry: RegistryInfo
    ) -> list[Violation]:
        """What any plugin has against these classifiers; see the hook."""
        votes = self._manager.hook.stockroom_classifier_violations(
            classifiers=classifiers, registry=registry, settings=self.settings
        )
        return [violation for vote in reversed(votes) for violation in vote]

    def upload_violations(self, upload: UploadedFile) -> list[Violation]:
        """What any plugin has against this file; see the hook."""
        votes = self._manager.hook.stockroom_upload_violations(
            upload=upload, settings=self.settings
        )
        return [violation for vote in reversed(votes) for violation in vote]

    def listens_to_events(self) -> bool:
        """Whether any plugin wants to hear of events."""
        return bool(self._manager.hook.stockroom_event.get_hookimpls())

    def tell(self, event: AuditEvent) -> None:
        """Tell every plugin of an event; see the hook. What one of them raises is logged."""
        for plugin in reversed(self._manager.hook.stockroom_event.get_hookimpls()):
            given = {"event": event, "settings": self.settings}
            try:
                plugin.function(*(given[name] for name in plugin.argnames))
            except Exception:
                log.exception("plugin %s fails at the event %d", plugin.plugin_name, event.id)

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
        # Nobody is made to wait for a look through everything that is installed.
        installed = _installed() if names else {}
        errors = [error for name in names if (error := _not_loadable(name, installed))]
        if errors:
            raise ConfigurationInvalid(*errors)
        for name in names:
            [entry] = installed[name]
            try:
                plugin = entry.load()
            except Exception as error:
                raise ConfigurationInvalid(
                    f"plugin {name} cannot be loaded: {type(error).__name__}: {error}"
                ) from error
            dist = entry.dist
            origin = (dist.name, dist.version) if dist else ("", "")
            self._register(name, plugin, *origin)

    def _register(self, name: str, plugin: object, distribution: str, version: str) -> None:
        try:
            self._manager.register(plugin, name=name)
        except (ValueError, pluggy.PluginValidationError) as error:
            raise ConfigurationInvalid(
                f"plugin {name} is refused: {' '.join(str(error).split())}"
            ) from error
        self._origin[name] = (distribution, version)

    def _check_hooks(self) -> None:
        known = [name for name in vars(hookspecs) if name.startswith(f"{hookspecs.NAME}_")]
        errors = []
        for name, plugin in self._manager.list_name_plugin():
            for caller in self._manager.get_hookcallers(plugin) or []:
                if not caller.has_spec():
                    close = difflib.get_close_matches(caller.name, known, n=1)
                    hint = f"; did you mean {close[0]}?" if close else ""
                    errors.append(
                        f"plugin {name} implements {caller.name}, which is no hook of this "
                        f"Stockroom{hint}"
                    )
        if errors:
            raise ConfigurationInvalid(*errors)

    def _declared_sections(self) -> Mapping[str, type]:
        sections = {}
        for name, plugin in self._manager.list_name_plugin():
            for caller in self._manager.get_hookcallers(plugin) or []:
                if caller.name == "stockroom_settings":
                    section = _section_of(name, plugin)
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


def _language(offered: Sequence[object]) -> Language:
    for one in offered:
        if not isinstance(one, FilterField | FilterFunction):
            raise ValueError(f"{one!r} is neither a FilterField nor a FilterFunction")
    return Language(
        [one for one in offered if isinstance(one, FilterField)],
        [one for one in offered if isinstance(one, FilterFunction)],
    )


def _installed() -> dict[str, list[EntryPoint]]:
    """The installed plugins by name; a name may be offered more than once."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, []).append(entry)
    return found


def _not_loadable(name: str, installed: Mapping[str, Sequence[EntryPoint]]) -> str | None:
    """Why the plugin ``name`` cannot be loaded, as a sentence that says what to do."""
    if name in BUILTIN:
        return f"{name} is built in and always enabled: take it out of stockroom.plugins"
    offers = installed.get(name, ())
    if not offers:
        have = ", ".join(sorted(installed)) or "none"
        return (
            f"stockroom.plugins names {name}, which is not installed (installed: {have}); "
            f"try `pip install stockroom-{name}`"
        )
    if len(offers) > 1:
        where = ", ".join(sorted(entry.dist.name if entry.dist else "?" for entry in offers))
        return f"plugin {name} is offered by several distributions ({where}): uninstall all but one"
    return None


def _section_of(name: str, plugin: object) -> type | None:
    """What the plugin returns from ``stockroom_settings``, if it can be used."""
    try:
        section: type | None = cast(Any, plugin).stockroom_settings()
        if section is not None:
            declared(section)
    except Exception as error:
        raise ConfigurationInvalid(
            f"plugin {name} fails to declare its settings: {type(error).__name__}: {error}"
        ) from error
    return section
