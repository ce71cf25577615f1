"""A language with the fields of the core and some more, and packages to try it on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from stockroom.builtin.fields import stockroom_filter_fields
from stockroom.filters import Language
from stockroom.spi import (
    FilterField,
    FilterFile,
    FilterFunction,
    FilterPackage,
    FilterRelease,
    ValueType,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def from_document(package: FilterPackage, key: str) -> Any:
    return package.documents.get("facts", {}).get(key)


def of_package(key: str, kind: ValueType) -> FilterField:
    """A field of the package whose value stands in the document of the source ``facts``."""

    def values(package: FilterPackage, items: Sequence[FilterPackage]) -> Sequence[Any]:
        return [from_document(item, key) for item in items]

    return FilterField(f"package.{key}", kind, "From the document.", values, source="facts")


def scores(package: FilterPackage, items: Sequence[FilterRelease]) -> Sequence[Any]:
    known = from_document(package, "scores") or {}
    return [known.get(item.version) for item in items]


def signed(package: FilterPackage, items: Sequence[FilterFile]) -> Sequence[Any]:
    known = from_document(package, "signed") or {}
    return [known.get(item.filename) for item in items]


def below(name: str, prefix: str) -> bool:
    if name == "broken":
        raise RuntimeError("this name breaks it")
    return name.startswith(prefix)


FIELDS = [
    *stockroom_filter_fields(),
    of_package("downloads", ValueType.NUMBER),
    of_package("owner", ValueType.TEXT),
    of_package("latest", ValueType.VERSION),
    of_package("successor", ValueType.NAME),
    of_package("scanned", ValueType.INSTANT),
    FilterField(
        "package.scan_age_days", ValueType.AGE, "Since the scan.", age_of="package.scanned"
    ),
    FilterField("release.score", ValueType.NUMBER, "Score.", scores, source="scores"),
    FilterField("file.signed", ValueType.BOOLEAN, "Whether it is signed.", signed),
]
FUNCTIONS = [
    FilterFunction(
        "below",
        (ValueType.TEXT, ValueType.TEXT),
        ValueType.BOOLEAN,
        "Whether a text begins with another.",
        below,
    ),
    FilterFunction("length", (ValueType.TEXT,), ValueType.NUMBER, "Letters of a text.", len),
]
LANGUAGE = Language(FIELDS, FUNCTIONS)


def package(name: str = "demo", *, age: float | None = 100, **document: Any) -> FilterPackage:
    """A package whose first file was uploaded ``age`` days before NOW."""
    uploaded = None if age is None else NOW - age * DAY
    return FilterPackage(name, uploaded, {"facts": document} if document else {})


def release(version: str = "1.0", *, age: float = 10) -> FilterRelease:
    return FilterRelease(version, NOW - age * DAY)


def wheel(of: FilterRelease | None = None, *, age: float | None = None) -> FilterFile:
    """A wheel of a release, uploaded ``age`` days before NOW, or with the release."""
    of = of or release()
    uploaded = of.upload_time if age is None else NOW - age * DAY
    return FilterFile(f"demo-{of.version}-py3-none-any.whl", uploaded, of)


def sdist(of: FilterRelease | None = None, *, age: float | None = None) -> FilterFile:
    """A source archive, likewise."""
    return wheel(of, age=age)._replace(filename=f"demo-{(of or release()).version}.tar.gz")
