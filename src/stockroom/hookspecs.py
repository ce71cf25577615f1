"""Every hook of Stockroom. The docstring is the contract: kind, caller, moment, failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pluggy

from stockroom.spi import (
    AuditEvent,
    FactSource,
    FilterField,
    FilterFunction,
    LoginMethod,
    PluginSettings,
    RegistryInfo,
    StorageFactory,
    UploadedFile,
    Violation,
)

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


@hookspec
def stockroom_login_methods(settings: PluginSettings) -> Sequence[LoginMethod]:
    """Provide: ways to sign in with an account that a person has somewhere else.

    Called once at start-up; talk to no other server in it. Two methods of one name stop the start,
    and so does a name that cannot stand in a URL. Where the settings do not fit together, raise
    ValueError with a sentence for the operator.

    .. versionadded:: 0.1
    """
    raise NotImplementedError


@hookspec
def stockroom_classifier_violations(
    classifiers: Sequence[str], registry: RegistryInfo, settings: PluginSettings
) -> Iterable[Violation]:
    """Vote: what is wrong with the classifiers of an upload to ``registry``.

    Called for every upload whose metadata has classifiers, in the order in which the file has
    them. Every plugin is asked, and every violation refuses the upload. What the core says about
    unknown and deprecated classifiers does not depend on it. An exception refuses the upload, too,
    with status 500.

    .. versionadded:: 0.1
    """
    raise NotImplementedError


@hookspec
def stockroom_upload_violations(
    upload: UploadedFile, settings: PluginSettings
) -> Iterable[Violation]:
    """Vote: what is wrong with a file, such as malware or a missing signature (U-83).

    Called outside of any database transaction for every file whose name and metadata could be
    read. Every plugin is asked, and every violation refuses the upload; all of them are reported
    together with those of the core. An exception refuses the upload, too, with status 500: a check
    that fails must not let anything pass.

    .. versionadded:: 0.1
    """
    raise NotImplementedError


@hookspec
def stockroom_event(event: AuditEvent, settings: PluginSettings) -> None:
    """Notify: a change was committed, such as a published file or a role that was given.

    Called for every event that this process has written, after its commit, one at a time in a
    thread of its own: no request waits for it. A server that ends waits a few seconds for what is
    left, and one that is killed tells nobody; the audit trail itself is the record of everything.
    An exception is logged and changes nothing, nor does it keep other plugins from hearing of the
    event. While a plugin takes its time events wait, up to 10,000; what comes then is dropped,
    which is logged.

    .. versionadded:: 0.1
    """
    raise NotImplementedError


@hookspec
def stockroom_filter_fields(
    settings: PluginSettings,
) -> Sequence[FilterField | FilterFunction]:
    """Provide: fields and functions of the filter language.

    Called once at start-up; talk to no other server in it. Two of one name stop the start, and so
    does a field whose name does not begin with ``package.``, ``release.`` or ``file.``. A filter
    that uses what no enabled plugin offers any more hides everything: its view answers 503 until
    the plugin is back or the filter is changed.

    .. versionadded:: 0.1
    """
    raise NotImplementedError


@hookspec
def stockroom_fact_sources(settings: PluginSettings) -> Sequence[FactSource]:
    """Provide: sources of facts about packages, such as downloads and vulnerabilities.

    Called once at start-up; talk to no other server in it. Two sources of one name stop the start.
    A source is asked in background jobs; what it raises there ends that refresh and is shown to
    the server's administrators.

    .. versionadded:: 0.1
    """
    raise NotImplementedError
