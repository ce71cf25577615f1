"""The inspection of sdists (U-60, U-78, U-79, U-81)."""

from __future__ import annotations

import io
import tarfile

import pytest

from stockroom.dists import Inspection, SdistFilename, inspect_sdist, parse_filename, sdists
from stockroom.dists.limits import BOMB_BYTES, MAX_METADATA_BYTES
from tests.archives import make_gzip, make_metadata, make_sdist, make_tar, make_zip

TOP = "sample-1.0"
METADATA = make_metadata()
GOOD: dict[str, str | bytes] = {f"{TOP}/PKG-INFO": METADATA, f"{TOP}/sample.py": ""}


def inspected(filename: str, data: bytes) -> Inspection:
    parsed = parse_filename(filename)
    assert isinstance(parsed, SdistFilename)
    return inspect_sdist(io.BytesIO(data), parsed)


def of_members(members, **options):
    return inspected(f"{TOP}.tar.gz", make_gzip(make_tar(members, **options)))


def codes(inspection):
    return [violation.code for violation in inspection.violations]


def entry(name, kind, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize(
    "tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
)
def test_a_good_sdist_has_no_violations(tar_format):
    filename, data = make_sdist("Foo.Bar", "1.0rc1", requires=["a"], tar_format=tar_format)

    inspection = inspected(filename, data)

    assert inspection.violations == ()
    assert inspection.warnings == ()
    assert inspection.metadata
    assert inspection.metadata.name == "Foo.Bar"
    assert inspection.metadata.requires_dist == ("a",)
    assert inspection.metadata.is_static_for_resolver


def test_pkg_info_is_kept_byte_for_byte():
    content = METADATA.replace(b"\n", b"\r\n") + b"\r\n\xff\0"

    assert inspected(*make_sdist(metadata=content)).metadata_file == content


def test_directories_are_members_too():
    assert codes(of_members({f"{TOP}/": "", f"{TOP}/src/": ""} | GOOD)) == []


def test_the_header_of_a_git_archive_is_no_member():
    info = tarfile.TarInfo(TOP)
    info.type = tarfile.DIRTYPE
    comment = info.create_pax_global_header({"comment": "0123456789abcdef"})

    inspection = inspected(f"{TOP}.tar.gz", make_gzip(comment + make_tar(GOOD)))

    assert codes(inspection) == []


def test_u81_what_is_no_gzip_is_refused():
    inspection = inspected(f"{TOP}.tar.gz", make_tar(GOOD))

    assert codes(inspection) == ["gzip-invalid"]
    assert inspection.metadata is None


def test_u81_a_truncated_sdist_is_refused_but_its_metadata_known():
    filename, data = make_sdist()

    inspection = inspected(filename, data[:-1])

    assert codes(inspection) == ["gzip-damaged"]
    assert inspection.metadata


def test_u81_pkg_info_that_is_cut_off_is_refused():
    tar = make_tar({f"{TOP}/PKG-INFO": METADATA})

    inspection = inspected(f"{TOP}.tar.gz", make_gzip(tar[:520]))

    assert codes(inspection) == ["tar-damaged"]
    assert inspection.metadata_file is None


def test_u81_data_after_the_end_of_the_tar_is_refused():
    data = make_gzip(make_tar(GOOD) + make_tar({f"{TOP}/hidden.py": ""}))

    assert codes(inspected(f"{TOP}.tar.gz", data)) == ["tar-damaged"]


def test_u78_an_sdist_that_is_a_zip_is_refused():
    filename, data = make_sdist()

    inspection = inspected(filename, data + make_zip({"other.py": ""}))

    assert codes(inspection) == ["archive-ambiguous", "gzip-damaged"]


def test_u79_a_bomb_is_refused():
    inspection = inspected(*make_sdist(files={"zeros": bytes(BOMB_BYTES + 1)}))

    assert codes(inspection) == ["archive-unpacks-too-large"]


@pytest.mark.parametrize(
    "name",
    ["other/file", "sample-1.0.0/file", "file", f"./{TOP}/file", "SAMPLE-1.0/file", f"{TOP}x/file"],
)
def test_u81_members_outside_of_the_top_directory_are_refused(name):
    inspection = of_members({name: ""} | GOOD)

    assert codes(inspection) == ["sdist-top-directory"]
    assert repr(name) in inspection.violations[0].message
    assert repr(TOP) in inspection.violations[0].message


def test_u81_the_top_must_be_a_directory():
    assert codes(of_members({TOP: ""} | GOOD)) == ["sdist-top-directory"]


def test_u81_pkg_info_must_be_there():
    assert codes(of_members({f"{TOP}/setup.py": "", f"{TOP}/sample.egg-info/PKG-INFO": ""})) == [
        "sdist-pkg-info-missing"
    ]


def test_u81_an_empty_archive_has_no_pkg_info():
    assert codes(of_members({})) == ["sdist-pkg-info-missing"]


def test_u81_pkg_info_must_be_there_only_once():
    inspection = of_members([*GOOD.items(), (f"{TOP}//PKG-INFO", make_metadata("other"))])

    assert codes(inspection) == ["sdist-pkg-info-ambiguous"]
    assert inspection.metadata
    assert inspection.metadata.name == "sample"


def test_u81_pkg_info_must_be_a_file():
    links = [entry(f"{TOP}/PKG-INFO", tarfile.SYMTYPE, "src/PKG-INFO")]

    assert codes(of_members({f"{TOP}/src/PKG-INFO": METADATA}, links=links)) == [
        "sdist-pkg-info-ambiguous"
    ]


def test_pkg_info_that_is_too_large_is_not_read():
    inspection = inspected(*make_sdist(metadata=METADATA + bytes(MAX_METADATA_BYTES)))

    assert codes(inspection) == ["metadata-too-large"]
    assert inspection.metadata_file is None


def test_violations_of_the_metadata_are_reported():
    inspection = inspected(*make_sdist(metadata=b""))

    assert codes(inspection) == [
        "metadata-version-missing",
        "name-missing",
        "version-missing",
    ]


def test_u60_metadata_must_agree_with_the_filename():
    inspection = inspected(*make_sdist(metadata=make_metadata("other", "2.0")))

    assert codes(inspection) == ["name-differs-from-filename", "version-differs-from-filename"]


@pytest.mark.parametrize(
    "name",
    [
        f"{TOP}/../../etc/passwd",
        f"{TOP}/..",
        f"{TOP}/a/../b",
        f"{TOP}/..\\..\\a",
        f"{TOP}/a\\..\\..\\..\\b",
    ],
)
def test_u81_paths_that_lead_out_are_refused(name):
    assert codes(of_members({name: ""} | GOOD)) == ["sdist-member-path"]


@pytest.mark.parametrize("name", ["/etc/passwd", "\\etc\\passwd", "C:\\a", "c:/a"])
def test_u81_absolute_paths_are_refused(name):
    assert codes(of_members({name: ""} | GOOD)) == ["sdist-top-directory", "sdist-member-path"]


@pytest.mark.parametrize("name", [f"{TOP}/a..b", f"{TOP}/...", f"{TOP}/a\\b", f"{TOP}/a:b"])
def test_u81_odd_but_harmless_names_are_accepted(name):
    assert codes(of_members({name: ""} | GOOD)) == []


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"?"])
def test_u81_devices_and_pipes_are_refused(kind):
    assert codes(of_members(GOOD, links=[entry(f"{TOP}/x", kind)])) == ["sdist-member-kind"]


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("link", "sample.py"),
        ("link", "./a/b"),
        ("link", "."),
        ("a/link", "../sample.py"),
        ("a/b/link", "../.."),
        ("link", "missing"),
    ],
)
def test_u81_symbolic_links_within_the_archive_are_accepted(name, target):
    links = [entry(f"{TOP}/{name}", tarfile.SYMTYPE, target)]

    assert codes(of_members(GOOD, links=links)) == []


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("link", "/etc/passwd"),
        ("link", ".."),
        ("link", "../other"),
        ("link", f"../{TOP}/sample.py"),
        ("a/link", "../../x"),
        ("a/link", "b/../c"),
        ("link", "a/../../x"),
        ("link", "..\\x"),
        ("link", "\\x"),
        ("link", "C:\\x"),
        ("link", "C:x"),
    ],
)
def test_u81_symbolic_links_that_may_lead_out_are_refused(name, target):
    links = [entry(f"{TOP}/{name}", tarfile.SYMTYPE, target)]

    assert codes(of_members(GOOD, links=links)) == ["sdist-link-target"]


def test_u81_the_top_must_not_be_a_link():
    links = [entry(TOP, tarfile.SYMTYPE, ".")]

    assert "sdist-top-directory" in codes(of_members(GOOD, links=links))


def test_u81_hard_links_to_members_are_accepted():
    links = [entry(f"{TOP}/link", tarfile.LNKTYPE, f"{TOP}/sample.py")]

    assert codes(of_members(GOOD, links=links)) == []


@pytest.mark.parametrize(
    "target",
    ["/etc/passwd", "sample.py", f"{TOP}/../x", f"../{TOP}/x", f"{TOP}x/y", f"{TOP}\\..\\x"],
)
def test_u81_hard_links_that_lead_out_are_refused(target):
    links = [entry(f"{TOP}/link", tarfile.LNKTYPE, target)]

    assert codes(of_members(GOOD, links=links)) == ["sdist-link-target"]


def test_u81_members_below_a_link_are_refused():
    links = [
        entry(f"{TOP}/link", tarfile.SYMTYPE, "src"),
        entry(f"{TOP}/link/a/b", tarfile.DIRTYPE),
    ]

    assert codes(of_members(GOOD, links=links)) == ["sdist-member-below-link"]


def test_u81_sparse_members_are_refused():
    assert codes(of_members(GOOD, links=[entry(f"{TOP}/x", tarfile.GNUTYPE_SPARSE)])) == [
        "tar-sparse-member"
    ]


def test_of_each_kind_the_first_violation_is_reported():
    members = {f"outside/{number}": "" for number in range(50)}

    inspection = of_members(members | {f"{TOP}/..": ""} | GOOD)

    assert codes(inspection) == ["sdist-top-directory", "sdist-member-path"]
    assert "outside/0" in inspection.violations[0].message


def test_every_rule_is_applied():
    rules = {
        name
        for name, value in vars(sdists).items()
        if callable(value) and getattr(value, "__annotations__", {}).get("member") == "SdistMember"
    }

    assert {rule.__name__ for rule in sdists._RULES} == rules
