"""Who may come in, and what their groups give them."""

from __future__ import annotations

from typing import Any

import pytest

from sso_support.doubles import IssuerDouble, Reply, sign_in
from sso_support.fixtures import MakeMethod
from stockroom.spi import LoginRefused, TeamRole
from stockroom_sso.methods import google_method
from stockroom_sso.openid import OpenIdMethod
from stockroom_sso.settings import SsoSettings, group_roles
from stockroom_sso.transport import Http

ROLES = group_roles(
    "engineers=acme:writer admins=acme:owner readers=acme:reader engineers=lab:reader"
)


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        (["engineers"], {"acme": "writer", "lab": "reader"}),
        (["readers", "engineers"], {"acme": "writer", "lab": "reader"}),
        (["admins", "readers", "engineers"], {"acme": "owner", "lab": "reader"}),
        ("readers", {"acme": "reader"}),
        (["others", 7, None, ["admins"]], {}),
        ({"admins": True}, {}),
        ([], {}),
        (None, {}),
    ],
    ids=str,
)
def test_groups_give_the_highest_role_in_each_team(
    make_method: MakeMethod, issuer: IssuerDouble, groups: Any, roles: dict[str, str]
) -> None:
    issuer.claims["groups"] = groups

    user = sign_in(make_method(roles=ROLES), issuer)

    assert user.roles is not None
    assert set(user.roles) == {TeamRole(*pair) for pair in roles.items()}
    assert len(user.roles) == len(roles)


def test_without_rules_nothing_is_said_about_roles(
    method: OpenIdMethod, issuer: IssuerDouble
) -> None:
    issuer.claims["groups"] = ["admins"]

    assert sign_in(method, issuer).roles is None


def test_groups_may_be_in_a_claim_of_any_name(
    make_method: MakeMethod, issuer: IssuerDouble
) -> None:
    issuer.claims["https://corp.example/roles"] = ["admins"]
    method = make_method(roles=ROLES, groups_claim="https://corp.example/roles")

    assert sign_in(method, issuer).roles == (TeamRole("acme", "owner"),)


def test_groups_that_the_issuer_left_out_are_not_taken_for_none(
    make_method: MakeMethod, issuer: IssuerDouble
) -> None:
    issuer.claims["_claim_names"] = {"groups": "src1"}

    with pytest.raises(LoginRefused, match="the issuer left out the claim groups, since there are"):
        sign_in(make_method(roles=ROLES), issuer)


@pytest.mark.parametrize(
    ("email", "verified", "known"),
    [
        ("ada@corp.example", True, "ada@corp.example"),
        ("ada@corp.example", "true", "ada@corp.example"),
        ("ada@corp.example", False, ""),
        ("ada@corp.example", "false", ""),
        ("ada@corp.example", None, ""),
        ("ada@corp.example", 1.5, ""),
        ("ada", True, ""),
        ("@corp.example", True, ""),
        ("a b@corp.example", True, ""),
        (["ada@corp.example"], True, ""),
        (f"{'a' * 300}@corp.example", True, ""),
        (None, True, ""),
    ],
    ids=lambda value: str(value)[:20],
)
def test_address_is_believed_only_if_the_issuer_has_verified_it(
    method: OpenIdMethod, issuer: IssuerDouble, email: Any, verified: Any, known: str
) -> None:
    issuer.claims |= {"email": email, "email_verified": verified}

    user = sign_in(method, issuer)

    assert (user.email if user.email_verified else "") == known


@pytest.mark.parametrize("email", ["ada@corp.example", "ada@LAB.corp.Example"])
def test_people_of_a_domain_may_come_in(
    make_method: MakeMethod, issuer: IssuerDouble, email: str
) -> None:
    issuer.claims["email"] = email

    user = sign_in(make_method(domains=["lab.corp.example", "corp.example"]), issuer)

    assert user.email == email


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("ada@evil.example", "an e-mail address at corp.example may sign in here"),
        ("ada@sub.corp.example", "an e-mail address at corp.example may sign in here"),
        ("ada@corp.example@evil.example", "an e-mail address at corp.example may sign in here"),
        (None, "people with a verified e-mail address may sign in"),
    ],
    ids=["domain", "subdomain", "two", "none"],
)
def test_people_of_other_domains_stay_outside(
    make_method: MakeMethod, issuer: IssuerDouble, email: str | None, told: str
) -> None:
    issuer.claims["email"] = email

    with pytest.raises(LoginRefused, match=told):
        sign_in(make_method(domains=["corp.example"]), issuer)


def test_unverified_address_of_a_domain_stays_outside(
    make_method: MakeMethod, issuer: IssuerDouble
) -> None:
    issuer.claims["email_verified"] = False

    with pytest.raises(LoginRefused, match="a verified e-mail address"):
        sign_in(make_method(domains=["corp.example"]), issuer)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "lovelace"}, "lovelace"),
        ({"preferred_username": "lovelace@corp.example"}, "lovelace"),
        ({"preferred_username": " \u202e\n"}, "ada"),
        ({"preferred_username": 7}, "ada"),
        ({"email": None, "sub": "a-1"}, "a-1"),
        ({"preferred_username": "x" * 999}, "x" * 64),
        ({"email": None, "sub": "\u202e"}, ""),
    ],
    ids=["name", "address", "invisible", "number", "subject", "long", "none"],
)
def test_name_is_what_the_person_is_called_there(
    method: OpenIdMethod, issuer: IssuerDouble, claims: dict[str, Any], name: str
) -> None:
    issuer.claims |= claims

    assert sign_in(method, issuer).name == name


@pytest.mark.parametrize(
    ("claim", "full_name"),
    [("Ada\n Lovelace\u202e", "Ada Lovelace"), (7, ""), ("x" * 999, "x" * 200)],
    ids=["lines", "number", "long"],
)
def test_full_name_is_on_one_line(
    method: OpenIdMethod, issuer: IssuerDouble, claim: Any, full_name: str
) -> None:
    issuer.claims["name"] = claim

    assert sign_in(method, issuer).full_name == full_name


@pytest.fixture
def with_userinfo(issuer: IssuerDouble) -> IssuerDouble:
    """An issuer that tells addresses and groups at its userinfo endpoint only."""
    issuer.about["userinfo_endpoint"] = f"{issuer.base}/userinfo"
    told = {name: issuer.claims.pop(name) for name in ("email", "email_verified")}
    issuer.claims["preferred_username"] = "lovelace"
    issuer.replies["/userinfo"] = Reply(
        {"sub": "1", "groups": ["admins"], "preferred_username": "grace", **told}
    )
    return issuer


def test_userinfo_is_asked_for_what_the_token_does_not_say(
    make_method: MakeMethod, with_userinfo: IssuerDouble
) -> None:
    user = sign_in(make_method(roles=ROLES), with_userinfo)

    assert user.email == "ada@corp.example"
    assert user.roles == (TeamRole("acme", "owner"),)
    # What is signed goes before what is not.
    assert user.name == "lovelace"
    assert with_userinfo.asked[-1].headers["Authorization"] == "Bearer the access token"


def test_userinfo_about_somebody_else_is_refused(
    method: OpenIdMethod, with_userinfo: IssuerDouble
) -> None:
    with_userinfo.replies["/userinfo"] = Reply({"sub": "2", "email": "grace@corp.example"})

    with pytest.raises(LoginRefused, match="the issuer told about somebody else"):
        sign_in(method, with_userinfo)


def test_userinfo_is_not_asked_for_nothing(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    issuer.about["userinfo_endpoint"] = f"{issuer.base}/userinfo"

    sign_in(method, issuer)

    assert "/userinfo" not in issuer.paths()


@pytest.mark.parametrize(
    ("hosted", "comes_in"), [("corp.example", True), ("evil.example", False), (None, False)]
)
def test_google_lets_people_of_a_workspace_in(
    issuer: IssuerDouble, hosted: str | None, comes_in: bool
) -> None:
    settings = SsoSettings(
        google_client_id="stockroom", google_client_secret="hush", google_domain="corp.example"
    )
    method = google_method(settings, Http(seconds=10), issuer.base)
    issuer.claims["hd"] = hosted

    assert "&hd=corp.example" in method.start("http://127.0.0.1/").url
    if comes_in:
        assert sign_in(method, issuer).external_id == "1"
    else:
        with pytest.raises(LoginRefused, match=r"^Only people of corp\.example may sign in here"):
            sign_in(method, issuer)
