"""What a registry may decide about an archive."""

from __future__ import annotations

import io

import pytest

from stockroom.dists import POLICIES, Inspection, inspect, parse_filename
from stockroom.dists.limits import MAX_RECORD_BYTES, MAX_SMALL_FILE_BYTES
from tests.archives import make_metadata, make_sdist, make_wheel, make_zip


def inspected(filename: str, data: bytes) -> Inspection:
    return inspect(io.BytesIO(data), parse_filename(filename))


def codes(inspection: Inspection) -> list[str]:
    return [violation.code for violation in inspection.violations]


UNLISTED = make_wheel(record=b"")
LONG = make_metadata(extra_headers=[("Summary", "s" * 600), ("Home-page", "ssh://example.org")])


def test_u88_a_record_that_is_no_list_of_the_files_is_refused_by_default():
    inspection = inspected(*UNLISTED)

    assert codes(inspection) == ["wheel-record-mismatch"]
    assert (inspection.findings[0].rule, inspection.findings[0].policy) == ("U-88", "record_list")


def test_u88_a_registry_may_let_it_pass_with_a_warning():
    inspection = inspected(*UNLISTED).judged({"record_list": "warn"})

    assert codes(inspection) == []
    assert any("RECORD is not the list" in warning for warning in inspection.warnings)


def test_u88_a_registry_may_let_it_pass_in_silence():
    inspection = inspected(*UNLISTED).judged({"record_list": "allow"})

    assert codes(inspection) == []
    assert inspection.warnings == ()


def test_u88_a_registry_may_refuse_wrong_hashes():
    names = ("sample.py", "sample-1.0.dist-info/METADATA", "sample-1.0.dist-info/WHEEL")
    record = "".join(f"{name},sha256=AAAA,\n" for name in names).encode()
    inspection = inspected(*make_wheel(record=record))

    judged = inspection.judged({"record_hashes": "refuse"})

    assert codes(inspection) == []
    assert codes(judged) == ["wheel-record-hash-differs"]
    assert not any("another hash" in warning for warning in judged.warnings)


@pytest.mark.parametrize("dist", [make_wheel(metadata=LONG), make_sdist(metadata=LONG)])
def test_findings_about_metadata_are_decided_too(dist):
    inspection = inspected(*dist)

    judged = inspection.judged({"long_summary": "warn", "repository_urls": "refuse"})

    assert codes(inspection) == ["summary-too-long"]
    assert len(inspection.warnings) == 1
    assert codes(judged) == ["url-of-repository"]
    assert len(judged.warnings) == 1


@pytest.mark.parametrize("decision", ["allow", "warn"])
def test_what_is_not_named_gets_its_default_again(decision):
    inspection = inspected(*UNLISTED)

    again = inspection.judged({"record_list": decision}).judged({})

    assert again == inspection


def test_what_no_policy_decides_stays():
    inspection = inspected(*make_wheel(metadata=make_metadata("other"), record=b""))

    judged = inspection.judged(dict.fromkeys(POLICIES, "allow"))

    assert codes(inspection) == ["name-differs-from-filename", "wheel-record-mismatch"]
    assert codes(judged) == ["name-differs-from-filename"]


def test_a_decision_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="record_list must be one of allow, warn, refuse"):
        inspected(*UNLISTED).judged({"record_list": "ignore"})


@pytest.mark.parametrize(
    ("name", "rule", "default"),
    [
        ("local_versions", "U-42", "allow"),
        ("long_summary", "U-43", "refuse"),
        ("unknown_classifiers", "U-45", "warn"),
        ("deprecated_classifiers", "U-45", "refuse"),
        ("repository_urls", "U-46", "warn"),
        ("direct_references", "U-47", "refuse"),
        ("unrenderable_description", "U-56", "warn"),
        ("platform_tags", "U-87", "warn"),
        ("record_list", "U-88", "refuse"),
        ("record_hashes", "U-88", "warn"),
        ("wheel_tags", "U-91", "warn"),
        ("folded_names", "U-108", "warn"),
    ],
)
def test_policies_have_their_defaults(name, rule, default):
    policy = POLICIES[name]

    assert (policy.rule, policy.default) == (rule, default)
    assert policy.help.endswith(".")
    assert len(POLICIES) == 12


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


def test_u85_no_more_than_so_much_of_an_old_zip_is_unpacked(monkeypatch):
    monkeypatch.setattr("stockroom.dists.zip_sdists.bytes_to_check", lambda _size: 100)
    members = {"sample-1.0/PKG-INFO": make_metadata(), "sample-1.0/a": b"a" * 101}
    filename = parse_filename("sample-1.0.zip", legacy=True)

    inspection = inspect(io.BytesIO(make_zip(members)), filename)

    assert codes(inspection) == []
    assert inspection.warnings == ("Only the first 100 bytes of the content were unpacked.",)


def test_u88_no_more_than_so_much_is_unpacked(monkeypatch):
    monkeypatch.setattr("stockroom.dists.records.bytes_to_check", lambda _size: 100)
    files = {"a": b"a" * 60, "b": b"b" * 60}

    inspection = inspected(*make_wheel(files=files))

    assert codes(inspection) == []
    assert inspection.warnings == (
        "Only the first 100 bytes of the content were compared with RECORD.",
    )
