"""The shortest way through the whole: publish, list, fetch, on both databases."""

from __future__ import annotations

from tests.archives import make_sdist, make_wheel
from tests.support.site import TestSite


def test_published_files_are_listed_and_fetched(both: TestSite) -> None:
    key = both.create_key()
    wheel, sdist = make_wheel("demo-pkg", "1.0"), make_sdist("demo-pkg", "1.0")

    both.upload(*wheel, key)
    both.upload(*sdist, key)

    page = both.page("demo-pkg", key)
    assert [file["filename"] for file in page["files"]] == [wheel[0], sdist[0]]
    for filename, content in (wheel, sdist):
        assert both.get(both.file_url("demo-pkg", filename, key), key).body == content


def test_upload_of_the_same_bytes_changes_nothing_u74(both: TestSite) -> None:
    key = both.create_key()
    wheel = make_wheel("demo-pkg", "1.0")
    both.upload(*wheel, key)
    before = both.page("demo-pkg", key)

    both.upload(*wheel, key)

    assert both.page("demo-pkg", key) == before


def test_a_warm_page_costs_no_query_and_a_first_page_four(both: TestSite) -> None:
    key = both.create_key()
    both.upload(*make_wheel("demo-pkg", "1.0"), key)
    reader = both.create_key(role="reader")

    with both.count_queries() as first:
        both.page("demo-pkg", reader)
    with both.count_queries() as warm:
        both.page("demo-pkg", reader)

    assert len(first) <= 4
    assert warm == []


def test_versions_that_are_equal_by_pep_440_are_one_release(both: TestSite) -> None:
    key = both.create_key()
    both.upload(*make_wheel("demo-pkg", "1.0"), key)

    both.upload(*make_sdist("demo-pkg", "1.0.0"), key)

    page = both.page("demo-pkg", key)
    assert page["versions"] == ["1.0"]
    assert len(page["files"]) == 2
