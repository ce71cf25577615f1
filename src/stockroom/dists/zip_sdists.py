"""The inspection of sdists in zip files, of which there are only old ones (U-85)."""

from __future__ import annotations

from typing import BinaryIO

from stockroom.dists.filenames import SdistFilename
from stockroom.dists.findings import Findings, Inspection
from stockroom.dists.headers import metadata_too_large
from stockroom.dists.licenses import missing_license_files
from stockroom.dists.limits import MAX_METADATA_BYTES, bytes_to_check
from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.sdist_layout import no_pkg_info, outside_top, top_directory
from stockroom.dists.zip_rules import archive_findings
from stockroom.dists.zips import ZipArchive, open_zip


def inspect_zip_sdist(file: BinaryIO, filename: SdistFilename) -> Inspection:
    """Inspect the sdist in ``file``, a buffered, seekable file.

    Whatever the file holds, nothing is raised and nothing is written to disk.
    """
    findings = Findings()
    try:
        archive = open_zip(file)
        try:
            for finding in archive_findings(archive):
                findings.add(finding)
        except ArchiveRefused as refused:
            findings.add(refused.violation)
        _check_layout(archive, filename, findings)
        _check_content(archive, findings)
    except ArchiveRefused as refused:
        findings.add(refused.violation)
    return findings.inspection()


def _check_layout(archive: ZipArchive, filename: SdistFilename, findings: Findings) -> None:
    """Find everything in one directory, with PKG-INFO and the license files (U-53, U-81)."""
    members = {member.name: member for member in archive.members}
    top = top_directory(filename, next(iter(members), ""))
    for name in members:
        if not name.startswith(f"{top}/"):
            findings.add(outside_top(name, top))
    pkg_info = members.get(f"{top}/PKG-INFO")
    if pkg_info is None:
        findings.add(no_pkg_info(top))
    elif pkg_info.unpacked > MAX_METADATA_BYTES:
        findings.add(metadata_too_large())
    else:
        findings.add_metadata(archive.read(pkg_info), filename)
    if findings.metadata is not None:
        for violation in missing_license_files(findings.metadata, top, members.__contains__):
            findings.add(violation)


def _check_content(archive: ZipArchive, findings: Findings) -> None:
    """Unpack every member, piece by piece, if nothing else is wrong."""
    checked, limit = 0, bytes_to_check(archive.size)
    for member in archive.members if not findings.refused else ():
        checked += member.unpacked
        if checked > limit:
            findings.add(f"Only the first {limit} bytes of the content were unpacked.")
            return
        for _ in archive.pieces(member):
            pass
