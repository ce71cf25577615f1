"""Byte ranges (RFC 9110 section 14), for files of known size."""

from __future__ import annotations

import re

MAX_RANGES = 32
_SPEC = re.compile(r"(\d{0,18})-(\d{0,18})", re.ASCII)

Range = tuple[int, int]
"""First byte and length."""


class Unsatisfiable(ValueError):
    """No range of the header lies inside of the file: 416."""


def parse_ranges(header: str, size: int) -> list[Range]:
    """The ranges of a ``Range`` header; empty when it must be ignored.

    Ignored are other units, malformed headers, and headers that ask for more than the file holds
    or for very many pieces, which is what only attackers do. Overlapping ranges are joined.

    :raises Unsatisfiable: every range lies behind the end.
    """
    unit, separator, specs = header.partition("=")
    if not separator or unit.strip().lower() != "bytes":
        return []
    found: list[Range] = []
    parts = [part.strip() for part in specs.split(",") if part.strip()]
    if not parts or len(parts) > MAX_RANGES:
        return []
    for part in parts:
        match = _SPEC.fullmatch(part)
        if match is None or part == "-":
            return []
        first, last = match[1], match[2]
        if first:
            start = int(first)
            end = min(int(last), size - 1) if last else size - 1
            if last and int(last) < start:
                return []
        else:
            start, end = max(0, size - int(last)), size - 1
        if start <= end and start < size and not (not first and int(last) == 0):
            found.append((start, end - start + 1))
    if not found:
        raise Unsatisfiable(header)
    joined = _join(found)
    return joined if len(found) == 1 or sum(length for _, length in joined) < size else []


def _join(ranges: list[Range]) -> list[Range]:
    if len(ranges) == 1:
        return ranges
    joined: list[Range] = []
    for start, length in sorted(ranges):
        if joined and start <= joined[-1][0] + joined[-1][1]:
            first, before = joined[-1]
            joined[-1] = (first, max(before, start + length - first))
        else:
            joined.append((start, length))
    return joined
