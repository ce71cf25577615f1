"""Classifiers: those that everybody knows, those of the past, and private ones (U-45)."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

import trove_classifiers

from stockroom.dists.policies import Finding, PolicyFinding
from stockroom.dists.quoting import quoted
from stockroom.spi.violations import Violation

_PRIVATE = "Private ::"
_BY_LOWER = {name.lower(): name for name in trove_classifiers.classifiers}
# To look for a similar one takes milliseconds.
_LONGEST_SUGGESTED_FOR = 100
_MOST_SUGGESTED = 3
_SIMILARITY = 0.8


def classifier_findings(classifiers: tuple[str, ...]) -> Iterator[Finding]:
    """Tell of the classifiers that are unknown or deprecated, with what to write instead."""
    unknown = 0
    for value in dict.fromkeys(classifiers):
        if value in trove_classifiers.classifiers or value.startswith(_PRIVATE):
            continue
        newer = trove_classifiers.deprecated_classifiers.get(value)
        if newer is not None:
            advice = f"use {' or '.join(map(quoted, newer))}" if newer else "leave it out"
            yield _finding(
                "deprecated_classifiers",
                "classifier-deprecated",
                f"The classifier {quoted(value)} is deprecated; {advice}.",
            )
        else:
            unknown += 1
            similar = _similar(value) if unknown <= _MOST_SUGGESTED else None
            advice = f"it may be {quoted(similar)}" if similar else "leave it out"
            yield _finding(
                "unknown_classifiers",
                "classifier-unknown",
                f"The classifier {quoted(value)} is in no list; {advice}, or write a private one"
                " as Private :: and its name.",
            )


def _similar(value: str) -> str | None:
    """Find the known classifier that was probably meant."""
    if len(value) > _LONGEST_SUGGESTED_FOR:
        return None
    known = _BY_LOWER.get(value.lower())
    if known is not None:
        return known
    found = get_close_matches(value, trove_classifiers.classifiers, n=1, cutoff=_SIMILARITY)
    return found[0] if found else None


def _finding(policy: str, code: str, message: str) -> PolicyFinding:
    return PolicyFinding("U-45", policy, Violation("classifiers", code, message))
