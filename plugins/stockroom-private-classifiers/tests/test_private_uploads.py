"""Uploads with private classifiers: by every door in this process, and by real clients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.archives import make_sdist, make_wheel
from tests.conftest import MakeSite, StartServer
from tests.support.clients import Machine, Twine, Uv
from tests.support.site import TestSite
from tests.support.uploads import inventory

SETTINGS = {
    "stockroom.plugins": "private-classifiers",
    "plugin.private-classifiers.roots": "Acme, Müller",
}


def headers(*classifiers: str) -> list[tuple[str, str]]:
    return [("Classifier", classifier) for classifier in classifiers]


def wheel(*classifiers: str, version: str = "1.0") -> tuple[str, bytes]:
    return make_wheel("demo-pkg", version, extra_headers=headers(*classifiers))


@pytest.fixture
def site(make_site: MakeSite, sqlite_url: str) -> TestSite:
    made = make_site(sqlite_url, **SETTINGS)
    made.create_workspace("acme")
    made.create_workspace("beta")
    return made


def refused(site: TestSite, file: tuple[str, bytes]) -> Any:
    return site.upload(*file, site.create_key(), status=400, accept="application/json")


def test_u45_a_registry_takes_the_server_s_its_team_s_and_own_classifiers(site: TestSite) -> None:
    names = ("Private :: Stockroom", "Private :: Stockroom :: acme", "Private :: Acme :: Tools")

    site.upload(*wheel(*names), site.create_key())
    site.upload(*make_sdist("demo-pkg", "1.0", extra_headers=headers(*names)), site.create_key())

    assert inventory(site)[0]["files"] == 2


def test_u45_a_team_s_classifier_keeps_files_from_the_registries_of_others(site: TestSite) -> None:
    file = wheel("Private :: Stockroom :: acme")

    answer = site.upload(*file, site.create_key(scope="beta"), to="beta/main", status=400)

    assert "beta/main belongs to the team beta; write Private :: Stockroom :: beta" in answer.status
    assert inventory(site)[0]["files"] == 0


def test_u45_what_must_not_be_uploaded_is_not(site: TestSite) -> None:
    answer = refused(site, wheel("Private :: Do Not Upload", "Private :: Stockroom"))

    [error] = answer.json["errors"]
    assert (error["field"], error["code"]) == ("classifiers", "private-classifier-forbidden")
    assert inventory(site)[0]["files"] == 0


def test_u25_all_private_classifiers_are_told_of_at_once(site: TestSite) -> None:
    answer = refused(site, wheel("Private :: Other", "Private :: 会社", "Priv\u0430te :: Acme"))

    assert [error["code"] for error in answer.json["errors"]] == [
        "private-classifier-root",
        "private-classifier-root",
        "private-classifier-form",
    ]
    assert "Private :: Müller" in answer.json["errors"][0]["message"]


def test_other_classifiers_are_left_to_the_registry(site: TestSite) -> None:
    site.upload(
        *wheel("Programming Language :: Python :: 3", "Topic :: Unheard Of"), site.create_key()
    )


@pytest.mark.parametrize("program", ["uv", "twine"])
def test_clients_show_what_to_write_instead(
    machine: Machine, start_server: StartServer, sqlite_url: str, tmp_path: Path, program: str
) -> None:
    server = start_server(sqlite_url, **SETTINGS)
    server.stockroom("workspace", "create", "acme")
    url, key = f"{server.base}/v1/upload/acme/main", server.create_key()
    good, bad = (tmp_path / wheel(version=version)[0] for version in ("1.0", "2.0"))
    good.write_bytes(wheel("Private :: Stockroom :: acme")[1])
    bad.write_bytes(wheel("Private :: Stockroom :: beta", version="2.0")[1])

    def publish(path: Path, *, fails: bool = False) -> str:
        if program == "uv":
            options = ("--publish-url", url, "--token", key)
            return Uv(machine, "uv").publish(*options, path, fails=fails)
        login = ("--username", "__token__", "--password", key)
        return Twine(machine, "twine").upload("--repository-url", url, *login, path, fails=fails)

    publish(good)
    said = publish(bad, fails=True)

    assert "The classifier 'Private :: Stockroom :: beta' names another team" in said
    assert "write Private :: Stockroom :: acme" in said
