"""The fields of filters that read the scores."""

from __future__ import annotations

from collections.abc import Sequence

from stockroom.spi import FilterField, FilterPackage, FilterRelease, ValueType
from stockroom_osv.steps import score_of

SOURCE = "osv"


def _fields(absent: float | None) -> tuple[FilterField, FilterField]:
    """The fields; ``absent`` is the score where there is no document, though all was told."""

    def of_package(package: FilterPackage, items: Sequence[object]) -> Sequence[float | None]:
        document = package.documents.get(SOURCE)
        score = None if document is None else document.get("score", absent)
        return [None if score is None else float(score)] * len(items)

    def of_releases(
        package: FilterPackage, releases: Sequence[FilterRelease]
    ) -> Sequence[float | None]:
        document = package.documents.get(SOURCE)
        if not document:
            return [None if document is None else absent] * len(releases)
        return score_of(document, [release.version for release in releases])

    return (
        FilterField(
            "package.cve_max_score",
            ValueType.NUMBER,
            "Highest CVSS score of all known vulnerabilities of the package; 0.0 without any.",
            of_package,
            source=SOURCE,
        ),
        FilterField(
            "release.cve_max_score",
            ValueType.NUMBER,
            "Highest CVSS score of the known vulnerabilities of this version; 0.0 without any.",
            of_releases,
            source=SOURCE,
        ),
    )


FIELDS = _fields(0.0)
"""Of a source that has the records of all packages: what has none has no vulnerability."""
FIELDS_OF_ASKED = _fields(None)
"""Of a source that is asked about packages: of one that it was not asked about nothing is known."""
