"""Filenames (U-70, U-85, U-86, U-94)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import Tag
from packaging.version import Version

from stockroom.dists import FilenameRefused, SdistFilename, WheelFilename, normalize, parse_filename
from stockroom.dists.filenames import MAX_FILENAME_BYTES, MAX_TAGS


def refusal(filename, legacy=False):
    with pytest.raises(FilenameRefused) as refused:
        parse_filename(filename, legacy)
    assert refused.value.violation.field == "filename"
    assert refused.value.violation.message == str(refused.value)
    return refused.value.violation


def test_a_wheel_filename_is_taken_apart():
    parsed = parse_filename("foo_bar-1.0.RC1-2a-py2.py3-none-any.whl")

    assert parsed == WheelFilename(
        filename="foo_bar-1.0.RC1-2a-py2.py3-none-any.whl",
        name=normalize("foo-bar"),
        version=Version("1.0rc1"),
        name_part="foo_bar",
        version_part="1.0.RC1",
        build="2a",
        python_tag="py2.py3",
        abi_tag="none",
        platform_tag="any",
        tags=frozenset({Tag("py2", "none", "any"), Tag("py3", "none", "any")}),
    )


def test_a_wheel_filename_may_have_no_build_tag():
    parsed = parse_filename("sample-1.0-cp311-cp311-manylinux_2_17_x86_64.whl")

    assert isinstance(parsed, WheelFilename)
    assert parsed.build is None


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "1!2.0", "1.0+local.1", "v1.0", "1.0.post1"])
def test_u86_the_version_of_a_wheel_is_any_pep_440_version(version):
    parsed = parse_filename(f"sample-{version}-py3-none-any.whl")

    assert isinstance(parsed, WheelFilename)
    assert parsed.version_part == version
    assert parsed.version == Version(version)


@pytest.mark.parametrize(
    "filename",
    ["foo_bar-1.0.tar.gz", "sample-1!2.0rc1.post3.dev4+local.5.tar.gz", "sample-1.0.0.tar.gz"],
)
def test_an_sdist_filename_is_taken_apart(filename):
    name, _, version = filename.removesuffix(".tar.gz").rpartition("-")

    parsed = parse_filename(filename)

    assert parsed == SdistFilename(filename, normalize(name), Version(version))
    assert f"{parsed.stem}.tar.gz" == filename


@pytest.mark.parametrize("character", ["\0", "\n", "\r", "\x1f", "\x7f"])
def test_u70_control_characters_are_refused_and_not_repeated(character):
    violation = refusal(f"sample-1.0{character}-py3-none-any.whl")

    assert violation.code == "filename-characters"
    assert violation.message.isprintable()


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_u70_path_separators_are_refused(separator):
    assert refusal(f"a{separator}sample-1.0.tar.gz").code == "filename-path"


@pytest.mark.parametrize("filename", ["", ".sample-1.0.tar.gz", "-sample-1.0-py3-none-any.whl"])
def test_u70_a_name_must_not_start_with_a_dot_or_hyphen(filename):
    assert refusal(filename).code == "filename-start"


def test_u70_the_longest_filename_is_counted_in_bytes():
    longest = "a" * (MAX_FILENAME_BYTES - len(".whl"))

    assert refusal(f"{longest}.whl").code == "wheel-filename"
    assert refusal(f"{longest}a.whl").code == "filename-too-long"
    assert refusal("é" * (MAX_FILENAME_BYTES // 2) + ".whl").code == "filename-too-long"


@pytest.mark.parametrize("filename", ["sample-1.0-py3-none-any.WHL", "sample-1.0.Tar.gz"])
def test_u70_an_extension_in_upper_case_is_refused(filename):
    assert refusal(filename).code == "filename-extension-case"


@pytest.mark.parametrize("filename", ["sample-1.0", "sample-1.0.tar", "sample-1.0.tar.xz", "whl"])
def test_u70_other_extensions_are_refused(filename):
    assert refusal(filename).code == "filename-extension"


@pytest.mark.parametrize(
    "extension",
    [".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg", ".tar.bz2", ".tgz", ".zip", ".EXE"],
)
def test_u94_retired_kinds_are_refused_with_advice(extension):
    violation = refusal(f"sample-1.0{extension}")

    assert violation.code == "filename-kind-retired"
    assert "build" in violation.message


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("Foo.Bar-1.0.tar.gz", "foo_bar-1.0.tar.gz"),
        ("foo-bar-1.0.tar.gz", "foo_bar-1.0.tar.gz"),
        ("foo__bar-1.0.tar.gz", "foo_bar-1.0.tar.gz"),
        ("sample-v1.0.tar.gz", "sample-1.0.tar.gz"),
        ("sample-1.0.RC1.tar.gz", "sample-1.0rc1.tar.gz"),
        ("sample-01.0.tar.gz", "sample-1.0.tar.gz"),
    ],
)
def test_u85_an_sdist_name_must_be_normalised(filename, expected):
    violation = refusal(filename)

    assert violation.code == "sdist-filename"
    assert repr(expected) in violation.message


def test_u85_the_expected_name_comes_through_whole():
    expected = f"{'a' * 200}-1.0.tar.gz"

    assert repr(expected) in refusal(f"{'A' * 200}-1.0.tar.gz").message


@pytest.mark.parametrize(
    "filename", ["sample.tar.gz", "sample-.tar.gz", "sample-one.tar.gz", "_-1.0.tar.gz"]
)
def test_u85_an_sdist_name_needs_a_name_and_a_version(filename):
    assert refusal(filename).code == "sdist-filename"


@pytest.mark.parametrize(
    "filename", ["sample-1.0.whl", "sample-1.0-py3-none.whl", "a-1-2-3-4-5-py3-none-any.whl"]
)
def test_u86_a_wheel_name_has_five_or_six_parts(filename):
    assert refusal(filename).code == "wheel-filename"


@pytest.mark.parametrize("name", ["Foo_bar", "foo.bar", "foo__bar"])
def test_u86_the_name_part_of_a_wheel_must_be_normalised(name):
    violation = refusal(f"{name}-1.0-py3-none-any.whl")

    assert violation.code == "wheel-filename-name"
    assert "'foo_bar-1.0-py3-none-any.whl'" in violation.message


@pytest.mark.parametrize("name", ["_foo", "foo_", "fo o", "föö", "\u212aelvin"])
def test_u86_the_name_part_of_a_wheel_must_be_a_name(name):
    assert refusal(f"{name}-1.0-py3-none-any.whl").code == "wheel-filename-name"


@pytest.mark.parametrize("version", ["", "one", " 1.0", "1.0_1", "1.0+", "\uff11"])
def test_u86_the_version_of_a_wheel_must_be_valid(version):
    assert refusal(f"sample-{version}-py3-none-any.whl").code == "wheel-filename-version"


@pytest.mark.parametrize("build", ["", "a1", "1 2", "1é", "²"])
def test_u86_a_build_tag_starts_with_a_digit(build):
    assert refusal(f"sample-1.0-{build}-py3-none-any.whl").code == "wheel-filename-build"


@pytest.mark.parametrize(
    "tags", ["-none-any", "py3--any", "py3-none-", "py3.-none-any", "3-none-any", "py3-none-an y"]
)
def test_u86_tags_must_be_valid(tags):
    assert refusal(f"sample-1.0-{tags}.whl").code == "wheel-filename-tags"


def test_u86_tags_that_expand_to_too_many_are_refused():
    many = ".".join(f"a{number}" for number in range(11))
    assert MAX_TAGS < 11**3

    assert refusal(f"s-1-{many}-{many}-{many}.whl").code == "wheel-filename-tags"


@pytest.mark.parametrize(
    ("filename", "name", "version"),
    [
        ("Foo.Bar-1.0.tar.gz", "foo-bar", "1.0"),
        ("foo-bar-1.0.zip", "foo-bar", "1.0"),
        ("foo-2-1.0.tar.gz", "foo-2", "1.0"),
        ("foo-1.0-beta.tar.gz", "foo", "1.0b0"),
        ("foo-v1.0.RC1.tar.gz", "foo", "1.0rc1"),
        ("foo_bar-1.0.tar.gz", "foo-bar", "1.0"),
    ],
)
def test_u85_old_sdist_names_are_read_where_they_are_accepted(filename, name, version):
    parsed = parse_filename(filename, legacy=True)

    assert parsed == SdistFilename(filename, normalize(name), Version(version), legacy=True)
    assert parsed.is_zip is filename.endswith(".zip")
    assert filename in (f"{parsed.stem}.zip", f"{parsed.stem}.tar.gz")


@pytest.mark.parametrize(
    "filename",
    [
        "foo-1.0-1.tar.gz",
        "foo-2-1.zip",
        "sample.zip",
        "-1.0.zip",
        "foo-one.tar.gz",
        "f\u00f6-1.0.zip",
    ],
)
def test_u85_old_sdist_names_with_no_or_several_readings_are_refused(filename):
    assert refusal(filename, legacy=True).code in ("sdist-filename", "filename-start")


@pytest.mark.parametrize("filename", ["foo-1.0.zip.tar.gz", "foo-1.0.tar.gz.zip"])
def test_u85_one_extension_is_taken_for_one(filename):
    assert refusal(filename, legacy=True).code == "sdist-filename"


@pytest.mark.parametrize("filename", ["foo-1.0.egg", "foo-1.0.tgz", "foo-1.0.ZIP", "foo-1.0.exe"])
def test_u94_retired_kinds_are_refused_among_old_names_too(filename):
    assert refusal(filename, legacy=True).code == "filename-kind-retired"


def test_u70_a_version_whose_normal_form_is_too_long_is_refused():
    """``crdev`` becomes ``rc0.post0.dev0``, which must fit where filenames are kept."""
    longest = parse_filename(f"a-{'1' * 241}crdev.zip", legacy=True)

    assert len(str(longest.version)) == MAX_FILENAME_BYTES
    assert refusal(f"a-{'1' * 242}crdev.zip", legacy=True).code == "filename-too-long"


@pytest.mark.parametrize("name", ["Foo.Bar", "foo.bar", "FOO_BAR", "foo__bar"])
def test_u86_old_wheel_names_are_read_where_they_are_accepted(name):
    parsed = parse_filename(f"{name}-1.0-py3-none-any.whl", legacy=True)

    assert isinstance(parsed, WheelFilename)
    assert parsed.name == "foo-bar"
    assert parsed.name_part == name


@pytest.mark.parametrize("name", ["_foo", "fo o", "f\u00f6\u00f6", "\u212aelvin"])
def test_u86_old_wheel_names_must_be_names(name):
    assert refusal(f"{name}-1.0-py3-none-any.whl", legacy=True).code == "wheel-filename-name"


def parses_or_is_refused(filename, legacy=False):
    try:
        message = parse_filename(filename, legacy).filename
    except FilenameRefused as refused:
        message = refused.violation.message
    else:
        assert message == filename
        assert message.isascii()
    assert message.isprintable()


@given(st.text() | st.text().map(lambda text: f"{text}.whl"))
def test_any_text_is_parsed_or_refused(filename):
    parses_or_is_refused(filename)


@given(
    st.lists(st.text("ab1_.+!v é\0", max_size=4), max_size=7).map("-".join),
    st.sampled_from([".whl", ".tar.gz", ".zip", ""]),
    st.booleans(),
)
def test_what_looks_like_a_filename_is_parsed_or_refused(stem, extension, legacy):
    parses_or_is_refused(stem + extension, legacy)


@given(st.text(st.characters(categories=["Cs", "Cc", "L"]), max_size=20))
def test_surrogates_in_a_filename_are_refused(text):
    parses_or_is_refused(f"{text}\udcff-1.0.tar.gz")
