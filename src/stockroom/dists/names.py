"""Project names: which are valid, and when two of them are the same (S-03, S-04, U-66)."""

from __future__ import annotations

import re
import sys

from packaging.utils import NormalizedName, canonicalize_name

MAX_NAME_LENGTH = 200
"""Longest project name in characters; the name, a version and tags must fit into a filename."""

# The ASCII flag, because without it U+017F and U+212A count as the letters s and k.
_VALID = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?\Z", re.ASCII | re.IGNORECASE)

LOOKALIKES = {"l": "1", "i": "1", "o": "0", ".": "", "_": "", "-": ""}
"""What is mistaken for each other in a name in lower case, or overlooked (U-66)."""
_LOOKALIKES = str.maketrans(LOOKALIKES)
# No project is called like a private module: names start with a letter or digit.
_STDLIB = frozenset(map(canonicalize_name, sys.stdlib_module_names))


def normalize(name: str) -> NormalizedName:
    """Give the form of ``name`` that all its spellings share (PEP 503).

    Defined for any text, but only for a valid name is the result a name too: check first where the
    text comes from outside, because lowering turns some letters that are not ASCII into ASCII.
    """
    return canonicalize_name(name)


def is_valid_name(name: str) -> bool:
    """Tell whether ``name`` is a project name (S-04) of at most ``MAX_NAME_LENGTH`` characters."""
    return len(name) <= MAX_NAME_LENGTH and _VALID.match(name) is not None


def ultra_normalized(name: str) -> str:
    """Give the form that ``name`` shares with all names that look like it (U-66).

    Without ``.``, ``_`` and ``-``, and with one character for those that are mistaken for each
    other. It is compared with other such forms, never shown.
    """
    return name.lower().translate(_LOOKALIKES)


def is_stdlib_module(name: str) -> bool:
    """Tell whether ``name`` is, but for its spelling, a module of the standard library (U-66)."""
    return normalize(name) in _STDLIB
