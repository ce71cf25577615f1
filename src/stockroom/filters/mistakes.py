"""What is wrong with the text of a filter, and where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MAX_MISTAKES = 20
"""How many mistakes of a filter are told."""


class Mistake(NamedTuple):
    """One mistake; ``line`` and ``column`` count from 1, the column in characters."""

    line: int
    column: int
    message: str
    """A sentence that says what is wrong and what to write."""


class FilterInvalid(ValueError):
    """The text is not a filter; ``mistakes`` are the first of it, in the order of the text."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes))[:MAX_MISTAKES])
        super().__init__(
            "\n".join(
                f"line {line}, column {column}: {message}"
                for line, column, message in self.mistakes
            )
        )
