"""The rule for names that people give to things: they stand in URLs."""

from __future__ import annotations

import re

from stockroom.errors import InvalidName

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)


def check_name(name: str) -> None:
    """Make sure that something may be called so.

    :raises InvalidName: it may not.
    """
    if not NAME.fullmatch(name):
        raise InvalidName(
            f"{name!r} cannot be a name in URLs: use 1 to 64 lower-case letters, digits and "
            "hyphens, beginning and ending with a letter or digit"
        )
