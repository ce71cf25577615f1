"""Reading what fact sources know."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

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

from stockroom.models import Fact, JobRun

JOB = "facts."
"""What the name of a source's job begins with."""

Document = Mapping[str, Any]
EMPTY: Document = {}


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
