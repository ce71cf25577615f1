"""The fields of the filter language that every index can tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from stockroom.hookspecs import hookimpl
from stockroom.spi import (
    FilterField,
    FilterFile,
    FilterPackage,
    FilterRelease,
    ValueType,
)


def _package_name(package: FilterPackage, items: Sequence[FilterPackage]) -> Sequence[str]:
    return [item.name for item in items]


def _version(package: FilterPackage, items: Sequence[FilterRelease]) -> Sequence[str]:
    return [item.version for item in items]


def _filename(package: FilterPackage, items: Sequence[FilterFile]) -> Sequence[str]:
    return [item.filename for item in items]


def _upload_time(
    package: FilterPackage, items: Sequence[FilterPackage | FilterRelease | FilterFile]
) -> Sequence[datetime | None]:
    return [item.upload_time for item in items]


@hookimpl
def stockroom_filter_fields() -> Sequence[FilterField]:
    return [
        FilterField("package.name", ValueType.NAME, "The name of the package.", _package_name),
        FilterField(
            "package.upload_time",
            ValueType.INSTANT,
            "When the first file of the package was uploaded.",
            _upload_time,
        ),
        FilterField(
            "package.age_days",
            ValueType.AGE,
            "Days since the first file of the package was uploaded.",
            age_of="package.upload_time",
        ),
        FilterField("release.version", ValueType.VERSION, "The version of the release.", _version),
        FilterField(
            "release.upload_time",
            ValueType.INSTANT,
            "When the first file of the release was uploaded.",
            _upload_time,
        ),
        FilterField(
            "release.age_days",
            ValueType.AGE,
            "Days since the first file of the release was uploaded.",
            age_of="release.upload_time",
        ),
        FilterField("file.name", ValueType.TEXT, "The name of the file.", _filename),
        FilterField(
            "file.upload_time", ValueType.INSTANT, "When the file was uploaded.", _upload_time
        ),
        FilterField(
            "file.age_days",
            ValueType.AGE,
            "Days since the file was uploaded.",
            age_of="file.upload_time",
        ),
    ]
