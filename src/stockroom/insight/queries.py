"""Reading what fact sources know."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import (
    JSON,
    Connection,
    Select,
    String,
    bindparam,
    cast,
    func,
    null,
    select,
    union_all,
)

from stockroom.models import AdvisoryPackage, AdvisoryRecord, Fact, JobRun, Package
from stockroom.spi.advisories import Affected, Matcher, Span

JOB = "facts."
"""What the name of a source's job begins with."""

Document = Mapping[str, Any]
EMPTY: Document = {}


class FactStatus(Struct):
    """How a fact source is. Instants are in UTC; ``notes`` are what its last refresh left out."""

    source: str
    title: str
    running: bool
    done: int
    total: int | None
    succeeded_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    due_at: datetime | None
    error: str | None
    notes: list[str]
    packages: int
    """How many packages it knows something of."""


def documents(
    connection: Connection, sources: Collection[str], packages: Collection[str]
) -> Mapping[str, Mapping[str, Document]]:
    """What these sources know of these packages (normalised names): package, source, document.

    A source that has told everything at least once and has nothing for a package is there with an
    empty document; one that never has is absent, since nobody knows. One statement; there is no
    limit to the number of packages.
    """
    found: dict[str, dict[str, Document]] = {package: {} for package in packages}
    if not sources or not packages:
        return found
    rows: Sequence[Any] = connection.execute(
        union_all(_known(connection), _ready()),
        {
            "sources": list(sources),
            "jobs": [f"{JOB}{source}" for source in sources],
            "packages": json.dumps(list(packages)),
        },
    ).all()
    for source, package, document in rows:
        if package is not None:
            found[package][source] = document
    for source, package, _ in rows:
        if package is None:
            for known in found.values():
                known.setdefault(source.removeprefix(JOB), EMPTY)
    return found


def _known(connection: Connection) -> Select[Any]:
    # The names are one parameter, since databases limit the number of these.
    names = bindparam("packages", type_=String)
    if connection.dialect.name == "sqlite":
        wanted = select(func.json_each(names).table_valued("value").c.value)
    else:
        texts = func.json_array_elements_text(cast(names, JSON)).table_valued("value")
        wanted = select(texts.c.value)
    return select(Fact.source, Fact.package, Fact.document).where(
        Fact.source.in_(bindparam("sources", expanding=True)), Fact.package.in_(wanted)
    )


def _ready() -> Select[Any]:
    nothing = cast(null(), Fact.package.type), cast(null(), JSON)
    return select(JobRun.name, *nothing).where(
        JobRun.name.in_(bindparam("jobs", expanding=True)), JobRun.succeeded_at.is_not(None)
    )


def statuses(connection: Connection, titles: Mapping[str, str]) -> list[FactStatus]:
    """How the sources are that have these titles by name, in the same order."""
    counts = select(Fact.source, func.count()).group_by(Fact.source)
    known = {row[0]: row[1] for row in connection.execute(counts)}
    query = select(JobRun.__table__).where(JobRun.name.in_([f"{JOB}{source}" for source in titles]))
    rows = {row.name.removeprefix(JOB): row for row in connection.execute(query)}
    return [
        _status(source, title, rows.get(source), known.get(source, 0))
        for source, title in titles.items()
    ]


def _status(source: str, title: str, row: Any, packages: int) -> FactStatus:
    if row is None:
        return FactStatus(source, title, False, 0, None, None, None, None, None, None, [], packages)
    return FactStatus(
        source=source,
        title=title,
        running=row.claim is not None,
        done=row.done,
        total=row.total,
        succeeded_at=row.succeeded_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        due_at=row.due_at,
        error=row.error,
        notes=row.notes,
        packages=packages,
    )


def known_of(connection: Connection, package: str) -> Mapping[str, Document]:
    """What every source has told of a package, by source."""
    query = select(Fact.source, Fact.document).where(Fact.package == package)
    rows: Sequence[Any] = connection.execute(query.order_by(Fact.source)).all()
    return dict(rows)


def held(connection: Connection, names: Collection[str]) -> Sequence[str]:
    """Those of some hundred names that some registry has."""
    query = select(Package.name).where(Package.name.in_(names)).distinct()
    return connection.execute(query).scalars().all() if names else []


def package_names(connection: Connection) -> Sequence[str]:
    """The normalised names of all packages, in order."""
    query = select(Package.name).distinct().order_by(Package.name)
    return connection.execute(query).scalars().all()


def known_names(connection: Connection, source: str) -> frozenset[str]:
    """The names of which a source has told a document."""
    query = select(Fact.package).where(Fact.source == source)
    return frozenset(connection.execute(query).scalars())


def advisories_kept(connection: Connection, source: str) -> Mapping[str, datetime]:
    """When the advisories that a source has told were modified, by their ids."""
    query = select(AdvisoryRecord.id, AdvisoryRecord.modified)
    rows: Sequence[Any] = connection.execute(query.where(AdvisoryRecord.source == source)).all()
    return dict(rows)


class PackageAdvisory(NamedTuple):
    """What an advisory says of a package."""

    package: str
    id: str
    modified: datetime
    matcher: Matcher


def advisories_of(
    connection: Connection, sources: Collection[str], packages: Collection[str]
) -> Mapping[str, Sequence[PackageAdvisory]]:
    """What sources tell of each of some packages (normalised names), by id."""
    query = (
        select(
            AdvisoryPackage.package,
            AdvisoryRecord.id,
            AdvisoryRecord.modified,
            AdvisoryPackage.spans,
            AdvisoryPackage.versions,
        )
        .join(AdvisoryRecord, AdvisoryRecord.id == AdvisoryPackage.advisory_id)
        .where(AdvisoryPackage.package.in_(packages), AdvisoryRecord.source.in_(sources))
        .order_by(AdvisoryRecord.id)
    )
    found: dict[str, list[PackageAdvisory]] = {}
    for package, key, modified, spans, versions in connection.execute(query):
        matcher = Matcher(Affected([Span(*span) for span in spans], versions))
        found.setdefault(package, []).append(PackageAdvisory(package, key, modified, matcher))
    return found


def records(
    connection: Connection, sources: Collection[str], ids: Collection[str]
) -> Mapping[str, Mapping[str, Any]]:
    """Advisories of sources by id, as they publish them."""
    query = select(AdvisoryRecord.id, AdvisoryRecord.record).where(
        AdvisoryRecord.id.in_(ids), AdvisoryRecord.source.in_(sources)
    )
    rows: Sequence[Any] = connection.execute(query).all()
    return dict(rows)
