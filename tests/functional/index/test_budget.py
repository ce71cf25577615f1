"""How many queries a read may cost, on both databases, and that what is kept is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stockroom.feed import Feed
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.library import INDEX, set_visibility
from tests.support.site import JSON, TestSite
from tests.support.waiting import wait_until

PAGE = f"{INDEX}demo-pkg/"
WHEEL = make_wheel("demo-pkg", "1.0")


@contextmanager
def expect_queries(site: TestSite, at_most: int) -> Iterator[None]:
    with site.count_queries() as statements:
        yield
    assert len(statements) <= at_most, statements


def wait_for_feed(site: TestSite) -> None:
    """Wait until the node can prove that it hears of every change."""

    def is_free() -> bool:
        with site.count_queries() as statements:
            site.service(Feed).check()
        return not statements

    wait_until(is_free)


def hear_of_changes(site: TestSite) -> None:
    """Let the node learn what was committed, which is not what the next read is about."""
    site.service(Feed).check()


@pytest.fixture
def shop(both: TestSite) -> TestSite:
    """A warm site with one file, on each database."""
    both.upload(*WHEEL, both.create_key())
    wait_for_feed(both)
    return both


@pytest.fixture(params=["key", "anonymous"])
def reader(request: pytest.FixtureRequest, shop: TestSite) -> str | None:
    """A key, or nothing for a public workspace."""
    if request.param == "key":
        return shop.create_key("reader")
    set_visibility(shop, "public")
    return None


@pytest.mark.parametrize("is_public", [False, True])
def test_the_first_page_of_a_cold_process_takes_three_queries(
    make_site: MakeSite, shop: TestSite, is_public: bool
) -> None:
    key = shop.create_key("reader")
    if is_public:
        set_visibility(shop, "public")
    cold = make_site(shop.values["sqlalchemy.url"])
    wait_for_feed(cold)

    with expect_queries(cold, at_most=2 if is_public else 3):
        cold.get(PAGE, None if is_public else key)


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_warm_page_takes_none(shop: TestSite, reader: str | None, coding: str) -> None:
    shop.get(PAGE, reader, accept=JSON, accept_encoding=coding)

    with expect_queries(shop, at_most=0):
        shop.get(PAGE, reader, accept=JSON, accept_encoding=coding)


def test_a_304_takes_none(shop: TestSite, reader: str | None) -> None:
    etag = shop.get(PAGE, reader).headers["ETag"]

    with expect_queries(shop, at_most=0):
        shop.get(PAGE, reader, if_none_match=etag, status=304)


def test_another_form_of_a_warm_page_takes_one(shop: TestSite, reader: str | None) -> None:
    shop.get(PAGE, reader)

    with expect_queries(shop, at_most=1):
        shop.get(PAGE, reader, accept=JSON)


def test_warm_metadata_takes_none(shop: TestSite, reader: str | None) -> None:
    path = shop.file_url("demo-pkg", WHEEL[0], reader)  # type: ignore[arg-type]
    shop.get(f"{path}.metadata", reader)

    with expect_queries(shop, at_most=0):
        shop.get(f"{path}.metadata", reader)


@pytest.mark.parametrize("suffix", ["", ".metadata"])
def test_a_file_takes_one(shop: TestSite, reader: str | None, suffix: str) -> None:
    path = shop.file_url("demo-pkg", WHEEL[0], reader)  # type: ignore[arg-type]

    with expect_queries(shop, at_most=1):
        shop.get(path + suffix, reader)
    with expect_queries(shop, at_most=1):
        shop.get(path + suffix, reader, range="bytes=0-1", status="*")


def test_a_missing_package_takes_one_and_then_none(shop: TestSite, reader: str | None) -> None:
    shop.get(PAGE, reader)

    with expect_queries(shop, at_most=1):
        shop.get(f"{INDEX}nothing/", reader, status=404)
    with expect_queries(shop, at_most=0):
        shop.get(f"{INDEX}nothing/", reader, status=404)


def test_the_project_list_takes_one_and_then_none(shop: TestSite, reader: str | None) -> None:
    shop.get(PAGE, reader)

    with expect_queries(shop, at_most=1):
        shop.get(INDEX, reader)
    with expect_queries(shop, at_most=0):
        shop.get(INDEX, reader)


def test_after_an_upload_the_page_takes_one(shop: TestSite, reader: str | None) -> None:
    writer = shop.create_key()
    shop.get(PAGE, reader)
    shop.upload(*make_wheel("demo-pkg", "2.0"), writer)
    hear_of_changes(shop)

    with expect_queries(shop, at_most=1):
        shop.get(PAGE, reader)


def test_an_upload_costs_other_packages_nothing(shop: TestSite, reader: str | None) -> None:
    writer = shop.create_key()
    shop.get(PAGE, reader)
    shop.upload(*make_wheel("other", "1.0"), writer)
    hear_of_changes(shop)

    with expect_queries(shop, at_most=0):
        shop.get(PAGE, reader)


def test_another_key_costs_a_known_one_a_look_at_its_grants_at_most(shop: TestSite) -> None:
    reader = shop.create_key("reader")
    shop.get(PAGE, reader)
    shop.create_key("reader")
    hear_of_changes(shop)

    with expect_queries(shop, at_most=1):
        shop.get(PAGE, reader)
    with expect_queries(shop, at_most=0):
        shop.get(PAGE, reader)


def test_a_node_asks_once_what_was_changed(shop: TestSite) -> None:
    shop.upload(*make_wheel("demo-pkg", "2.0"), shop.create_key())

    with expect_queries(shop, at_most=1):
        hear_of_changes(shop)
    with expect_queries(shop, at_most=0):
        hear_of_changes(shop)


def test_redirects_take_none(shop: TestSite, reader: str | None) -> None:
    shop.get(PAGE, reader)

    with expect_queries(shop, at_most=0):
        shop.get(f"{INDEX}Demo.Pkg/", reader, status=301)
        shop.get(f"{INDEX}demo-pkg", reader, status=301)


def test_refusals_of_malformed_keys_take_none(shop: TestSite) -> None:
    shop.get(PAGE, None, status=401)

    with expect_queries(shop, at_most=0):
        shop.get(PAGE, None, status=401)
        shop.get(PAGE, "nonsense", status=401)
        shop.get(PAGE, "stk_" + "a" * 46, status=401)


def test_healthz_takes_none(shop: TestSite) -> None:
    with expect_queries(shop, at_most=0):
        shop.get("/healthz")


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
