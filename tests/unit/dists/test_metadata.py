"""Reading core metadata: leniently, but for what index and resolvers stand on (U-60 to U-62)."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.dists import CoreMetadata, ResolverMetadata, read_metadata, resolver_metadata
from stockroom.dists.limits import MAX_METADATA_BYTES, MAX_METADATA_LINES
from tests.archives import make_metadata

MINIMUM = b"Metadata-Version: 2.1\nName: sample\nVersion: 1.0\n"


def metadata_of(data):
    reading = read_metadata(data)
    assert reading.violations == ()
    assert reading.metadata is not None
    return reading.metadata


def codes(data):
    return [violation.code for violation in read_metadata(data).violations]


def test_every_field_is_read():
    headers = [
        ("Summary", "A sample"),
        ("Description-Content-Type", "text/markdown"),
        ("Keywords", "one, two ,,three"),
        ("Home-page", "https://home.example"),
        ("Download-URL", "https://download.example"),
        ("Author", "An Author"),
        ("Author-email", "author@home.example"),
        ("Maintainer", "A Maintainer"),
        ("Maintainer-email", "maintainer@home.example"),
        ("License-Expression", "mit"),
        ("License-File", "LICENSE"),
        ("License-File", "NOTICE"),
        ("Classifier", "Private :: Do Not Upload"),
        ("Platform", "any"),
        ("Supported-Platform", "linux"),
        ("Provides-Extra", "extra"),
        ("Project-URL", "Source, https://home.example/a,b"),
        ("Project-URL", "Source, https://mirror.example"),
        ("Dynamic", "License-File"),
        ("Import-Name", "sample"),
        ("Import-Namespace", "space"),
        ("Requires", "old"),
        ("Provides", "older"),
        ("Obsoletes", "oldest"),
        ("Requires-External", "libc"),
        ("Provides-Dist", "other"),
        ("Obsoletes-Dist", "another"),
    ]

    metadata = metadata_of(
        make_metadata(
            requires=["a>=1", "b"],
            requires_python=">=3.11",
            metadata_version="2.5",
            extra_headers=headers,
            description="# Sample\n\nText\n",
        )
    )

    assert metadata == CoreMetadata(
        metadata_version="2.5",
        name="sample",
        version="1.0",
        summary="A sample",
        description="# Sample\n\nText\n",
        description_content_type="text/markdown",
        keywords=("one", "two", "three"),
        home_page="https://home.example",
        download_url="https://download.example",
        author="An Author",
        author_email="author@home.example",
        maintainer="A Maintainer",
        maintainer_email="maintainer@home.example",
        license_expression="MIT",
        license_files=("LICENSE", "NOTICE"),
        classifiers=("Private :: Do Not Upload",),
        platforms=("any",),
        supported_platforms=("linux",),
        requires_python=">=3.11",
        requires_dist=("a>=1", "b"),
        provides_extra=("extra",),
        project_urls=(
            ("Source", "https://home.example/a,b"),
            ("Source", "https://mirror.example"),
        ),
        dynamic=("License-File",),
        import_names=("sample",),
        import_namespaces=("space",),
        requires=("old",),
        provides=("older",),
        obsoletes=("oldest",),
        requires_external=("libc",),
        provides_dist=("other",),
        obsoletes_dist=("another",),
    )


def test_a_license_may_be_text():
    data = make_metadata(extra_headers=[("License", "Do as\n        you like")])

    assert metadata_of(data).license == "Do as\nyou like"


def test_absent_fields_are_none_or_empty():
    metadata = metadata_of(MINIMUM)

    assert metadata == CoreMetadata(metadata_version="2.1", name="sample", version="1.0")


def test_an_empty_import_name_says_that_there_is_none():
    assert metadata_of(MINIMUM + b"Import-Name:\n").import_names == ()


@pytest.mark.parametrize("value", ["UNKNOWN", "", "  "])
def test_fields_without_a_value_are_absent(value):
    metadata = metadata_of(make_metadata(extra_headers=[("Summary", value), ("Platform", value)]))

    assert metadata.summary is None
    assert metadata.platforms == ()


def test_a_project_may_be_called_unknown():
    assert metadata_of(make_metadata("UNKNOWN")).name == "UNKNOWN"


def test_an_empty_requires_python_is_none():
    assert metadata_of(make_metadata(requires_python="")).requires_python is None


def test_field_names_have_any_case():
    assert metadata_of(MINIMUM.upper().replace(b"SAMPLE", b"x")).name == "x"


@pytest.mark.parametrize("ending", [b"\r\n", b"\r"])
def test_lines_end_in_any_way(ending):
    data = (MINIMUM + b"Summary: s\n\nfirst\nsecond").replace(b"\n", ending)

    metadata = metadata_of(data)

    assert (metadata.summary, metadata.description) == ("s", "first\nsecond")


def test_a_folded_field_becomes_one_line():
    metadata = metadata_of(MINIMUM + b"Requires-Dist: a>=1;\n  os_name == 'nt'\n")

    assert metadata.requires_dist == ("a>=1; os_name == 'nt'",)


@pytest.mark.parametrize("indent", [b"        ", b"       |", b"  "])
def test_a_description_in_a_field_loses_its_indentation(indent):
    lines = indent.join([b"Description: First\n", b"second\n", b"  third\n"])

    assert metadata_of(MINIMUM + lines).description == "First\nsecond\n  third"


def test_a_description_below_the_fields_counts_more_than_one_in_a_field():
    reading = read_metadata(MINIMUM + b"Description: field\n\nbelow")

    assert reading.metadata
    assert reading.metadata.description == "below"
    assert any("two descriptions" in warning for warning in reading.warnings)


def test_a_description_is_not_read_as_mail():
    body = "--x\nContent-Type: message/rfc822\n\n" * 1000
    headers = [("Content-Type", "multipart/mixed; boundary=x")]

    metadata = metadata_of(make_metadata(extra_headers=headers, description=body))

    assert metadata.description == body


def test_u61_unknown_fields_are_warnings():
    reading = read_metadata(MINIMUM + b"Variant-Thing: x\nDefault-Extra: y\n")

    assert reading.metadata
    assert reading.warnings == (
        "Unknown metadata fields are ignored: default-extra, variant-thing.",
    )


def test_u61_of_a_repeated_field_the_first_is_taken():
    reading = read_metadata(MINIMUM + b"Summary: one\nSummary: two\n")

    assert reading.metadata
    assert reading.metadata.summary == "one"
    assert any("Summary" in warning for warning in reading.warnings)


def test_u61_bytes_that_are_no_utf_8_are_replaced():
    reading = read_metadata(MINIMUM + b"Author: Ren\xe9\nSummary: fine\n\n\xff")

    assert reading.metadata
    assert reading.metadata.author == "Ren\N{REPLACEMENT CHARACTER}"
    assert reading.metadata.summary == "fine"
    assert any("UTF-8" in warning for warning in reading.warnings)


def test_u61_nul_is_escaped():
    reading = read_metadata(MINIMUM + b"Summary: a\0b\n\nc\0d")

    assert reading.metadata
    assert reading.metadata.summary == r"a\x00b"
    assert reading.metadata.description == r"c\x00d"


def test_u61_a_line_that_is_no_field_starts_the_description():
    reading = read_metadata(MINIMUM + b"nonsense\nSummary: s\n")

    assert reading.metadata
    assert reading.metadata.summary is None
    assert reading.metadata.description == "nonsense\nSummary: s\n"
    assert any("nonsense" in warning for warning in reading.warnings)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.5", "2.6"])
def test_u40_known_metadata_versions_are_read_without_a_warning(version):
    reading = read_metadata(make_metadata(metadata_version=version))

    assert reading.metadata
    assert reading.warnings == ()


def test_u40_an_unknown_minor_version_is_a_warning():
    reading = read_metadata(make_metadata(metadata_version="2.99"))

    assert reading.metadata
    assert any("2.99" in warning for warning in reading.warnings)


@pytest.mark.parametrize("version", ["3.0", "10.1"])
def test_u61_a_newer_major_version_is_refused(version):
    reading = read_metadata(make_metadata(metadata_version=version))

    assert reading.metadata is None
    assert [v.code for v in reading.violations] == ["metadata-version-unsupported"]


@pytest.mark.parametrize("version", ["2", "0.1", "two", "2.1.0", "-2.1", "\uff12.1", "2.1\n 2.2"])
def test_u61_what_is_no_metadata_version_is_refused(version):
    assert codes(make_metadata(metadata_version=version)) == ["metadata-version-invalid"]


def test_u61_all_that_is_missing_is_reported_at_once():
    reading = read_metadata(b"")

    assert reading.metadata is None
    assert [(v.field, v.code) for v in reading.violations] == [
        ("metadata_version", "metadata-version-missing"),
        ("name", "name-missing"),
        ("version", "version-missing"),
    ]


def test_u61_all_that_is_invalid_is_reported_at_once():
    data = make_metadata(
        "-", "one", requires=["a b", "c", "d e"], requires_python="3", metadata_version="9.0"
    )

    assert [(v.field, v.code) for v in read_metadata(data).violations] == [
        ("metadata_version", "metadata-version-unsupported"),
        ("name", "name-invalid"),
        ("version", "version-invalid"),
        ("requires_dist", "requires-dist-invalid"),
        ("requires_dist", "requires-dist-invalid"),
        ("requires_python", "requires-python-invalid"),
    ]


@pytest.mark.parametrize("field", ["Metadata-Version", "Name", "Version", "Requires-Python"])
def test_u61_a_field_that_matters_must_not_contradict_itself(field):
    data = MINIMUM + f"{field}: 1.0\n{field}: 1.1\n".encode()

    assert codes(data) == [f"{field.lower()}-repeated"]


def test_u61_a_field_that_matters_may_repeat_itself():
    reading = read_metadata(MINIMUM * 2)

    assert reading.metadata
    assert reading.violations == ()


def test_metadata_with_bad_requirements_is_still_read():
    reading = read_metadata(make_metadata(requires=["a b"]))

    assert reading.metadata
    assert reading.metadata.requires_dist == ("a b",)


def test_messages_are_short_and_printable():
    long = "\x1b[31m" + "x" * 100_000
    data = make_metadata(long, long, requires=[long] * 100, requires_python=long)

    violations = read_metadata(data).violations

    assert len(violations) < 30
    assert all(v.message.isprintable() and len(v.message) < 1000 for v in violations)


def test_metadata_beyond_the_size_limit_is_not_read():
    data = MINIMUM + b"\n"
    data += b"x" * (MAX_METADATA_BYTES + 1 - len(data))

    assert codes(data) == ["metadata-too-large"]
    assert codes(data[:-1]) == []


def test_metadata_with_millions_of_fields_is_not_read():
    assert codes(MINIMUM + b"a:\n" * MAX_METADATA_LINES) == ["metadata-too-many-lines"]
    assert codes(MINIMUM + b" \n" * MAX_METADATA_LINES) == ["metadata-too-many-lines"]


@pytest.mark.parametrize(
    ("metadata_version", "dynamic", "static"),
    [
        ("2.1", [], False),
        ("2.2", [], True),
        ("2.10", [], True),
        ("2.2", ["Summary", "License-File"], True),
        ("2.2", ["Requires-Dist"], False),
        ("2.2", ["requires-python"], False),
        ("2.2", ["Summary", "Provides-Extra"], False),
    ],
)
def test_s56_what_is_static_for_a_resolver(metadata_version, dynamic, static):
    data = make_metadata(
        metadata_version=metadata_version, extra_headers=[("Dynamic", field) for field in dynamic]
    )

    assert metadata_of(data).is_static_for_resolver is static


@pytest.mark.parametrize("field", ["Version", "name"])
def test_s56_what_identifies_a_release_is_not_static_if_it_says_so(field):
    metadata = CoreMetadata(metadata_version="2.2", name="sample", version="1.0", dynamic=(field,))

    assert not metadata.is_static_for_resolver


def test_resolver_metadata_is_normalised():
    data = make_metadata(
        requires=["b (<2) ; extra=='Some_Thing'"],
        requires_python=">=3.8,",
        extra_headers=[("Provides-Extra", extra) for extra in ("Some_Thing", "some-thing", "é")],
    )
    metadata = read_metadata(data).metadata

    assert metadata
    assert resolver_metadata(metadata) == ResolverMetadata(
        requires_python=">=3.8",
        requires_dist=('b<2; extra == "some-thing"',),
        provides_extra=("some-thing",),
    )


def test_resolver_metadata_of_nothing_is_empty():
    assert resolver_metadata(metadata_of(MINIMUM)) == ResolverMetadata(None, (), ())


@pytest.mark.parametrize(
    "changes",
    [
        {"requires": ["fine", "a===one"]},
        {"requires": ["a @ https://files.example/a.whl"]},
        {"requires_python": "===one"},
        {"version": "20240101120000123456"},
    ],
)
def test_resolver_metadata_is_left_out_when_in_doubt(changes):
    assert resolver_metadata(metadata_of(make_metadata(**changes))) is None


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from strings(item)


LINES = st.sampled_from(
    [
        b"Metadata-Version: 2.1",
        b"Name: sample",
        b"Version: 1.0",
        b"Requires-Dist: a",
        b"Requires-Python: >=3",
        b"Project-URL: a",
        b"Keywords: ,",
        b"Content-Type: multipart/mixed; boundary=a",
        b"Content-Type: message/rfc822",
        b"--a",
        b"",
        b" folded",
        b": x",
        b"From x: y",
        b"Dynamic:",
    ]
)


@given(st.lists(LINES | st.binary(), max_size=20).map(b"\n".join))
def test_any_bytes_give_a_reading(data):
    reading = read_metadata(data)

    assert reading.metadata or reading.violations
    if reading.metadata:
        resolver_metadata(reading.metadata)
        assert isinstance(reading.metadata.is_static_for_resolver, bool)
        for text in strings(dataclasses.astuple(reading.metadata)):
            assert "\0" not in text
            assert text.encode()


@pytest.mark.parametrize("constraint", [">=3.8", ">=3.8,<4", "~=3.9", "!=3.10.*", "==3.*", ""])
def test_u48_requires_python_may_be_any_set_of_specifiers(constraint: str) -> None:
    reading = read_metadata(make_metadata(requires_python=constraint))

    assert reading.violations == ()


@pytest.mark.parametrize("constraint", ["3", ">=three", ">=3.8;", "python>=3", ">=3.8 <4", "=>3"])
def test_u48_anything_else_is_refused(constraint: str) -> None:
    reading = read_metadata(make_metadata(requires_python=constraint))

    assert [violation.code for violation in reading.violations] == ["requires-python-invalid"]
