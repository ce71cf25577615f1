"""The rules about a zip archive as a whole, whatever kind of distribution it is (U-78 to U-84)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stockroom.dists.limits import unpacks_too_large
from stockroom.dists.policies import Finding
from stockroom.dists.tars import BLOCK, has_checksum
from stockroom.dists.zip_framing import framing_findings
from stockroom.dists.zips import DEFLATED, STORED, ZipArchive, unknown_method
from stockroom.spi.violations import Violation


def archive_findings(archive: ZipArchive) -> Iterator[Finding]:
    """Apply every rule; raises ArchiveRefused, after all else, where an extra field is damaged."""
    for rule in _RULES:
        yield from rule(archive)


def _no_tar(archive: ZipArchive) -> Iterator[Finding]:
    """Refuse what is a zip and a tar (U-78)."""
    archive.file.seek(0)
    block = archive.file.read(BLOCK)
    if len(block) == BLOCK and has_checksum(block):
        yield Violation(
            "content",
            "archive-ambiguous",
            "The file is a zip and a tar archive at once; build the distribution anew.",
        )


def _acceptable_size(archive: ZipArchive) -> Iterator[Finding]:
    """Refuse what unpacks to much more than its size (U-79), by what the archive states."""
    unpacked = sum(member.unpacked for member in archive.members)
    if unpacks_too_large(unpacked, archive.size):
        yield Violation(
            "content",
            "archive-unpacks-too-large",
            f"The archive unpacks to {unpacked} bytes, much more than its own size; leave out"
            " what inflates it.",
        )


def _known_methods(archive: ZipArchive) -> Iterator[Finding]:
    """Refuse what not every installer can unpack (U-80)."""
    for member in archive.members:
        if member.method not in (STORED, DEFLATED):
            yield unknown_method(member).violation
            return


_RULES: tuple[Callable[[ZipArchive], Iterator[Finding]], ...] = (
    _no_tar,
    _acceptable_size,
    _known_methods,
    framing_findings,  # U-84
)
