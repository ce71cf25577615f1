"""What each kind of credential is good for, where it is looked for, and what its limits are."""

from __future__ import annotations

import pytest

from stockroom.security.credentials import SESSION_COOKIES
from stockroom.security.permissions import Access, CredentialKind, Role
from stockroom.security.tokens import AccessTokens
from tests.archives import make_wheel
from tests.support.callers import Callers, Credential
from tests.support.site import TestSite

PAGE = "/simple/acme/main/"
WHEEL = make_wheel("demo-pkg", "1.0")


def statuses(site: TestSite, **headers: str) -> int:
    """What the list of a team's workspace answers."""
    return int(site.app.get(PAGE, headers=headers, status="*").status_int)


def caller_of(site: TestSite, kind: CredentialKind, role: Role = Role.OWNER) -> Credential:
    """A user with a role on acme, and one credential of a kind."""
    site.service(AccessTokens).prepare()
    with site.database.transaction() as session:
        made = Callers(site, session)
        subject = made.user("ann", (role, "acme"))
        match kind:
            case CredentialKind.SESSION:
                return made.browser(subject)
            case CredentialKind.API_KEY:
                return made.key(subject)
            case CredentialKind.ACCESS_TOKEN:
                return made.token(subject)


@pytest.mark.parametrize("is_warm", [False, True])
def test_a_cookie_is_good_for_nothing_in_another_header(site: TestSite, is_warm: bool) -> None:
    """There it would escape the protection against forged requests, and the idle time."""
    session = caller_of(site, CredentialKind.SESSION)
    if is_warm:
        assert statuses(site, **session.headers) == 200

    assert statuses(site, Authorization=f"Bearer {session.secret}") == 401


@pytest.mark.parametrize("kind", [CredentialKind.API_KEY, CredentialKind.ACCESS_TOKEN])
def test_no_other_credential_is_good_in_a_cookie(site: TestSite, kind: CredentialKind) -> None:
    credential = caller_of(site, kind)
    assert statuses(site, **credential.headers) == 200

    for name in SESSION_COOKIES.values():
        assert statuses(site, Cookie=f"{name}={credential.secret}") == 401


def test_a_header_counts_before_a_cookie(site: TestSite) -> None:
    session = caller_of(site, CredentialKind.SESSION)

    assert statuses(site, Authorization="Bearer nonsense", **session.headers) == 401


def test_two_cookies_are_none(site: TestSite) -> None:
    cookie = caller_of(site, CredentialKind.SESSION).headers["Cookie"]

    assert statuses(site, Cookie=f"{cookie}; {cookie}") == 401
    assert statuses(site, Cookie=f"{cookie}; other=1") == 200


def test_a_browser_does_not_publish_and_is_told_what_does(site: TestSite) -> None:
    session = caller_of(site, CredentialKind.SESSION)
    headers = {**session.headers, "Accept": "application/json"}

    answer = site.app.post("/v1/upload/acme/main", headers=headers, status=403)

    assert answer.json["detail"] == (
        "publishing cannot be done with a browser that is signed in; it takes an API key or an "
        "access token"
    )


@pytest.mark.parametrize(
    ("role", "access", "status"),
    [
        (Role.WRITER, Access.ADMIN, 403),
        (Role.ADMIN, Access.WRITE, 403),
        (Role.ADMIN, Access.ADMIN, 200),
    ],
)
def test_u65_to_be_limited_to_a_name_is_no_right_to_take_it(
    site: TestSite, role: Role, access: Access, status: int
) -> None:
    """Where only admins make packages, a writer cannot by limiting a key to a new one."""
    site.set_policy(new_packages="admins")
    with site.database.transaction() as session:
        made = Callers(site, session)
        subject = made.user("ann", (role, "acme"))
        limited = made.key(subject, access, ["acme/main/demo-pkg"])

    answer = site.upload(*WHEEL, limited.secret, status=status)

    assert (status == 200) or b"only its admins may add one" in answer.body


def test_u65_who_was_granted_a_name_may_take_it(site: TestSite) -> None:
    site.set_policy(new_packages="admins")
    with site.database.transaction() as session:
        made = Callers(site, session)
        grants = (Role.WRITER, "acme/main/demo-pkg"), (Role.WRITER, "acme")
        key = made.key(made.user("ann", *grants))

    site.upload(*WHEEL, key.secret)
    site.upload(*make_wheel("other", "1.0"), key.secret, status=403)
