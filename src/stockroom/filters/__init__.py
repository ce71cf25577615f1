"""The filter language: parse, check, evaluate by name alone, compile, explain.

A filter is a condition on packages, releases and files, written as a subset of Python's
expressions. Its text is read with ``ast`` and turned into a checked tree of our own; Python never
evaluates it. It knows neither the web nor the database.
"""

from stockroom.filters.language import Filter, Language
from stockroom.filters.mistakes import FilterInvalid, Mistake
from stockroom.filters.program import Explanation, Judgement, Term

__all__ = [
    "Explanation",
    "Filter",
    "FilterInvalid",
    "Judgement",
    "Language",
    "Mistake",
    "Term",
]
