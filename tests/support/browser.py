"""Pages as people use them: Chromium, what goes wrong in it, and whether everybody can use it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)

ARGUMENTS = (
    # The tests may run as root, for whom Chromium has no sandbox; they visit only their own pages.
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    # No name is looked up, and no other machine is reached.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
)
COLOR_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, which reaches nothing but this machine."""
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("there is no chromium; run `make chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class PageErrors:
    """What went wrong on the pages of one context, and what was meant to."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._expected: list[str] = []

    def expect(self, text: str) -> None:
        """Take an error that holds ``text`` for right; it has to come, once for each call.

        Chromium writes one for a page with an error status, such as ``status of 403``.
        """
        self._expected.append(text)

    def watch(self, context: BrowserContext) -> None:
        """Note what goes wrong in ``context`` from now on."""
        context.on("console", self._heard)
        context.on("weberror", lambda event: self._found.append(str(event.error)))
        context.on("request", self._asked)

    def check(self) -> None:
        """Raise AssertionError unless exactly what was expected went wrong."""
        unexpected = list(self._found)
        missing = []
        for text in self._expected:
            match = next((error for error in unexpected if text in error), None)
            if match is None:
                missing.append(f"did not happen: {text}")
            else:
                unexpected.remove(match)
        assert not unexpected + missing, "\n".join(["on the page:", *unexpected, *missing])

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._found.append(f"{message.text} {message.location}")

    def _asked(self, request: Request) -> None:
        if not is_local(request.url):
            self._found.append(f"a request to another machine: {request.url}")


def is_local(url: str) -> bool:
    """Whether what is at ``url`` comes from this machine."""
    parts = urlsplit(url)
    if parts.scheme in {"about", "blob", "data"}:
        return True
    host = parts.hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def watched_context(
    browser: Browser, errors: PageErrors, **options: Any
) -> Iterator[BrowserContext]:
    """A person's browser, without cookies at first; at its end ``errors`` are checked."""
    context = browser.new_context(locale="en-GB", **options)
    errors.watch(context)
    try:
        yield context
    finally:
        # What the pages have still to tell comes before this returns.
        context.close()
    errors.check()


def check_accessibility(page: Page) -> None:
    """Raise AssertionError with everything that axe has against the page as it stands.

    The page is looked at in light and in dark colours.
    """
    found: dict[str, None] = {}
    for scheme in COLOR_SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found.update(dict.fromkeys(_violations(page)))
    page.emulate_media(color_scheme="null")
    assert not found, "\n".join([f"not accessible: {page.url}", *found])


def _violations(page: Page) -> Iterator[str]:
    for violation in Axe().run(page).response["violations"]:
        for node in violation["nodes"]:
            where = " ".join(map(str, node["target"]))
            yield f"{violation['id']} ({violation['impact']}): {violation['help']}: {where}"
