"""How bad a vulnerability is: a CVSS base score, from 0.0 to 10.0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

WORST = 10.0
MAX_VECTOR = 500
WORDS: Mapping[str, float] = {
    "NONE": 0.0,
    "LOW": 3.9,
    "MODERATE": 6.9,
    "MEDIUM": 6.9,
    "HIGH": 8.9,
    "CRITICAL": 10.0,
}
"""The highest score that CVSS gives each word, so that a limit between two words is right."""


def vector_score(severity: object) -> float | None:
    """The highest score of the vectors in a list of severities; None if it has no vector."""
    return max(_scores(severity), default=None)


def word_score(*specific: object) -> float | None:
    """The highest score of the words in parts of a record that a database adds; None without."""
    return max(_of_words(specific), default=None)


def _scores(severity: object) -> Iterator[float]:
    for entry in severity if isinstance(severity, list) else ():
        vector = entry.get("score") if isinstance(entry, dict) else None
        if isinstance(vector, str) and len(vector) <= MAX_VECTOR:
            score = _score(vector)
            if score is not None:
                yield score


def _score(vector: str) -> float | None:
    kind = CVSS4 if vector.startswith("CVSS:4") else CVSS3 if vector.startswith("CVSS:3") else CVSS2
    try:
        return float(kind(vector).base_score)
    except (CVSSError, ValueError, KeyError, IndexError, TypeError, ArithmeticError):
        return None


def _of_words(specific: Iterable[object]) -> Iterator[float]:
    for part in specific:
        word = part.get("severity") if isinstance(part, dict) else None
        if isinstance(word, str) and word.upper() in WORDS:
            yield WORDS[word.upper()]


def is_malicious(record: Mapping[str, Any]) -> bool:
    """Whether a record is about a package that was made to do harm."""
    return str(record.get("id", "")).startswith("MAL-")
