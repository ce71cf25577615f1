"""How text from an upload is shown in a message: short, on one line, without control characters."""

from __future__ import annotations

_LONGEST = 260  # an expected filename must come through whole


def quoted(text: str) -> str:
    """Quote ``text`` for a message; what cannot be printed is escaped, what is long is cut (U-22).

    >>> quoted("sample-1.0.tar.gz")
    "'sample-1.0.tar.gz'"
    """
    return repr(_cut(text))


def plain(text: str) -> str:
    """Show a sentence that may hold text from an upload: as above, without the quotes."""
    return "".join(char if char.isprintable() else "?" for char in _cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
