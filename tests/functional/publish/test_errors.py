"""How refusals are told (U-20 to U-25, uv-client.md 1.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.archives import make_metadata, make_wheel
from tests.support.site import TestSite
from tests.support.uploads import UPLOAD, UV_ACCEPT, Part, encode, file_part, parts_of, post

WHEEL = make_wheel("demo-pkg", "1.0")
OTHER = make_wheel("demo-pkg", "1.0", files={"demo_pkg.py": "ANSWER = 43\n"})
EVERY_ACCEPT = [
    "*/*",
    "",
    UV_ACCEPT,
    "application/json",
    "application/problem+json",
    "text/html",
    "text/plain",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "image/png",
]


@pytest.fixture(scope="module")
def site(lasting_site: TestSite, lasting_key: str) -> TestSite:
    """A site on which the wheel is published; nearly everything here is refused."""
    lasting_site.upload(*WHEEL, lasting_key)
    return lasting_site


@pytest.fixture(scope="module")
def key(lasting_key: str) -> str:
    return lasting_key


def fields_of(answer: Any) -> list[str]:
    return [error["field"] for error in answer.json["errors"]]


class TestForms:
    def test_u20_the_message_travels_in_the_reason_phrase(self, site: TestSite, key: str) -> None:
        answer = site.upload(*WHEEL, key, filetype="bdist_egg", status=400)

        assert answer.status.startswith("400 filetype 'bdist_egg' is not accepted; upload a wheel")

    @pytest.mark.parametrize("accept", ["text/html", "text/plain", "text/html, text/plain;q=0.5"])
    def test_u20_the_message_travels_in_a_text_body(
        self, site: TestSite, key: str, accept: str
    ) -> None:
        answer = site.upload(*WHEEL, key, filetype="", status=400, accept=accept)

        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.text == "the field filetype is missing\n"

    @pytest.mark.parametrize("accept", [UV_ACCEPT, "application/json", "application/problem+json"])
    def test_u22_the_message_travels_in_a_problem(
        self, site: TestSite, key: str, accept: str
    ) -> None:
        answer = site.upload(*WHEEL, key, filetype="", status=400, accept=accept)

        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json["title"] == "Upload refused"
        assert answer.json["status"] == 400
        assert answer.json["detail"] == "the field filetype is missing"

    def test_u21_json_holds_what_uv_and_twine_look_for(self, site: TestSite, key: str) -> None:
        answer = site.upload(*WHEEL, key, filetype="", status=400, accept=UV_ACCEPT)

        assert answer.json["code"] == "400 the field filetype is missing"
        assert answer.json["message"] == "the field filetype is missing"
        assert answer.json["title"]

    @pytest.mark.parametrize("accept", EVERY_ACCEPT)
    @pytest.mark.parametrize(
        ("parts", "status"),
        [
            (parts_of(*WHEEL, {"filetype": ""}), 400),
            (parts_of(*WHEEL, {":action": "submit"}), 410),
            ([Part("description", b"x" * 9_000_000)], 413),
            ([], 400),
        ],
        ids=["refused", "gone", "too large", "empty"],
    )
    def test_u20_every_refusal_has_a_body_of_its_type(
        self, site: TestSite, key: str, accept: str, parts: list[Part], status: int
    ) -> None:
        answer = post(site, parts, key, status=status, accept=accept)

        kind = answer.headers["Content-Type"]
        assert kind in ("application/problem+json", "text/plain; charset=utf-8")
        assert len(answer.body) > 10
        assert len(answer.status) > 10

    def test_u20_an_answer_must_not_be_kept(self, site: TestSite, key: str) -> None:
        answer = site.upload(*WHEEL, key, filetype="", status=400)

        assert answer.headers["Cache-Control"] == "no-store"

    def test_u20_a_long_message_is_cut_in_the_reason_only(self, site: TestSite, key: str) -> None:
        wheel = make_wheel("demo-pkg", "1.0", requires=[f"!{n:0200}" for n in range(10)])

        answer = site.upload(*wheel, key, status=400, accept=UV_ACCEPT)

        assert len(answer.status) < 450
        assert len(answer.json["errors"]) == 10
        assert len(answer.json["detail"]) > 2000


class TestDuplicates:
    @pytest.mark.parametrize("accept", EVERY_ACCEPT)
    def test_u22_a_duplicate_is_never_a_problem_document(
        self, site: TestSite, key: str, accept: str
    ) -> None:
        answer = site.upload(*OTHER, key, status=400, accept=accept)

        assert "problem" not in answer.headers["Content-Type"]

    @pytest.mark.parametrize("accept", [UV_ACCEPT, "application/json", "application/problem+json"])
    def test_u21_a_duplicate_is_told_in_plain_json(
        self, site: TestSite, key: str, accept: str
    ) -> None:
        answer = site.upload(*OTHER, key, status=400, accept=accept)

        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json["code"].startswith("400 File already exists")
        assert answer.json["message"].startswith("File already exists")
        assert answer.json["title"] == "File already exists"

    @pytest.mark.parametrize("accept", ["*/*", "", "text/html", "text/plain"])
    def test_u23_a_duplicate_is_told_in_text(self, site: TestSite, key: str, accept: str) -> None:
        answer = site.upload(*OTHER, key, status=400, accept=accept)

        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.text.startswith("File already exists")

    @pytest.mark.parametrize("accept", EVERY_ACCEPT)
    def test_u23_the_reason_phrase_begins_with_the_words_that_clients_look_for(
        self, site: TestSite, key: str, accept: str
    ) -> None:
        answer = site.upload(*OTHER, key, status=400, accept=accept)

        assert answer.status.startswith("400 File already exists")

    def test_u112_no_answer_says_ever_registered(self, site: TestSite, key: str) -> None:
        answers = [
            site.upload(*OTHER, key, status=400),
            site.upload(*WHEEL, key, name="another", status=400),
            site.upload(*WHEEL, key, filetype="", status=400),
        ]

        assert not [answer for answer in answers if "ever registered" in answer.text.lower()]


INJECTIONS = [
    "x\r\nSet-Cookie: stolen=1",
    "x\nSet-Cookie: stolen=1",
    "x\rSet-Cookie: stolen=1",
    "x\x00y",
    "x\x1b[31mred",
    "x\x7f",
    "x\x85Set-Cookie: stolen=1",
    "x\u2028y",
    "Пакет-名前-\N{SNOWMAN}",
    "\N{PILE OF POO}",
    "café",
]


def is_clean(status: str) -> bool:
    """Latin-1, no control characters: fit for a status line."""
    text = status.encode("latin-1").decode("latin-1")
    return all(char.isprintable() or char == "\xa0" for char in text)


class TestInjection:
    @pytest.mark.parametrize("value", INJECTIONS)
    @pytest.mark.parametrize("field", ["name", "version", "filetype", ":action"])
    def test_u22_a_field_cannot_break_the_status_line(
        self, site: TestSite, key: str, field: str, value: str
    ) -> None:
        answer = post(site, parts_of(*WHEEL, {field: value}), key, status=400)

        assert is_clean(answer.status)
        assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize("value", INJECTIONS)
    def test_u22_a_filename_cannot_break_the_status_line(
        self, site: TestSite, key: str, value: str
    ) -> None:
        escaped = value.replace("\r", "%0D").replace("\n", "%0A")
        *fields, _ = parts_of(*WHEEL)

        answer = post(site, [*fields, file_part(f"{escaped}.whl", WHEEL[1])], key, status=400)

        assert is_clean(answer.status)
        assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize("value", INJECTIONS)
    def test_u22_the_name_of_a_field_cannot_break_the_status_line(
        self, site: TestSite, key: str, value: str
    ) -> None:
        escaped = value.replace("\r", "%0D").replace("\n", "%0A")

        answer = post(site, [*parts_of(*WHEEL), Part(escaped, b"", "file")], key, status=400)

        assert is_clean(answer.status)
        assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize("value", INJECTIONS)
    def test_u22_an_archive_cannot_break_the_status_line(
        self, site: TestSite, key: str, value: str
    ) -> None:
        version = f"2.{INJECTIONS.index(value)}"
        metadata = make_metadata("demo-pkg", version, requires=[value.replace("\n", "\n  ")])
        wheel = make_wheel("demo-pkg", version, metadata=metadata)

        answer = site.upload(*wheel, key, status="*")

        assert answer.status_int in (200, 400)
        assert is_clean(answer.status)

    def test_u22_a_path_cannot_break_the_status_line(self, site: TestSite, key: str) -> None:
        path = "/v1/upload/acme/main%0D%0ASet-Cookie:%20stolen=1%C2%85"

        answer = post(site, encode(parts_of(*WHEEL)), key, to=path, status=404)

        assert is_clean(answer.status)
        assert "Set-Cookie" not in answer.headers

    def test_u20_what_latin_1_cannot_say_is_replaced(self, site: TestSite, key: str) -> None:
        answer = site.upload(*WHEEL, key, name="café-名前", status=400)

        assert answer.status.startswith("400 'café-??' is not a valid project name")

    def test_u20_the_body_says_it_in_full(self, site: TestSite, key: str) -> None:
        answer = site.upload(*WHEEL, key, name="café-名前", status=400, accept="text/plain")

        assert answer.text.startswith("'café-名前' is not a valid project name")


class TestSeveral:
    def test_u25_all_violations_are_listed(self, site: TestSite, key: str) -> None:
        answer = site.upload(
            *WHEEL,
            key,
            status=400,
            accept=UV_ACCEPT,
            protocol_version="2",
            metadata_version="",
            version="2.0",
            filetype="bdist_egg",
            sha256_digest="0" * 64,
        )

        assert fields_of(answer) == [
            "metadata_version",
            "version",
            "filetype",
            "protocol_version",
            "sha256_digest",
        ]

    def test_u25_each_violation_has_field_code_and_message(self, site: TestSite, key: str) -> None:
        answer = site.upload(*WHEEL, key, status=400, accept=UV_ACCEPT, filetype="")

        assert answer.json["errors"] == [
            {
                "field": "filetype",
                "code": "missing-field",
                "message": "the field filetype is missing",
            }
        ]

    def test_u25_those_of_form_filename_and_archive_come_together(
        self, site: TestSite, key: str
    ) -> None:
        metadata = make_metadata("other", "1.0", requires=["!", "also bad !"])
        filename, content = make_wheel("demo-pkg", "1.0", metadata=metadata)

        answer = site.upload(filename, content, key, status=400, accept=UV_ACCEPT, filetype="sdist")

        assert set(fields_of(answer)) == {"name", "filetype", "pyversion", "requires_dist"}
        assert fields_of(answer).count("requires_dist") == 2

    @pytest.mark.parametrize(
        ("changes", "headline"),
        [
            ({"version": "", "name": "", "metadata_version": ""}, "metadata_version"),
            ({"version": "", "name": "", "filetype": ""}, "name"),
            ({"version": "", "filetype": "", "sha256_digest": "x"}, "version"),
            ({"sha256_digest": "x", "filetype": "", "protocol_version": "7"}, "filetype"),
            ({"sha256_digest": "x", "blake2_256_digest": "x"}, "blake2_256_digest"),
        ],
    )
    def test_u25_the_headline_is_the_one_that_pypi_would_show(
        self, site: TestSite, key: str, changes: dict[str, str], headline: str
    ) -> None:
        answer = post(site, parts_of(*WHEEL, changes), key, status=400, accept=UV_ACCEPT)

        first = answer.json["errors"][0]
        assert first["field"] == headline
        assert answer.status == f"400 {first['message']}"

    def test_u25_the_detail_holds_every_message(self, site: TestSite, key: str) -> None:
        answer = site.upload(
            *WHEEL, key, status=400, accept=UV_ACCEPT, filetype="", metadata_version=""
        )

        messages = [error["message"] for error in answer.json["errors"]]
        assert answer.json["detail"] == "; ".join(messages)

    def test_u25_a_text_body_holds_every_message(self, site: TestSite, key: str) -> None:
        answer = site.upload(
            *WHEEL, key, status=400, accept="text/plain", filetype="", metadata_version=""
        )

        assert "filetype" in answer.text
        assert "metadata_version" in answer.text

    def test_u25_thousands_of_violations_make_no_endless_answer(
        self, site: TestSite, key: str
    ) -> None:
        parts = [Part(f"{number}{'n' * 3000}", b"", "file") for number in range(4000)]

        answer = post(site, [*parts, *parts_of(*WHEEL)], key, status=400, accept=UV_ACCEPT)

        assert len(answer.body) < 100_000

    def test_u25_a_huge_value_makes_no_huge_answer(self, site: TestSite, key: str) -> None:
        answer = site.upload(
            *WHEEL, key, name="n!" * 500_000, version="1." * 500_000 + "1", status=400
        )

        assert len(answer.body) < 10_000


@pytest.mark.parametrize("accept", EVERY_ACCEPT)
def test_a_refused_credential_is_told_like_everything_else(site: TestSite, accept: str) -> None:
    answer = post(site, b"", "stk_wrong", to=UPLOAD, status=401, accept=accept)

    assert answer.status.startswith("401 the credential is unknown, revoked or expired")
    assert "create a new API key" in answer.text
