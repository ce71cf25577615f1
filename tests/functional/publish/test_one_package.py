"""Grants on single packages: publish these, and nothing else of the registry."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from stockroom.models import Event, UploadSession
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.site import TestSite, bearer, form_fields
from tests.support.uploads import post, text_parts

MINE, OTHER = make_wheel("demo-pkg", "1.0"), make_wheel("other-pkg", "1.0")
UPLOAD2 = "/v1/upload2/acme/main"
JSON2 = "application/vnd.pypi.upload.v2+json"


@pytest.fixture
def owned(make_site: MakeSite, sqlite_url: str) -> TestSite:
    made = make_site(sqlite_url, **{"stockroom.upload2": "on"})
    made.create_workspace()
    return made


def announce(site: TestSite, door: str, file: tuple[str, bytes], key: str) -> int:
    """The status of what uv sends before the bytes."""
    fields = {**form_fields(*file), "filename": file[0]}
    path = f"/v1/upload/acme/main/{door}"
    status: int = post(site, text_parts(fields.items()), key, to=path, status="*").status_int
    return status


def test_the_named_package_is_made_and_published(owned: TestSite) -> None:
    owned.set_policy(new_packages="admins")
    key = owned.create_key("writer", "acme/main/Demo.Pkg")

    owned.upload(*MINE, key)

    assert len(owned.page("demo-pkg", key)["files"]) == 1


def test_another_package_is_refused_with_its_name(owned: TestSite) -> None:
    key = owned.create_key("writer", "acme/main/demo-pkg")

    answer = owned.upload(*OTHER, key, status=403)

    assert "may publish demo-pkg to acme/main, but not other-pkg" in answer.status


@pytest.mark.parametrize("door", ["validate", "reserve"])
def test_another_package_cannot_be_announced(owned: TestSite, door: str) -> None:
    key = owned.create_key("writer", "acme/main/demo-pkg")

    assert announce(owned, door, MINE, key) in {200, 201}
    assert announce(owned, door, OTHER, key) == 403


def test_a_reader_of_a_package_publishes_nothing(owned: TestSite) -> None:
    owned.upload(*MINE, owned.create_key())
    key = owned.create_key("reader", "acme/main/demo-pkg")

    owned.upload(*MINE, key, status=404)

    assert len(owned.page("demo-pkg", key)["files"]) == 1


def test_s61_the_rest_of_the_registry_does_not_exist(owned: TestSite) -> None:
    owned.upload(*OTHER, owned.create_key())
    key = owned.create_key("admin", "acme/main/demo-pkg")

    for path in ("/simple/acme/main/", "/simple/acme/main/other-pkg/"):
        owned.get(path, key, status=404)
    for path in ("", "/packages", "/packages/other-pkg", "/events"):
        owned.get(f"/v1/workspaces/acme/registries/main{path}", key, status=404)


def test_the_package_can_be_managed(owned: TestSite) -> None:
    key = owned.create_key("admin", "acme/main/demo-pkg")
    owned.upload(*MINE, key)

    path = "/v1/workspaces/acme/registries/main/packages/demo-pkg/releases/1.0"
    owned.app.patch_json(path, {"yanked": True}, headers=bearer(key))

    assert owned.page("demo-pkg", key)["files"][0]["yanked"] is True


def test_stages_of_other_packages_do_not_exist(owned: TestSite) -> None:
    everything = owned.create_key()
    key = owned.create_key("writer", "acme/main/demo-pkg")
    headers = {**bearer(everything), "Content-Type": JSON2}
    body = '{"meta": {"api-version": "2.0"}, "name": "%s", "version": "1.0"}'

    for name, status in (("demo-pkg", 201), ("other-pkg", 403)):
        mine = {**headers, **bearer(key)}
        owned.app.post(UPLOAD2 + "/", body % name, headers=mine, status=status)
    owned.app.post(UPLOAD2 + "/", body % "other-pkg", headers=headers, status=201)

    with owned.database.read() as connection:
        tokens = connection.execute(select(UploadSession.token, UploadSession.package)).all()
    for token, package in tokens:
        answer = owned.get(f"{UPLOAD2}/{token}", key, status="*")
        assert answer.status_int == (200 if package == "demo-pkg" else 404)


def test_events_of_stages_tell_whence_they_came(owned: TestSite) -> None:
    headers = {**bearer(owned.create_key()), "Content-Type": JSON2}
    body = '{"meta": {"api-version": "2.0"}, "name": "demo-pkg", "version": "1.0"}'

    owned.app.post(UPLOAD2 + "/", body, headers=headers, status=201)

    with owned.database.read() as connection:
        query = select(Event.credential, Event.address).where(Event.kind == "stage.created")
        assert connection.execute(query).one() == ("key:1", "127.0.0.1")
