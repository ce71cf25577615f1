"""The inspection of wheels (U-60, U-78 to U-82, U-90)."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile

import pytest
from tests.archives import make_metadata, make_wheel, make_zip

from stockroom.dists import Inspection, WheelFilename, inspect_wheel, parse_filename, wheels
from stockroom.dists.limits import BOMB_BYTES, MAX_METADATA_BYTES

DIST_INFO = "sample-1.0.dist-info"
METADATA = make_metadata()
WHEEL = "Wheel-Version: 1.0\n"


def inspected(filename: str, data: bytes) -> Inspection:
    parsed = parse_filename(filename)
    assert isinstance(parsed, WheelFilename)
    return inspect_wheel(io.BytesIO(data), parsed)


def of_members(members, filename="sample-1.0-py3-none-any.whl"):
    return inspected(filename, make_zip(members))


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
    filename, data = make_wheel()
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("sample.txt", "text", compress_type=method)

    inspection = inspected(filename, buffer.getvalue())

    assert codes(inspection) == ["zip-compression-method"]
    assert inspection.metadata


def test_u80_an_unreadable_metadata_file_is_reported_with_its_method():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr(f"{DIST_INFO}/METADATA", METADATA)
        archive.writestr(f"{DIST_INFO}/WHEEL", WHEEL)

    inspection = inspected("sample-1.0-py3-none-any.whl", buffer.getvalue())

    assert codes(inspection) == ["zip-compression-method", "zip-damaged"]


def test_an_encrypted_metadata_file_is_refused():
    filename, data = make_wheel()
    at = data.rindex(f"{DIST_INFO}/METADATA".encode()) - 46 + 8

    inspection = inspected(filename, data[:at] + struct.pack("<H", 1) + data[at + 2 :])

    assert codes(inspection) == ["zip-damaged"]
    assert "encrypted" in inspection.violations[0].message


def test_u101_a_name_that_is_there_twice_is_refused():
    members: list[tuple[str, str | bytes]] = [
        (f"{DIST_INFO}/WHEEL", WHEEL),
        (f"{DIST_INFO}/METADATA", METADATA),
        ("sample.py", "one"),
        ("sample.pY", "two"),
    ]
    data = make_zip(members).replace(b"sample.pY", b"sample.py")

    inspection = inspected("sample-1.0-py3-none-any.whl", data)

    assert codes(inspection) == ["zip-duplicate-name"]
    assert "'sample.py'" in inspection.violations[0].message


def test_u82_the_dist_info_directory_is_found_by_the_text_of_the_filename():
    metadata = make_metadata(version="1.0.0rc1")

    inspection = of_members(
        {
            "sample-1.0.0.RC1.dist-info/METADATA": metadata,
            "sample-1.0.0.RC1.dist-info/WHEEL": WHEEL,
        },
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


def test_u82_u90_all_missing_files_are_reported():
    assert codes(of_members({f"{DIST_INFO}/RECORD": ""})) == [
        "wheel-wheel-file-missing",
        "wheel-metadata-file-missing",
    ]


def test_u90_metadata_that_is_too_large_is_not_unpacked():
    inspection = inspected(*make_wheel(metadata=METADATA + bytes(MAX_METADATA_BYTES)))

    assert codes(inspection) == ["metadata-too-large"]
    assert inspection.metadata_file is None


def test_violations_of_the_metadata_are_reported():
    inspection = inspected(*make_wheel(metadata=b"Name: sample\n", wheel=b""))

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
    buffer = io.BytesIO(
        make_zip({f"{DIST_INFO}/METADATA": make_metadata("other"), "zeros": bytes(BOMB_BYTES)})
    )
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("sample.txt", "text", compress_type=zipfile.ZIP_BZIP2)

    inspection = inspected("sample-1.0-py3-none-any.whl", buffer.getvalue())

    assert codes(inspection) == [
        "archive-unpacks-too-large",
        "zip-compression-method",
        "wheel-wheel-file-missing",
        "name-differs-from-filename",
    ]


def test_every_rule_is_applied():
    rules = {
        name
        for name, value in vars(wheels).items()
        if callable(value) and getattr(value, "__annotations__", {}).get("wheel") == "OpenWheel"
    }

    assert {rule.__name__ for rule in wheels._RULES} == rules - {"_read_metadata"}
