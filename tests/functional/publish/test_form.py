"""The fields of the upload form (U-30 to U-37)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.archives import make_metadata, make_sdist, make_wheel
from tests.support.site import TestSite
from tests.support.uploads import UV_ACCEPT, Part, inventory, parts_of, post, text_parts

WHEEL = make_wheel("demo-pkg", "1.0")
SDIST = make_sdist("demo-pkg", "1.0")

SINGLE = [
    "metadata_version",
    "name",
    "version",
    "summary",
    "description",
    "description_content_type",
    "keywords",
    "home_page",
    "download_url",
    "author",
    "author_email",
    "maintainer",
    "maintainer_email",
    "license",
    "license_expression",
    "requires_python",
    "comment",
]
REPEATED = [
    "classifiers",
    "platform",
    "supported_platform",
    "requires",
    "provides",
    "obsoletes",
    "requires_dist",
    "provides_dist",
    "obsoletes_dist",
    "requires_external",
    "project_urls",
    "provides_extra",
    "dynamic",
    "license_file",
    "import_name",
    "import_namespace",
]
PLURALS = [
    "platforms",
    "supported_platforms",
    "license_files",
    "import_names",
    "import_namespaces",
]


@pytest.fixture(scope="module")
def site(lasting_site: TestSite) -> TestSite:
    """Most forms here are refused; the others publish the same bytes, which changes nothing."""
    return lasting_site


@pytest.fixture(scope="module")
def key(lasting_key: str) -> str:
    return lasting_key


def refusal(
    site: TestSite,
    key: str,
    changes: dict[str, str],
    archive: tuple[str, bytes] = WHEEL,
) -> list[tuple[str, str]]:
    """The field and code of every violation."""
    before = inventory(site)
    answer = post(site, parts_of(*archive, changes), key, status=400, accept=UV_ACCEPT)
    assert inventory(site) == before
    return [(error["field"], error["code"]) for error in answer.json["errors"]]


def accept(
    site: TestSite, key: str, changes: dict[str, str], archive: tuple[str, bytes] = WHEEL
) -> Any:
    return post(site, parts_of(*archive, changes), key)


class TestCleaning:
    @pytest.mark.parametrize("value", ["UNKNOWN", " UNKNOWN ", "\tUNKNOWN\n"])
    @pytest.mark.parametrize("field", ["name", "version", "metadata_version", "filetype"])
    def test_u30_unknown_counts_as_absent(
        self, site: TestSite, key: str, field: str, value: str
    ) -> None:
        found = refusal(site, key, {field: value})

        assert (field, "missing-field") in found

    def test_u30_unknown_in_an_optional_field_is_dropped(self, site: TestSite, key: str) -> None:
        accept(site, key, {"protocol_version": "UNKNOWN", "blake2_256_digest": "UNKNOWN"})

    def test_u30_unknown_beside_a_value_is_dropped(self, site: TestSite, key: str) -> None:
        extra = text_parts([("version", "UNKNOWN")])

        post(site, [*extra, *parts_of(*WHEEL)], key)

    @pytest.mark.parametrize("value", ["unknown", "UNKNOWN.", "UN KNOWN"])
    def test_u30_only_that_very_word_is_dropped(self, site: TestSite, key: str, value: str) -> None:
        found = refusal(site, key, {"filetype": value})

        assert found == [("filetype", "unknown-filetype")]

    def test_u30_nul_is_escaped(self, site: TestSite, key: str) -> None:
        answer = post(
            site, parts_of(*WHEEL, {"filetype": "a\x00b"}), key, status=400, accept=UV_ACCEPT
        )

        assert "\x00" not in answer.json["detail"]
        assert r"a\\x00b" in answer.json["detail"]

    def test_u30_nul_in_an_unused_field_is_no_obstacle(self, site: TestSite, key: str) -> None:
        accept(site, key, {"description": "a\x00b"})

    @pytest.mark.parametrize("value", ["", " ", "\r\n"])
    @pytest.mark.parametrize("field", ["name", "version", "metadata_version", "filetype"])
    def test_u30_an_empty_value_counts_as_absent(
        self, site: TestSite, key: str, field: str, value: str
    ) -> None:
        others = [part for part in parts_of(*WHEEL) if part.name != field]

        answer = post(
            site, [Part(field, value.encode()), *others], key, status=400, accept=UV_ACCEPT
        )

        assert [error["code"] for error in answer.json["errors"]] == ["missing-field"]

    def test_u111_an_empty_requires_python_is_absent(self, site: TestSite, key: str) -> None:
        post(site, [Part("requires_python", b""), *parts_of(*WHEEL)], key)

    @pytest.mark.parametrize("field", ["name", "description", ":action", "attestations", "unheard"])
    def test_u30_a_file_in_place_of_text_is_refused(
        self, site: TestSite, key: str, field: str
    ) -> None:
        usual = [part for part in parts_of(*WHEEL) if part.name != field]
        if field == ":action":
            usual += text_parts([(":action", "file_upload")])

        answer = post(
            site, [Part(field, b"demo-pkg", "a.txt"), *usual], key, status=400, accept=UV_ACCEPT
        )

        errors = [(error["field"], error["code"]) for error in answer.json["errors"]]
        assert (field, "file-part") in errors

    def test_u30_a_large_file_in_place_of_text_is_refused_as_such(
        self, site: TestSite, key: str
    ) -> None:
        parts = [*parts_of(*WHEEL), Part("description", bytes(20_000_000), "README.md")]

        answer = post(site, parts, key, status=400)

        assert "'description' must be text, not a file" in answer.status

    @pytest.mark.parametrize("filename", ["demo.asc", None])
    def test_u36_gpg_signature_is_ignored(
        self, site: TestSite, key: str, filename: str | None
    ) -> None:
        signature = Part("gpg_signature", b"-----BEGIN PGP SIGNATURE-----", filename)

        post(site, [signature, *parts_of(*WHEEL)], key)

    @pytest.mark.parametrize("field", ["comment", "filename", "attestations", "unheard", ""])
    def test_u35_u36_what_is_not_needed_is_ignored(
        self, site: TestSite, key: str, field: str
    ) -> None:
        post(site, [Part(field, b"anything"), *parts_of(*WHEEL)], key)


class TestRequired:
    @pytest.mark.parametrize("archive", [WHEEL, SDIST], ids=["wheel", "sdist"])
    @pytest.mark.parametrize("field", ["name", "version", "metadata_version", "filetype"])
    def test_u31_a_required_field_is_missed(
        self, site: TestSite, key: str, field: str, archive: tuple[str, bytes]
    ) -> None:
        assert refusal(site, key, {field: ""}, archive) == [(field, "missing-field")]

    def test_u31_the_file_is_missed(self, site: TestSite, key: str) -> None:
        answer = post(site, parts_of(*WHEEL)[:-1], key, status=400, accept=UV_ACCEPT)

        errors = [(error["field"], error["code"]) for error in answer.json["errors"]]
        assert errors == [("content", "missing-field")]

    def test_u31_a_digest_is_missed(self, site: TestSite, key: str) -> None:
        found = refusal(site, key, {"sha256_digest": "", "blake2_256_digest": ""})

        assert found == [("sha256_digest", "missing-field")]

    def test_u31_an_empty_form_misses_everything(self, site: TestSite, key: str) -> None:
        parts = text_parts([(":action", "file_upload")])

        answer = post(site, parts, key, status=400, accept=UV_ACCEPT)

        assert [error["field"] for error in answer.json["errors"]] == [
            "metadata_version",
            "name",
            "version",
            "content",
            "filetype",
            "sha256_digest",
        ]

    @pytest.mark.parametrize(
        "name",
        ["-demo", "demo-", "de mo", "démo", "demo/pkg", "../demo", "_", "d" * 300, "dem\u212a"],
    )
    def test_u31_s04_a_name_that_breaks_the_pattern_is_refused(
        self, site: TestSite, key: str, name: str
    ) -> None:
        assert ("name", "invalid-name") in refusal(site, key, {"name": name})

    @pytest.mark.parametrize(
        "version", ["one", "1.0.x", "1..0", "1.0-", "", "9" * 5000, "1.0+local!", "\u0661.0"]
    )
    def test_u42_a_version_must_be_pep_440(self, site: TestSite, key: str, version: str) -> None:
        found = refusal(site, key, {"version": version})

        assert found in ([("version", "invalid-version")], [("version", "missing-field")])

    def test_u31_pyversion_of_a_wheel_is_missed(self, site: TestSite, key: str) -> None:
        assert refusal(site, key, {"pyversion": ""}) == [("pyversion", "missing-field")]

    @pytest.mark.parametrize("pyversion", ["py3", "cp311", "py2.py3", "any"])
    def test_u31_pyversion_of_a_wheel_is_free(
        self, site: TestSite, key: str, pyversion: str
    ) -> None:
        accept(site, key, {"pyversion": pyversion})

    @pytest.mark.parametrize("pyversion", ["", "source"])
    def test_u31_pyversion_of_an_sdist_is_source_or_absent(
        self, site: TestSite, key: str, pyversion: str
    ) -> None:
        accept(site, key, {"pyversion": pyversion}, SDIST)

    @pytest.mark.parametrize("pyversion", ["py3", "Source", "any"])
    def test_u31_another_pyversion_of_an_sdist_is_refused(
        self, site: TestSite, key: str, pyversion: str
    ) -> None:
        found = refusal(site, key, {"pyversion": pyversion}, SDIST)

        assert found == [("pyversion", "invalid-pyversion")]

    @pytest.mark.parametrize(
        "filetype",
        ["bdist_egg", "bdist_wininst", "bdist_msi", "bdist_rpm", "bdist_dumb", "wheel", "SDIST"],
    )
    def test_u31_other_filetypes_are_refused(self, site: TestSite, key: str, filetype: str) -> None:
        assert refusal(site, key, {"filetype": filetype}) == [("filetype", "unknown-filetype")]

    def test_u70_the_filetype_is_that_of_the_filename(self, site: TestSite, key: str) -> None:
        as_sdist = refusal(site, key, {"filetype": "sdist", "pyversion": "source"})
        as_wheel = refusal(site, key, {"filetype": "bdist_wheel", "pyversion": "py3"}, SDIST)

        assert as_sdist == as_wheel == [("filetype", "wrong-filetype")]


class TestDigests:
    def digests(self, content: bytes = WHEEL[1]) -> dict[str, str]:
        return {
            "sha256_digest": hashlib.sha256(content).hexdigest(),
            "blake2_256_digest": hashlib.blake2b(content, digest_size=32).hexdigest(),
            "md5_digest": hashlib.md5(content).hexdigest(),
        }

    @pytest.mark.parametrize("given", ["sha256_digest", "blake2_256_digest"])
    def test_u32_one_digest_is_enough(self, site: TestSite, key: str, given: str) -> None:
        none = dict.fromkeys(self.digests(), "")

        accept(site, key, none | {given: self.digests()[given]})

    def test_u32_all_three_may_be_given(self, site: TestSite, key: str) -> None:
        accept(site, key, self.digests())

    def test_u32_digests_may_be_upper_case(self, site: TestSite, key: str) -> None:
        accept(site, key, {name: value.upper() for name, value in self.digests().items()})

    @pytest.mark.parametrize("given", ["sha256_digest", "blake2_256_digest", "md5_digest"])
    def test_u73_any_digest_that_differs_is_told(
        self, site: TestSite, key: str, given: str
    ) -> None:
        wrong = self.digests(b"other bytes")

        assert refusal(site, key, self.digests() | {given: wrong[given]}) == [
            (given, "digest-mismatch")
        ]

    @pytest.mark.parametrize("given", ["sha256_digest", "blake2_256_digest"])
    @pytest.mark.parametrize("value", ["abc", "0" * 63, "0" * 65, "z" * 64, "\u0660" * 64])
    def test_u32_a_digest_of_another_form_is_told(
        self, site: TestSite, key: str, given: str, value: str
    ) -> None:
        assert (given, "invalid-digest") in refusal(site, key, {given: value})

    def md5_alone(self) -> dict[str, str]:
        return self.digests() | {"sha256_digest": "", "blake2_256_digest": ""}

    def test_u32_md5_alone_is_refused(self, site: TestSite, key: str) -> None:
        assert refusal(site, key, self.md5_alone()) == [("md5_digest", "weak-digest")]

    def test_u32_md5_alone_is_taken_where_the_policy_allows_it(
        self, site: TestSite, key: str
    ) -> None:
        site.set_policy(md5_alone="on")

        accept(site, key, self.md5_alone())

    def test_u32_md5_alone_must_match_all_the_same(self, site: TestSite, key: str) -> None:
        site.set_policy(md5_alone="on")

        found = refusal(site, key, self.md5_alone() | {"md5_digest": "0" * 32})

        assert found == [("md5_digest", "digest-mismatch")]


class TestRepetition:
    @pytest.mark.parametrize("field", SINGLE)
    def test_u33_a_single_field_may_stand_only_once(
        self, site: TestSite, key: str, field: str
    ) -> None:
        usual = [part for part in parts_of(*WHEEL) if part.name != field]
        value = {"name": "demo-pkg", "version": "1.0"}.get(field, "2.1")

        answer = post(
            site,
            [*text_parts([(field, value), (field, value)]), *usual],
            key,
            status=400,
            accept=UV_ACCEPT,
        )

        errors = [(error["field"], error["code"]) for error in answer.json["errors"]]
        assert errors == [(field, "repeated-field")]

    @pytest.mark.parametrize("field", REPEATED + PLURALS)
    def test_u34_u35_other_fields_may_stand_several_times(
        self, site: TestSite, key: str, field: str
    ) -> None:
        post(site, [*text_parts([(field, "a"), (field, "b")]), *parts_of(*WHEEL)], key)

    @pytest.mark.parametrize("plural", PLURALS)
    def test_u35_both_spellings_may_stand_side_by_side(
        self, site: TestSite, key: str, plural: str
    ) -> None:
        pair = text_parts([(plural, "a"), (plural.removesuffix("s"), "b")])

        post(site, [*pair, *parts_of(*WHEEL)], key)


class TestName:
    @pytest.mark.parametrize(
        "name", ["demo-pkg", "demo_pkg", "Demo.Pkg", "DEMO--PKG", "demo.-_pkg", " demo-pkg "]
    )
    def test_u37_names_are_compared_normalised(self, site: TestSite, key: str, name: str) -> None:
        accept(site, key, {"name": name})

    def test_u37_the_display_name_is_that_of_the_archive(self, both: TestSite) -> None:
        key = both.create_key()
        metadata = make_metadata("Demo_Pkg", "1.0")

        both.upload(*make_wheel("demo-pkg", "1.0", metadata=metadata), key, name="demo.PKG")

        page = both.get("/simple/acme/main/demo-pkg/", key, accept="text/html").text
        listing = both.get("/simple/acme/main/", key, accept="text/html").text
        assert "Demo_Pkg" in page + listing
        assert "demo.PKG" not in page + listing
