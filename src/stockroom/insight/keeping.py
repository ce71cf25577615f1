"""Writing what fact sources tell, and telling every node which pages that concerns."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stockroom.db import upsert
from stockroom.dists import is_valid_name, normalize
from stockroom.feed import FACTS_CHANGED, FACTS_READY, emit
from stockroom.insight import queries
from stockroom.models import AdvisoryPackage, AdvisoryRecord, Fact
from stockroom.spi import Advisory, FactDocument
from stockroom.spi.advisories import affected_by

ACTOR = "stockroom"
MAX_BYTES = 1_000_000
"""Of a document or an advisory as JSON."""
_ID = re.compile(r"[!-~]{1,255}")


class FactRefused(ValueError):
    """A source has told what cannot be kept; the message is a sentence for its administrator."""


class Changed(NamedTuple):
    """The names whose documents changed, and those among them that were told as an event."""

    names: Sequence[str]
    told: Sequence[str]


def keep_documents(session: Session, source: str, told: Iterable[FactDocument]) -> Changed:
    """Write documents and announce what changed, in the transaction of ``session``.

    What is the same as before is no change. Of the names that changed, those that some registry
    has are announced as one event, so let there be at most some hundred.

    :raises FactRefused: a name or a document cannot be kept.
    """
    wanted = {_name(fact.package): fact.document for fact in told}
    written = {
        name: _dump(name, document) for name, document in wanted.items() if document is not None
    }
    query = select(Fact.package, Fact.digest).where(Fact.source == source, Fact.package.in_(wanted))
    before: dict[str, str] = {row.package: row.digest for row in session.execute(query)}
    digests = {name: hashlib.sha256(text).hexdigest() for name, text in written.items()}
    changed = [name for name, digest in digests.items() if before.get(name) != digest]
    gone = [name for name in wanted if name not in written and name in before]
    now = datetime.now(UTC)
    rows = [
        {
            "source": source,
            "package": name,
            "document": wanted[name],
            "digest": digests[name],
            "changed_at": now,
        }
        for name in changed
    ]
    upsert(session, Fact, *rows)
    if gone:
        session.execute(delete(Fact).where(Fact.source == source, Fact.package.in_(gone)))
    names = changed + gone
    held = queries.held(session.connection(), names)
    announce(session, source, held)
    return Changed(names, held)


def announce(session: Session, source: str, packages: Collection[str]) -> None:
    """Have the pages of these packages made anew everywhere, where a filter reads the source."""
    if packages:
        emit(session, FACTS_CHANGED, ACTOR, source=source, packages=sorted(packages))


def announce_ready(session: Session, source: str) -> None:
    """Tell that the source has told everything once: what it does not know is known, too."""
    emit(session, FACTS_READY, ACTOR, source=source)


def keep_advisories(session: Session, source: str, told: Iterable[Advisory]) -> None:
    """Write advisories, or forget those that have no record.

    :raises FactRefused: one of them cannot be kept.
    """
    wanted = {_id(advisory): advisory for advisory in told}
    rows = [
        {"id": key, "source": source, "modified": advisory.modified, "record": advisory.record}
        for key, advisory in wanted.items()
        if advisory.record is not None and _dump_record(key, advisory.record)
    ]
    upsert(session, AdvisoryRecord, *rows)
    written = [row["id"] for row in rows]
    session.execute(delete(AdvisoryPackage).where(AdvisoryPackage.advisory_id.in_(written)))
    upsert(session, AdvisoryPackage, *[part for row in rows for part in _parts(row)])
    gone = [key for key, advisory in wanted.items() if advisory.record is None]
    if gone:
        mine = AdvisoryRecord.source == source
        session.execute(delete(AdvisoryRecord).where(mine, AdvisoryRecord.id.in_(gone)))


def size_of(told: FactDocument | Advisory) -> int:
    """Bytes of what is told, as JSON; raises FactRefused if it cannot be kept."""
    if isinstance(told, FactDocument):
        return len(_dump(told.package, told.document)) if told.document is not None else 0
    return len(_dump_record(told.id, told.record)) if told.record is not None else 0


def _parts(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for package, affected in affected_by(row["record"]).items():
        if is_valid_name(package):
            yield {
                "package": package,
                "advisory_id": row["id"],
                "spans": [list(span) for span in affected.spans],
                "versions": list(affected.versions),
            }


def _name(name: str) -> str:
    if not is_valid_name(name):
        raise FactRefused(f"{name[:80]!r} cannot be the name of a package.")
    return normalize(name)


def _id(advisory: Advisory) -> str:
    if not _ID.fullmatch(advisory.id):
        raise FactRefused(f"{advisory.id[:80]!r} cannot be the id of an advisory.")
    return advisory.id


def _dump(name: str, document: Mapping[str, Any]) -> bytes:
    """The document in its one form; raises FactRefused if it has none, or a long one."""
    try:
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise FactRefused(f"What is told of {name} is no JSON: {error}.") from error
    if not text.startswith("{"):
        raise FactRefused(f"What is told of {name} is no JSON object.")
    if len(text) > MAX_BYTES:
        raise FactRefused(
            f"What is told of {name} has {len(text):,} bytes as JSON; at most {MAX_BYTES:,} are "
            "kept."
        )
    return text.encode()


def _dump_record(key: str, record: Mapping[str, Any]) -> bytes:
    """The same of an advisory, with which people are answered."""
    text = _dump(key, record)
    if b"\\ud" in text:
        try:
            json.dumps(record, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise FactRefused(f"The advisory {key} has half a character in it.") from error
    return text
