"""RECORD: the list of a wheel's files with their hashes and sizes (U-88)."""

from __future__ import annotations

import csv
import hashlib
import io
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from stockroom.dists.limits import MAX_MEMBERS, bytes_to_check
from stockroom.dists.policies import Finding, PolicyFinding
from stockroom.dists.quoting import quoted
from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.zips import ZipArchive, ZipMember
from stockroom.spi.violations import Violation

UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")
"""The files of the dist-info directory that RECORD need not list: itself and its signatures."""

_RULE = "U-88"
# Those that are as good as sha256; MD5, SHA-1 and what nobody knows prove nothing.
_STRONG = frozenset(
    ["sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"]
)


class RecordRow(NamedTuple):
    """What RECORD says of a file, as it is written there: ``algorithm=digest`` and a size."""

    hash: str
    size: str


def read_record(data: bytes) -> dict[str, RecordRow]:
    """Read RECORD: UTF-8 and CSV, with ``/`` between the parts of a path.

    Raises ArchiveRefused if it is neither.
    """
    rows: dict[str, RecordRow] = {}
    lines = io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")
    try:
        for number, row in enumerate(csv.reader(lines, strict=True)):
            if number > 2 * MAX_MEMBERS:
                raise _invalid("it has too many lines")
            if row:
                path, digest, size = (*row, "", "")[:3]
                rows.setdefault(path.replace("\\", "/"), RecordRow(digest, size))
    except UnicodeDecodeError:
        raise _invalid("it is not UTF-8") from None
    except csv.Error:
        raise _invalid("it is not CSV") from None
    return rows


def list_findings(listed: Set[str], present: Set[str]) -> Iterator[Finding]:
    """Compare the paths that RECORD lists with those that are there."""
    unlisted, absent = present - listed, listed - present
    facts = []
    if unlisted:
        facts.append(f"it does not list {_some(unlisted)}")
    if absent:
        facts.append(f"it lists {_some(absent)}, which the wheel does not hold")
    if facts:
        yield PolicyFinding(
            _RULE,
            "record_list",
            Violation(
                "content",
                "wheel-record-mismatch",
                f"RECORD is not the list of the wheel's files: {'; '.join(facts)}. Build the wheel"
                " anew instead of changing it.",
            ),
        )


def content_findings(archive: ZipArchive, rows: Mapping[str, RecordRow]) -> Iterator[Finding]:
    """Unpack every member, piece by piece, and compare it with its row.

    Whoever calls has seen that the members neither overlap nor unpack to too much.
    """
    checked, limit = 0, bytes_to_check(archive.size)
    for member in sorted(archive.members, key=lambda member: member.offset):
        checked += member.unpacked
        if checked > limit:
            yield f"Only the first {limit} bytes of the content were compared with RECORD."
            return
        try:
            yield from _compare(archive, member, rows.get(member.name))
        except ArchiveRefused as refused:
            yield refused.violation


def _compare(archive: ZipArchive, member: ZipMember, row: RecordRow | None) -> Iterator[Finding]:
    algorithm, digest = _stated(row)
    hasher = hashlib.new(algorithm) if algorithm in _STRONG else None
    for piece in archive.pieces(member):
        if hasher is not None:
            hasher.update(piece)
    if row is None:
        return
    name = quoted(member.name)
    if hasher is None:
        yield _doubt(
            "hash-missing", f"RECORD has no hash of {name} that proves anything; use sha256."
        )
    elif hasher.digest() != digest:
        yield _doubt("hash-differs", f"RECORD has another hash than {name}; build the wheel anew.")
    if row.size and row.size != str(member.unpacked):
        yield _doubt("size-differs", f"RECORD has another size than {name}; build the wheel anew.")


def _stated(row: RecordRow | None) -> tuple[str, bytes]:
    """Part the hash of a row into its algorithm and the digest."""
    algorithm, _, text = (row.hash if row else "").partition("=")
    try:
        return algorithm, urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}")
    except ValueError:
        return algorithm, b""


def _doubt(kind: str, message: str) -> PolicyFinding:
    violation = Violation("content", f"wheel-record-{kind}", message)
    return PolicyFinding(_RULE, "record_hashes", violation)


def _some(paths: Set[str]) -> str:
    """Show a few of many paths."""
    shown = ", ".join(map(quoted, sorted(paths)[:3]))
    return shown if len(paths) <= 3 else f"{shown} and {len(paths) - 3} more"


def _invalid(reason: str) -> ArchiveRefused:
    return ArchiveRefused(
        "wheel-record-invalid", f"RECORD cannot be read: {reason}; build the wheel anew."
    )
