"""The inspection of sdists (U-53, U-78, U-79, U-81).

The archive is read once, as a stream, to its end. Each rule about members is a small function that
takes one member and yields violations; the rules in ``_RULES`` are applied to every member.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from stockroom.dists.filenames import SdistFilename
from stockroom.dists.findings import Findings, Inspection
from stockroom.dists.gzips import GzipStream
from stockroom.dists.headers import metadata_too_large
from stockroom.dists.licenses import missing_license_files
from stockroom.dists.limits import MAX_METADATA_BYTES
from stockroom.dists.quoting import quoted
from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.sdist_layout import no_pkg_info, outside_top, top_directory
from stockroom.dists.tars import Kind, TarMember, TarReader
from stockroom.dists.zips import ends_as_zip
from stockroom.spi.violations import Violation

_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:")
_SEPARATORS = re.compile(r"[/\\]")


def inspect_sdist(file: BinaryIO, filename: SdistFilename) -> Inspection:
    """Inspect the sdist in ``file``, a buffered, seekable file.

    Whatever the file holds, nothing is raised and nothing is written to disk.
    """
    findings = Findings()
    if ends_as_zip(file):
        findings.add(
            Violation(
                "content",
                "archive-ambiguous",
                "The file is a tar and a zip archive at once; build the sdist anew.",
            )
        )
    try:
        _walk(TarReader(GzipStream(file)), filename, findings)
    except ArchiveRefused as refused:
        findings.add(refused.violation)
    return findings.inspection()


@dataclass(frozen=True, slots=True)
class SdistMember:
    """A member under inspection.

    ``parts`` are those of its path, without the ones that mean nothing; ``top`` is the name that
    the first one must have.
    """

    entry: TarMember
    parts: tuple[str, ...]
    top: str


def _walk(reader: TarReader, filename: SdistFilename, findings: Findings) -> None:
    """Apply the rules to each member, and read PKG-INFO on the way."""
    paths: set[str] = set()
    links: set[str] = set()
    found = False
    top = filename.stem
    for entry in reader:
        if not paths:
            top = top_directory(filename, entry.name)
        parts = tuple(part for part in entry.name.split("/") if part not in ("", "."))
        member = SdistMember(entry, parts, top)
        for rule in _RULES:
            for violation in rule(member):
                findings.add(violation)
        paths.add("/".join(parts))
        if entry.kind is Kind.SYMLINK:
            links.add("/".join(parts))
        if parts == (top, "PKG-INFO"):
            _read_pkg_info(reader, entry, filename, findings, repeated=found)
            found = True
    if not found:
        findings.add(no_pkg_info(top))
    for violation in _below_links(paths, links):
        findings.add(violation)
    if findings.metadata is not None:
        for violation in missing_license_files(findings.metadata, top, paths.__contains__):
            findings.add(violation)


def _read_pkg_info(
    reader: TarReader,
    entry: TarMember,
    filename: SdistFilename,
    findings: Findings,
    *,
    repeated: bool,
) -> None:
    if repeated or entry.kind is not Kind.FILE:
        findings.add(
            Violation(
                "content",
                "sdist-pkg-info-ambiguous",
                f"{quoted(entry.name)} must be there once, as a file; build the sdist anew.",
            )
        )
    elif entry.size > MAX_METADATA_BYTES:
        findings.add(metadata_too_large())
    else:
        findings.add_metadata(reader.content(), filename)


def _below_top(member: SdistMember) -> Iterator[Violation]:
    """Everything lies in one directory, named like the file (U-81)."""
    name, top = member.entry.name, member.top
    if name.startswith(f"{top}/") or (name == top and member.entry.kind is Kind.DIRECTORY):
        return
    yield outside_top(name, top)


def _safe_path(member: SdistMember) -> Iterator[Violation]:
    """No path leads out of the directory (U-81, PEP 721), on any system."""
    name = member.entry.name
    if _ABSOLUTE.match(name) or (".." in name and ".." in _SEPARATORS.split(name)):
        yield Violation(
            "content",
            "sdist-member-path",
            f"The path {quoted(name)} is absolute or has a part ..; leave the member out.",
        )


def _plain_kind(member: SdistMember) -> Iterator[Violation]:
    """No devices, pipes or unknown things (U-81, PEP 721)."""
    if member.entry.kind is Kind.SPECIAL:
        yield Violation(
            "content",
            "sdist-member-kind",
            f"The member {quoted(member.entry.name)} is no file, directory or link; leave it out.",
        )


def _inner_link(member: SdistMember) -> Iterator[Violation]:
    """No link leads out of the directory (U-81, PEP 721)."""
    if member.entry.kind is Kind.SYMLINK:
        # The directory of the link is known to be real, see _below_links.
        inner = _stays_below(member.entry.link, len(member.parts) - 2)
    elif member.entry.kind is Kind.HARDLINK:
        # Its target is a path from the root of the archive.
        inner = member.entry.link.startswith(f"{member.top}/") and _stays_below(
            member.entry.link, 0
        )
    else:
        return
    if not inner:
        yield Violation(
            "content",
            "sdist-link-target",
            f"The link {quoted(member.entry.name)} to {quoted(member.entry.link)} leads out of the"
            " archive, or may do so; replace it by a file.",
        )


def _stays_below(target: str, depth: int) -> bool:
    """Tell whether a path from ``depth`` directories below the top is sure to stay below it."""
    if _ABSOLUTE.match(target):
        return False
    parts = [part for part in _SEPARATORS.split(target) if part not in ("", ".")]
    ups = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    # A later .. could start from where another link leads.
    return ups <= depth and ".." not in parts[ups:]


_RULES: tuple[Callable[[SdistMember], Iterator[Violation]], ...] = (
    _below_top,
    _safe_path,
    _plain_kind,
    _inner_link,
)


def _below_links(paths: set[str], links: set[str]) -> Iterator[Violation]:
    """No member is stored through a link: where it ends up depends on the link (PEP 721)."""
    if not links:
        return
    # With the separator before all other characters, what lies below a path follows it at once.
    # Looking for the parents of each path instead would take hours for very deep ones.
    ordered = sorted(path.replace("/", "\0") for path in paths)
    for path, following in pairwise(ordered):
        if following.startswith(f"{path}\0") and path.replace("\0", "/") in links:
            shown = quoted(following.replace("\0", "/"))
            yield Violation(
                "content",
                "sdist-member-below-link",
                f"The member {shown} lies below a link; store it where it belongs.",
            )
            return
