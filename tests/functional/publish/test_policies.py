"""What a registry decides for itself about the uploads that it takes (U-42 to U-77)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from stockroom.db import insert_if_absent
from stockroom.dists import POLICIES
from stockroom.models import BurntFilename, File, Package, Release
from stockroom.policies import MIB
from stockroom.publish import service
from tests.archives import make_sdist, make_wheel, make_wheel_file
from tests.conftest import ON_SQLITE
from tests.functional.publish.test_access import basic
from tests.support.site import TestSite
from tests.support.uploads import UPLOAD, encode, inventory, parts_of
from tests.support.waiting import Worker

WHEEL = make_wheel("demo-pkg", "1.0")
DATA = {"demo_pkg/data.bin": bytes(range(256)) * 5000}
LARGE = make_wheel("demo-pkg", "2.0", files=DATA, compress=False)


@pytest.fixture
def key(both: TestSite) -> str:
    return both.create_key()


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in answer.json["errors"]]


def refused(site: TestSite, file: tuple[str, bytes], key: str) -> list[tuple[str, str]]:
    before = inventory(site)

    answer = site.upload(*file, key, status=400, accept="application/json")

    assert inventory(site) == before
    return codes(answer)


class TestNewPackages:
    @ON_SQLITE
    def test_u65_where_admins_create_a_writer_may_not(self, both: TestSite, key: str) -> None:
        both.set_policy(new_packages="admins")

        answer = both.upload(*WHEEL, key, status=403)

        assert "only its admins may add one" in answer.status

    def test_u65_an_admin_may_and_then_every_writer_publishes(
        self, both: TestSite, key: str
    ) -> None:
        both.set_policy(new_packages="admins")

        both.upload(*WHEEL, both.create_key("admin"))

        both.upload(*make_wheel("demo-pkg", "1.1"), key)

    @pytest.mark.parametrize("name", ["asyncio", "AsyncIO", "xml"])
    @ON_SQLITE
    def test_u66_names_of_the_standard_library(self, both: TestSite, key: str, name: str) -> None:
        both.set_policy(standard_library_names="refuse")

        assert refused(both, make_wheel(name, "1.0"), key) == [("name", "name-of-standard-library")]

    @ON_SQLITE
    def test_u66_they_are_allowed_unless_the_registry_refuses_them(
        self, both: TestSite, key: str
    ) -> None:
        both.upload(*make_wheel("asyncio", "1.0"), key)

    @pytest.mark.parametrize("other", ["heIlo", "he11o", "hell0", "he-llo", "h.e.l.l.o"])
    def test_u66_names_that_people_confuse(self, both: TestSite, key: str, other: str) -> None:
        both.set_policy(similar_names="refuse")
        both.upload(*make_wheel("hello", "1.0"), key)

        assert refused(both, make_wheel(other, "1.0"), key) == [("name", "name-too-similar")]
        both.upload(*make_wheel("hello", "2.0"), key)

    @pytest.mark.parametrize("other", ["oil", "0-1-l", "OI1"])
    def test_u66_it_does_not_matter_which_of_them_was_first(
        self, both: TestSite, key: str, other: str
    ) -> None:
        both.set_policy(similar_names="refuse")
        both.upload(*make_wheel("0.i_1", "1.0"), key)
        both.upload(*make_wheel("0-i-2", "1.0"), key)

        assert refused(both, make_wheel(other, "1.0"), key) == [("name", "name-too-similar")]

    @ON_SQLITE
    def test_u66_prohibited_names(self, both: TestSite, key: str) -> None:
        both.set_policy(prohibited_names="demo-pkg other")

        assert refused(both, WHEEL, key) == [("name", "name-prohibited")]

    @ON_SQLITE
    def test_u68_new_names_must_have_a_prefix(self, both: TestSite, key: str) -> None:
        both.set_policy(name_prefixes="acme- tools-")

        assert refused(both, WHEEL, key) == [("name", "name-prefix")]
        both.upload(*make_wheel("tools-demo", "1.0"), key)

    def test_u68_packages_that_are_there_need_no_prefix(self, both: TestSite, key: str) -> None:
        both.upload(*WHEEL, key)
        both.set_policy(name_prefixes="acme-")

        both.upload(*make_wheel("demo-pkg", "1.1"), key)

    @ON_SQLITE
    def test_all_rules_are_told_at_once(self, both: TestSite, key: str) -> None:
        both.set_policy(name_prefixes="acme-", prohibited_names="xml")
        both.set_policy(standard_library_names="refuse")
        name, content = make_wheel("xml", "1.0", requires=["not a requirement ="])

        assert set(refused(both, (name, content), key)) == {
            ("name", "name-prohibited"),
            ("name", "name-prefix"),
            ("name", "name-of-standard-library"),
            ("requires_dist", "requires-dist-invalid"),
        }


class TestQuotas:
    @ON_SQLITE
    def test_u72_a_file_that_is_too_large(self, both: TestSite, key: str) -> None:
        both.set_policy(max_file_mb="1")

        answer = both.upload(*LARGE, key, status=400, accept="application/json")

        assert answer.status == "400 File too large: files may have up to 1 MiB here"
        assert codes(answer) == [("content", "file-too-large")]

    @ON_SQLITE
    def test_u72_the_team_s_limit_holds_as_well(self, both: TestSite, key: str) -> None:
        both.set_policy(max_file_mb="100")
        both.set_team_policy(max_file_mb="1")

        assert refused(both, LARGE, key) == [("content", "file-too-large")]

    @pytest.mark.parametrize("quota", ["max_package_mb", "max_total_mb"])
    @pytest.mark.parametrize("of_team", [False, True])
    def test_u72_no_room_for_more(
        self, both: TestSite, key: str, quota: str, of_team: bool
    ) -> None:
        (both.set_team_policy if of_team else both.set_policy)(**{quota: "2"})
        both.upload(*LARGE, key)
        next_one = make_wheel("demo-pkg", "3.0", files=DATA, compress=False)

        answer = both.upload(*next_one, key, status=400, accept="application/json")

        assert answer.status.startswith("400 Project size too large: ")
        assert codes(answer) == [("content", "project-too-large")]
        both.upload(*LARGE, key)

    def test_u72_the_size_of_a_package_is_that_of_its_files(self, both: TestSite, key: str) -> None:
        both.upload(*WHEEL, key)
        both.upload(*LARGE, key)
        both.upload(*WHEEL, key)

        with both.database.read() as connection:
            [size] = connection.execute(Package.__table__.select()).mappings()

        assert size["size"] == len(WHEEL[1]) + len(LARGE[1])
        assert size["size"] > MIB

    @pytest.mark.parametrize("of_team", [False, True])
    def test_uploads_per_minute(self, both: TestSite, key: str, of_team: bool) -> None:
        (both.set_team_policy if of_team else both.set_policy)(uploads_per_minute="2")
        both.upload(*WHEEL, key)
        both.upload(*make_wheel("demo-pkg", "1.1"), key)

        answer = both.upload(*make_wheel("demo-pkg", "1.2"), key, status=429)

        assert answer.headers["Retry-After"] == "60"
        assert "2 files a minute" in answer.status

    def test_uploads_of_more_than_a_minute_ago_do_not_count(self, both: TestSite, key: str) -> None:
        both.set_policy(uploads_per_minute="1")
        both.upload(*WHEEL, key)
        with both.database.transaction() as session:
            earlier = datetime.now(UTC) - timedelta(seconds=61)
            session.execute(update(File).values(uploaded_at=earlier))

        both.upload(*make_wheel("demo-pkg", "1.1"), key)


class TestReleases:
    def burn(self, site: TestSite, filename: str) -> None:
        with site.database.transaction() as session:
            session.add(
                BurntFilename(
                    registry_id=1,
                    filename=filename,
                    package="demo-pkg",
                    sha256="0" * 64,
                    deleted_at=datetime.now(UTC),
                    deleted_by="test",
                )
            )

    def test_u75_a_burnt_filename_is_never_used_again(self, both: TestSite, key: str) -> None:
        self.burn(both, WHEEL[0])

        assert refused(both, WHEEL, key) == [("content", "filename-burnt")]

    @ON_SQLITE
    def test_u75_unless_the_registry_does_not_burn(self, both: TestSite, key: str) -> None:
        self.burn(both, WHEEL[0])
        both.set_policy(burn_filenames="off")

        both.upload(*WHEEL, key)

    def test_u76_an_old_release_takes_no_more_files(self, both: TestSite, key: str) -> None:
        both.set_policy(release_closes_after_days="14")
        both.upload(*WHEEL, key)
        with both.database.transaction() as session:
            earlier = datetime.now(UTC) - timedelta(days=14, seconds=1)
            session.execute(update(Release).values(created_at=earlier))

        assert refused(both, make_sdist("demo-pkg", "1.0"), key) == [("version", "release-closed")]
        both.upload(*WHEEL, key)
        both.upload(*make_wheel("demo-pkg", "1.1"), key)

    def test_u77_a_release_has_one_sdist(self, both: TestSite, key: str) -> None:
        both.upload(*make_sdist("demo-pkg", "1.0"), key)

        assert refused(both, make_sdist("demo-pkg", "1.0.0"), key) == [("content", "second-sdist")]

    @ON_SQLITE
    def test_u74_what_is_published_stays_so_when_the_rules_change(
        self, both: TestSite, key: str
    ) -> None:
        both.upload(*WHEEL, key)
        both.set_policy(max_file_mb="1", prohibited_names="demo-pkg", name_prefixes="x-")

        both.upload(*WHEEL, key)


class TestRequests:
    def post(self, site: TestSite, user: str, key: str, status: int) -> Any:
        return site.app.request(
            UPLOAD,
            method="POST",
            body=encode(parts_of(*WHEEL)),
            headers={
                "Authorization": basic(user, key),
                "Content-Type": "multipart/form-data; boundary=stockroom-test-boundary",
            },
            expect_errors=True,
            status=status,
        )

    @ON_SQLITE
    def test_u10_only_the_token_user_where_the_registry_wants_it(
        self, both: TestSite, key: str
    ) -> None:
        both.set_policy(any_user_name="off")

        answer = self.post(both, "ci", key, 403)

        assert "__token__" in answer.status
        self.post(both, "__token__", key, 200)


@pytest.mark.parametrize("attempt", range(3))
def test_u65_two_first_uploads_at_once_make_one_package(
    both: TestSite, key: str, attempt: int
) -> None:
    wheels = [make_wheel("demo-pkg", version) for version in ("1.0", "2.0")]
    workers = [Worker(partial(both.upload, *wheel, key)) for wheel in wheels]

    for worker in workers:
        worker.result()

    assert len(both.page("demo-pkg", key)["versions"]) == 2


def test_u65_a_package_that_is_made_and_deleted_elsewhere_meanwhile_is_made_anew(
    both: TestSite, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[bool] = []

    def too_late(*args: Any) -> bool:
        # As if the row had been there, and were gone when it is looked for.
        tries.append(len(tries) > 0 and insert_if_absent(*args))
        return tries[-1]

    monkeypatch.setattr(service, "insert_if_absent", too_late)

    both.upload(*make_wheel("demo-pkg", "1.0"), key)

    assert tries == [False, True]
    assert both.page("demo-pkg", key)["versions"] == ["1.0"]


def _with(*headers: tuple[str, str], **options: Any) -> tuple[str, bytes]:
    return make_wheel("demo-pkg", "1.0", extra_headers=headers, **options)


FINDINGS = {
    "local_versions": make_wheel("demo-pkg", "1.0+local.7"),
    "long_summary": _with(("Summary", "x" * 513)),
    "unknown_classifiers": _with(("Classifier", "Topic :: Nobody Knows")),
    "deprecated_classifiers": _with(("Classifier", "Natural Language :: Ukranian")),
    "repository_urls": _with(("Project-URL", "Source, ssh://git@packages.example/demo")),
    "direct_references": _with(("Requires-Dist", "x @ https://packages.example/x.whl")),
    "unrenderable_description": _with(description="Title\n==\n\n.. nothing-like-this::\n"),
    "platform_tags": make_wheel("demo-pkg", "1.0", tag="py3-none-linux_x86_64"),
    "record_list": make_wheel("demo-pkg", "1.0", record=b""),
    "record_hashes": make_wheel(
        "demo-pkg",
        "1.0",
        record=b"demo_pkg.py,,\ndemo_pkg-1.0.dist-info/METADATA,,\n"
        b"demo_pkg-1.0.dist-info/WHEEL,,\ndemo_pkg-1.0.dist-info/RECORD,,\n",
    ),
    "wheel_tags": make_wheel("demo-pkg", "1.0", wheel=make_wheel_file("py2-none-any")),
    "folded_names": make_wheel("demo-pkg", "1.0", files={"a.py": "", "A.py": ""}),
}
"""A file for each policy of the rules about files, which breaks no other."""


class Registry:
    """One of many on a site: it has decided nothing yet."""

    def __init__(self, site: TestSite, workspace: str) -> None:
        site.create_workspace(workspace)
        self.name = f"{workspace}/main"
        self._site = site
        self._key = site.create_key(scope=workspace)

    def decide(self, policy: str, decision: str) -> None:
        self._site.set_policy(self.name, **{policy: decision})

    def upload(self, file: tuple[str, bytes], status: int = 200) -> str:
        """What is said to a file."""
        answer = self._site.upload(*file, self._key, to=self.name, status=status)
        return str(answer.text)


class TestDecisions:
    @pytest.fixture
    def registry(self, lasting_site: TestSite, request: pytest.FixtureRequest) -> Registry:
        # Names of tests differ, and are names of workspaces once they are short enough.
        digest = hashlib.sha256(request.node.name.encode()).hexdigest()
        return Registry(lasting_site, f"of-{digest[:12]}")

    def test_there_is_a_file_for_each(self) -> None:
        assert FINDINGS.keys() == POLICIES.keys()

    @pytest.mark.parametrize("policy", FINDINGS)
    def test_allowed_is_accepted_in_silence(self, registry: Registry, policy: str) -> None:
        registry.decide(policy, "allow")

        assert registry.upload(FINDINGS[policy]) == ""

    @pytest.mark.parametrize("policy", FINDINGS)
    def test_warned_is_accepted_with_a_sentence(self, registry: Registry, policy: str) -> None:
        registry.decide(policy, "warn")

        assert registry.upload(FINDINGS[policy]).startswith("warning: ")

    @pytest.mark.parametrize("policy", FINDINGS)
    def test_refused_is_not_accepted(self, registry: Registry, policy: str) -> None:
        registry.decide(policy, "refuse")

        registry.upload(FINDINGS[policy], 400)

    @pytest.mark.parametrize("policy", FINDINGS)
    def test_the_default_is_that_of_the_rule(self, registry: Registry, policy: str) -> None:
        status = 400 if POLICIES[policy].default == "refuse" else 200

        said = registry.upload(FINDINGS[policy], status)

        assert said.startswith("warning: ") == (POLICIES[policy].default == "warn")

    def test_u85_old_names_are_refused_unless_the_registry_takes_them(self, site: TestSite) -> None:
        key = site.create_key()
        old = make_sdist("demo-pkg", "1.0", filename="demo-pkg-1.0.tar.gz", top="demo-pkg-1.0")
        site.upload(*old, key, status=400, name="demo-pkg", version="1.0")
        site.set_policy(legacy_filenames="on")

        site.upload(*old, key, name="demo-pkg", version="1.0")


@pytest.mark.parametrize(
    "policy",
    [
        {"prohibited_names": "demo-pkg"},
        {"name_prefixes": "acme-"},
        {"max_total_mb": "1", "max_file_mb": "1"},
        {"uploads_per_minute": "1"},
        {"new_packages": "admins"},
    ],
    ids=str,
)
def test_u24_409_is_never_used_for_what_is_not_taken(
    site: TestSite, policy: dict[str, str]
) -> None:
    """Clients would skip the file and say that all is well."""
    key = site.create_key()
    site.upload(*make_wheel("other", "1.0"), key)
    site.set_policy(**policy)
    large = make_wheel("demo-pkg", "9.0", files={"x.bin": bytes(2 << 20)}, compress=False)

    answer = site.upload(*large, key, status="*")

    assert answer.status_int in (400, 403, 429)
    assert "exist" not in answer.status
