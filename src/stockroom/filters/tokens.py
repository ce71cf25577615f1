"""The tokens of a filter: what does not belong to the language never reaches Python's parser.

The parser of Python reads much more than this language has, with warnings and limits of its own.
So a closed list of tokens comes before it: what is left cannot be a comment, an escape, a prefix
of a string, a joined string, a character outside of ASCII (which Python would normalise in a name)
or a bracket without its partner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stockroom.filters.mistakes import FilterInvalid, Mistake

MAX_LENGTH = 4_000
"""Longest text of a filter, in characters."""
MAX_DEPTH = 50
"""How deep brackets, ``not`` and calls may be nested."""

_TOKEN = re.compile(
    r"""
      (?P<space>   [ \t\n]+ )
    | (?P<text>    "[^"\n]*" | '[^'\n]*' )
    | (?P<number>  (?: [0-9]+ (?: \.[0-9]* )? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_]* )
    | (?P<sign>    == | != | <= | >= | [<>()\[\],.-] )
    """,
    re.VERBOSE,
)
_PARTNERS = {")": "(", "]": "["}
_HINTS = {
    "=": "Write == to compare.",
    "&": "Write `and`.",
    "|": "Write `or`.",
    "!": "Write `not` before a condition, or != to compare.",
    "{": "A list is written in [ and ].",
    "}": "A list is written in [ and ].",
    ":": "There is no colon in the language.",
    "#": "There are no comments in the language.",
    "\\": "A backslash has no meaning here: leave it out.",
    '"': 'This text has no end: put a " behind it, on the same line.',
    "'": "This text has no end: put a ' behind it, on the same line.",
    "+": "There is no arithmetic in the language: write the result.",
    "*": "There is no arithmetic in the language: write the result.",
    "/": "There is no arithmetic in the language: write the result.",
    "%": "There is no arithmetic in the language: write the result.",
}


def check_tokens(text: str) -> None:
    """Check that ``text``, whose lines end with a line feed, has tokens of the language only.

    :raises FilterInvalid: with every token that it cannot have.
    """
    if len(text) > MAX_LENGTH:
        raise FilterInvalid(
            [Mistake(1, 1, f"A filter has up to {MAX_LENGTH:,} characters, not {len(text):,}.")]
        )
    mistakes = [Mistake(*place(text, start), message) for start, message in _refused(text)]
    if mistakes:
        raise FilterInvalid(mistakes)
    if not text.strip():
        raise FilterInvalid([Mistake(1, 1, 'Write a condition, such as package.name != "demo".')])


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of the character at ``offset``."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _refused(text: str) -> Iterator[tuple[int, str]]:
    """What the language does not have: where it begins, and a sentence."""
    position, before, adjacent = 0, "", False
    open_brackets: list[tuple[str, int]] = []
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            yield position, _about(text[position])
            # What follows is in doubt: half of it may be within quotes.
            return
        kind, token = str(match.lastgroup), match[0]
        yield from ((position, sentence) for sentence in _oddities(kind, token, before, adjacent))
        if token in ("(", "["):
            open_brackets.append((token, position))
            if len(open_brackets) == MAX_DEPTH + 1:
                yield position, f"Brackets are nested up to {MAX_DEPTH} deep."
        elif token in _PARTNERS and (
            not open_brackets or open_brackets.pop()[0] != _PARTNERS[token]
        ):
            yield position, f"This {token} closes nothing: check the brackets before it."
            return
        adjacent = kind != "space"
        before = kind if adjacent else before
        position = match.end()
    yield from ((at, f"This {bracket} is never closed.") for bracket, at in open_brackets)


def _oddities(kind: str, token: str, before: str, adjacent: bool) -> Iterator[str]:
    """What is wrong with a token behind another of kind ``before``, which may be ``adjacent``."""
    if kind == "text":
        if before == "word" and adjacent:
            yield "There is a word right before this text: put a space between, or leave it out."
        elif before == "text":
            yield "Two texts follow each other: write one, or put a comma between them."
        if not token.isprintable():
            yield "This text has a character that cannot be seen: leave it out."
    elif kind in ("word", "number") and before in ("word", "number") and adjacent:
        yield "A number ends where this begins: put a space between them, or leave it out."


def _about(character: str) -> str:
    if character in _HINTS:
        return _HINTS[character]
    if character.isprintable() and not character.isspace():
        return f"The language has no {character}, except within quotes."
    return f"The character U+{ord(character):04X} has no place here: leave it out."
