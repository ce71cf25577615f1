"""The fields of the filter language that every index can tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from stockroom.builtin.fields import stockroom_filter_fields
from stockroom.filters import Language
from stockroom.spi import FilterField, FilterPackage, ValueType
from stockroom.testing import FilterFieldContract
from stockroom.testing.fields import NOW, asked, items_of, some_files

FILES = some_files("1.0", "1.1")
PACKAGE = FilterPackage("demo", FILES[0].upload_time, {})
FIELDS = {field.name: field for field in stockroom_filter_fields()}


class TestCoreFields(FilterFieldContract):
    @pytest.fixture
    def fields(self) -> Sequence[FilterField]:
        return stockroom_filter_fields()


class TestFieldsOfDocuments(FilterFieldContract):
    """The contract itself, for fields that read documents."""

    @pytest.fixture
    def documents(self) -> Sequence[dict[str, dict[str, Any]]]:
        return [{"stars": {"count": 7}}, {"stars": {"count": 7}, "other": {"count": 8}}]

    @pytest.fixture
    def fields(self) -> Sequence[FilterField]:
        return [stars("stars")]


def stars(source: str) -> FilterField:
    """A field that reads the documents of the source ``stars``, whatever it says."""

    def values(package: FilterPackage, items: Sequence[FilterPackage]) -> Sequence[Any]:
        return [item.documents.get("stars", {}).get("count") for item in items]

    return FilterField("package.stars", ValueType.NUMBER, "Its stars.", values, source=source)


def test_contract_finds_a_field_that_names_another_source() -> None:
    contract = TestFieldsOfDocuments()
    package = FilterPackage("demo", None, {"stars": {"count": 7}})

    with pytest.raises(AssertionError, match=r"package\.stars"):
        contract.test_a_field_reads_no_document_but_that_of_its_source(
            [stars("other")], [(package, [])]
        )


@pytest.mark.parametrize("value", ["7", True, float("nan")])
def test_contract_finds_a_value_of_another_type(value: object) -> None:
    contract = TestFieldsOfDocuments()
    package = FilterPackage("demo", None, {"stars": {"count": value}})

    with pytest.raises(AssertionError, match=r"package\.stars"):
        contract.test_every_item_has_a_value_of_the_type_or_none([stars("stars")], [(package, [])])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("package.name", ["demo"]),
        ("package.upload_time", [NOW - timedelta(days=100)]),
        ("release.version", ["1.0", "1.1"]),
        ("release.upload_time", [NOW - timedelta(days=100), NOW - timedelta(days=99)]),
        ("file.name", [file.filename for file in FILES]),
        ("file.upload_time", [file.upload_time for file in FILES]),
    ],
)
def test_values_of_the_core_fields(name: str, values: list[object]) -> None:
    items = items_of(FIELDS[name], PACKAGE, FILES)

    assert list(asked(FIELDS[name], PACKAGE, items)) == values


@pytest.mark.parametrize("level", ["package", "release", "file"])
def test_age_is_that_of_the_upload(level: str) -> None:
    rule = Language(FIELDS.values()).parse(f"{level}.age_days >= 100")

    shown = rule.judge(PACKAGE, FILES[:1], NOW).shown
    just_before = rule.judge(PACKAGE, FILES[:1], NOW - timedelta(microseconds=1)).shown

    assert (list(shown), list(just_before)) == ([True], [False])


def test_package_without_files_has_no_age() -> None:
    package = FilterPackage("demo", None, {})

    assert list(asked(FIELDS["package.upload_time"], package, [package])) == [None]
