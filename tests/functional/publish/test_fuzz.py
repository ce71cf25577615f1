"""Whatever is sent to the upload URL is answered with 2xx or 4xx, and leaves nothing staged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.archives import make_metadata, make_sdist, make_wheel
from tests.support.databases import MakeUrl
from tests.support.site import TestSite
from tests.support.uploads import (
    BOUNDARY,
    FORM,
    UPLOAD,
    Part,
    encode,
    parts_of,
    post,
    stored_files,
)

WHEEL = make_wheel("demo-pkg", "1.0")
SDIST = make_sdist("demo-pkg", "1.0")
GOOD = [encode(parts_of(*archive)) for archive in (WHEEL, SDIST)]

FIELDS = [part.name for part in parts_of(*WHEEL)] + [
    "md5_digest",
    "description",
    "classifiers",
    "requires_dist",
    "gpg_signature",
    "attestations",
    "",
]
TELLING = [
    b"",
    b"\r\n",
    b"\n",
    b"\r",
    b"\x00",
    b"--",
    b'"',
    b";",
    b":",
    b"\xff",
    b"UNKNOWN",
    f"--{BOUNDARY}".encode(),
    f"\r\n--{BOUNDARY}\r\n".encode(),
    f"\r\n--{BOUNDARY}--\r\n".encode(),
    b"Content-Disposition: form-data; name=",
    b"Content-Length: 3\r\n",
    b"filename*=utf-8''x",
]
TEXT = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["file_upload", "submit", "1", "demo-pkg", "1.0", "sdist", "bdist_wheel"]),
    st.sampled_from(
        ["9" * 5000, "1." * 3000, "a" * 70_000, "../..", "%00", "\ud7ff", "\uff11.\uff10"]
    ),
)
MANY = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def fuzzed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestSite, str]]:
    """A site on each database, with a key."""
    make: MakeUrl = request.getfixturevalue(f"make_{request.param}")
    site = TestSite(make(), tmp_path_factory.mktemp("files"))
    site.create_workspace()
    yield site, site.create_key()
    site.close()


def assert_sane(site: TestSite, status: int) -> None:
    assert status == 200 or 400 <= status < 500
    assert not [path for path in stored_files(site.folder) if path.startswith("staging")]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good body with a few bytes changed, left out, repeated or put in."""
    body = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 60)))
        middle = draw(
            st.one_of(
                st.sampled_from(TELLING), st.binary(max_size=20), st.just(body[start:end] * 2)
            )
        )
        body = body[:start] + middle + body[end:]
    return body


@st.composite
def forms(draw: st.DrawFn) -> list[Part]:
    """Parts in any number and order, of any name, as text or as file."""
    names = st.one_of(st.sampled_from(FIELDS), st.text(max_size=10))
    part = st.builds(
        Part,
        names.map(lambda name: name.replace('"', "%22").replace("\r", "").replace("\n", "")),
        st.one_of(TEXT.map(str.encode), st.sampled_from([WHEEL[1], SDIST[1]])),
        st.one_of(st.none(), st.none(), st.sampled_from([WHEEL[0], SDIST[0], "x", ""])),
    )
    usual = parts_of(*draw(st.sampled_from([WHEEL, SDIST])))
    kept = [part for part in usual if draw(st.integers(0, 9))]
    return list(draw(st.permutations(kept + draw(st.lists(part, max_size=4)))))


@MANY
@given(body=mutated())
@example(body=GOOD[0])
def test_u06_a_mutated_body(lasting_site: TestSite, lasting_key: str, body: bytes) -> None:
    answer = post(lasting_site, body, lasting_key, status="*")

    assert_sane(lasting_site, answer.status_int)


@MANY
@given(parts=forms())
def test_u06_a_form_of_anything(
    lasting_site: TestSite, lasting_key: str, parts: list[Part]
) -> None:
    answer = post(lasting_site, parts, lasting_key, status="*")

    assert_sane(lasting_site, answer.status_int)


@MANY
@given(changes=st.dictionaries(st.sampled_from(FIELDS), TEXT, min_size=1, max_size=3))
def test_u31_any_value_of_a_field(
    lasting_site: TestSite, lasting_key: str, changes: dict[str, str]
) -> None:
    answer = post(lasting_site, parts_of(*WHEEL, changes), lasting_key, status="*")

    assert_sane(lasting_site, answer.status_int)


@MANY
@given(filename=st.one_of(TEXT, TEXT.map("{}.whl".format), TEXT.map("{}.tar.gz".format)))
def test_u70_any_filename(lasting_site: TestSite, lasting_key: str, filename: str) -> None:
    *fields, file = parts_of(*WHEEL)
    escaped = filename.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")

    answer = post(
        lasting_site, [*fields, Part("content", file.content, escaped)], lasting_key, status="*"
    )

    assert_sane(lasting_site, answer.status_int)


@MANY
@given(
    content_type=st.one_of(
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")),
        st.sampled_from([FORM, "multipart/form-data; boundary="]).flatmap(
            lambda prefix: st.text(st.characters(min_codepoint=32, max_codepoint=126)).map(
                prefix.__add__
            )
        ),
    )
)
def test_u01_any_content_type(lasting_site: TestSite, lasting_key: str, content_type: str) -> None:
    answer = post(lasting_site, GOOD[0], lasting_key, content_type=content_type, status="*")

    assert_sane(lasting_site, answer.status_int)


@MANY
@given(query=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#")))
def test_u04_any_query(lasting_site: TestSite, lasting_key: str, query: str) -> None:
    parts = parts_of(*WHEEL, {":action": ""})

    answer = post(lasting_site, parts, lasting_key, to=f"{UPLOAD}?{query}", status="*")

    assert_sane(lasting_site, answer.status_int)


@MANY
@given(data=st.data())
def test_u81_u84_a_damaged_archive(
    lasting_site: TestSite, lasting_key: str, data: st.DataObject
) -> None:
    filename, content = data.draw(st.sampled_from([WHEEL, SDIST]))
    at = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(0, 8))
    middle = data.draw(st.binary(max_size=8))
    damaged = content[:at] + middle + content[at + length :]

    answer = lasting_site.upload(filename, damaged, lasting_key, status="*")

    assert_sane(lasting_site, answer.status_int)


LINES = st.one_of(
    st.builds(
        lambda name, value: name.encode() + b": " + value,
        st.sampled_from(
            ["Requires-Dist", "Requires-Python", "Provides-Extra", "Summary", "Classifier"]
        ),
        st.one_of(st.binary(max_size=30), TEXT.map(lambda text: text.encode())),
    ),
    st.binary(max_size=60),
)


@settings(MANY, max_examples=40)
@given(lines=st.lists(LINES, max_size=4), number=st.integers(0, 99_999))
@example(lines=[b"Summary: \x00", b"Odd: \x00"], number=100_000)
@example(lines=[b"Summary: \xff\xfe", b"\xff\xfe: 1"], number=100_001)
@example(lines=[b"Requires-Dist: a; python_version > '\xc3\xa9'"], number=100_002)
def test_u61_any_metadata(fuzzed: tuple[TestSite, str], lines: list[bytes], number: int) -> None:
    site, key = fuzzed
    version = f"1.{number}"
    metadata = make_metadata("demo-pkg", version) + b"\n".join(lines)
    digest = hashlib.sha256(metadata).hexdigest()[:8]
    filename, content = make_wheel("demo-pkg", version, metadata=metadata, build=f"0{digest}")

    answer = site.upload(filename, content, key, status="*")

    assert_sane(site, answer.status_int)


def test_u61_the_page_of_all_that_was_published_can_be_made(
    fuzzed: tuple[TestSite, str],
) -> None:
    """Of whatever the test above has got through."""
    site, key = fuzzed
    site.upload(*make_wheel("demo-pkg", "0.1"), key)

    assert "0.1" in site.page("demo-pkg", key)["versions"]
