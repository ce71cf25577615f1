"""What an inspection yields, and what wheels and sdists have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from stockroom.dists.core_metadata import CoreMetadata
from stockroom.dists.descriptions import description_findings
from stockroom.dists.filenames import SdistFilename, WheelFilename
from stockroom.dists.metadata import read_metadata
from stockroom.dists.names import normalize
from stockroom.dists.policies import DECISIONS, POLICIES, Finding, PolicyFinding
from stockroom.dists.quoting import quoted
from stockroom.dists.versions import parse_version
from stockroom.spi.violations import Violation


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an archive holds, and every reason to refuse it.

    ``metadata_file`` is METADATA or PKG-INFO byte for byte (S-55, U-90), ``metadata`` what it
    says; each is None if it cannot be used. ``warnings`` are sentences for the uploader.
    ``findings`` are what a registry may decide about; as decided so far, they are among the
    violations and the warnings too.
    """

    metadata_file: bytes | None
    metadata: CoreMetadata | None
    violations: tuple[Violation, ...]
    warnings: tuple[str, ...]
    findings: tuple[PolicyFinding, ...] = ()

    def judged(self, decisions: Mapping[str, str]) -> Inspection:
        """Decide each finding by its policy: ``allow``, ``warn`` or ``refuse``.

        A policy that ``decisions`` does not name has its default, whatever was decided before.
        Raises ValueError if a decision that is asked for is none of the three.
        """
        decided: dict[str, list[Violation]] = {decision: [] for decision in DECISIONS}
        for finding in self.findings:
            decision = decisions.get(finding.policy, POLICIES[finding.policy].default)
            if decision not in decided:
                raise ValueError(f"{finding.policy} must be one of {', '.join(DECISIONS)}")
            decided[decision].append(finding.violation)
        open_violations = {finding.violation for finding in self.findings}
        open_warnings = {violation.message for violation in open_violations}
        return replace(
            self,
            violations=(
                *(v for v in self.violations if v not in open_violations),
                *decided["refuse"],
            ),
            warnings=(
                *(w for w in self.warnings if w not in open_warnings),
                *(violation.message for violation in decided["warn"]),
            ),
        )


class Findings:
    """Collects the results of one inspection; of each code it keeps the first violation.

    An archive may break one rule 100,000 times, and one example is enough to mend it.
    """

    def __init__(self) -> None:
        self._violations: list[Violation] = []
        self._warnings: list[str] = []
        self._findings: list[PolicyFinding] = []
        self._codes: set[str] = set()
        self._metadata_file: bytes | None = None
        self._metadata: CoreMetadata | None = None

    @property
    def refused(self) -> bool:
        """Whether there is a violation that no policy can lift."""
        return bool(self._violations)

    @property
    def metadata(self) -> CoreMetadata | None:
        """What the metadata file says, None before it is read."""
        return self._metadata

    def add(self, finding: Finding) -> None:
        """Keep a finding, unless there is one with its code."""
        if isinstance(finding, str):
            self._warnings.append(finding)
            return
        code = finding.violation.code if isinstance(finding, PolicyFinding) else finding.code
        if code in self._codes:
            return
        self._codes.add(code)
        if isinstance(finding, PolicyFinding):
            self._findings.append(finding)
        else:
            self._violations.append(finding)

    def add_metadata(self, data: bytes, filename: WheelFilename | SdistFilename) -> None:
        """Read a metadata file and compare it with the filename (U-60)."""
        reading = read_metadata(data)
        self._metadata_file, self._metadata = data, reading.metadata
        # There may be several bad requirements, and each has to be mended.
        self._violations.extend(reading.violations)
        self._findings.extend(reading.findings)
        self._warnings.extend(reading.warnings)
        if reading.metadata is not None:
            for finding in description_findings(reading.metadata):
                self.add(finding)
            self._violations.extend(_disagreements(reading.metadata, filename))

    def inspection(self) -> Inspection:
        """Give the result, with every policy at its default."""
        return Inspection(
            self._metadata_file,
            self._metadata,
            tuple(self._violations),
            tuple(self._warnings),
            tuple(self._findings),
        ).judged({})


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
