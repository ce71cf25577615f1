"""The tests in the browser find what they are there to find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.support.browser import (
    PageErrors,
    check_accessibility,
    is_local,
    watched_context,
)

ACCESSIBLE = """\
<!doctype html>
<html lang="en">
<head><title>Keys</title><style>:root {{ color-scheme: light dark }}{style}</style></head>
<body><main><h1>Keys</h1><p>{body}</p></main></body>
</html>
"""
GREY_IN_THE_DARK = "@media (prefers-color-scheme: dark) { p { color: #444; background: #333 } }"


def document(body: str = "None yet.", style: str = "") -> str:
    return ACCESSIBLE.format(body=body, style=style)


@contextmanager
def refused(text: str) -> Iterator[None]:
    with pytest.raises(AssertionError, match=text):
        yield


def test_accessible_page_is_accepted(page: Page) -> None:
    page.set_content(document())

    check_accessibility(page)


@pytest.mark.parametrize(
    ("content", "violation"),
    [
        (document("<img src='data:,'>"), r"image-alt \(critical\): .*: img"),
        (document("<input>"), r"label \(critical\)"),
        (document(style=GREY_IN_THE_DARK), r"color-contrast \(serious\)"),
    ],
    ids=["picture", "field", "dark"],
)
def test_page_that_not_everybody_can_use_is_found(page: Page, content: str, violation: str) -> None:
    page.set_content(content)

    with refused(violation):
        check_accessibility(page)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("console.error('no keys')", "no keys"),
        ("undefined.length", "Cannot read properties of undefined"),
        ("fetch('http://192.0.2.1/').catch(() => 0)", "another machine: http://192.0.2.1/"),
        ("fetch('https://cdn.example/').catch(() => 0)", "another machine: https://cdn.example/"),
    ],
    ids=["console", "exception", "address", "name"],
)
def test_what_goes_wrong_on_a_page_fails_the_test(
    browser: Browser, script: str, error: str
) -> None:
    errors = PageErrors()

    with refused(error), watched_context(browser, errors) as context:
        context.new_page().set_content(document(f"<script>{script}</script>"))


def test_error_that_is_expected_has_to_come(browser: Browser) -> None:
    errors = PageErrors()
    errors.expect("no keys")
    errors.expect("no robots")

    told = "^on the page:\ndid not happen: no robots$"
    with refused(told), watched_context(browser, errors) as context:
        context.new_page().evaluate("console.error('there are no keys')")


@pytest.mark.parametrize("url", ["http://192.0.2.1:80/", "http://packages.example/"])
def test_no_other_machine_is_reached(page: Page, page_errors: PageErrors, url: str) -> None:
    page_errors.expect(f"another machine: {url.replace(':80', '')}")

    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto(url)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000/", True),
        ("http://localhost/", True),
        ("http://[::1]:80/", True),
        ("data:text/plain,x", True),
        ("http://127.0.0.1.example/", False),
        ("https://10.0.0.1/", False),
        ("file:///etc/passwd", False),
    ],
)
def test_this_machine_is_told_from_others(url: str, local: bool) -> None:
    assert is_local(url) is local
