"""How many queries a read may cost, on both databases, and that what is kept is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from stockroom.feed import Feed, feed
from stockroom.index import downloads
from stockroom.index.downloads import Downloads
from stockroom.security.permissions import Access, Role
from stockroom.security.tokens import AccessTokens
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.callers import Callers
from tests.support.library import INDEX, set_visibility
from tests.support.nodes import wait_for_feed
from tests.support.site import JSON, TestSite

PAGE = f"{INDEX}demo-pkg/"
WHEEL = make_wheel("demo-pkg", "1.0")


@contextmanager
def expect_queries(site: TestSite, at_most: int) -> Iterator[None]:
    with site.count_queries() as statements:
        yield
    assert len(statements) <= at_most, statements


def hear_of_changes(site: TestSite) -> None:
    """Let the node learn what was committed, which is not what the next read is about."""
    site.service(Feed).check()


@dataclass(frozen=True)
class Shop:
    """A site with a workspace of the test's own, which has the wheel of demo-pkg 1.0."""

    site: TestSite
    workspace: str
    writer: str

    @property
    def index(self) -> str:
        """The path of the project list."""
        return f"/simple/{self.workspace}/main/"

    @property
    def page(self) -> str:
        """The path of the page of demo-pkg."""
        return f"{self.index}demo-pkg/"

    def publish(self, file: tuple[str, bytes]) -> None:
        """Upload a file."""
        self.site.upload(*file, self.writer, to=f"{self.workspace}/main")

    def create_reader(self) -> str:
        """Make another key."""
        return self.site.create_key("reader", self.workspace)

    def get(self, path: str, key: str | None, **options: Any) -> Any:
        """Read something."""
        return self.site.get(path, key, **options)

    def wheel_url(self) -> str:
        """The path of the wheel."""
        index = f"{self.workspace}/main"
        return self.site.file_url("demo-pkg", WHEEL[0], self.writer, index=index)


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a listener that is starved on a busy machine count as living."""
    monkeypatch.setattr(feed, "PROOF_SECONDS", 600.0)


@pytest.fixture(autouse=True)
def _no_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads are written when a test says so, which is a commit that every node looks at."""
    monkeypatch.setattr(downloads, "WRITE_SECONDS", 600.0)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    url: str = request.getfixturevalue(f"make_{request.param}")()
    made = TestSite(url, tmp_path_factory.mktemp("shop"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture
def shop(site: TestSite, numbers: Iterator[int]) -> Shop:
    """On each database; the node has heard of everything, and so can answer without asking."""
    workspace = f"acme-{next(numbers)}"
    site.create_workspace(workspace)
    made = Shop(site, workspace, site.create_key("writer", workspace))
    made.publish(WHEEL)
    wait_for_feed(site)
    return made


@pytest.fixture(params=["key", "anonymous"])
def reader(request: pytest.FixtureRequest, shop: Shop) -> str | None:
    """A key, or nothing for a public workspace."""
    if request.param == "key":
        return shop.create_reader()
    set_visibility(shop.site, "public", shop.workspace)
    return None


@pytest.mark.parametrize("is_public", [False, True])
def test_the_first_page_of_a_cold_process_takes_four_queries(
    make_site: MakeSite, shop: Shop, is_public: bool
) -> None:
    key = shop.create_reader()
    if is_public:
        set_visibility(shop.site, "public", shop.workspace)
    cold = make_site(shop.site.values["sqlalchemy.url"])
    wait_for_feed(cold)

    with expect_queries(cold, at_most=2 if is_public else 4):
        cold.get(shop.page, None if is_public else key)


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_warm_page_takes_none(shop: Shop, reader: str | None, coding: str) -> None:
    shop.get(shop.page, reader, accept=JSON, accept_encoding=coding)

    with expect_queries(shop.site, at_most=0):
        shop.get(shop.page, reader, accept=JSON, accept_encoding=coding)


@pytest.mark.parametrize("limits", [None, ["*"]])
@pytest.mark.parametrize("kind", ["session", "key", "token of a key", "token of a login"])
def test_what_is_warm_takes_none_with_any_credential(
    shop: Shop, kind: str, limits: list[str] | None
) -> None:
    site = shop.site
    site.service(AccessTokens).prepare()
    with site.database.transaction() as session:
        made = Callers(site, session)
        subject = made.user(f"ann-{shop.workspace}", (Role.READER, shop.workspace))
        key = made.key(subject, Access.READ, limits)
        credential = {
            "session": made.browser(subject),
            "key": key,
            "token of a key": made.token(subject, key),
            "token of a login": made.token(subject),
        }[kind]
    paths = [shop.index, shop.page, shop.wheel_url(), f"{shop.wheel_url()}.metadata"]
    for path in paths:
        site.app.get(path, headers=credential.headers)

    with expect_queries(site, at_most=0):
        for path in paths:
            site.app.get(path, headers=credential.headers)


def test_a_304_takes_none(shop: Shop, reader: str | None) -> None:
    etag = shop.get(shop.page, reader).headers["ETag"]

    with expect_queries(shop.site, at_most=0):
        shop.get(shop.page, reader, if_none_match=etag, status=304)


def test_another_form_of_a_warm_page_takes_one(shop: Shop, reader: str | None) -> None:
    shop.get(shop.page, reader)

    with expect_queries(shop.site, at_most=1):
        shop.get(shop.page, reader, accept=JSON)


@pytest.mark.parametrize("suffix", ["", ".metadata"])
def test_a_file_takes_one_and_then_none(shop: Shop, reader: str | None, suffix: str) -> None:
    shop.get(shop.page, reader)
    path = shop.wheel_url() + suffix

    with expect_queries(shop.site, at_most=1):
        shop.get(path, reader)
    with expect_queries(shop.site, at_most=0):
        shop.get(path, reader, range="bytes=0-1", status="*")
        shop.get(path, reader, if_none_match="*", status=304)


def test_noting_downloads_takes_none(shop: Shop, reader: str | None) -> None:
    path = shop.wheel_url()
    for warmed in (shop.page, path):
        shop.get(warmed, reader)
    shop.site.service(Downloads).write()

    with expect_queries(shop.site, at_most=0):
        for warmed in (shop.page, path):
            shop.get(warmed, reader)


def test_a_missing_package_takes_one_and_then_none(shop: Shop, reader: str | None) -> None:
    shop.get(shop.page, reader)

    with expect_queries(shop.site, at_most=1):
        shop.get(f"{shop.index}nothing/", reader, status=404)
    with expect_queries(shop.site, at_most=0):
        shop.get(f"{shop.index}nothing/", reader, status=404)


def test_the_project_list_takes_one_and_then_none(shop: Shop, reader: str | None) -> None:
    shop.get(shop.page, reader)

    with expect_queries(shop.site, at_most=1):
        shop.get(shop.index, reader)
    with expect_queries(shop.site, at_most=0):
        shop.get(shop.index, reader)


def test_after_an_upload_the_page_takes_one(shop: Shop, reader: str | None) -> None:
    shop.get(shop.page, reader)
    shop.publish(make_wheel("demo-pkg", "2.0"))
    hear_of_changes(shop.site)

    with expect_queries(shop.site, at_most=1):
        shop.get(shop.page, reader)


def test_an_upload_costs_other_packages_nothing(shop: Shop, reader: str | None) -> None:
    shop.get(shop.page, reader)
    shop.publish(make_wheel("other", "1.0"))
    hear_of_changes(shop.site)

    with expect_queries(shop.site, at_most=0):
        shop.get(shop.page, reader)


def test_another_key_costs_a_known_one_a_look_at_its_grants_at_most(shop: Shop) -> None:
    reader = shop.create_reader()
    shop.get(shop.page, reader)
    shop.create_reader()
    hear_of_changes(shop.site)

    with expect_queries(shop.site, at_most=1):
        shop.get(shop.page, reader)
    with expect_queries(shop.site, at_most=0):
        shop.get(shop.page, reader)


def test_a_node_asks_once_what_was_changed(shop: Shop) -> None:
    shop.publish(make_wheel("demo-pkg", "2.0"))

    with expect_queries(shop.site, at_most=1):
        hear_of_changes(shop.site)
    with expect_queries(shop.site, at_most=0):
        hear_of_changes(shop.site)


def test_redirects_take_none(shop: Shop, reader: str | None) -> None:
    shop.get(shop.page, reader)

    with expect_queries(shop.site, at_most=0):
        shop.get(f"{shop.index}Demo.Pkg/", reader, status=301)
        shop.get(f"{shop.index}demo-pkg", reader, status=301)


def test_refusals_of_malformed_keys_take_none(shop: Shop) -> None:
    shop.get(shop.page, None, status=401)

    with expect_queries(shop.site, at_most=0):
        shop.get(shop.page, None, status=401)
        shop.get(shop.page, "nonsense", status=401)
        shop.get(shop.page, "stk_" + "a" * 46, status=401)


def test_healthz_takes_none(shop: Shop) -> None:
    with expect_queries(shop.site, at_most=0):
        shop.get("/healthz", None)


def test_the_memory_for_pages_is_bounded_by_the_setting(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = make_site(sqlite_url, **{"stockroom.page_cache_mb": "1"})
    site.create_workspace(visibility="public")
    site.upload(*WHEEL, site.create_key())
    site.get(PAGE)

    # Each costs its entry only; yet a thousand of them are more than one MiB.
    for number in range(1000):
        site.get(f"{INDEX}missing-{number}/", status=404)

    with site.count_queries() as first:
        site.get(PAGE)
    with site.count_queries() as latest:
        site.get(f"{INDEX}missing-999/", status=404)
    assert (len(first), len(latest)) == (1, 0)


def test_what_is_used_stays_when_others_go(make_site: MakeSite, sqlite_url: str) -> None:
    site = make_site(sqlite_url, **{"stockroom.page_cache_mb": "1"})
    site.create_workspace(visibility="public")
    site.upload(*WHEEL, site.create_key())

    for number in range(1000):
        site.get(f"{INDEX}missing-{number}/", status=404)
        site.get(PAGE)

    with expect_queries(site, at_most=0):
        site.get(PAGE)
