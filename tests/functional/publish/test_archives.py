"""What the archive says is what counts (U-60 to U-62), and what it must be (U-70 to U-90)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest
from sqlalchemy import select

from stockroom.models import File, Package, Release
from tests.archives import (
    make_gzip,
    make_metadata,
    make_record,
    make_sdist,
    make_tar,
    make_wheel,
    make_wheel_file,
    make_zip,
)
from tests.support.site import JSON, TestSite
from tests.support.uploads import UV_ACCEPT, file_part, inventory, parts_of, post, text_parts

WHEEL = make_wheel("demo-pkg", "1.0")
SDIST = make_sdist("demo-pkg", "1.0")


@pytest.fixture
def key(site: TestSite) -> str:
    return site.create_key()


def refusal(
    site: TestSite, key: str, filename: str, content: bytes, changes: Mapping[str, str] = {}
) -> set[tuple[str, str]]:
    """The field and code of every violation; nothing of the upload may be left."""
    before = inventory(site)
    fields = parts_of(WHEEL[0] if filename.endswith(".whl") else SDIST[0], content, changes)[:-1]
    parts = [*fields, file_part(filename, content)]
    answer = post(site, parts, key, status=400, accept=UV_ACCEPT)
    assert inventory(site) == before
    return {(error["field"], error["code"]) for error in answer.json["errors"]}


class TestTruth:
    def test_u60_requirements_of_the_archive_are_shown_though_the_form_lies(
        self, both: TestSite
    ) -> None:
        key = both.create_key()
        wheel = make_wheel("demo-pkg", "1.0", requires=["requests>=2"], requires_python=">=3.11")
        lies = text_parts([("requires_python", ">=2.7"), ("requires_dist", "evil")])

        post(both, [*lies, *parts_of(*wheel)], key)

        (file,) = both.page("demo-pkg", key)["files"]
        metadata = both.get(f"{both.file_url('demo-pkg', wheel[0], key)}.metadata", key).text
        assert file["requires-python"] == ">=3.11"
        assert "Requires-Dist: requests>=2" in metadata
        assert "evil" not in metadata

    def test_u60_what_the_form_adds_is_not_shown(self, site: TestSite, key: str) -> None:
        post(site, [*text_parts([("requires_python", ">=3.11")]), *parts_of(*WHEEL)], key)

        (file,) = site.page("demo-pkg", key)["files"]
        assert "requires-python" not in file

    def test_u62_metadata_is_kept_per_file(self, both: TestSite) -> None:
        key = both.create_key()
        old = make_wheel("demo-pkg", "1.0", requires_python=">=3.9", tag="py3-none-win32")
        new = make_wheel(
            "demo-pkg", "1.0", requires_python=">=3.12", requires=["numpy"], tag="py3-none-any"
        )

        both.upload(*old, key)
        both.upload(*new, key)

        files = both.page("demo-pkg", key)["files"]
        shown = {file["filename"]: file["requires-python"] for file in files}
        with both.database.read() as connection:
            kept = connection.execute(select(File.filename, File.requires_dist)).all()
        assert shown == {old[0]: ">=3.9", new[0]: ">=3.12"}
        assert {row.filename: row.requires_dist for row in kept} == {
            old[0]: [],
            new[0]: ["numpy"],
        }

    def test_u90_the_metadata_is_served_byte_for_byte(self, site: TestSite, key: str) -> None:
        metadata = make_metadata("demo-pkg", "1.0", description="Zeile\r\n\u00fc\n")
        wheel = make_wheel("demo-pkg", "1.0", metadata=metadata)

        site.upload(*wheel, key)

        (file,) = site.page("demo-pkg", key)["files"]
        served = site.get(f"{site.file_url('demo-pkg', wheel[0], key)}.metadata", key).body
        assert served == metadata
        assert file["core-metadata"] == {"sha256": hashlib.sha256(metadata).hexdigest()}

    @pytest.mark.parametrize("kind", ["wheel", "sdist"])
    def test_u60_another_name_in_the_archive_is_refused(
        self, lasting_site: TestSite, lasting_key: str, kind: str
    ) -> None:
        metadata = make_metadata("other", "1.0", metadata_version="2.2")
        build = make_wheel if kind == "wheel" else make_sdist
        filename, content = build("demo-pkg", "1.0", metadata=metadata)

        assert refusal(lasting_site, lasting_key, filename, content) == {
            ("name", "name-differs-from-filename")
        }

    @pytest.mark.parametrize("kind", ["wheel", "sdist"])
    def test_u60_another_version_in_the_archive_is_refused(
        self, lasting_site: TestSite, lasting_key: str, kind: str
    ) -> None:
        metadata = make_metadata("demo-pkg", "1.1", metadata_version="2.2")
        build = make_wheel if kind == "wheel" else make_sdist
        filename, content = build("demo-pkg", "1.0", metadata=metadata)

        found = refusal(lasting_site, lasting_key, filename, content)

        assert found == {("version", "version-differs-from-filename")}

    def test_u60_another_name_in_the_form_is_refused(
        self, lasting_site: TestSite, lasting_key: str
    ) -> None:
        found = refusal(lasting_site, lasting_key, *WHEEL, {"name": "other"})

        assert found == {("name", "name-mismatch")}

    def test_u60_another_version_in_the_form_is_refused(
        self, lasting_site: TestSite, lasting_key: str
    ) -> None:
        found = refusal(lasting_site, lasting_key, *WHEEL, {"version": "1.1"})

        assert found == {("version", "version-mismatch")}

    @pytest.mark.parametrize("version", ["1.0.0", "v1.0", "1", "1.0.0.0"])
    def test_u60_versions_are_compared_as_versions(
        self, site: TestSite, key: str, version: str
    ) -> None:
        metadata = make_metadata("demo-pkg", version)
        wheel = make_wheel("demo-pkg", "1.0", metadata=metadata)

        site.upload(*wheel, key, version=version)

        assert site.page("demo-pkg", key)["versions"] == ["1.0"]


class TestFilename:
    @pytest.mark.parametrize(
        ("filename", "code"),
        [
            ("demo_pkg-1.0-py3-none-any.whl\n", "filename-characters"),
            ("demo_pkg-1.0-py3\x01-none-any.whl", "filename-characters"),
            ("demo_pkg-1.0-py3\x7f-none-any.whl", "filename-characters"),
            ("../demo_pkg-1.0-py3-none-any.whl", "filename-path"),
            ("dist/demo_pkg-1.0-py3-none-any.whl", "filename-path"),
            ("/etc/demo_pkg-1.0-py3-none-any.whl", "filename-path"),
            ("dist\\demo_pkg-1.0-py3-none-any.whl", "filename-path"),
            (".demo_pkg-1.0-py3-none-any.whl", "filename-start"),
            ("-demo_pkg-1.0-py3-none-any.whl", "filename-start"),
            (f"demo_pkg-1.0-py3-none-{'a' * 300}.whl", "filename-too-long"),
            (f"demo_pkg-1.0-py3-none-{'é' * 120}.whl", "filename-too-long"),
            ("demo_pkg-1.0-py3-none-any.WHL", "filename-extension-case"),
            ("demo_pkg-1.0-py3-none-any.exe", "filename-kind-retired"),
            ("demo_pkg-1.0-py3.egg", "filename-kind-retired"),
            ("demo_pkg-1.0-py3-none-any", "filename-extension"),
            ("demo_pkg-1.0-py3-none-any.whl.metadata", "filename-extension"),
            ("demo_pkg-1.0-py3-none-any.whl\u202e", "filename-extension"),
        ],
    )
    def test_u70_a_bad_filename_is_refused(
        self, lasting_site: TestSite, lasting_key: str, filename: str, code: str
    ) -> None:
        escaped = filename.replace("\n", "%0A")
        fields = parts_of(*WHEEL)[:-1]
        before = inventory(lasting_site)

        answer = post(
            lasting_site,
            [*fields, file_part(escaped, WHEEL[1])],
            lasting_key,
            status=400,
            accept=UV_ACCEPT,
        )

        errors = [(error["field"], error["code"]) for error in answer.json["errors"]]
        assert ("filename", code) in errors
        assert inventory(lasting_site) == before

    @pytest.mark.parametrize(
        "filename",
        [
            "demo-pkg-1.0.tar.gz",
            "Demo_Pkg-1.0.tar.gz",
            "demo.pkg-1.0.tar.gz",
            "demo_pkg-1.00.tar.gz",
            "demo_pkg-v1.0.tar.gz",
            "demo_pkg.tar.gz",
            "demo_pkg-.tar.gz",
        ],
    )
    def test_u85_an_sdist_has_its_normalised_name(
        self, lasting_site: TestSite, lasting_key: str, filename: str
    ) -> None:
        assert ("filename", "sdist-filename") in refusal(
            lasting_site, lasting_key, filename, SDIST[1]
        )

    def test_u85_the_expected_name_is_told(self, lasting_site: TestSite, lasting_key: str) -> None:
        fields = parts_of(*SDIST)[:-1]

        answer = post(
            lasting_site,
            [*fields, file_part("Demo.Pkg-1.0.tar.gz", SDIST[1])],
            lasting_key,
            status=400,
        )

        assert "'demo_pkg-1.0.tar.gz'" in answer.status

    def test_u85_zipped_sdists_are_refused(self, lasting_site: TestSite, lasting_key: str) -> None:
        content = make_zip({"demo_pkg-1.0/PKG-INFO": make_metadata("demo-pkg", "1.0")})

        found = refusal(lasting_site, lasting_key, "demo_pkg-1.0.zip", content)

        assert ("filename", "filename-kind-retired") in found

    @pytest.mark.parametrize(
        ("filename", "code"),
        [
            ("demo-pkg-1.0-py3-none-any.whl", "wheel-filename-version"),
            ("demo_pkg-1.0-any.whl", "wheel-filename"),
            ("demo_pkg-1.0-1-2-py3-none-any.whl", "wheel-filename"),
            ("Demo_Pkg-1.0-py3-none-any.whl", "wheel-filename-name"),
            ("demo.pkg-1.0-py3-none-any.whl", "wheel-filename-name"),
            ("demo__pkg-1.0-py3-none-any.whl", "wheel-filename-name"),
            ("demo_pkg-one-py3-none-any.whl", "wheel-filename-version"),
            ("demo_pkg-1.0-x1-py3-none-any.whl", "wheel-filename-build"),
            ("demo_pkg-1.0-py3-none-.whl", "wheel-filename-tags"),
        ],
    )
    def test_u86_a_wheel_name_must_parse(
        self, lasting_site: TestSite, lasting_key: str, filename: str, code: str
    ) -> None:
        assert ("filename", code) in refusal(lasting_site, lasting_key, filename, WHEEL[1])

    @pytest.mark.parametrize(
        ("build", "tag"),
        [
            (None, "py3-none-any"),
            ("7", "py3-none-any"),
            ("7local", "cp311-cp311-linux_x86_64"),
            (None, "cp39.cp310-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64"),
        ],
    )
    def test_u86_wheels_may_have_build_and_platform_tags(
        self, site: TestSite, key: str, build: str | None, tag: str
    ) -> None:
        wheel = make_wheel("demo-pkg", "1.0", build=build, tag=tag)

        site.upload(*wheel, key)

        assert site.page("demo-pkg", key)["files"][0]["filename"] == wheel[0]

    @pytest.mark.parametrize("kind", ["wheel", "sdist"])
    def test_u42_local_versions_are_taken(self, site: TestSite, key: str, kind: str) -> None:
        make = make_wheel if kind == "wheel" else make_sdist
        filename, content = make("demo-pkg", "1.0+build.7")

        site.upload(filename, content, key)

        assert site.page("demo-pkg", key)["versions"] == ["1.0+build.7"]

    @pytest.mark.parametrize("version", ["1!2.0", "1.0a1", "1.0.post1", "1.0.dev3", "2024.1.15"])
    def test_every_kind_of_version_is_taken(self, site: TestSite, key: str, version: str) -> None:
        site.upload(*make_wheel("demo-pkg", version), key)
        site.upload(*make_sdist("demo-pkg", version), key)

        with site.database.read() as connection:
            releases = connection.execute(select(Release.version)).scalars().all()
        assert releases == [version]

    def test_the_longest_name_is_taken(self, both: TestSite) -> None:
        key = both.create_key()
        name = "d" * 200
        metadata = make_metadata(name.upper(), "1.0")

        both.upload(*make_wheel(name, "1.0", metadata=metadata), key, name=name)

        assert len(both.page(name, key)["files"]) == 1

    def test_a_longer_name_is_refused(self, lasting_site: TestSite, lasting_key: str) -> None:
        name = "d" * 201

        lasting_site.upload(*make_wheel(name, "1.0"), lasting_key, status=400)


def wheel_members() -> dict[str, str | bytes]:
    """The members of a good wheel, to leave out or change some."""
    directory = "demo_pkg-1.0.dist-info"
    members: dict[str, str | bytes] = {
        "demo_pkg.py": "ANSWER = 42\n",
        f"{directory}/METADATA": make_metadata("demo-pkg", "1.0"),
        f"{directory}/WHEEL": make_wheel_file(),
    }
    members[f"{directory}/RECORD"] = make_record(members, directory)
    return members


class TestContent:
    @pytest.mark.parametrize("filename", [WHEEL[0], SDIST[0]])
    @pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", b"\x1f\x8b", b"<html>" * 1000])
    def test_u81_u84_what_is_no_archive_is_refused(
        self, lasting_site: TestSite, lasting_key: str, filename: str, content: bytes
    ) -> None:
        assert {field for field, _ in refusal(lasting_site, lasting_key, filename, content)} == {
            "content"
        }

    def test_u84_a_wheel_cut_short_is_refused(
        self, lasting_site: TestSite, lasting_key: str
    ) -> None:
        assert refusal(lasting_site, lasting_key, WHEEL[0], WHEEL[1][:-30])

    def test_u81_an_sdist_cut_short_is_refused(
        self, lasting_site: TestSite, lasting_key: str
    ) -> None:
        assert refusal(lasting_site, lasting_key, SDIST[0], SDIST[1][:-30])

    def test_an_sdist_under_the_name_of_a_wheel_is_refused(
        self, lasting_site: TestSite, lasting_key: str
    ) -> None:
        assert refusal(lasting_site, lasting_key, WHEEL[0], SDIST[1])

    @pytest.mark.parametrize("missing", ["WHEEL", "METADATA"])
    def test_u82_u90_a_wheel_has_its_files(
        self, lasting_site: TestSite, lasting_key: str, missing: str
    ) -> None:
        members = wheel_members()
        del members[f"demo_pkg-1.0.dist-info/{missing}"]

        found = refusal(lasting_site, lasting_key, WHEEL[0], make_zip(members))

        assert found == {("content", f"wheel-{missing.lower()}-file-missing")}

    def test_u82_a_renamed_wheel_is_refused(self, lasting_site: TestSite, lasting_key: str) -> None:
        _, content = make_wheel("other", "1.0")

        assert ("content", "wheel-dist-info-differs") in refusal(
            lasting_site, lasting_key, WHEEL[0], content
        )

    def test_u82_another_spelling_of_the_directory_is_a_warning(
        self, site: TestSite, key: str
    ) -> None:
        wheel = make_wheel("demo-pkg", "1.0", dist_info="Demo.Pkg-1.0.0.dist-info")

        answer = site.upload(*wheel, key)

        assert answer.text.startswith("warning: The directory 'Demo.Pkg-1.0.0.dist-info'")

    def test_u81_an_sdist_has_one_top_directory(
        self, lasting_site: TestSite, lasting_key: str
    ) -> None:
        members: dict[str, str | bytes] = {
            "demo_pkg-1.0/PKG-INFO": make_metadata("demo-pkg", "1.0"),
            "elsewhere/setup.py": "",
        }

        found = refusal(lasting_site, lasting_key, SDIST[0], make_gzip(make_tar(members)))

        assert found == {("content", "sdist-top-directory")}

    def test_u81_an_sdist_has_pkg_info(self, lasting_site: TestSite, lasting_key: str) -> None:
        content = make_gzip(make_tar({"demo_pkg-1.0/setup.py": ""}))

        found = refusal(lasting_site, lasting_key, SDIST[0], content)

        assert found == {("content", "sdist-pkg-info-missing")}

    def test_u81_an_sdist_stays_in_its_directory(
        self, lasting_site: TestSite, lasting_key: str
    ) -> None:
        _, content = make_sdist("demo-pkg", "1.0", files={"../../evil.py": ""})

        assert ("content", "sdist-member-path") in refusal(
            lasting_site, lasting_key, SDIST[0], content
        )

    def test_u79_a_wheel_that_unpacks_to_very_much_is_refused(
        self, lasting_site: TestSite, lasting_key: str
    ) -> None:
        filename, content = make_wheel("demo-pkg", "1.0", files={"bomb.bin": bytes(70 << 20)})

        found = refusal(lasting_site, lasting_key, filename, content)

        assert ("content", "archive-unpacks-too-large") in found

    def test_u79_an_sdist_that_unpacks_to_very_much_is_refused(
        self, lasting_site: TestSite, lasting_key: str
    ) -> None:
        filename, content = make_sdist("demo-pkg", "1.0", files={"bomb.bin": bytes(70 << 20)})

        assert refusal(lasting_site, lasting_key, filename, content)


class TestBookkeeping:
    """U-93: what an upload leaves in the database and in the storage."""

    def test_u93_a_file_leaves_its_rows_and_blobs(self, both: TestSite) -> None:
        key = both.create_key()
        before, _ = inventory(both)

        both.upload(*WHEEL, key)

        after, files = inventory(both)
        added = {table: count - before[table] for table, count in after.items()}
        digest = hashlib.sha256(WHEEL[1]).hexdigest()
        assert added == {"packages": 1, "releases": 1, "files": 1, "blobs": 2, "events": 2}
        assert f"sha256/{digest[:2]}/{digest[2:4]}/{digest}" in files
        assert len(files) == 2

    def test_u93_a_new_package_is_in_the_next_project_list(self, both: TestSite) -> None:
        key = both.create_key()
        before = both.get("/simple/acme/main/", key, accept=JSON).json["projects"]

        both.upload(*WHEEL, key)

        after = both.get("/simple/acme/main/", key, accept=JSON).json["projects"]
        assert (before, after) == ([], [{"name": "demo-pkg"}])

    def test_u93_a_release_is_made_once(self, site: TestSite) -> None:
        key = site.create_key()

        site.upload(*WHEEL, key)
        site.upload(*SDIST, key)

        rows, _ = inventory(site)
        assert (rows["packages"], rows["releases"], rows["files"]) == (1, 1, 2)

    def test_u93_every_upload_raises_the_serial(self, both: TestSite) -> None:
        key = both.create_key()
        serials = []

        for archive in (WHEEL, SDIST, WHEEL):
            both.upload(*archive, key)
            with both.database.read() as connection:
                serials.append(connection.execute(select(Package.serial)).scalar_one())

        assert serials == [1, 2, 2]

    def test_u93_the_same_contents_are_stored_once(self, site: TestSite, key: str) -> None:
        metadata = make_metadata("demo-pkg", "1.0")
        one = make_wheel("demo-pkg", "1.0", metadata=metadata, tag="py3-none-any")
        two = make_wheel("demo-pkg", "1.0", metadata=metadata, tag="py3-none-win32")

        site.upload(*one, key)
        site.upload(*two, key)

        _, files = inventory(site)
        assert len(files) == 3
