"""Which roots are the operator's own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stockroom.spi import setting
from stockroom_private_classifiers.rules import FORBIDDEN, SERVER
from stockroom_private_classifiers.spelling import is_private, joined, reads_as, words_of

_BETWEEN = re.compile(r",?[ \t]*\n\s*|,")


def own_roots(value: str) -> tuple[str, ...]:
    """Classifiers between commas or on lines of their own; ``Private ::`` may be left out.

    They are returned as full classifiers.
    """
    found: list[str] = []
    for text in map(str.strip, _BETWEEN.split(value)):
        root = text if is_private(text) else joined(text)
        _check(root, text)
        twin = next((other for other in found if reads_as(root, other)), None)
        if twin is not None:
            raise ValueError(f"{root} is there already, as {twin}")
        found.append(root)
    return tuple(found)


def _check(root: str, text: str) -> None:
    """Raise ValueError if ``root`` cannot be an own root; ``text`` is what was written."""
    words = words_of(root)
    if not text:
        raise ValueError("has nothing before or after a comma")
    if words is None:
        raise ValueError(f"{text} must be spelt like Acme, Acme Labs or Private :: Acme :: Labs")
    if reads_as(words[0], SERVER):
        raise ValueError(f"{joined(SERVER)} and what is below belong to the server; leave it out")
    if reads_as(words[0], FORBIDDEN):
        raise ValueError(f"{joined(FORBIDDEN)} is never accepted; leave it out")


@dataclass(frozen=True, kw_only=True)
class PrivateClassifierSettings:
    """``plugin.private-classifiers.*``."""

    roots: tuple[str, ...] = setting(
        parse=own_roots,
        default=(),
        help="Roots of your own, such as Acme, Acme Labs; what is below them is accepted, too.",
    )
