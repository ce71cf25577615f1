"""The upload's URL, method and body (U-01 to U-07), through the application in this process."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from stockroom.publish.body import MAX_FIELD_BYTES, MAX_PARTS
from tests.archives import make_sdist, make_wheel
from tests.support.site import TestSite, bearer
from tests.support.uploads import (
    BOUNDARY,
    FORM,
    UPLOAD,
    Part,
    encode,
    file_part,
    inventory,
    parts_of,
    post,
    text_parts,
)

WHEEL = make_wheel("demo-pkg", "1.0")
SDIST = make_sdist("demo-pkg", "1.0")
NUMBERS = count()

Archive = tuple[str, bytes]


@pytest.fixture(scope="module")
def site(lasting_site: TestSite) -> TestSite:
    """One site for all: what is refused leaves no trace, and what is published has its own name."""
    return lasting_site


@pytest.fixture(scope="module")
def key(lasting_key: str) -> str:
    return lasting_key


@pytest.fixture
def wheel() -> Archive:
    """A wheel of a package that no other test publishes."""
    return make_wheel(f"new-{next(NUMBERS)}", "1.0")


def is_published(site: TestSite, key: str, archive: Archive) -> bool:
    filename, content = archive
    page = site.page(filename.partition("-")[0].replace("_", "-"), key)
    listed = {file["filename"]: file["hashes"]["sha256"] for file in page["files"]}
    return listed[filename] == hashlib.sha256(content).hexdigest()


class TestUrl:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_u01_both_spellings_of_the_url_publish(
        self, site: TestSite, key: str, wheel: Archive, slash: str
    ) -> None:
        post(site, parts_of(*wheel), key, to=UPLOAD + slash)

        assert is_published(site, key, wheel)

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
    def test_u02_an_upload_url_never_redirects(self, site: TestSite, key: str, method: str) -> None:
        answers = [
            site.app.request(url, method=method, headers=bearer(secret), expect_errors=True)
            for url in (UPLOAD, f"{UPLOAD}/")
            for secret in (None, "stk_wrong", key)
        ]

        assert {answer.status_int // 100 for answer in answers} == {4}

    @pytest.mark.parametrize("slash", ["", "/"])
    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_u04_other_methods_are_told_to_post(
        self, site: TestSite, slash: str, method: str
    ) -> None:
        answer = site.app.request(UPLOAD + slash, method=method, status=405)

        assert answer.headers["Allow"] == "POST"

    @pytest.mark.parametrize(
        "path", ["/v1/upload/acme", "/v1/upload/acme/main//", "/v1/upload/acme/main/more"]
    )
    def test_no_other_url_takes_uploads(self, site: TestSite, key: str, path: str) -> None:
        post(site, parts_of(*WHEEL), key, to=path, status=404)

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/upload/other/main",
            "/v1/upload/acme/other",
            "/v1/upload/acme/..",
            "/v1/upload/../main",
            "/v1/upload/acme/ma%2Fin",
            "/v1/upload/acme/main%00",
            "/v1/upload/acme/%EF%BD%8Dain",
            "/v1/upload/ACME/main",
            f"/v1/upload/acme/{'m' * 300}",
            "/v1/upload/acme/main%FF",
        ],
    )
    def test_unknown_places_are_404(self, site: TestSite, key: str, path: str) -> None:
        before = inventory(site)

        post(site, parts_of(*WHEEL), key, to=path, status=404)

        assert inventory(site) == before


class TestProtocol:
    def test_u03_protocol_version_may_be_missing(
        self, site: TestSite, key: str, wheel: Archive
    ) -> None:
        site.upload(*wheel, key, protocol_version="")

        assert is_published(site, key, wheel)

    @pytest.mark.parametrize("version", ["2", "0", "1.0", "one"])
    def test_u03_other_protocol_versions_are_refused(
        self, site: TestSite, key: str, version: str
    ) -> None:
        answer = site.upload(*WHEEL, key, protocol_version=version, status=400)

        assert "protocol_version" in answer.status

    @pytest.mark.parametrize("action", ["submit", "submit_pkg_info", "doc_upload"])
    def test_u04_retired_actions_are_gone(self, site: TestSite, key: str, action: str) -> None:
        answer = post(site, parts_of(*WHEEL, {":action": action}), key, status=410)

        assert action in answer.status

    @pytest.mark.parametrize("action", ["", "file-upload", "FILE_UPLOAD", "nonsense"])
    def test_u04_unknown_and_missing_actions_are_400(
        self, site: TestSite, key: str, action: str
    ) -> None:
        answer = post(site, parts_of(*WHEEL, {":action": action}), key, status=400)

        assert ":action=file_upload" in answer.status

    def test_u01_the_action_may_stand_in_the_query(
        self, site: TestSite, key: str, wheel: Archive
    ) -> None:
        parts = parts_of(*wheel, {":action": ""})

        post(site, parts, key, to=f"{UPLOAD}?:action=file_upload")

        assert is_published(site, key, wheel)

    def test_u04_a_retired_action_in_the_query_is_gone(self, site: TestSite, key: str) -> None:
        parts = parts_of(*WHEEL, {":action": ""})

        post(site, parts, key, to=f"{UPLOAD}?:action=submit", status=410)

    @pytest.mark.parametrize("query", ["%FF=1", ":action=%FF", "&&=&", ":action", "a=1&" * 2000])
    def test_u04_a_query_of_nonsense_is_400(self, site: TestSite, key: str, query: str) -> None:
        parts = parts_of(*WHEEL, {":action": ""})

        post(site, parts, key, to=f"{UPLOAD}?{query}", status=400)

    def test_u05_success_is_200_with_an_empty_body(
        self, site: TestSite, key: str, wheel: Archive
    ) -> None:
        answer = site.upload(*wheel, key)

        assert (answer.status, answer.body) == ("200 OK", b"")
        assert answer.headers["Cache-Control"] == "no-store"

    def test_u05_warnings_are_plain_text(self, site: TestSite, key: str) -> None:
        odd = make_wheel("odd", "1.0", extra_headers=[("Colour", "blue")])

        answer = site.upload(*odd, key)

        assert answer.status_int == 200
        assert answer.content_type == "text/plain"
        assert answer.text.startswith("warning: ")
        assert "colour" in answer.text


class TestOrder:
    @pytest.mark.parametrize("where", ["first", "middle", "last"])
    @pytest.mark.parametrize("kind", ["wheel", "sdist"])
    def test_u06_the_file_may_stand_anywhere(
        self, site: TestSite, key: str, kind: str, where: str
    ) -> None:
        name = f"new-{next(NUMBERS)}"
        archive = make_wheel(name, "1.0") if kind == "wheel" else make_sdist(name, "1.0")
        *fields, file = parts_of(*archive)
        fields.insert({"first": 0, "middle": 4, "last": len(fields)}[where], file)

        post(site, fields, key)

        assert is_published(site, key, archive)

    def test_u06_fields_may_stand_in_any_order(
        self, site: TestSite, key: str, wheel: Archive
    ) -> None:
        post(site, reversed(parts_of(*wheel)), key)

        assert is_published(site, key, wheel)

    def test_u06_fields_after_the_file_are_read(self, site: TestSite, key: str) -> None:
        parts = [*parts_of(*WHEEL), *text_parts([("filetype", "sdist")])]

        answer = post(site, parts, key, status=400)

        assert "filetype" in answer.status

    def test_u06_attestations_may_follow_the_file(
        self, site: TestSite, key: str, wheel: Archive
    ) -> None:
        parts = [*parts_of(*wheel), *text_parts([("attestations", "[]")])]

        post(site, parts, key)

        assert is_published(site, key, wheel)

    def test_u06_repeated_fields_are_lists(self, site: TestSite, key: str, wheel: Archive) -> None:
        values = [("classifiers", "Private :: A"), ("classifiers", "Private :: B")]

        post(site, [*text_parts(values), *parts_of(*wheel)], key)

        assert is_published(site, key, wheel)

    def test_u06_a_part_may_name_its_type(self, site: TestSite, key: str, wheel: Archive) -> None:
        *fields, file = parts_of(*wheel)
        plain = [
            Part(part.name, part.content, headers=("Content-Type: text/plain; charset=utf-8",))
            for part in fields
        ]
        typed = Part(
            file.name, file.content, file.filename, ("Content-Type: application/octet-stream",)
        )

        post(site, [*plain, typed], key)

        assert is_published(site, key, wheel)

    def test_text_before_and_after_the_parts_is_skipped(
        self, site: TestSite, key: str, wheel: Archive
    ) -> None:
        body = b"preamble\r\n" + encode(parts_of(*wheel)) + b"epilogue\r\n" * 1000

        post(site, body, key)

        assert is_published(site, key, wheel)

    @pytest.mark.parametrize("kind", ["image/png", "text/plain", "application/x-anything", ""])
    def test_u71_the_type_of_the_file_part_does_not_matter(
        self, site: TestSite, key: str, wheel: Archive, kind: str
    ) -> None:
        *fields, file = parts_of(*wheel)
        headers = (f"Content-Type: {kind}",) if kind else ()

        post(site, [*fields, replace(file, headers=headers)], key)


class TestBounds:
    def rest(self, archive: Archive) -> int:
        """How many bytes a field may have beside those of the usual form."""
        used = sum(len(part.name) + len(part.content) for part in parts_of(*archive)[:-1])
        return MAX_FIELD_BYTES - used - len("description")

    def test_u06_fields_of_8_mib_are_taken(self, site: TestSite, key: str, wheel: Archive) -> None:
        parts = [Part("description", b"x" * self.rest(wheel)), *parts_of(*wheel)]

        post(site, parts, key)

        assert is_published(site, key, wheel)

    def test_u06_fields_of_more_than_8_mib_are_413(self, site: TestSite, key: str) -> None:
        parts = [*parts_of(*WHEEL), Part("description", b"x" * (self.rest(WHEEL) + 1))]

        answer = post(site, parts, key, status=413)

        assert "8 MiB" in answer.status

    def test_u06_many_fields_together_have_the_same_bound(self, site: TestSite, key: str) -> None:
        parts = [Part("classifiers", b"x" * 1024 * 1024) for _ in range(8)]

        post(site, [*parts_of(*WHEEL), *parts], key, status=413)

    def test_u06_names_of_fields_count(self, site: TestSite, key: str) -> None:
        parts = [Part(f"{number}{'n' * 4000}", b"") for number in range(3000)]

        post(site, [*parts_of(*WHEEL), *parts], key, status=413)

    def test_u06_a_field_of_20_mb_is_413(self, site: TestSite, key: str) -> None:
        parts = [Part("description", b"x" * 20_000_000), *parts_of(*WHEEL)]

        post(site, parts, key, status=413)

    def test_u06_5000_parts_are_taken(self, site: TestSite, key: str, wheel: Archive) -> None:
        usual = parts_of(*wheel)
        more = text_parts([("classifiers", "Private :: X")] * (MAX_PARTS - len(usual)))

        post(site, [*more, *usual], key)

        assert is_published(site, key, wheel)

    @pytest.mark.parametrize("count", [MAX_PARTS + 1, 10_000])
    def test_u06_more_parts_are_refused(self, site: TestSite, key: str, count: int) -> None:
        usual = parts_of(*WHEEL)
        more = text_parts([("classifiers", "Private :: X")] * (count - len(usual)))

        post(site, [*usual, *more], key, status=400)

    def test_u06_a_refusal_leaves_no_trace(self, site: TestSite, key: str) -> None:
        before = inventory(site)

        post(site, [*parts_of(*WHEEL), Part("x", b"x" * 9_000_000)], key, status=413)

        assert inventory(site) == before

    def test_u06_the_bounds_do_not_concern_the_file(self, site: TestSite, key: str) -> None:
        large = make_wheel("large", "1.0", files={"data.bin": bytes(9_000_000)}, compress=False)

        site.upload(*large, key)

        assert is_published(site, key, large)


def broken_bodies() -> dict[str, bytes]:
    good = encode(parts_of(*WHEEL))
    delimiter = f"--{BOUNDARY}".encode()
    return {
        "empty": b"",
        "no parts": delimiter + b"--\r\n",
        "no boundary at all": b"name=demo-pkg",
        "another boundary": good.replace(BOUNDARY.encode(), b"another"),
        "stops in a header": good[:40],
        "stops in the file": good[: -len(WHEEL[1]) // 2],
        "stops before the end": good[: -len(BOUNDARY) - 8],
        "last boundary unfinished": good[:-4],
        "bare line feeds": good.replace(b"\r\n", b"\n"),
        "no disposition": good.replace(b"Content-Disposition: ", b"Content-Type: ", 1),
        "wrong disposition": good.replace(b"form-data;", b"attachment;", 1),
        "header without colon": good.replace(b"Content-Disposition:", b"Content-Disposition", 1),
        "header too long": encode([Part("name", b"", headers=("X: " + "x" * 9000,))]),
        "too many headers": encode([Part("name", b"", headers=("X: y",) * 20)]),
        "header not UTF-8": good.replace(b'name="name"', b'name="\xff\xfe"', 1),
        "field not UTF-8": encode([Part("name", b"\xff\xfe")]),
        "rubbish after a boundary": good.replace(b"--\r\n", b"-x\r\n"),
        "lying part length": encode([Part("name", b"demo", headers=("Content-Length: 999",))]),
    }


class TestBrokenBodies:
    @pytest.mark.parametrize("body", broken_bodies().values(), ids=broken_bodies().keys())
    def test_u06_a_broken_body_is_400_and_leaves_no_trace(
        self, site: TestSite, key: str, body: bytes
    ) -> None:
        before = inventory(site)

        post(site, body, key, status=400)

        assert inventory(site) == before

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/mixed; boundary=" + BOUNDARY,
            "text/plain",
            "nonsense",
        ],
    )
    def test_u01_another_content_type_is_400(
        self, site: TestSite, key: str, content_type: str
    ) -> None:
        answer = post(site, parts_of(*WHEEL), key, content_type=content_type, status=400)

        assert "multipart/form-data" in answer.status

    @pytest.mark.parametrize(
        "content_type",
        [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            'multipart/form-data; boundary=""',
            "multipart/form-data; charset=utf-8",
        ],
    )
    def test_u01_a_missing_boundary_is_400(
        self, site: TestSite, key: str, content_type: str
    ) -> None:
        answer = post(site, parts_of(*WHEEL), key, content_type=content_type, status=400)

        assert "boundary" in answer.status

    @pytest.mark.parametrize(
        "content_type", [f'Multipart/Form-Data;charset=utf-8; Boundary="{BOUNDARY}"', f"{FORM};"]
    )
    def test_u01_the_content_type_may_be_spelt_otherwise(
        self, site: TestSite, key: str, wheel: Archive, content_type: str
    ) -> None:
        post(site, parts_of(*wheel), key, content_type=content_type)

        assert is_published(site, key, wheel)

    @pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "\u0661", "1 2"])
    def test_u07_a_content_length_that_is_no_number_is_400(
        self, site: TestSite, key: str, length: str
    ) -> None:
        environ: dict[str, Any] = {"CONTENT_LENGTH": length}
        request = site.app.RequestClass.blank(
            UPLOAD, method="POST", headers={**bearer(key), "Content-Type": FORM}
        )
        request.environ.update(environ)

        answer = request.get_response(site.application)

        assert answer.status_int == 400

    def test_u06_a_body_that_stops_says_so(self, site: TestSite, key: str) -> None:
        answer = post(site, encode(parts_of(*WHEEL))[:-9], key, status=400)

        assert "ends too early" in answer.status


class TestFilePart:
    def test_u31_two_files_are_refused(self, site: TestSite, key: str) -> None:
        before = inventory(site)

        answer = post(site, [*parts_of(*WHEEL), file_part(*SDIST)], key, status=400)

        assert "one file" in answer.status
        assert inventory(site) == before

    def test_u31_a_second_file_may_be_large(self, site: TestSite, key: str) -> None:
        second = file_part("big-1.0-py3-none-any.whl", bytes(MAX_FIELD_BYTES + 1))

        answer = post(site, [*parts_of(*WHEEL), second], key, status=400)

        assert "one file" in answer.status

    def test_an_empty_file_is_refused(self, site: TestSite, key: str) -> None:
        before = inventory(site)

        answer = site.upload(WHEEL[0], b"", key, status=400, accept="application/json")

        assert answer.json["errors"][0]["field"] == "content"
        assert inventory(site) == before

    def test_u31_a_file_without_a_filename_is_none(self, site: TestSite, key: str) -> None:
        *fields, file = parts_of(*WHEEL)

        answer = post(site, [*fields, Part("content", b"text")], key, status=400)

        assert "no file" in answer.status
        assert file.filename == WHEEL[0]

    def test_u70_an_empty_filename_is_refused(self, site: TestSite, key: str) -> None:
        *fields, file = parts_of(*WHEEL)

        post(site, [*fields, file_part("", file.content)], key, status=400)
