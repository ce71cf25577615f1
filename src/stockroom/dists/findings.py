"""What an inspection yields, and what wheels and sdists have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stockroom.dists.core_metadata import CoreMetadata
from stockroom.dists.filenames import SdistFilename, WheelFilename
from stockroom.dists.metadata import read_metadata
from stockroom.dists.names import normalize
from stockroom.dists.quoting import quoted
from stockroom.dists.versions import parse_version
from stockroom.spi.violations import Violation


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an archive holds, and every reason to refuse it.

    ``metadata_file`` is METADATA or PKG-INFO byte for byte (S-55, U-90), ``metadata`` what it
    says; each is None if it cannot be used. ``warnings`` are sentences for the uploader.
    """

    metadata_file: bytes | None
    metadata: CoreMetadata | None
    violations: tuple[Violation, ...]
    warnings: tuple[str, ...]


class Findings:
    """Collects the results of one inspection; of each code it keeps the first violation.

    An archive may break one rule 100,000 times, and one example is enough to mend it.
    """

    def __init__(self) -> None:
        self._violations: list[Violation] = []
        self._codes: set[str] = set()
        self._metadata_file: bytes | None = None
        self._metadata: CoreMetadata | None = None
        self.warnings: list[str] = []

    def add(self, violation: Violation) -> None:
        """Keep a violation, unless there is one with its code."""
        if violation.code not in self._codes:
            self._codes.add(violation.code)
            self._violations.append(violation)

    def add_metadata(self, data: bytes, filename: WheelFilename | SdistFilename) -> None:
        """Read a metadata file and compare it with the filename (U-60)."""
        reading = read_metadata(data)
        self._metadata_file, self._metadata = data, reading.metadata
        # There may be several bad requirements, and each has to be mended.
        self._violations.extend(reading.violations)
        self.warnings.extend(reading.warnings)
        if reading.metadata is not None:
            self._violations.extend(_disagreements(reading.metadata, filename))

    def inspection(self) -> Inspection:
        """Give the result."""
        return Inspection(
            self._metadata_file, self._metadata, tuple(self._violations), tuple(self.warnings)
        )


def _disagreements(
    metadata: CoreMetadata, filename: WheelFilename | SdistFilename
) -> Iterator[Violation]:
    """Compare the name and the version of the archive with those of its filename (U-60, U-86)."""
    if normalize(metadata.name) != filename.name:
        yield Violation(
            "name",
            "name-differs-from-filename",
            f"The metadata is that of {quoted(metadata.name)}, but the filename"
            f" {quoted(filename.filename)} says {quoted(filename.name)}; rebuild the distribution.",
        )
    if parse_version(metadata.version) != filename.version:
        yield Violation(
            "version",
            "version-differs-from-filename",
            f"The metadata says version {quoted(metadata.version)}, but the filename"
            f" {quoted(filename.filename)} says {quoted(str(filename.version))}; rebuild the"
            " distribution.",
        )
