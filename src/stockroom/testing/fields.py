"""What every field of the filter language has to do, as tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from stockroom.builtin.fields import stockroom_filter_fields
from stockroom.filters import Language
from stockroom.spi import (
    FilterField,
    FilterFile,
    FilterPackage,
    FilterRelease,
    Level,
    ValueType,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONDITIONS = {
    ValueType.TEXT: '{} == "x"',
    ValueType.NUMBER: "{} >= 0",
    ValueType.BOOLEAN: "{}",
    ValueType.NAME: '{} == "x"',
    ValueType.VERSION: '{} >= "1"',
    ValueType.INSTANT: '{} >= "2025-01-01"',
    ValueType.AGE: "{} >= 0",
}
"""A condition on a field of each type."""


class FilterFieldContract:
    """Subclass it, and give it a fixture ``fields``: all fields of the plugin.

    A plugin whose fields read documents overrides :meth:`documents` as well.
    """

    @pytest.fixture
    def documents(self) -> Sequence[Mapping[str, Mapping[str, Any]]]:
        """Documents of some packages by the names of their sources, as the sources give them."""
        return []

    @pytest.fixture
    def samples(
        self, documents: Sequence[Mapping[str, Mapping[str, Any]]]
    ) -> Sequence[tuple[FilterPackage, Sequence[FilterFile]]]:
        """Packages with each of the documents, with empty ones and with none; and their files."""
        empty = {source: dict[str, Any]() for known in documents for source in known}
        return [
            (FilterPackage("demo", _uploaded(files), known), files)
            for known in (*documents, empty, {})
            for files in ([], some_files("1.0"), some_files("1.0", "1.1", "2.0rc1"))
        ]

    def test_fields_are_of_the_language(self, fields: Sequence[FilterField]) -> None:
        language = _language(fields)

        assert {field.name for field in fields} <= language.fields.keys()

    def test_fields_are_described_in_a_sentence(self, fields: Sequence[FilterField]) -> None:
        for field in fields:
            assert field.description[:1].isupper(), field.name
            assert field.description.endswith("."), field.name

    def test_every_item_has_a_value_of_the_type_or_none(
        self,
        fields: Sequence[FilterField],
        samples: Sequence[tuple[FilterPackage, Sequence[FilterFile]]],
    ) -> None:
        for field in _with_values(fields):
            for package, files in samples:
                items = items_of(field, package, files)

                values = asked(field, package, items)

                assert len(values) == len(items), field.name
                for value in values:
                    assert value is None or _is_of_type(value, field.type), (field.name, value)

    def test_a_value_depends_on_its_item_alone(
        self,
        fields: Sequence[FilterField],
        samples: Sequence[tuple[FilterPackage, Sequence[FilterFile]]],
    ) -> None:
        for field in _with_values(fields):
            for package, files in samples:
                items = items_of(field, package, files)

                together = list(asked(field, package, items))
                one_by_one = [asked(field, package, [item])[0] for item in items]

                assert one_by_one == together, field.name
                assert list(asked(field, package, items)) == together, field.name

    def test_a_field_reads_no_document_but_that_of_its_source(
        self,
        fields: Sequence[FilterField],
        samples: Sequence[tuple[FilterPackage, Sequence[FilterFile]]],
    ) -> None:
        # The pages of a view are made anew when the sources change that its fields name.
        for field in _with_values(fields):
            for package, files in samples:
                items = items_of(field, package, files)
                own = {
                    source: document
                    for source, document in package.documents.items()
                    if source == field.source
                }
                alone = package._replace(documents=own)

                values = asked(field, alone, items_of(field, alone, files))

                assert list(values) == list(asked(field, package, items)), field.name

    def test_a_filter_can_use_the_field(
        self,
        fields: Sequence[FilterField],
        samples: Sequence[tuple[FilterPackage, Sequence[FilterFile]]],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        language = _language(fields)
        for field in fields:
            rule = language.parse(CONDITIONS[field.type].format(field.name))
            for package, files in samples:
                assert len(rule.judge(package, files, NOW).shown) == len(files)
        # What a field does wrong makes its value unknown, and is logged.
        assert caplog.messages == []


def some_files(*versions: str) -> list[FilterFile]:
    """A wheel and a source archive of each version, a day apart from each other."""
    files = []
    for number, version in enumerate(versions):
        uploaded = NOW - timedelta(days=100 - number)
        release = FilterRelease(version, uploaded)
        files.append(FilterFile(f"demo-{version}-py3-none-any.whl", uploaded, release))
        files.append(FilterFile(f"demo-{version}.tar.gz", uploaded + timedelta(days=1), release))
    return files


def items_of(
    field: FilterField, package: FilterPackage, files: Sequence[FilterFile]
) -> Sequence[Any]:
    """What the values of a field are asked for."""
    if field.level is Level.PACKAGE:
        return [package]
    if field.level is Level.RELEASE:
        return list(dict.fromkeys(file.release for file in files))
    return files


def asked(field: FilterField, package: FilterPackage, items: Sequence[Any]) -> Sequence[Any]:
    """The values of a field."""
    assert field.values is not None
    return field.values(package, items)


def _uploaded(files: Sequence[FilterFile]) -> datetime | None:
    return min((file.upload_time for file in files), default=None)


def _language(fields: Sequence[FilterField]) -> Language:
    own = {field.name for field in fields}
    core = [field for field in stockroom_filter_fields() if field.name not in own]
    return Language([*core, *fields])


def _with_values(fields: Sequence[FilterField]) -> list[FilterField]:
    return [field for field in fields if field.type is not ValueType.AGE]


def _is_of_type(value: Any, type_: ValueType) -> bool:
    match type_:
        case ValueType.NUMBER:
            return type(value) in (int, float) and not isnan(value)
        case ValueType.BOOLEAN:
            return type(value) is bool
        case ValueType.INSTANT:
            return type(value) is datetime and value.tzinfo is not None
        case ValueType.VERSION:
            return type(value) is str and bool(Version(value).release)
        case ValueType.NAME:
            return type(value) is str and bool(canonicalize_name(value, validate=True))
    return type(value) is str
