"""Nobody learns whether a name exists that they may not read, by answers or by queries (S-61)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

import pytest

from stockroom.manage.robots import Robots
from stockroom.manage.scopes import find_scope
from stockroom.security.permissions import Access, Role
from stockroom.security.tokens import AccessTokens
from tests.archives import make_wheel
from tests.functional.security.town import WHEEL, fill
from tests.support.callers import Callers
from tests.support.databases import MakeUrl
from tests.support.knocking import Answer, Knock, all_knocks, knock, page_knocks
from tests.support.library import create_registry
from tests.support.site import TestSite

KNOCKS = [asked for asked in (*all_knocks(), *page_knocks()) if "{" in asked.path]
NAVIGATING = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PLACEHOLDER = re.compile(r"{(\w+)}")
REAL = {
    "team": "acme",
    "workspace": "acme",
    "registry": "main",
    "view": "window",
    "package": "demo-pkg",
    "version": "1.0",
    "filename": WHEEL[0],
    "sha256": hashlib.sha256(WHEEL[1]).hexdigest(),
    "user": "ann-here",
    "robot": "bot-here",
}
# As long as the real ones, so that nothing but the name can differ.
MADE_UP = {
    "team": "acne",
    "workspace": "acne",
    "registry": "mane",
    "view": "widows",
    "package": "demo-pig",
    "version": "7.0",
    "filename": WHEEL[0].replace("1.0", "7.0"),
    "sha256": "0" * 64,
    "user": "ann-none",
    "robot": "bot-none",
}
OUTSIDERS = ("anonymous", "unknown key", "session", "key", "limited key", "token", "login")

Town = tuple[TestSite, dict[str, dict[str, str]]]


@pytest.fixture(scope="module")
def town(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("town"))
    for name in ("acme", "zeta"):
        site.create_workspace(name)
        create_registry(site, "side", name)
    publisher = site.create_key("writer", "*")
    for wheel in (WHEEL, make_wheel("open-pkg", "1.0")):
        site.upload(*wheel, publisher)
    site.create_view("acme/window", "acme/main")
    site.service(AccessTokens).prepare()
    with site.database.transaction() as session:
        made = Callers(site, session)
        made.user(REAL["user"], (Role.OWNER, "team:acme"))
        Robots(session, "test").create(find_scope(session, "team:acme").id, REAL["robot"])
        stranger = made.user("stranger", (Role.OWNER, "team:zeta"))
        lodger = made.user("lodger", (Role.OWNER, "acme/side"))
        single = made.user("single", (Role.OWNER, "acme/main/open-pkg"))
        key = made.key(stranger)
        limited = made.key(made.user("owner", (Role.OWNER, "*")), Access.ADMIN, ["team:zeta"])
        callers = {
            "anonymous": {},
            "unknown key": {"Authorization": "Bearer nonsense"},
            "session": made.browser(stranger).headers,
            "key": key.headers,
            "limited key": limited.headers,
            "token": made.token(stranger, key).headers,
            "login": made.token(stranger).headers,
            "lodger": made.key(lodger).headers,
            "single": made.key(single).headers,
        }
    yield site, callers
    site.close()


def compare(
    town: Town, caller: str, asked: Knock, *replaced: str, headers: Mapping[str, str] = {}
) -> None:
    """Ask for what exists and for what does not, and see no difference."""
    site, callers = town
    made_up = {name: MADE_UP[name] for name in replaced}
    paths = [fill(asked.path, "acme", **{**REAL, **names}) for names in ({}, made_up)]
    assert paths[0] != paths[1]

    def ask(path: str) -> Answer:
        return knock(site, asked.method, path, {**callers[caller], **headers})

    ask(paths[1])  # what is known of the caller is looked up once
    with site.count_queries() as real_queries:
        real = ask(paths[0])
    with site.count_queries() as made_up_queries:
        other = ask(paths[1])

    refused = {401} if caller in {"anonymous", "unknown key"} else {404}
    # It exists, but not everything of one's own can be done with every credential.
    refused |= {403} if asked.about == "own" else set()
    # People are sent to the sign-in page, whatever they were looking for.
    refused |= {303} if headers and caller == "anonymous" else set()
    assert real.status in refused, (asked.name, real)
    # What is one's own is named without the path.
    own = replaced if asked.about == "own" else ()
    assert without_names(real, paths[0], [REAL[name] for name in own]) == without_names(
        other, paths[1], [MADE_UP[name] for name in own]
    )
    assert real_queries == made_up_queries, asked.name
    assert asked.about == "own" or real_queries == [], asked.name


def without_names(answer: Answer, path: str, own: Sequence[str]) -> Answer:
    """An answer with something else in the place of the path and names that it was about."""

    def hide(text: str) -> str:
        for said in (path, quote(path, safe=""), *own):
            text = text.replace(said, "NAME")
        return text

    headers = {name: hide(value) for name, value in answer.headers.items()}
    return Answer(answer.status, headers, hide(answer.body.decode()).encode())


@pytest.mark.parametrize("caller", OUTSIDERS)
def test_s61_no_outsider_can_tell_a_real_name_from_a_made_up_one(town: Town, caller: str) -> None:
    for asked in KNOCKS:
        for name in PLACEHOLDER.findall(asked.path):
            if name in MADE_UP:
                compare(town, caller, asked, name)


@pytest.mark.parametrize("caller", ["anonymous", "session"])
def test_s61_pages_for_people_tell_no_more(town: Town, caller: str) -> None:
    """What a browser is shown instead of JSON, or where it is sent to sign in."""
    for asked in KNOCKS:
        if asked.method in {"GET", "HEAD"} and asked.about not in {"own", "server"}:
            for name in set(PLACEHOLDER.findall(asked.path)) & MADE_UP.keys():
                compare(town, caller, asked, name, headers=NAVIGATING)


def test_s61_who_has_one_registry_cannot_tell_which_others_there_are(town: Town) -> None:
    for asked in KNOCKS:
        for name in {"registry", "view", "package", "version"} & set(
            PLACEHOLDER.findall(asked.path)
        ):
            compare(town, "lodger", asked, name)


def test_s61_who_has_one_package_cannot_tell_which_others_there_are(town: Town) -> None:
    """But may publish to its registry, where the form says which package it is."""
    for asked in KNOCKS:
        if asked.about in {"package", "seen", "view"}:
            for name in {"package", "version", "view"} & set(PLACEHOLDER.findall(asked.path)):
                compare(town, "single", asked, name)


def test_u65_an_upload_tells_nothing_of_other_packages(town: Town) -> None:
    site, callers = town
    key = callers["single"]["Authorization"].removeprefix("Bearer ")

    real, other = (
        site.upload(*make_wheel(name, "1.0"), key, status=403, accept="application/json")
        for name in ("demo-pkg", "demo-pig")
    )

    assert real.body.replace(b"demo-pkg", b"demo-pig") == other.body
    assert b"demo-pkg" in real.body
