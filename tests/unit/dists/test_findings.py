"""What a registry may decide about an archive."""

from __future__ import annotations

import io

import pytest

from stockroom.dists import Inspection, inspect, parse_filename
from stockroom.dists.limits import MAX_RECORD_BYTES, MAX_SMALL_FILE_BYTES
from tests.archives import make_metadata, make_sdist, make_wheel


def inspected(filename: str, data: bytes) -> Inspection:
    return inspect(io.BytesIO(data), parse_filename(filename))


def codes(inspection: Inspection) -> list[str]:
    return [violation.code for violation in inspection.violations]


UNLISTED = make_wheel(record=b"")
LONG = make_metadata(extra_headers=[("Summary", "s" * 600), ("Home-page", "ssh://example.org")])


def test_u88_a_record_that_is_no_list_of_the_files_is_refused_by_default():
    inspection = inspected(*UNLISTED)

    assert codes(inspection) == ["wheel-record-mismatch"]
    assert (inspection.findings[0].rule, inspection.findings[0].refused) == ("U-88", True)


def test_u88_a_registry_may_let_it_pass_with_a_warning():
    inspection = inspected(*UNLISTED).judged({"wheel-record-mismatch": False})

    assert codes(inspection) == []
    assert any("RECORD is not the list" in warning for warning in inspection.warnings)


def test_u88_a_registry_may_refuse_wrong_hashes():
    names = ("sample.py", "sample-1.0.dist-info/METADATA", "sample-1.0.dist-info/WHEEL")
    record = "".join(f"{name},sha256=AAAA,\n" for name in names).encode()
    inspection = inspected(*make_wheel(record=record))

    judged = inspection.judged({"wheel-record-hash-differs": True})

    assert codes(inspection) == []
    assert codes(judged) == ["wheel-record-hash-differs"]
    assert not any("another hash" in warning for warning in judged.warnings)


@pytest.mark.parametrize("dist", [make_wheel(metadata=LONG), make_sdist(metadata=LONG)])
def test_findings_about_metadata_are_decided_too(dist):
    inspection = inspected(*dist)

    judged = inspection.judged({"summary-too-long": False, "url-of-repository": True})

    assert codes(inspection) == ["summary-too-long"]
    assert len(inspection.warnings) == 1
    assert codes(judged) == ["url-of-repository"]
    assert len(judged.warnings) == 1


def test_a_decision_can_be_taken_back():
    inspection = inspected(*UNLISTED)

    again = inspection.judged({"wheel-record-mismatch": False}).judged(
        {"wheel-record-mismatch": True}
    )

    assert again == inspection


def test_what_no_policy_decides_stays():
    inspection = inspected(*make_wheel(metadata=make_metadata("other"), record=b""))

    judged = inspection.judged({"name-differs-from-filename": False})

    assert judged == inspection
    assert codes(judged) == ["name-differs-from-filename", "wheel-record-mismatch"]


@pytest.mark.parametrize(
    ("name", "size"),
    [("WHEEL", MAX_SMALL_FILE_BYTES), ("entry_points.txt", MAX_SMALL_FILE_BYTES)],
)
def test_a_file_that_is_larger_than_it_can_be_is_refused(name, size):
    content = b"#" * (size + 1)
    files = {"sample-1.0.dist-info/entry_points.txt": content}
    wheel = make_wheel(wheel=content) if name == "WHEEL" else make_wheel(files=files)

    assert codes(inspected(*wheel)) == ["wheel-file-too-large"]


def test_u88_a_record_that_is_larger_than_it_can_be_is_refused():
    wheel = make_wheel(record=bytes(MAX_RECORD_BYTES + 1))

    assert codes(inspected(*wheel)) == ["wheel-file-too-large"]


def test_u88_a_record_of_too_many_lines_is_refused():
    wheel = make_wheel(record=b"a\n" * 200_002)

    assert codes(inspected(*wheel)) == ["wheel-record-invalid"]


def test_u88_no_more_than_so_much_is_unpacked(monkeypatch):
    monkeypatch.setattr("stockroom.dists.records.bytes_to_check", lambda _size: 100)
    files = {"a": b"a" * 60, "b": b"b" * 60}

    inspection = inspected(*make_wheel(files=files))

    assert codes(inspection) == []
    assert inspection.warnings == (
        "Only the first 100 bytes of the content were compared with RECORD.",
    )
