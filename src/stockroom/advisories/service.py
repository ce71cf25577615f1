"""Answering from the advisories that fact sources have told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from stockroom.db import Database
from stockroom.dists import is_valid_name, normalize
from stockroom.errors import BadRequest, NotFound, Problem
from stockroom.insight import queries
from stockroom.insight.queries import PackageAdvisory
from stockroom.insight.service import Facts
from stockroom.spi.advisories import ECOSYSTEM, forms

MAX_QUERIES = 1000
MAX_COMPARISONS = 50_000
"""Versions compared with advisories for one request; an audit of 1,000 packages takes a tenth."""
PAGE = 1000
"""Advisories in the answer to one query."""
PURL = "pkg:pypi/"


class InvalidQuery(BadRequest):
    """A query does not say what is asked for."""

    slug, title = "invalid-query", "Invalid query"


class NotRead(Problem):
    """Nobody knows yet whether there are vulnerabilities."""

    slug, status, title = "advisories-not-read", 503, "Advisories not read yet"


class Query(NamedTuple):
    """What is asked: a package, one of its versions or all, and after which id to go on."""

    package: str
    version: str | None = None
    after: str = ""


class Found(NamedTuple):
    """An advisory about what was asked for."""

    id: str
    modified: datetime


class Answer(NamedTuple):
    """The advisories by id, and after which one to go on; None where that was all."""

    found: Sequence[Found]
    after: str | None = None


class Advisories:
    """The advisories of this server's fact sources."""

    def __init__(self, database: Database, facts: Facts) -> None:
        self._database = database
        self._facts = facts
        self._sources = [name for name, source in facts.sources.items() if source.tells_advisories]

    def answer(self, asked: Sequence[Query | None]) -> list[Answer]:
        """An answer to each query, in their order; to None, which is about nothing, an empty one.

        :raises NotFound: no plugin tells the advisories of all packages.
        :raises NotRead: one that does has never succeeded.
        :raises InvalidQuery: it would take too long to compare so many versions.
        """
        self._check()
        names = {query.package for query in asked if query is not None}
        with self._database.read() as connection:
            known = queries.advisories_of(connection, self._sources, names)
        # Whoever asks the same a thousand times is answered once.
        different = dict.fromkeys(asked)
        _check_work(different, known)
        answers = {query: _answer(query, known) for query in different}
        return [answers[query] for query in asked]

    def records(self, found: Iterable[Found]) -> list[Mapping[str, Any]]:
        """The whole advisories."""
        wanted = [one.id for one in found]
        with self._database.read() as connection:
            known = queries.records(connection, self._sources, wanted)
        return [known[key] for key in wanted if key in known]

    def record(self, key: str) -> Mapping[str, Any]:
        """An advisory by its id; raises NotFound, and NotRead."""
        self._check()
        if "\0" in key:  # which PostgreSQL refuses to compare with
            raise NotFound("there is no advisory whose id has the character NUL")
        with self._database.read() as connection:
            found = queries.records(connection, self._sources, [key])
        if key not in found:
            raise NotFound(f"there is no advisory {key}")
        return found[key]

    def _check(self) -> None:
        if not self._sources:
            raise NotFound(
                "this server answers no audits: no plugin tells the advisories of all packages"
            )
        for status in self._facts.statuses():
            if status.source in self._sources and status.succeeded_at is None:
                raise NotRead("the advisories have not been read yet; try again later")


def query_of(
    *, name: str | None, ecosystem: str | None, purl: str | None, version: str | None, after: str
) -> Query | None:
    """What is asked, by a package or by its URL; None for a package that is not of PyPI.

    :raises InvalidQuery: neither is given, or both are, or two versions.
    """
    if purl is not None:
        if name is not None:
            raise InvalidQuery("a query has either package.purl or package.name, not both")
        return _of_purl(purl, version, after)
    if not name or not ecosystem:
        raise InvalidQuery("a query needs package.name and package.ecosystem, or package.purl")
    if ecosystem.partition(":")[0] != ECOSYSTEM:
        return None
    return _of_name(name, version, after)


def _of_purl(purl: str, version: str | None, after: str) -> Query | None:
    if not purl.startswith(PURL):
        return None
    name, _, own = purl.removeprefix(PURL).partition("?")[0].partition("@")
    if own and version:
        raise InvalidQuery("a query has its version in package.purl or in version, not in both")
    return _of_name(name, own or version, after)


def _of_name(name: str, version: str | None, after: str) -> Query | None:
    return Query(normalize(name), version, after) if is_valid_name(name) else None


def _check_work(
    asked: Iterable[Query | None], known: Mapping[str, Sequence[PackageAdvisory]]
) -> None:
    work: Counter[str] = Counter()
    for query in asked:
        if query is not None and query.version:
            work[query.package] += len(known.get(query.package, ()))
    if work.total() > MAX_COMPARISONS:
        [(package, _)] = work.most_common(1)
        raise InvalidQuery(f"this takes too long: ask about fewer versions of {package} at a time")


def _answer(query: Query | None, known: Mapping[str, Sequence[PackageAdvisory]]) -> Answer:
    if query is None:
        return Answer([])
    wanted = forms(query.version) if query.version else None
    found = [
        Found(one.id, one.modified)
        for one in known.get(query.package, ())
        if one.id > query.after and (wanted is None or one.matcher.matches(wanted))
    ]
    return Answer(found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None)
