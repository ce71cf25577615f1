"""The rules: whose a private classifier is, and to which registries it may be published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stockroom.spi import RegistryInfo, Violation
from stockroom_private_classifiers.spelling import (
    LONGEST,
    SEPARATOR,
    is_private,
    joined,
    reads_as,
    roughly,
    shown,
    words_of,
)

SERVER = "Stockroom"
FORBIDDEN = "Do Not Upload"
MOST_TOLD = 20
"""Classifiers of one upload that are told of."""
MOST_NAMED = 5
"""Own roots that a message names."""


def violations(
    classifiers: Sequence[str], registry: RegistryInfo, roots: Sequence[str]
) -> Iterator[Violation]:
    """What is wrong with the private ones among ``classifiers``, each named once.

    ``roots`` are the operator's own, as full classifiers.
    """
    rules = Rules(registry, roots)
    refused = [
        classifier
        for classifier in dict.fromkeys(classifiers)
        if is_private(classifier) and not rules.accept(classifier)
    ]
    # To find the words takes longer than to judge, and an upload may have thousands.
    yield from map(rules.violation, refused[:MOST_TOLD])
    if len(refused) > MOST_TOLD:
        more = len(refused) - MOST_TOLD
        message = f"{more} more private classifiers must not be published here; look at all of them"
        yield _violation("private-classifiers", message)


class Rules:
    """What holds for uploads to one registry."""

    def __init__(self, registry: RegistryInfo, roots: Sequence[str]) -> None:
        self._where = f"{registry.workspace}/{registry.registry}"
        self._team = registry.team
        self._server = joined(SERVER)
        self._of_team = joined(SERVER, registry.team)
        self._names = (self._server, self._of_team, *roots)
        self._below = tuple(root + SEPARATOR for root in roots)

    def accept(self, classifier: str) -> bool:
        """Whether a private classifier may be published to the registry."""
        return classifier in self._names or (
            classifier.startswith(self._below) and words_of(classifier) is not None
        )

    def violation(self, classifier: str) -> Violation:
        """The rule that keeps a private classifier from being accepted."""
        if reads_as((*roughly(classifier), "")[1], FORBIDDEN):
            return self._forbidden(classifier)
        words = words_of(classifier)
        if words is None:
            return self._misspelt(classifier)
        if words[0] == SERVER:
            return self._of_another_team(classifier, len(words))
        return self._of_others(classifier)

    def _of_another_team(self, classifier: str, count: int) -> Violation:
        rule = (
            "names another team" if count == 2 else "has words below a team, where none can stand"
        )
        return _violation(
            "private-classifier-team",
            f"The classifier {shown(classifier)} {rule}: {self._where} belongs to the team "
            f"{self._team}; write {self._of_team}, or {self._server} for every registry here.",
        )

    def _forbidden(self, classifier: str) -> Violation:
        return _violation(
            "private-classifier-forbidden",
            f"The classifier {shown(classifier)} says that this must not be uploaded; take it out, "
            f"or write {self._server}, which PyPI does not take either.",
        )

    def _misspelt(self, classifier: str) -> Violation:
        return _violation(
            "private-classifier-form",
            f"The classifier {shown(classifier)} is not spelt as a private one must be: Private, "
            "then words with ' :: ' before each and single spaces inside, all visible and "
            f"{LONGEST} characters at most; {self._advice(classifier)}.",
        )

    def _of_others(self, classifier: str) -> Violation:
        return _violation(
            "private-classifier-root",
            f"The classifier {shown(classifier)} begins with no root that this server knows; "
            f"{self._advice(classifier)}.",
        )

    def _advice(self, classifier: str) -> str:
        meant = next((name for name in self._names if reads_as(classifier, name)), None)
        if meant is not None:
            return f"write {meant}"
        names = self._names[: MOST_NAMED + 2]
        others = " or another of its roots" if len(names) < len(self._names) else ""
        return f"write {', '.join(names[:-1])} or {names[-1]}{others}, or take it out"


def _violation(code: str, message: str) -> Violation:
    return Violation("classifiers", code, message)
