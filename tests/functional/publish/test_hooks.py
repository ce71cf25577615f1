"""Plugins vote on uploads: every one is asked, every answer counts (U-83)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.archives import make_sdist, make_wheel
from tests.conftest import MakeSite
from tests.support.distributions import SitePackages
from tests.support.site import TestSite
from tests.support.uploads import inventory

CLASSIFIERS = [("Classifier", "Private :: Acme"), ("Classifier", "Private :: Other")]
WHEEL = make_wheel("demo-pkg", "1.0", extra_headers=CLASSIFIERS)
PLAIN = make_wheel("plain", "1.0")

ROOTS = """\
    from stockroom.hookspecs import hookimpl
    from stockroom.spi import Violation

    @hookimpl
    def stockroom_classifier_violations(classifiers, registry):
        for classifier in classifiers:
            if classifier != f"Private :: {registry.team.title()}":
                where = f"{registry.workspace}/{registry.registry}"
                yield Violation("classifiers", "foreign-root", f"{where} has no {classifier}")
"""
SCANNER = """\
    import zipfile
    from stockroom.hookspecs import hookimpl
    from stockroom.spi import Violation

    @hookimpl
    def stockroom_upload_violations(upload):
        if upload.kind != "wheel":
            return
        upload.file.seek(0)
        found = (upload.package, upload.version, upload.filename, upload.actor.split(":")[0],
                 len(upload.sha256), upload.metadata[:16], upload.size)
        for name in zipfile.ZipFile(upload.file).namelist():
            if name.endswith(".py"):
                yield Violation("content", "scanned", f"{name}: {found}")
"""
BROKEN = """\
    from stockroom.hookspecs import hookimpl

    @hookimpl
    def stockroom_upload_violations(upload):
        raise RuntimeError("the scanner is out of order")
"""


@pytest.fixture
def open_site(make_site: MakeSite, sqlite_url: str, site_packages: SitePackages) -> Any:
    """Make a site with plugins given as name and code."""

    def make(**plugins: str) -> TestSite:
        for name, code in plugins.items():
            site_packages.install(f"stockroom-{name}", plugin=name, code=code)
        site = make_site(sqlite_url, **{"stockroom.plugins": " ".join(plugins)})
        site.create_workspace()
        return site

    return make


def errors(site: TestSite, file: tuple[str, bytes]) -> list[tuple[str, str, str]]:
    answer = site.upload(*file, site.create_key(), status=400, accept="application/json")
    return [(each["field"], each["code"], each["message"]) for each in answer.json["errors"]]


def test_a_vote_on_classifiers_refuses_the_upload(open_site: Any) -> None:
    site = open_site(roots=ROOTS)

    assert errors(site, WHEEL) == [
        ("classifiers", "foreign-root", "acme/main has no Private :: Other")
    ]


def test_who_has_no_classifiers_is_not_voted_on(open_site: Any) -> None:
    site = open_site(roots=ROOTS)

    site.upload(*PLAIN, site.create_key())


def test_u45_without_a_plugin_private_classifiers_are_accepted(site: TestSite) -> None:
    site.upload(*WHEEL, site.create_key())


def test_u83_a_vote_on_the_file_sees_what_was_received(open_site: Any) -> None:
    site = open_site(scanner=SCANNER)

    [(field, code, message)] = errors(site, PLAIN)

    assert (field, code) == ("content", "scanned")
    assert "('plain', '1.0', 'plain-1.0-py3-none-any.whl', 'robot', 64, b'Metadata" in message
    assert str(len(PLAIN[1])) in message


def test_every_plugin_is_asked_and_all_is_told_in_their_order(open_site: Any) -> None:
    again = SCANNER.replace('"scanned"', '"scanned-again"')
    site = open_site(scanner=SCANNER, roots=ROOTS, again=again)

    found = [code for _, code, _ in errors(site, WHEEL)]

    assert found == ["foreign-root", "scanned", "scanned-again"]


def test_what_nobody_votes_against_is_published(open_site: Any) -> None:
    site = open_site(scanner=SCANNER)

    site.upload(*make_sdist("plain", "1.0"), site.create_key())


def test_a_vote_that_fails_lets_nothing_pass(open_site: Any) -> None:
    site = open_site(broken=BROKEN)

    answer = site.upload(*PLAIN, site.create_key(), status=500)

    assert "out of order" not in answer.text
    assert inventory(site)[0]["files"] == 0


def test_a_file_that_cannot_be_read_is_not_voted_on(open_site: Any) -> None:
    site = open_site(broken=BROKEN)

    site.upload("plain-1.0-py3-none-any.whl", b"no archive", site.create_key(), status=400)
