"""Signing in with GitHub, against a double of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sso_support.doubles import REDIRECT_URI, Asked, Double, Reply, serving, sign_in
from stockroom.spi import ExternalUser, LoginRefused
from stockroom_sso.github import GitHubMethod
from stockroom_sso.methods import github_method
from stockroom_sso.settings import SsoSettings
from stockroom_sso.transport import Http

ADA = {"id": 4711, "login": "ada-l", "name": "Ada Lovelace", "email": "public@evil.example"}
EMAILS = [
    {"email": "old@corp.example", "primary": False, "verified": True},
    {"email": "ada@corp.example", "primary": True, "verified": True},
]


@pytest.fixture
def github() -> Iterator[Double]:
    """A GitHub Enterprise Server, which has its API below itself."""
    with serving(Double) as double:
        double.replies["/login/oauth/access_token"] = Reply(
            {"access_token": "the access token", "token_type": "bearer", "scope": "read:user"}
        )
        double.replies["/api/v3/user"] = Reply(ADA)
        double.replies["/api/v3/user/emails"] = Reply(EMAILS)
        yield double


def make_method(github: Double, **settings: Any) -> GitHubMethod:
    return github_method(
        SsoSettings(
            github_client_id="stockroom",
            github_client_secret="hush",
            github_url=f"{github.base}/",
            **{"everybody": True, **settings},
        ),
        Http(seconds=10),
    )


def refusal(method: GitHubMethod) -> str:
    with pytest.raises(LoginRefused) as caught:
        sign_in(method)
    return caught.value.detail


def test_person_is_who_github_says(github: Double) -> None:
    user = sign_in(make_method(github))

    assert user == ExternalUser(
        issuer=github.base,
        external_id="4711",
        name="ada-l",
        full_name="Ada Lovelace",
        email="ada@corp.example",
        email_verified=True,
    )


def test_browser_is_sent_with_state_and_challenge_and_few_wishes(github: Double) -> None:
    start = make_method(github).start(REDIRECT_URI)

    sent = parse_qs(urlsplit(start.url).query)
    assert start.url.startswith(f"{github.base}/login/oauth/authorize?")
    assert sent["scope"] == ["read:user user:email"]
    assert sent["code_challenge_method"] == ["S256"]
    assert sent.keys() == {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
    }
    assert start.state.keys() == {"state", "code_verifier"}


def test_token_is_shown_to_the_api_and_the_secret_to_the_server_only(github: Double) -> None:
    sign_in(make_method(github))

    [token, *api] = github.asked
    assert token.form["client_secret"] == "hush"
    assert token.form["code_verifier"]
    assert token.headers["Accept"] == "application/json"
    assert [asked.path for asked in api] == ["/api/v3/user", "/api/v3/user/emails"]
    for asked in api:
        assert asked.headers["Authorization"] == "Bearer the access token"
        assert asked.headers["User-Agent"] == "Stockroom (stockroom-sso)"


def test_answer_to_another_browser_is_refused(github: Double) -> None:
    with pytest.raises(LoginRefused, match=r"^This sign-in was not begun in this browser"):
        sign_in(make_method(github), state="another")

    assert github.asked == []


@pytest.mark.parametrize(
    "emails",
    [
        [],
        EMAILS[:1],
        [{"email": "ada@corp.example", "primary": True, "verified": False}],
        [{"email": "ada@corp.example", "primary": True}],
        [{"primary": True, "verified": True}],
        ["ada@corp.example", None],
    ],
    ids=["none", "secondary", "unverified", "unknown", "empty", "junk"],
)
def test_only_the_verified_primary_address_is_believed(github: Double, emails: list[Any]) -> None:
    github.replies["/api/v3/user/emails"] = Reply(emails)

    user = sign_in(make_method(github))

    assert (user.email, user.email_verified) == ("", False)
    assert "a verified e-mail address" in refusal(make_method(github, domains=("corp.example",)))


@pytest.mark.parametrize(
    ("path", "reply", "reason"),
    [
        # GitHub tells errors with status 200.
        (
            "/login/oauth/access_token",
            Reply({"error": "bad_verification_code"}),
            "refused the code",
        ),
        ("/login/oauth/access_token", Reply({}, 502), "answered with status 502"),
        ("/api/v3/user", Reply({"message": "Bad credentials"}, 401), "answered with status 401"),
        ("/api/v3/user", Reply({"login": "ada-l"}), "GitHub did not say who it is"),
        ("/api/v3/user", Reply({"id": True}), "GitHub did not say who it is"),
        ("/api/v3/user", Reply({"id": "4711"}), "GitHub did not say who it is"),
        ("/api/v3/user", Reply(None, 302, {"Location": "/"}), "answered with a redirect"),
        ("/api/v3/user/emails", Reply({}), "did not answer with a list of e-mail addresses"),
        ("/api/v3/user/emails", Reply(pieces=lambda: iter([b"<"])), "with a list of e-mail"),
        ("/api/v3/user/emails", Reply({}, 404), "answered with status 404"),
    ],
)
def test_answer_that_makes_no_sense_is_refused(
    github: Double, path: str, reply: Reply, reason: str
) -> None:
    github.replies[path] = reply

    told = refusal(make_method(github))

    assert reason in told
    assert "the access token" not in told


@pytest.mark.parametrize(
    ("states", "comes_in"),
    [
        ({"acme": "active"}, True),
        ({"lab": "active"}, True),
        ({"acme": "pending", "lab": "active"}, True),
        ({"acme": "pending"}, False),
        ({"evil": "active"}, False),
        ({}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [403, 404])
def test_members_of_an_organisation_may_come_in(
    github: Double, states: dict[str, str], comes_in: bool, status: int
) -> None:
    def membership(asked: Asked) -> Reply:
        state = states.get(asked.path.rpartition("/")[2])
        return Reply({"state": state}) if state else Reply({}, status)

    for name in ("acme", "lab"):
        github.replies[f"/api/v3/user/memberships/orgs/{name}"] = membership
    method = make_method(github, github_organisations=("acme", "lab"))

    assert "read%3Aorg" in method.start(REDIRECT_URI).url
    if comes_in:
        assert sign_in(method).external_id == "4711"
    else:
        assert refusal(method).startswith("Only members of acme or lab at GitHub may sign in here")


def test_organisation_that_cannot_be_asked_lets_nobody_in(github: Double) -> None:
    github.replies["/api/v3/user/memberships/orgs/acme"] = Reply({}, 500)

    assert "status 500" in refusal(make_method(github, github_organisations=("acme",)))


def test_github_itself_has_its_api_beside_itself(github: Double) -> None:
    github.replies["/user"] = Reply({"id": 1})
    github.replies["/user/emails"] = Reply([])

    user = sign_in(make_method(github, github_api_url=github.base))

    assert (user.external_id, user.name) == ("1", "1")
