"""Signing in at a real OpenID provider, oidc-provider, by plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from sso_support.doubles import REDIRECT_URI
from stockroom.plugins import Plugins
from stockroom.settings import read_settings
from stockroom.spi import ExternalUser, LoginMethod, LoginRefused, LoginStart, TeamRole
from tests.support.provider import Provider, openid_provider


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The provider tells claims at its userinfo endpoint, and takes secrets in a header."""
    with openid_provider(tmp_path_factory.mktemp("provider"), [REDIRECT_URI]) as running:
        yield running


def method_of(provider: Provider, **settings: str) -> LoginMethod:
    values = {
        "sqlalchemy.url": "sqlite:////unused.db",
        "stockroom.storage": "file:///unused",
        **provider.settings,
        **{f"plugin.sso.{name}": value for name, value in settings.items()},
    }
    return Plugins(read_settings(values)).login_methods()["sso"]


@pytest.fixture
def method(provider: Provider) -> LoginMethod:
    return method_of(provider)


def answer_to(provider: Provider, start: LoginStart, user: str) -> dict[str, str]:
    """The parameters with which the browser of ``user`` comes back."""
    url = provider.sign_in(start.url, user)
    assert url.startswith(f"{REDIRECT_URI}?")
    return dict(parse_qsl(urlsplit(url).query))


def sign_in(provider: Provider, method: LoginMethod, user: str) -> ExternalUser:
    start = method.start(REDIRECT_URI)
    return method.finish(REDIRECT_URI, start.state, answer_to(provider, start, user))


def test_person_comes_back_with_the_roles_of_their_groups(
    provider: Provider, method: LoginMethod
) -> None:
    [ada, grace, mallory] = [
        sign_in(provider, method, user) for user in ("ada", "grace", "mallory")
    ]

    assert ada == ExternalUser(
        issuer=provider.issuer,
        external_id="ada",
        name="ada",
        full_name="Ada Lovelace",
        email="ada@corp.example",
        email_verified=True,
        roles=(TeamRole("acme", "writer"),),
    )
    assert grace.roles == (TeamRole("acme", "owner"),)
    assert (mallory.email_verified, mallory.roles) == (False, ())


@pytest.mark.parametrize("auth_method", ["client_secret_post", "none"])
def test_client_shows_its_secret_as_the_provider_wants_it(tmp_path: Path, auth_method: str) -> None:
    with openid_provider(
        tmp_path, [REDIRECT_URI], id_token_claims=True, auth_method=auth_method
    ) as provider:
        user = sign_in(provider, method_of(provider), "ada")

    assert user.email == "ada@corp.example"
    assert user.roles == (TeamRole("acme", "writer"),)


def test_person_who_is_not_let_in_is_told(provider: Provider, method: LoginMethod) -> None:
    with pytest.raises(LoginRefused, match=r"^You were not let in"):
        sign_in(provider, method, "nobody")


def test_code_works_once(provider: Provider, method: LoginMethod) -> None:
    start = method.start(REDIRECT_URI)
    answer = answer_to(provider, start, "ada")
    method.finish(REDIRECT_URI, start.state, answer)

    with pytest.raises(LoginRefused, match=r"refused the code \(invalid_grant\)"):
        method.finish(REDIRECT_URI, start.state, answer)


@pytest.mark.parametrize("other", ["code_verifier", "nonce"])
def test_code_of_another_sign_in_does_not_work(
    provider: Provider, method: LoginMethod, other: str
) -> None:
    mine, yours = method.start(REDIRECT_URI), method.start(REDIRECT_URI)
    answer = answer_to(provider, mine, "ada")
    state = {**mine.state, other: yours.state[other]}

    with pytest.raises(LoginRefused, match=r"invalid_grant|its nonce is not the right one"):
        method.finish(REDIRECT_URI, state, answer)


def test_code_comes_back_to_where_it_was_asked_for_only(
    provider: Provider, method: LoginMethod
) -> None:
    start = method.start(REDIRECT_URI)
    answer = answer_to(provider, start, "ada")

    with pytest.raises(LoginRefused, match=r"refused the code \(invalid_grant\)"):
        method.finish("http://127.0.0.1:1/elsewhere", start.state, answer)


def test_wrong_secret_of_the_client_is_told_without_it(provider: Provider) -> None:
    with pytest.raises(LoginRefused, match=r"refused the code \(invalid_client\)") as caught:
        sign_in(provider, method_of(provider, client_secret="hush"), "ada")

    assert "hush" not in caught.value.detail
