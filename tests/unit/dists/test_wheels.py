"""The inspection of wheels (U-60, U-78 to U-82, U-90)."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile

import pytest

from stockroom.dists import Inspection, WheelFilename, inspect_wheel, parse_filename, wheels
from stockroom.dists.limits import BOMB_BYTES, MAX_METADATA_BYTES
from tests.archives import make_metadata, make_record, make_wheel, make_wheel_file, make_zip

DIST_INFO = "sample-1.0.dist-info"
METADATA = make_metadata()
WHEEL = make_wheel_file()


def inspected(filename: str, data: bytes) -> Inspection:
    parsed = parse_filename(filename)
    assert isinstance(parsed, WheelFilename)
    return inspect_wheel(io.BytesIO(data), parsed)


def of_members(members, filename="sample-1.0-py3-none-any.whl"):
    return inspected(filename, make_zip(members))


def recorded(members, dist_info=DIST_INFO):
    """The members of a wheel with a RECORD of them."""
    return members | {f"{dist_info}/RECORD": make_record(members, dist_info)}


def codes(inspection):
    return [violation.code for violation in inspection.violations]


@pytest.mark.parametrize("compress", [True, False])
def test_a_good_wheel_has_no_violations(compress):
    filename, data = make_wheel(
        "Foo.Bar", "1.0+local.1", requires=["a"], build="1", compress=compress
    )

    inspection = inspected(filename, data)

    assert inspection.violations == ()
    assert inspection.warnings == ()
    assert inspection.metadata
    assert inspection.metadata.name == "Foo.Bar"
    assert inspection.metadata.requires_dist == ("a",)


def test_u90_metadata_is_kept_byte_for_byte():
    content = METADATA.replace(b"\n", b"\r\n") + b"\r\n\xff\0"

    inspection = inspected(*make_wheel(metadata=content))

    assert inspection.metadata_file == content
    assert inspection.metadata
    assert len(inspection.warnings) == 2


def test_what_is_no_zip_is_refused():
    inspection = inspected("sample-1.0-py3-none-any.whl", b"nothing")

    assert inspection.metadata_file is None
    assert inspection.metadata is None
    assert codes(inspection) == ["zip-invalid"]


def test_u78_a_zip_that_is_a_tar_is_refused():
    _, data = make_wheel(files={"padding": bytes(1000)}, compress=False)
    block = bytearray(data[:512])
    block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 8 * 32)
    tarfile.TarInfo.frombuf(bytes(block), "utf-8", "surrogateescape")

    inspection = inspected("sample-1.0-py3-none-any.whl", bytes(block) + data[512:])

    assert codes(inspection) == ["archive-ambiguous"]


def test_u79_a_bomb_is_refused_by_the_sizes_it_states():
    inspection = inspected(*make_wheel(files={"zeros": bytes(BOMB_BYTES)}))

    assert codes(inspection) == ["archive-unpacks-too-large"]


def test_u79_a_large_wheel_that_compresses_normally_is_accepted():
    inspection = inspected(*make_wheel(files={"zeros": bytes(BOMB_BYTES)}, compress=False))

    assert codes(inspection) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_u80_other_compression_methods_are_refused(method):
    members = recorded({f"{DIST_INFO}/METADATA": METADATA, f"{DIST_INFO}/WHEEL": WHEEL, "a": b"x"})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content, method if name == "a" else zipfile.ZIP_STORED)

    inspection = inspected("sample-1.0-py3-none-any.whl", buffer.getvalue())

    assert codes(inspection) == ["zip-compression-method"]
    assert inspection.metadata


def test_u80_metadata_that_cannot_be_read_is_told_of_once():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        for name, content in recorded(
            {f"{DIST_INFO}/METADATA": METADATA, f"{DIST_INFO}/WHEEL": WHEEL}
        ).items():
            archive.writestr(name, content)

    inspection = inspected("sample-1.0-py3-none-any.whl", buffer.getvalue())

    assert codes(inspection) == ["zip-compression-method"]
    assert inspection.metadata is None


def test_u108_metadata_that_is_encrypted_in_the_directory_alone_is_refused():
    filename, data = make_wheel()
    at = data.rindex(f"{DIST_INFO}/METADATA".encode()) - 46 + 8

    inspection = inspected(filename, data[:at] + struct.pack("<H", 1) + data[at + 2 :])

    assert codes(inspection) == ["zip-encrypted", "zip-headers-differ"]


def test_u101_a_name_that_is_there_twice_is_refused():
    members = {f"{DIST_INFO}/WHEEL": WHEEL, f"{DIST_INFO}/METADATA": METADATA, "sample.py": b"1"}
    data = make_zip([*recorded(members).items(), ("sample.pY", "2")])
    data = data.replace(b"sample.pY", b"sample.py")

    inspection = inspected("sample-1.0-py3-none-any.whl", data)

    assert codes(inspection) == ["zip-duplicate-name"]
    assert "'sample.py'" in inspection.violations[0].message


def test_u82_the_dist_info_directory_is_found_by_the_text_of_the_filename():
    dist_info = "sample-1.0.0.RC1.dist-info"
    metadata = make_metadata(version="1.0.0rc1")

    inspection = of_members(
        recorded({f"{dist_info}/METADATA": metadata, f"{dist_info}/WHEEL": WHEEL}, dist_info),
        "sample-1.0.0.RC1-py3-none-any.whl",
    )

    assert inspection.violations == ()
    assert inspection.warnings == ()


@pytest.mark.parametrize("dist_info", ["Foo.Bar-1.0.dist-info", "foo_bar-1.0.0.dist-info"])
def test_u82_a_dist_info_directory_that_normalises_to_the_same_is_a_warning(dist_info):
    inspection = inspected(*make_wheel("foo-bar", dist_info=dist_info))

    assert inspection.violations == ()
    assert inspection.metadata
    assert len(inspection.warnings) == 1
    assert "'foo_bar-1.0.dist-info'" in inspection.warnings[0]


@pytest.mark.parametrize(
    "dist_info",
    [
        "other-1.0.dist-info",
        "sample-2.0.dist-info",
        "sample.dist-info",
        "-1.0.dist-info",
        "\u017fample-1.0.dist-info",
    ],
)
def test_u82_a_foreign_dist_info_directory_is_refused(dist_info):
    inspection = inspected(*make_wheel(dist_info=dist_info))

    assert codes(inspection) == ["wheel-dist-info-differs"]
    assert f"'{DIST_INFO}'" in inspection.violations[0].message


def test_u82_two_dist_info_directories_are_refused():
    inspection = inspected(*make_wheel(files={"Sample-1.0.dist-info/METADATA": METADATA}))

    assert codes(inspection) == ["wheel-dist-info-ambiguous"]
    assert inspection.metadata is None


def test_u82_a_dist_info_directory_below_another_one_does_not_count():
    vendored = {"sample/_vendor/other-1.0.dist-info/METADATA": METADATA}

    assert codes(inspected(*make_wheel(files=vendored))) == []


def test_u82_a_wheel_without_dist_info_is_refused():
    assert codes(of_members({"sample.py": "", "sample.dist-info.txt": ""})) == [
        "wheel-dist-info-missing"
    ]


def test_u82_u88_u90_all_missing_files_are_reported():
    assert codes(of_members({f"{DIST_INFO}/entry_points.txt": ""})) == [
        "wheel-wheel-file-missing",
        "wheel-metadata-file-missing",
        "wheel-record-file-missing",
    ]


@pytest.mark.parametrize("missing", ["WHEEL", "METADATA"])
def test_u88_that_a_required_file_is_missing_is_told_once(missing):
    members = recorded({f"{DIST_INFO}/METADATA": METADATA, f"{DIST_INFO}/WHEEL": WHEEL})
    del members[f"{DIST_INFO}/{missing}"]

    assert codes(of_members(members)) == [f"wheel-{missing.lower()}-file-missing"]


def test_u90_metadata_that_is_too_large_is_not_unpacked():
    inspection = inspected(*make_wheel(metadata=METADATA + bytes(MAX_METADATA_BYTES)))

    assert codes(inspection) == ["metadata-too-large"]
    assert inspection.metadata_file is None


def test_violations_of_the_metadata_are_reported():
    inspection = inspected(*make_wheel(metadata=b"Name: sample\n"))

    assert codes(inspection) == ["metadata-version-missing", "version-missing"]
    assert inspection.metadata_file == b"Name: sample\n"


def test_u60_metadata_must_agree_with_the_filename():
    inspection = inspected(*make_wheel(metadata=make_metadata("other", "2.0")))

    assert [(v.field, v.code) for v in inspection.violations] == [
        ("name", "name-differs-from-filename"),
        ("version", "version-differs-from-filename"),
    ]


def test_u60_names_and_versions_agree_as_values():
    inspection = inspected(*make_wheel("foo-bar", metadata=make_metadata("Foo.Bar", "1.0.0")))

    assert inspection.violations == ()


def test_everything_is_reported_at_once():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{DIST_INFO}/METADATA", make_metadata("other"))
        archive.writestr(f"{DIST_INFO}/entry_points.txt", "[console_scripts]\n../sh = os:system\n")
        archive.writestr(f"{DIST_INFO}/RECORD", "")
        archive.writestr("zeros", bytes(BOMB_BYTES))
        archive.writestr("../sample.txt", "text", compress_type=zipfile.ZIP_BZIP2)

    inspection = inspected("sample-1.0-py3-none-any.whl", buffer.getvalue())

    assert codes(inspection) == [
        "archive-unpacks-too-large",
        "zip-compression-method",
        "zip-member-path",
        "wheel-wheel-file-missing",
        "entry-point-name",
        "name-differs-from-filename",
        "wheel-record-mismatch",
    ]


def test_every_rule_is_applied():
    rules = {
        name
        for name, value in vars(wheels).items()
        if callable(value) and getattr(value, "__annotations__", {}).get("wheel") == "OpenWheel"
    }

    with_metadata = {"_read_metadata", "_license_files", "_record"}
    assert {rule.__name__ for rule in wheels._RULES} == rules - with_metadata
