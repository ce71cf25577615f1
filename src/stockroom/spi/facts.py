"""Fact sources: where values about packages come from that no index knows.

A source tells a document for each package that it knows something about; fields of the filter
language read these documents. Stockroom owns the rest: when a source is asked, where documents are
kept, which pages they concern, and what happens when a source fails.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class FactDocument:
    """What a source knows of the packages of one normalised name; JSON values, up to 1 MB.

    None means that it knows nothing any more. Once a source has told everything, a field reads
    ``{}`` of a package that it has no document of. So a source that does not know of every package
    tells a document, if a short one, of each that it does know of: whatever a field makes of
    ``{}``, it is then not taken for a package of which there is nothing to tell.
    """

    package: str
    document: Mapping[str, Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Advisory:
    """A security advisory as its source publishes it, in the OSV format.

    None as ``record`` means that there is no such advisory any more.
    """

    id: str
    modified: datetime
    record: Mapping[str, Any] | None = field(repr=False)


class FactRun(Protocol):
    """One refresh."""

    @property
    def packages(self) -> Sequence[str]:
        """The normalised names of all packages that the registries of this server hold."""
        ...

    @property
    def known(self) -> Collection[str]:
        """The normalised names of which a document of this source is kept."""
        ...

    @property
    def advisories(self) -> Mapping[str, datetime]:
        """When the advisories of this source that are kept were modified, by their ids."""
        ...

    def records(self, ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """Those of these advisories of this source that are kept, by id. Ask for up to 500."""
        ...

    @property
    def state(self) -> Mapping[str, Any]:
        """What :meth:`remember` was given in the last successful run.

        Empty at first, and when an administrator has asked for a refresh: then tell everything.
        """
        ...

    def progress(self, done: int, total: int | None = None) -> None:
        """Tell how far the run is; it may be called as often as convenient.

        Call it at least every few seconds: when the server ends, it raises what ends the run.
        """
        ...

    def note(self, sentence: str) -> None:
        """Tell administrators what had to be left out, such as a file that cannot be read."""
        ...

    def remember(self, state: Mapping[str, Any]) -> None:
        """Keep a few JSON values, up to 100 KB, for the next run, should this one succeed."""
        ...


class FactSource(Protocol):
    """A source; one object lives as long as the process."""

    name: str
    """In lower-case letters, digits and single hyphens; fields name it as their ``source``."""
    title: str
    """For people, in a few words."""
    refresh_seconds: float
    """How long after a refresh the next one is due."""
    tells_advisories: bool
    """Whether this server answers audits from the advisories that it tells.

    Only for those of all packages, whether the server holds them or not. Anybody may ask: what is
    not told is answered as no vulnerability, and the answers must not tell what the server holds.
    """

    def refresh(self, run: FactRun) -> Iterable[FactDocument | Advisory]:
        """Tell everything that is known, or what has changed since the last successful run.

        Called in a background job, never twice at the same time on the whole server. What it gives
        is taken in batches while it goes on. Whatever it raises ends the run; what was given until
        then stays, and the message is shown to the server's administrators.
        """
        ...
