"""Refreshes from an API: all packages once in a while, those that are new on this server soon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from stockroom.spi import Advisory, FactDocument
from stockroom.spi.facts import FactRun
from stockroom_osv.api import Api
from stockroom_osv.files import Refused, parsed
from stockroom_osv.settings import OsvSettings
from stockroom_osv.telling import Reader, documents_of, scored_by_package

LOOK_SECONDS = 900.0
"""How often it is looked for packages that nobody has asked about yet."""
READ_AT_A_TIME = 100
"""Kept records, of up to 1 MB each."""


def refresh(url: str, settings: OsvSettings, run: FactRun) -> Iterator[FactDocument | Advisory]:
    """All packages when what is known of them is old, else those without a document.

    Each package that was asked about has a document, even if there is no advisory about it: it is
    by this that fields know it from one that nobody has asked about.

    :raises Away: the API does not answer as one should.
    """
    names = [name for name in run.packages if not _is_excluded(name, settings.exclude)]
    now = datetime.now(UTC)
    told = run.state if run.state.get("api") == url else {}
    is_old = "at" not in told or now - datetime.fromisoformat(told["at"]) >= timedelta(
        hours=settings.refresh_hours
    )
    wanted = names if is_old else [name for name in names if name not in run.known]
    reader = Reader(run.note)
    if wanted:
        yield from _ask(url, wanted, reader, run)
    scored = scored_by_package(reader.meanings.values())
    # A record may be about other packages, too, of which it is then not all that is known.
    yield from documents_of({name: scored.get(name, ()) for name in wanted}, run)
    if is_old:
        for package in sorted(set(run.known) - set(wanted)):
            yield FactDocument(package, None)
        for key in sorted(set(run.advisories) - reader.meanings.keys()):
            yield Advisory(key, now, None)
    run.remember({"api": url, "at": now.isoformat() if is_old else told["at"]})


def _ask(url: str, names: Sequence[str], reader: Reader, run: FactRun) -> Iterator[Advisory]:
    """Read all advisories about these packages; tell those that are new, or have changed."""
    with Api(url, run.progress) as api:
        found = api.advisories_of(names)
        kept = run.advisories
        fresh = [key for key, at in found.items() if at is None or kept.get(key) != at]
        old = found.keys() - set(fresh)
        for key, body in api.records(fresh):
            try:
                record = parsed(body)
                if record.get("id") != key:
                    raise Refused("is answered with another record")
            except Refused as error:
                run.note(f"{key} {error}.")
                # What it said before, if anything, is better than nothing.
                old.add(key)
                continue
            advisory = reader.read(key, record)
            if advisory is not None:
                yield advisory
    keys = sorted(old)
    for start in range(0, len(keys), READ_AT_A_TIME):
        run.progress(start, len(keys))
        for key, record in run.records(keys[start : start + READ_AT_A_TIME]).items():
            reader.read(key, record)


def _is_excluded(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
