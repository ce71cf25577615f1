"""The inspection of wheels (U-53, U-78 to U-82, U-84, U-87 to U-91).

Each rule is a small function that takes the open wheel and yields findings; the rules in
``_RULES`` are all applied, so that an uploader hears of everything at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from stockroom.dists.entry_points import entry_point_violations
from stockroom.dists.filenames import WheelFilename
from stockroom.dists.findings import Findings, Inspection
from stockroom.dists.headers import metadata_too_large
from stockroom.dists.licenses import missing_license_files
from stockroom.dists.limits import (
    MAX_METADATA_BYTES,
    MAX_RECORD_BYTES,
    MAX_SMALL_FILE_BYTES,
)
from stockroom.dists.names import is_valid_name, normalize
from stockroom.dists.platforms import platform_findings
from stockroom.dists.policies import Finding
from stockroom.dists.quoting import quoted
from stockroom.dists.records import UNLISTED, content_findings, list_findings, read_record
from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.versions import parse_version
from stockroom.dists.wheel_file import wheel_file_findings
from stockroom.dists.zip_rules import archive_findings
from stockroom.dists.zips import ZipArchive, ZipMember, open_zip
from stockroom.spi.violations import Violation

_DIST_INFO = ".dist-info"
_REQUIRED = ("WHEEL", "METADATA", "RECORD")


@dataclass(frozen=True, slots=True)
class OpenWheel:
    """A wheel under inspection.

    ``members`` finds the members by name; ``dist_infos`` are the top directories that end in
    ``.dist-info``. ``dist_info`` is the one that belongs to the wheel, None if that is not clear.
    """

    filename: WheelFilename
    archive: ZipArchive
    members: dict[str, ZipMember]
    dist_infos: tuple[str, ...]
    dist_info: str | None

    def find(self, name: str) -> ZipMember | None:
        """Find a file in the dist-info directory."""
        return self.members.get(f"{self.dist_info}/{name}") if self.dist_info else None

    def content(self, name: str, limit: int) -> bytes | None:
        """Unpack a file of the dist-info directory; None if it is not there.

        Raises ArchiveRefused if it cannot be unpacked, or has more than ``limit`` bytes.
        """
        member = self.find(name)
        if member is None:
            return None
        if member.unpacked > limit:
            raise ArchiveRefused(
                "wheel-file-too-large",
                f"The file {quoted(member.name)} is larger than {limit} bytes; make it smaller.",
            )
        return self.archive.read(member)


def inspect_wheel(file: BinaryIO, filename: WheelFilename) -> Inspection:
    """Inspect the wheel in ``file``, a buffered, seekable file.

    Whatever the file holds, nothing is raised and nothing is written to disk.
    """
    findings = Findings()
    try:
        wheel = _open(file, filename)
    except ArchiveRefused as refused:
        findings.add(refused.violation)
        return findings.inspection()
    for rule in _RULES:
        _keep(rule(wheel), findings)
    _read_metadata(wheel, findings)
    _keep(_license_files(wheel, findings), findings)
    _keep(_record(wheel, findings), findings)
    return findings.inspection()


def _keep(found: Iterator[Finding], findings: Findings) -> None:
    try:
        for finding in found:
            findings.add(finding)
    except ArchiveRefused as refused:
        findings.add(refused.violation)


def _open(file: BinaryIO, filename: WheelFilename) -> OpenWheel:
    archive = open_zip(file)
    members = {member.name: member for member in archive.members}
    tops = {name.partition("/")[0] for name in members if f"{_DIST_INFO}/" in name}
    dist_infos = tuple(sorted(top for top in tops if top.endswith(_DIST_INFO)))
    dist_info = dist_infos[0] if len(dist_infos) == 1 else None
    if dist_info is not None and not _belongs(dist_info, filename):
        dist_info = None
    return OpenWheel(filename, archive, members, dist_infos, dist_info)


def _expected_dist_info(filename: WheelFilename) -> str:
    return f"{filename.name_part}-{filename.version_part}{_DIST_INFO}"


def _belongs(dist_info: str, filename: WheelFilename) -> bool:
    """Tell whether a directory is the one the filename names, perhaps spelt differently (U-82)."""
    name, _, version = dist_info.removesuffix(_DIST_INFO).rpartition("-")
    if not is_valid_name(name) or normalize(name) != filename.name:
        return False
    return parse_version(version) == filename.version


def _archive(wheel: OpenWheel) -> Iterator[Finding]:
    """Refuse what no zip archive may be (U-78 to U-80), or what is read in two ways (U-84)."""
    yield from archive_findings(wheel.archive)


def _platforms(wheel: OpenWheel) -> Iterator[Finding]:
    """Tell of platforms that the filename does not name exactly (U-87)."""
    yield from platform_findings(wheel.filename)


def _one_dist_info(wheel: OpenWheel) -> Iterator[Finding]:
    """Refuse a wheel whose dist-info directory is missing, doubtful or not its own (U-82)."""
    if wheel.dist_info is not None:
        return
    expected = quoted(_expected_dist_info(wheel.filename))
    if len(wheel.dist_infos) > 1:
        shown = ", ".join(map(quoted, wheel.dist_infos[:3]))
        yield Violation(
            "content",
            "wheel-dist-info-ambiguous",
            f"The wheel has several dist-info directories ({shown}); only {expected} may be there.",
        )
    elif wheel.dist_infos:
        yield Violation(
            "content",
            "wheel-dist-info-differs",
            f"The wheel's directory {quoted(wheel.dist_infos[0])} is not that of the filename;"
            f" it must be {expected}. Do not rename wheels, build them anew.",
        )
    else:
        yield Violation(
            "content",
            "wheel-dist-info-missing",
            f"The wheel has no directory {expected}; build it with a wheel builder.",
        )


def _named_dist_info(wheel: OpenWheel) -> Iterator[Finding]:
    """Warn of a dist-info directory that is spelt unlike the filename (U-82)."""
    expected = _expected_dist_info(wheel.filename)
    if wheel.dist_info is not None and wheel.dist_info != expected:
        yield (
            f"The directory {quoted(wheel.dist_info)} should be named {quoted(expected)}, as the"
            " filename says."
        )


def _required_files(wheel: OpenWheel) -> Iterator[Finding]:
    """Refuse a wheel without WHEEL (U-82), METADATA (U-90) or RECORD (U-88)."""
    for name in _REQUIRED:
        path = f"{wheel.dist_info}/{name}"
        if wheel.dist_info is not None and path not in wheel.members:
            yield Violation(
                "content",
                f"wheel-{name.lower()}-file-missing",
                f"The wheel has no {quoted(path)}; build it with a wheel builder.",
            )


def _wheel_file(wheel: OpenWheel) -> Iterator[Finding]:
    """Check what WHEEL says (U-91)."""
    data = wheel.content("WHEEL", MAX_SMALL_FILE_BYTES)
    if data is not None:
        yield from wheel_file_findings(data, wheel.filename)


def _entry_points(wheel: OpenWheel) -> Iterator[Finding]:
    """Check the commands that the wheel installs (U-89)."""
    data = wheel.content("entry_points.txt", MAX_SMALL_FILE_BYTES)
    if data is not None:
        yield from entry_point_violations(data)


_RULES: tuple[Callable[[OpenWheel], Iterator[Finding]], ...] = (
    _archive,
    _platforms,
    _one_dist_info,
    _named_dist_info,
    _required_files,
    _wheel_file,
    _entry_points,
)


def _read_metadata(wheel: OpenWheel, findings: Findings) -> None:
    """Read METADATA (U-90)."""
    member = wheel.find("METADATA")
    if member is None:
        return
    if member.unpacked > MAX_METADATA_BYTES:
        findings.add(metadata_too_large())
        return
    try:
        data = wheel.archive.read(member)
    except ArchiveRefused as refused:
        findings.add(refused.violation)
    else:
        findings.add_metadata(data, wheel.filename)


def _license_files(wheel: OpenWheel, findings: Findings) -> Iterator[Finding]:
    """Refuse a wheel without the license files that its metadata names (U-53)."""
    if findings.metadata is not None:
        directory = f"{wheel.dist_info}/licenses"
        yield from missing_license_files(findings.metadata, directory, wheel.members.__contains__)


def _record(wheel: OpenWheel, findings: Findings) -> Iterator[Finding]:
    """Compare RECORD with what is there (U-88)."""
    data = wheel.content("RECORD", MAX_RECORD_BYTES)
    if data is None:
        return
    unlisted = {f"{wheel.dist_info}/{name}" for name in UNLISTED}
    rows = {name: row for name, row in read_record(data).items() if name not in unlisted}
    # A backslash in a path is read as a slash; in the archive it is refused elsewhere.
    present = {name.replace("\\", "/") for name in wheel.members if not name.endswith("/")}
    present -= unlisted
    # That a required file is missing is told once.
    required = {f"{wheel.dist_info}/{name}" for name in _REQUIRED}
    listed = {name for name in rows if not name.endswith("/")} - (required - present)
    yield from list_findings(listed, present)
    # Everything is unpacked only where nothing else is wrong.
    if not findings.refused:
        yield from content_findings(wheel.archive, rows)
