"""Chromium for the tests of a file, and a fresh context for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.browser import PageErrors, chromium, watched_context


# Not for the whole session: while Playwright runs, so does an event loop, in which tests of other
# files could not run one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page_errors() -> PageErrors:
    """What goes wrong on the pages of the test; say there what is meant to."""
    return PageErrors()


@pytest.fixture
def context(browser: Browser, page_errors: PageErrors) -> Iterator[BrowserContext]:
    """A person's browser; the test fails if anything goes wrong in it."""
    with watched_context(browser, page_errors) as opened:
        yield opened


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
