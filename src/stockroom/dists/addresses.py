"""The addresses of authors and maintainers, and whether each may be one to write to (U-44)."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Each matches to the end of the text where the end of what it looks for is missing, so that text
# of any length is read once.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"?\\?', re.DOTALL)
_COMMENT = re.compile(r"\([^()]*+\)?")
_SPECIAL = r'\s()<>,:;@\\"'
_ADDRESS = re.compile(rf"[^{_SPECIAL}\[\]]++@(?:[^{_SPECIAL}\[\]]++|\[[^\s\[\]]++\])")


def bad_addresses(value: str) -> Iterator[str]:
    """Yield each part of a comma-separated list that cannot be an address, in any domain.

    Accepted are ``a@b`` and ``Any Name <a@b>``, with quoted strings and comments (RFC 5322).
    """
    # A quoted string, which may hold anything, stands for a word.
    for part in _COMMENT.sub(" ", _QUOTED.sub("_", value)).split(","):
        text = part.strip()
        if text.endswith(">"):
            _, _, text = text[:-1].partition("<")
        if not _ADDRESS.fullmatch(text.strip()):
            yield part.strip()
