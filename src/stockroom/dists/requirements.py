"""Requirements and Python constraints: read as PEP 508 and PEP 440 say, written for resolvers."""

from __future__ import annotations

import re
from functools import lru_cache

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from stockroom.dists.limits import MAX_REQUIREMENT_LENGTH
from stockroom.dists.versions import parse_version

# Releases of a project repeat their dependencies, so most texts come again; but the memory for
# them must not depend on who uploads what.
_CACHED_TEXTS = 4096
_CACHED_LENGTH = 1000

# What some resolvers cannot read although it is valid: numbers beyond 64 bits, and in markers the
# arbitrary equality and the variables of lock files.
_LONG_NUMBER = re.compile(r"[0-9]{19}")
_RARE_MARKER = re.compile(r"===|\bextras\b|\bdependency_groups\b")


def parse_requirement(text: str) -> Requirement | str:
    """Read a dependency specifier (PEP 508); if it is not one, give the reason in a few words.

    The requirement may be shared: it must not be changed.
    """
    if len(text) > MAX_REQUIREMENT_LENGTH:
        return f"it is longer than {MAX_REQUIREMENT_LENGTH} characters"
    return _cached(text) if len(text) <= _CACHED_LENGTH else _parse(text)


def parse_constraint(text: str) -> SpecifierSet | None:
    """Read the value of Requires-Python (PEP 440); None if it is not a set of specifiers."""
    if len(text) > MAX_REQUIREMENT_LENGTH:
        return None
    try:
        return SpecifierSet(text)
    except ValueError:
        return None


def strict_requirement(text: str) -> str | None:
    """Write a requirement so that every resolver can read it; None if that is in doubt.

    Direct references are in doubt too: which URLs are understood differs between resolvers.
    """
    requirement = parse_requirement(text)
    if isinstance(requirement, str) or requirement.url is not None:
        return None
    if not _is_plain(requirement.specifier):
        return None
    if requirement.marker and _RARE_MARKER.search(str(requirement.marker)):
        return None
    normal = str(requirement)
    return normal if parse_requirement(normal) == requirement else text


def strict_constraint(text: str) -> str | None:
    """Write a value of Requires-Python so that every resolver can read it; None if in doubt."""
    constraint = parse_constraint(text)
    return str(constraint) if constraint is not None and _is_plain(constraint) else None


def has_long_number(text: str) -> bool:
    """Tell whether ``text`` holds a number that some resolvers cannot hold."""
    return _LONG_NUMBER.search(text) is not None


def _is_plain(specifiers: SpecifierSet) -> bool:
    if has_long_number(str(specifiers)):
        return False
    # With ``===`` anything may follow, but not every resolver takes what is not a version.
    return all(s.operator != "===" or parse_version(s.version) for s in specifiers)


def _parse(text: str) -> Requirement | str:
    try:
        return Requirement(text)
    except ValueError as error:
        # The first line is the reason, the others draw an arrow below the text.
        return str(error).partition("\n")[0] or "it cannot be read"
    except RecursionError:
        return "its marker is nested too deeply"


_cached = lru_cache(maxsize=_CACHED_TEXTS)(_parse)
