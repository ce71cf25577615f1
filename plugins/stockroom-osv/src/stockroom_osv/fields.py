"""The fields of filters that read the scores."""

from __future__ import annotations

from collections.abc import Sequence

from stockroom.spi import FilterField, FilterPackage, FilterRelease, ValueType
from stockroom_osv.steps import score_of

SOURCE = "osv"


def _of_package(package: FilterPackage, items: Sequence[object]) -> Sequence[float | None]:
    document = package.documents.get(SOURCE)
    score = None if document is None else float(document.get("score", 0.0))
    return [score] * len(items)


def _of_releases(
    package: FilterPackage, releases: Sequence[FilterRelease]
) -> Sequence[float | None]:
    document = package.documents.get(SOURCE)
    if document is None:
        return [None] * len(releases)
    if not document:
        return [0.0] * len(releases)
    return score_of(document, [release.version for release in releases])


FIELDS = (
    FilterField(
        "package.cve_max_score",
        ValueType.NUMBER,
        "Highest CVSS score of all known vulnerabilities of the package; 0.0 without any.",
        _of_package,
        source=SOURCE,
    ),
    FilterField(
        "release.cve_max_score",
        ValueType.NUMBER,
        "Highest CVSS score of the known vulnerabilities of this version; 0.0 without any.",
        _of_releases,
        source=SOURCE,
    ),
)
