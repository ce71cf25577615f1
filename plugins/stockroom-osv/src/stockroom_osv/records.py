"""What a record means: its id, what it is also called, and how bad it is for which packages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from stockroom.spi.advisories import Affected, entries_of
from stockroom_osv.severity import WORST, is_malicious, vector_score, word_score

ID = re.compile(r"[!-~]{1,255}")
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
MAX_NAME = 200
MAX_ALIASES = 100


class Part(NamedTuple):
    """What a record says of one package; None is no score of its own."""

    package: str
    affected: Affected
    score: float | None
    word: float | None


class Meaning(NamedTuple):
    """What is remembered of a record while the others are read."""

    id: str
    modified: datetime
    aliases: tuple[str, ...]
    parts: tuple[Part, ...]
    mistakes: tuple[str, ...]
    malicious: bool

    @property
    def score(self) -> float | None:
        """The highest score of its vectors."""
        return max((part.score for part in self.parts if part.score is not None), default=None)


class NoRecord(ValueError):
    """It is no OSV record; the message is a sentence without a subject."""


def id_of(record: Mapping[str, Any]) -> str:
    """The id of a record; raises NoRecord."""
    found = record.get("id")
    if not isinstance(found, str) or not ID.fullmatch(found):
        raise NoRecord("has no id")
    return found


def meaning_of(record: Mapping[str, Any]) -> Meaning | None:
    """What a record means; None if it was withdrawn, or is about no package of PyPI.

    :raises NoRecord: it has no id, or does not say when it was modified.
    """
    key, modified = id_of(record), instant(record.get("modified"))
    if record.get("withdrawn") is not None:
        return None
    parts, mistakes = [], []
    whole = vector_score(record.get("severity"))
    for entry in entries_of(record):
        if len(entry.package) > MAX_NAME or not NAME.fullmatch(entry.package):
            mistakes.append(f"{entry.package[:80]!r} is no name of a package.")
            continue
        raw = entry.raw
        scores = [one for one in (whole, vector_score(raw.get("severity"))) if one is not None]
        specific = raw.get("database_specific"), raw.get("ecosystem_specific")
        word = word_score(record.get("database_specific"), *specific)
        parts.append(Part(entry.package, entry.affected, max(scores, default=None), word))
        mistakes += entry.mistakes
    if not parts:
        return None
    aliases = record.get("aliases")
    names = [one for one in aliases if isinstance(one, str)] if isinstance(aliases, list) else []
    return Meaning(
        key,
        modified,
        tuple(names[:MAX_ALIASES]),
        tuple(parts),
        tuple(mistakes),
        is_malicious(record),
    )


def shared_scores(meanings: Iterable[Meaning]) -> Mapping[str, float]:
    """The highest score that any record has for each id and alias."""
    found: dict[str, float] = {}
    for meaning in meanings:
        score = meaning.score
        for name in (meaning.id, *meaning.aliases) if score is not None else ():
            found[name] = max(score or 0.0, found.get(name, 0.0))
    return found


def score_of(part: Part, meaning: Meaning, shared: Mapping[str, float]) -> float:
    """How bad it is: by vector, by that of another record of the same vulnerability, by word.

    Where nobody says anything, the worst is assumed.
    """
    if part.score is not None:
        return part.score
    others: Sequence[float] = [
        shared[name] for name in (meaning.id, *meaning.aliases) if name in shared
    ]
    if others and not meaning.malicious:
        return max(others)
    if part.word is not None and not meaning.malicious:
        return part.word
    return WORST


def instant(value: object) -> datetime:
    """When a record was modified, in UTC; raises NoRecord."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise NoRecord("does not say when it was modified") from None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise NoRecord("does not say when it was modified") from None
