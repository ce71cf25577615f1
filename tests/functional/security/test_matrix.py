"""Every permission x role x scope x kind of credential x visibility, at every door (S-61).

What is expected comes from the tables ROLE_PERMISSIONS and CREDENTIAL_PERMISSIONS; the doors come
from the routes' table. One test per kind of caller, since a request costs less than a millisecond
and a test case several.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stockroom.security.permissions import CredentialKind, Permission, Role
from tests.functional.security.town import SHOWN, Caller, Town, build, fill, refused
from tests.support.databases import MakeUrl
from tests.support.knocking import UNKNOWN, Answer, Knock, all_knocks
from tests.support.site import TestSite

KNOCKS = all_knocks()
HIDDEN = b"that this API key may see"
READ = Permission.VIEW_READ


@pytest.fixture(scope="module")
def town(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("town"))
    yield build(site)
    site.close()


def judge(town: Town, caller: Caller, asked: Knock, visibility: str) -> str | None:
    """What is wrong with an answer; None if nothing is."""
    place = SHOWN[visibility]
    answer = town.ask(caller, asked, place)
    allowed = caller.may(asked.permission, asked.about, place)
    if allowed and answer.status == 403 and asked.about == "own":
        # What hides something from its owner's other credentials must not show or make them.
        wrong = not caller.is_limited
    elif allowed:
        wrong = answer.status in {401, 403} or answer.status >= 500 or HIDDEN in answer.body
    elif caller.credential is None:
        wrong = answer.status != 401 or "www-authenticate" not in answer.headers
    elif asked.about == "own" or caller.may(READ, asked.about, place):
        wrong = answer.status != 403
    else:
        wrong = answer.status != 404 or not is_as_if_missing(town, caller, asked, place, answer)
    if not wrong:
        return None
    expected = "allowed" if allowed else "refused"
    return f"{caller.name}: {asked.name} in {place} {expected}: {answer}"


def is_as_if_missing(town: Town, caller: Caller, asked: Knock, place: str, answer: Answer) -> bool:
    """Whether the answer is the one of a workspace and a team that do not exist."""
    if asked.about == "server":
        return True
    missing = town.ask(caller, asked, UNKNOWN)
    here, there = (fill(asked.path, name).encode() for name in (place, UNKNOWN))
    headers = {**missing.headers, "content-length": answer.headers["content-length"]}
    return missing.status == answer.status and (headers, missing.body) == (
        answer.headers,
        answer.body.replace(here, there),
    )


def problems(town: Town, kind: CredentialKind, role: Role, visibility: str) -> list[str]:
    found = (
        judge(town, caller, asked, visibility)
        for caller in town.callers
        if caller.credential and (caller.credential.kind, caller.role) == (kind, role)
        for asked in KNOCKS
    )
    return [problem for problem in found if problem]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", CredentialKind)
def test_s61_each_credential_opens_what_the_tables_say(
    town: Town, kind: CredentialKind, role: Role
) -> None:
    assert problems(town, kind, role, "team") == []


@pytest.mark.parametrize("visibility", ["global", "public"])
def test_visibility_opens_reading_and_nothing_else(town: Town, visibility: str) -> None:
    """Of a foreign workspace: nobody here but those with a role on the server has one there."""
    found = (
        judge(town, caller, asked, visibility)
        for caller in town.callers
        if caller.role is None or foreign(caller)
        for asked in KNOCKS
    )

    assert [problem for problem in found if problem] == []


def foreign(caller: Caller) -> bool:
    return caller.scope == "zeta"


@pytest.mark.parametrize("visibility", SHOWN)
def test_s61_a_bad_credential_is_401_everywhere(town: Town, visibility: str) -> None:
    answers = [town.ask(refused(), asked, SHOWN[visibility]) for asked in KNOCKS]

    assert {answer.status for answer in answers} == {401}
    assert all("www-authenticate" in answer.headers for answer in answers)


def test_s61_the_anonymous_are_401_everywhere_in_a_team_workspace(town: Town) -> None:
    anonymous = town.callers[0]

    found = [judge(town, anonymous, asked, "team") for asked in KNOCKS]

    assert found == [None] * len(KNOCKS)


def test_the_matrix_is_whole(town: Town) -> None:
    """It has every role, kind and permission that a door can ask for."""
    asked = {wanted.permission for wanted in KNOCKS}
    callers = {
        (caller.role, caller.scope, caller.credential.kind)
        for caller in town.callers
        if caller.credential
    }

    assert len(KNOCKS) > 30
    assert {Permission.VIEW_READ, Permission.UPLOAD_BEGIN, Permission.PACKAGE_DELETE} <= asked
    assert len(callers) == len(Role) * 7 * len(CredentialKind)
