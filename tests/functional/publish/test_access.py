"""Who may upload, and what everybody else is told (U-10 to U-13, S-60, S-61)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from stockroom.manage.keys import Keys
from stockroom.manage.packages import Packages
from stockroom.manage.places import Places
from stockroom.models import ApiKey, File, Registry
from tests.archives import make_sdist, make_wheel
from tests.support.site import TestSite
from tests.support.uploads import UPLOAD, encode, inventory, parts_of, post

WHEEL = make_wheel("demo-pkg", "1.0")
BROKEN = b"this is no form"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "basic": lambda key: basic("__token__", key),
    "basic, white space around the key": lambda key: basic("__token__", f" {key}\n"),
    "basic, another user": lambda key: basic("ci", key),
    "basic, key as the user": lambda key: basic(key, ""),
    "basic, lower case": lambda key: basic("__token__", key).replace("Basic", "basic"),
    "bearer": lambda key: f"Bearer {key}",
    "bearer, lower case": lambda key: f"bearer {key}",
    "bearer, two spaces": lambda key: f"Bearer  {key}",
    "token": lambda key: f"token {key}",
}

NOT_CREDENTIALS = {
    "unknown key": "Bearer stk_" + "0" * 46,
    "no key": "Bearer ",
    "no scheme": "stk_" + "0" * 46,
    "another scheme": "Digest username=x",
    "basic, not base64": "Basic !!!",
    "basic, not ASCII": "Basic \xe9\xe9\xe9\xe9",
    "basic, not UTF-8": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
    "basic, empty": "Basic ",
    "basic, no colon": "Basic " + base64.b64encode(b"something").decode(),
    "basic, wrong password": basic("__token__", "hunter2"),
    "very long": "Bearer " + "x" * 20_000,
    "NUL": "Bearer stk_\x00",
}


def send(site: TestSite, authorization: str | None, status: int, body: bytes) -> Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    return site.app.request(
        UPLOAD,
        method="POST",
        body=body,
        headers={"Content-Type": "multipart/form-data; boundary=stockroom-test-boundary"} | headers,
        status=status,
    )


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_u10_a_key_is_taken_in_every_form(
    lasting_site: TestSite, lasting_key: str, form: Callable[[str], str]
) -> None:
    answer = send(lasting_site, form(lasting_key), 200, encode(parts_of(*WHEEL)))

    assert answer.status == "200 OK"


@pytest.mark.parametrize(
    "authorization", [None, *NOT_CREDENTIALS.values()], ids=["none", *NOT_CREDENTIALS.keys()]
)
def test_u11_no_or_invalid_credential_is_401_with_a_challenge(
    lasting_site: TestSite, authorization: str | None
) -> None:
    before = inventory(lasting_site)

    answer = send(lasting_site, authorization, 401, encode(parts_of(*WHEEL)))

    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert inventory(lasting_site) == before


@pytest.mark.parametrize("visibility", ["team", "global", "public"])
def test_u11_anonymous_uploads_are_401_however_visible_the_workspace(
    site: TestSite, visibility: str
) -> None:
    with site.database.transaction() as session:
        Places(session, "test").set_visibility("acme", visibility)

    site.upload(*WHEEL, None, status=401)


def test_u11_an_expired_key_is_401(site: TestSite) -> None:
    key = site.create_key(valid_for=timedelta(seconds=-1))

    site.upload(*WHEEL, key, status=401)


def test_u11_a_revoked_key_is_401_at_once(both: TestSite) -> None:
    key = both.create_key()
    both.upload(*WHEEL, key)
    with both.database.transaction() as session:
        found = session.execute(select(ApiKey.id)).scalar_one()
        Keys(session, "test").revoke(found)

    both.upload(*WHEEL, key, status=401)


def test_u11_a_reader_is_403(site: TestSite) -> None:
    before = inventory(site)
    reader = site.create_key(role="reader")

    answer = site.upload(*WHEEL, reader, status=403)

    assert "role" in answer.status
    rows, files = inventory(site)
    assert (rows["packages"], files) == (before[0]["packages"], before[1])


@pytest.mark.parametrize("visibility", ["global", "public"])
def test_u11_a_foreign_key_is_403_where_it_may_read(site: TestSite, visibility: str) -> None:
    site.create_workspace("other")
    foreign = site.create_key(scope="other")
    with site.database.transaction() as session:
        Places(session, "test").set_visibility("acme", visibility)

    site.upload(*WHEEL, foreign, status=403)


def test_u11_a_foreign_key_is_404(site: TestSite) -> None:
    site.create_workspace("other")
    foreign = site.create_key(scope="other")

    site.upload(*WHEEL, foreign, status=404)


def test_s61_a_foreign_key_cannot_tell_hidden_from_missing(site: TestSite) -> None:
    site.create_workspace("other")
    foreign = site.create_key(scope="other")

    hidden = site.upload(*WHEEL, foreign, to="acme/main", status=404)
    missing = site.upload(*WHEEL, foreign, to="nope/main", status=404)

    assert hidden.text.replace("acme", "nope") == missing.text
    assert hidden.status.replace("acme", "nope") == missing.status


def test_s61_anonymous_cannot_tell_hidden_from_missing(site: TestSite) -> None:
    hidden = site.upload(*WHEEL, None, to="acme/main", status=401)
    missing = site.upload(*WHEEL, None, to="nope/main", status=401)

    assert (hidden.status, hidden.body) == (missing.status, missing.body)


def test_u13_a_key_of_another_registry_is_404(site: TestSite) -> None:
    with site.database.transaction() as session:
        Places(session, "test").create_registry("acme", "staging")
    key = site.create_key(scope="acme/staging")

    site.upload(*WHEEL, key, to="acme/main", status=404)
    site.upload(*WHEEL, key, to="acme/staging")


@pytest.mark.parametrize("role", ["writer", "admin", "owner"])
@pytest.mark.parametrize("scope", ["*", "team:acme", "acme", "acme/main"])
def test_a_writer_and_above_may_upload_within_the_scope(
    lasting_site: TestSite, role: str, scope: str
) -> None:
    key = lasting_site.create_key(role=role, scope=scope)

    answer = lasting_site.upload(*WHEEL, key)

    assert answer.status == "200 OK"


class TestOrder:
    """U-12: the permission is looked at before the form is."""

    def test_u12_anonymous_with_a_broken_form_is_401(self, site: TestSite) -> None:
        send(site, None, 401, BROKEN)

    def test_u12_a_reader_with_a_broken_form_is_403(self, site: TestSite) -> None:
        post(site, BROKEN, site.create_key(role="reader"), status=403)

    def test_u12_a_foreign_key_with_a_broken_form_is_404(self, site: TestSite) -> None:
        site.create_workspace("other")

        post(site, BROKEN, site.create_key(scope="other"), status=404)

    def test_u12_form_errors_come_before_those_of_the_package(self, site: TestSite) -> None:
        key = site.create_key()
        site.upload(*WHEEL, key)
        close(site, "archived")

        site.upload(*WHEEL, key, filetype="", status=400)


def close(site: TestSite, status: str, reason: str | None = None) -> None:
    with site.database.transaction() as session:
        Packages(session, "test").set_status("acme", "main", "demo-pkg", status, reason)


class TestClosedPackages:
    @pytest.mark.parametrize(("status", "role"), [("archived", "writer"), ("quarantined", "owner")])
    def test_u95_s60_a_closed_package_takes_no_files_from_anyone(
        self, both: TestSite, status: str, role: str
    ) -> None:
        key = both.create_key(role=role)
        both.upload(*WHEEL, key)
        close(both, status, "moved elsewhere")
        before = inventory(both)

        answer = both.upload(*make_sdist("demo-pkg", "1.0"), key, status=403)

        assert f"demo-pkg is {status}: moved elsewhere" in answer.status
        assert inventory(both) == before

    def test_u95_the_same_bytes_are_refused_too(self, site: TestSite) -> None:
        key = site.create_key()
        site.upload(*WHEEL, key)
        close(site, "archived")

        site.upload(*WHEEL, key, status=403)

    @pytest.mark.parametrize("status", ["active", "deprecated"])
    def test_u95_other_packages_take_files(self, site: TestSite, status: str) -> None:
        key = site.create_key()
        site.upload(*WHEEL, key)
        close(site, "archived")
        close(site, status)

        site.upload(*make_sdist("demo-pkg", "1.0"), key)

    def test_u95_the_same_package_in_another_registry_is_not_concerned(
        self, site: TestSite
    ) -> None:
        key = site.create_key()
        with site.database.transaction() as session:
            Places(session, "test").create_registry("acme", "staging")
        site.upload(*WHEEL, key)
        close(site, "quarantined")

        site.upload(*WHEEL, key, to="acme/staging")


def test_a_mirror_takes_no_files(site: TestSite) -> None:
    with site.database.transaction() as session:
        session.execute(update(Registry).values(kind="mirror"))

    answer = site.upload(*WHEEL, site.create_key(), status=403)

    assert "hosted registry" in answer.status


def test_the_uploader_is_kept_with_the_file(site: TestSite) -> None:
    key = site.create_key()

    site.upload(*WHEEL, key)

    with site.database.read() as connection:
        uploader = connection.execute(select(File.uploaded_by)).scalar_one()
        holder = connection.execute(select(ApiKey.subject)).scalar_one()
    assert uploader == holder
