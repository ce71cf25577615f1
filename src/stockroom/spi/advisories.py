"""Which versions an advisory in the OSV format affects, as PEP 440 orders them.

For sources of advisories, and for those who answer from them. Records are the word of others: what
cannot be read in one makes it affect more versions, never fewer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name, canonicalize_version
from packaging.version import InvalidVersion, Version

ECOSYSTEM = "PyPI"
MAX_EVENTS = 10_000
"""Events, and listed versions, of one package in one record; of more, all versions are affected."""
MAX_VERSION = 200
"""Characters of a version."""

_ORDER = {"fixed": 0, "introduced": 1, "last_affected": 2}
"""Of events at one version: it may be fixed and introduced again, or the only one affected."""


class Span(NamedTuple):
    """Versions from ``lower`` on up to ``upper``, itself included if ``inclusive``.

    None is without a bound.
    """

    lower: str | None
    upper: str | None
    inclusive: bool = False


class Affected(NamedTuple):
    """What a record says of one package: ranges, and versions outside of these (canonical)."""

    spans: Sequence[Span]
    versions: Sequence[str]


EVERYTHING = Affected((Span(None, None),), ())


def affected_by(record: Mapping[str, Any]) -> dict[str, Affected]:
    """What a record says, by the normalised names of packages of PyPI."""
    found: dict[str, Affected] = {}
    for entry in entries_of(record):
        name, affected = entry.package, entry.affected
        known = found.get(name, Affected((), ()))
        found[name] = Affected(
            (*known.spans, *affected.spans), (*known.versions, *affected.versions)
        )
    return found


class Entry(NamedTuple):
    """One part of a record's ``affected``, with what of it could not be read, in sentences."""

    package: str
    affected: Affected
    mistakes: Sequence[str]
    raw: Mapping[str, Any]


def entries_of(record: Mapping[str, Any]) -> Iterator[Entry]:
    """The parts of a record that are about packages of PyPI."""
    for raw in _list(record.get("affected")):
        package = raw.get("package") if isinstance(raw, dict) else None
        if not isinstance(package, dict):
            continue
        ecosystem, name = package.get("ecosystem"), package.get("name")
        if not (isinstance(ecosystem, str) and isinstance(name, str)):
            continue
        if ecosystem.partition(":")[0] == ECOSYSTEM:
            mistakes: list[str] = []
            affected = _affected(raw, mistakes)
            yield Entry(canonicalize_name(name), affected, mistakes, raw)


def affects(affected: Affected, version: str) -> bool:
    """Whether a version is affected; see :class:`Matcher`, which is for many versions."""
    return Matcher(affected).matches(forms(version))


class Form(NamedTuple):
    """A version to look for, and how it stands among listed ones."""

    version: Version
    canonical: str


def forms(version: str) -> Sequence[Form]:
    """What to look for to find what affects a version; nothing for one that PEP 440 does not know.

    A local version is affected as the public one that it is made of.
    """
    exact = parse(version)
    if exact is None:
        return ()
    public = parse(exact.public) if exact.local else None
    return [Form(one, canonicalize_version(str(one))) for one in (exact, public) if one]


class Matcher:
    """What a record says of one package, made ready for many questions."""

    def __init__(self, affected: Affected) -> None:
        self._versions = frozenset(affected.versions)
        self._spans = [
            (
                None if lower is None else parse(lower),
                None if upper is None else parse(upper),
                inclusive,
            )
            for lower, upper, inclusive in affected.spans
        ]

    def matches(self, wanted: Sequence[Form]) -> bool:
        """Whether a version is affected; one that PEP 440 does not know is."""
        if not wanted:
            return True
        return any(form.canonical in self._versions or self._spans_it(form) for form in wanted)

    def _spans_it(self, form: Form) -> bool:
        version = form.version
        return any(
            (lower is None or lower <= version)
            and (upper is None or version < upper or (inclusive and version == upper))
            for lower, upper, inclusive in self._spans
        )


@lru_cache(maxsize=10_000)
def parse(version: str) -> Version | None:
    """A version as PEP 440 has it; None if it is none."""
    try:
        return Version(version) if len(version) <= MAX_VERSION else None
    except InvalidVersion:
        return None


def _affected(raw: Mapping[str, Any], mistakes: list[str]) -> Affected:
    listed = _list(raw.get("versions"))
    ranges = [one for one in _list(raw.get("ranges")) if isinstance(one, dict)]
    ranges = [one for one in ranges if one.get("type") == "ECOSYSTEM"]
    events = sum(len(_list(one.get("events"))) for one in ranges)
    if max(events, len(listed)) > MAX_EVENTS:
        mistakes.append(f"it has more than {MAX_EVENTS:,} events or versions.")
        return EVERYTHING
    if not listed and not ranges:
        return EVERYTHING
    spans = tuple(span for one in ranges for span in _spans(one, mistakes))
    return Affected(spans, tuple(_outside(listed, spans, mistakes)))


def _outside(listed: Sequence[Any], spans: Sequence[Span], mistakes: list[str]) -> Iterator[str]:
    within = Matcher(Affected(spans, ()))
    for text in dict.fromkeys(str(one) for one in listed):
        version = parse(text)
        if version is None:
            mistakes.append(f"{text[:80]!r} is no version.")
            continue
        form = Form(version, canonicalize_version(str(version)))
        if not within.matches([form]):
            yield form.canonical


def _spans(raw: Mapping[str, Any], mistakes: list[str]) -> Iterator[Span]:
    events: list[tuple[Version | None, int, str]] = []
    limits: list[Version | None] = []
    for event in _list(raw.get("events")):
        for kind, text in event.items() if isinstance(event, dict) else ():
            version = parse(text) if isinstance(text, str) else None
            if kind == "limit":
                limits.append(version)
            elif kind == "introduced":
                # It begins at the beginning, too, where nobody can read when.
                if version is None:
                    mistakes.append(f"introduced: {str(text)[:80]!r} is no version.")
                start = None if text == "0" else version
                events.append((start, _ORDER[kind], kind))
            elif kind in _ORDER:
                if version is None:
                    mistakes.append(f"{kind}: {str(text)[:80]!r} is no version.")
                else:
                    events.append((version, _ORDER[kind], kind))
    # A limit that cannot be read limits nothing, and neither does the star.
    known = [limit for limit in limits if limit is not None]
    limit = max(known) if limits and len(known) == len(limits) else None
    for span in _join(events):
        limited = span if limit is None else _limited(span, limit)
        if limited is not None:
            yield limited


def _join(events: list[tuple[Version | None, int, str]]) -> Iterator[Span]:
    lowest = Version("0.dev0")
    events.sort(key=lambda event: (event[0] is not None, event[0] or lowest, event[1]))
    is_open, lower = False, None
    for version, _, kind in events:
        if kind == "introduced":
            if not is_open:
                is_open, lower = True, version
        elif is_open:
            start = None if lower is None else str(lower)
            yield Span(start, str(version), kind == "last_affected")
            is_open = False
    if is_open:
        yield Span(None if lower is None else str(lower), None)


def _limited(span: Span, limit: Version) -> Span | None:
    lower, upper = (None if one is None else parse(one) for one in span[:2])
    if lower is not None and lower >= limit:
        return None
    if upper is None or upper >= limit:
        return Span(span.lower, str(limit))
    return span


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
