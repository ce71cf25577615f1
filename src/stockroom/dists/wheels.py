"""The inspection of wheels (U-78 to U-82, U-90).

Each rule is a small function that takes the open wheel and yields violations; the rules in
``_RULES`` are all applied, so that an uploader hears of everything at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from stockroom.dists.filenames import WheelFilename
from stockroom.dists.findings import Findings, Inspection
from stockroom.dists.headers import metadata_too_large
from stockroom.dists.limits import MAX_METADATA_BYTES, unpacks_too_large
from stockroom.dists.names import is_valid_name, normalize
from stockroom.dists.quoting import quoted
from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.tars import BLOCK, has_checksum
from stockroom.dists.versions import parse_version
from stockroom.dists.zips import DEFLATED, STORED, ZipArchive, ZipMember, open_zip
from stockroom.spi.violations import Violation

_DIST_INFO = ".dist-info"


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
        for violation in rule(wheel):
            findings.add(violation)
    if wheel.dist_info is not None:
        if wheel.dist_info != _expected_dist_info(filename):
            findings.warnings.append(
                f"The directory {quoted(wheel.dist_info)} should be named"
                f" {quoted(_expected_dist_info(filename))}, as the filename says."
            )
        _read_metadata(wheel, wheel.dist_info, findings)
    return findings.inspection()


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


def _no_tar(wheel: OpenWheel) -> Iterator[Violation]:
    """Refuse what is a zip and a tar (U-78)."""
    wheel.archive.file.seek(0)
    block = wheel.archive.file.read(BLOCK)
    if len(block) == BLOCK and has_checksum(block):
        yield Violation(
            "content",
            "archive-ambiguous",
            "The file is a zip and a tar archive at once; build the wheel anew.",
        )


def _acceptable_size(wheel: OpenWheel) -> Iterator[Violation]:
    """Refuse what unpacks to much more than its size (U-79), by what the archive states."""
    unpacked = sum(member.unpacked for member in wheel.archive.members)
    if unpacks_too_large(unpacked, wheel.archive.size):
        yield Violation(
            "content",
            "archive-unpacks-too-large",
            f"The archive unpacks to {unpacked} bytes, much more than its own size; leave out"
            " what inflates it.",
        )


def _known_methods(wheel: OpenWheel) -> Iterator[Violation]:
    """Refuse what not every installer can unpack (U-80)."""
    for member in wheel.archive.members:
        if member.method not in (STORED, DEFLATED):
            yield Violation(
                "content",
                "zip-compression-method",
                f"The member {quoted(member.name)} is compressed with method {member.method};"
                " use deflate, or none.",
            )
            return


def _unique_names(wheel: OpenWheel) -> Iterator[Violation]:
    """Refuse an archive that has a name twice: installers take different ones (U-101)."""
    if len(wheel.members) == len(wheel.archive.members):
        return
    [(name, count)] = Counter(m.name for m in wheel.archive.members).most_common(1)
    yield Violation(
        "content",
        "zip-duplicate-name",
        f"The member {quoted(name)} is there {count} times; store it once.",
    )


def _one_dist_info(wheel: OpenWheel) -> Iterator[Violation]:
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


def _required_files(wheel: OpenWheel) -> Iterator[Violation]:
    """Refuse a wheel without WHEEL (U-82) or METADATA (U-90)."""
    for name in ("WHEEL", "METADATA"):
        path = f"{wheel.dist_info}/{name}"
        if wheel.dist_info is not None and path not in wheel.members:
            yield Violation(
                "content",
                f"wheel-{name.lower()}-file-missing",
                f"The wheel has no {quoted(path)}; build it with a wheel builder.",
            )


_RULES: tuple[Callable[[OpenWheel], Iterator[Violation]], ...] = (
    _no_tar,
    _acceptable_size,
    _known_methods,
    _unique_names,
    _one_dist_info,
    _required_files,
)


def _read_metadata(wheel: OpenWheel, dist_info: str, findings: Findings) -> None:
    member = wheel.members.get(f"{dist_info}/METADATA")
    if member is None:
        return
    if member.unpacked > MAX_METADATA_BYTES:
        findings.add(metadata_too_large())
        return
    try:
        data = wheel.archive.read(member)
    except ArchiveRefused as refused:
        findings.add(refused.violation)
        return
    findings.add_metadata(data, wheel.filename)
