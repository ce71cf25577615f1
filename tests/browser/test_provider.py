"""Signing in at a real OpenID provider, oidc-provider, as a person does."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page

from stockroom.plugins import Plugins
from stockroom.settings import read_settings
from stockroom.spi import TeamRole
from tests.support.provider import openid_provider, sign_in_at_provider

CALLBACK = "http://127.0.0.1:1/sign-in/sso/callback"


def test_person_is_sent_there_and_comes_back(page: Page, tmp_path: Path) -> None:
    with openid_provider(tmp_path, [CALLBACK]) as provider:
        values = {"sqlalchemy.url": "sqlite:////unused.db", "stockroom.storage": "file:///unused"}
        method = Plugins(read_settings(values | provider.settings)).login_methods()["sso"]
        page.route(f"{CALLBACK}?*", lambda route: route.fulfill(body="Welcome back"))
        start = method.start(CALLBACK)

        page.goto(start.url)
        sign_in_at_provider(page, "ada")
        page.get_by_text("Welcome back").wait_for()
        user = method.finish(CALLBACK, start.state, dict(parse_qsl(urlsplit(page.url).query)))

    assert (user.name, user.email) == ("ada", "ada@corp.example")
    assert user.roles == (TeamRole("acme", "writer"),)
