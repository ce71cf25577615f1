"""Uploads in several requests: validate, reserve, put, finalize (U-114, uv-client.md 7.2, 7.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import current_thread
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stockroom.models import Blob, UploadFile, UploadSession
from stockroom.publish import direct
from stockroom.publish.body import ReceivedFile, read_raw
from stockroom.publish.service import Publisher
from tests.archives import make_sdist, make_wheel
from tests.conftest import ON_SQLITE
from tests.support.blobs import start, statements_of, wait_until_blocked
from tests.support.site import TestSite, bearer, form_fields
from tests.support.uploads import FORM, UPLOAD, encode, inventory, text_parts
from tests.support.waiting import Gate, Worker

WHEEL = make_wheel("demo-pkg", "1.0")
OTHER = make_wheel("demo-pkg", "1.0", files={"other.py": "OTHER = 1\n"})
FIRST, SECOND = "first", "second"
"""Names of the threads in a race."""


@pytest.fixture
def key(both: TestSite) -> str:
    return both.create_key()


def announce(
    site: TestSite,
    step: str,
    file: tuple[str, bytes],
    key: str | None,
    status: int = 200,
    **changes: str,
) -> Any:
    filename, content = file
    form = {**form_fields(filename, content), "filename": filename, **changes}
    return site.app.post(
        f"{UPLOAD}/{step}",
        params=cast(Any, encode(text_parts(pair for pair in form.items() if pair[1]))),
        headers={**bearer(key), "Accept": "application/json", "Content-Type": FORM},
        status=status,
    )


def put(site: TestSite, url: str, content: bytes, status: int = 201) -> Any:
    return site.app.put(
        urlsplit(url).path,
        params=cast(Any, content),
        headers={"Content-Type": "application/octet-stream"},
        status=status,
    )


def reserve(site: TestSite, file: tuple[str, bytes], key: str) -> str:
    url: str = announce(site, "reserve", file, key, 201).json["upload_url"]
    return url


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer.json["errors"]]


class TestValidate:
    def test_what_is_new_does_not_exist(self, both: TestSite, key: str) -> None:
        before = inventory(both)

        answer = announce(both, "validate", WHEEL, key)

        assert answer.json == {"exists": False}
        assert inventory(both) == before

    def test_u74_what_is_published_exists(self, both: TestSite, key: str) -> None:
        both.upload(*WHEEL, key)

        assert announce(both, "validate", WHEEL, key).json == {"exists": True}

    def test_u74_other_content_is_refused(self, both: TestSite, key: str) -> None:
        both.upload(*WHEEL, key)

        answer = announce(both, "validate", OTHER, key, 400)

        assert answer.json["code"].startswith("400 File already exists")

    @ON_SQLITE
    def test_everything_that_can_be_told_without_the_bytes_is(
        self, both: TestSite, key: str
    ) -> None:
        both.set_policy(name_prefixes="acme-")

        answer = announce(both, "validate", WHEEL, key, 400)

        assert codes(answer) == ["name-prefix"]

    @ON_SQLITE
    def test_a_wrong_form_is_refused(self, both: TestSite, key: str) -> None:
        answer = announce(
            both, "validate", WHEEL, key, 400, version="2.0", filetype="sdist", pyversion=""
        )

        assert codes(answer) == ["version-mismatch", "wrong-filetype"]

    @pytest.mark.parametrize("slashes", ["/", "//"])
    @ON_SQLITE
    def test_one_slash_or_two(self, both: TestSite, key: str, slashes: str) -> None:
        announce(both, f"{slashes}validate".removeprefix("/"), WHEEL, key)

    @ON_SQLITE
    def test_a_file_in_the_form_is_refused(self, both: TestSite, key: str) -> None:
        both.app.post(
            f"{UPLOAD}/validate",
            upload_files=[("content", *WHEEL)],
            headers=bearer(key),
            status=400,
        )

    @pytest.mark.parametrize("step", ["validate", "reserve", "finalize"])
    @ON_SQLITE
    def test_s61_only_writers_may_ask(self, both: TestSite, step: str) -> None:
        announce(both, step, WHEEL, None, 401)
        announce(both, step, WHEEL, both.create_key("reader"), 403)


class TestDirect:
    def test_a_file_is_published_in_three_steps(self, both: TestSite, key: str) -> None:
        url = reserve(both, WHEEL, key)
        put(both, url, WHEEL[1])
        assert inventory(both)[0]["files"] == 0

        announce(both, "finalize", WHEEL, key)

        path = both.file_url("demo-pkg", WHEEL[0], key)
        assert both.get(path, key).body == WHEEL[1]

    @ON_SQLITE
    def test_the_url_is_absolute_and_needs_no_other_credential(
        self, both: TestSite, key: str
    ) -> None:
        url = reserve(both, WHEEL, key)

        assert url.startswith("http://localhost/v1/incoming/")
        assert key not in url

    def test_u74_what_is_published_needs_no_place(self, both: TestSite, key: str) -> None:
        both.upload(*WHEEL, key)

        assert announce(both, "reserve", WHEEL, key).json == {"exists": True}

    def test_bytes_that_have_arrived_are_not_wanted_again(self, both: TestSite, key: str) -> None:
        put(both, reserve(both, WHEEL, key), WHEEL[1])

        answer = announce(both, "reserve", WHEEL, key, 201)

        assert answer.json["upload_url"] is None
        announce(both, "finalize", WHEEL, key)

    def test_to_put_twice_changes_nothing(self, both: TestSite, key: str) -> None:
        url = reserve(both, WHEEL, key)
        put(both, url, WHEEL[1])

        put(both, url, WHEEL[1])

        announce(both, "finalize", WHEEL, key)

    def test_to_finalize_twice_changes_nothing(self, both: TestSite, key: str) -> None:
        put(both, reserve(both, WHEEL, key), WHEEL[1])
        announce(both, "finalize", WHEEL, key)
        before = both.page("demo-pkg", key)

        announce(both, "finalize", WHEEL, key)

        assert both.page("demo-pkg", key) == before

    def test_u73_other_bytes_are_refused(self, both: TestSite, key: str) -> None:
        url = reserve(both, WHEEL, key)
        before = inventory(both)

        put(both, url, OTHER[1], 400)

        assert inventory(both) == before
        assert "have not arrived" in announce(both, "finalize", WHEEL, key, 400).json["detail"]

    @ON_SQLITE
    def test_u72_too_many_bytes_are_refused(self, both: TestSite, key: str) -> None:
        large = make_wheel("demo-pkg", "2.0", files={"x.bin": bytes(2 << 20)}, compress=False)
        url = reserve(both, large, key)
        both.set_policy(max_file_mb="1")

        answer = put(both, url, large[1], 400)

        assert answer.status.startswith("400 File too large")

    @ON_SQLITE
    def test_a_broken_archive_is_refused_with_every_reason(self, both: TestSite, key: str) -> None:
        broken = (WHEEL[0], b"not an archive")
        put(both, reserve(both, broken, key), broken[1])

        answer = announce(both, "finalize", broken, key, 400)

        assert codes(answer) == ["zip-invalid"]
        assert inventory(both)[0]["files"] == 0

    @ON_SQLITE
    def test_nothing_is_finalized_that_was_not_reserved(self, both: TestSite, key: str) -> None:
        answer = announce(both, "finalize", WHEEL, key, 400)

        assert "nothing is reserved" in answer.json["detail"]

    @pytest.mark.parametrize("token", ["0" * 32, "..", "x", "%00"])
    def test_an_unknown_place_is_not_there(self, both: TestSite, token: str) -> None:
        put(both, f"/v1/incoming/{token}", b"bytes", 404)

    def test_a_place_is_kept_for_an_hour(self, both: TestSite, key: str) -> None:
        url = reserve(both, WHEEL, key)
        with both.database.transaction() as session:
            session.execute(
                update(UploadSession).values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
            )

        put(both, url, WHEEL[1], 404)

    def test_once_published_the_place_is_closed(self, both: TestSite, key: str) -> None:
        url = reserve(both, WHEEL, key)
        put(both, url, WHEEL[1])
        announce(both, "finalize", WHEEL, key)

        put(both, url, WHEEL[1], 404)

    @ON_SQLITE
    def test_u66_the_rules_are_asked_again_at_the_end(self, both: TestSite, key: str) -> None:
        put(both, reserve(both, WHEEL, key), WHEEL[1])
        both.set_policy(prohibited_names="demo-pkg")

        assert codes(announce(both, "finalize", WHEEL, key, 400)) == ["name-prohibited"]

    def test_u77_several_files_of_a_release_at_once(self, both: TestSite, key: str) -> None:
        files = [WHEEL, make_sdist("demo-pkg", "1.0")]
        urls = [reserve(both, file, key) for file in files]
        for url, (_, content) in zip(urls, files, strict=True):
            put(both, url, content)

        for file in files:
            announce(both, "finalize", file, key)

        assert len(both.page("demo-pkg", key)["files"]) == 2

    def test_received_bytes_are_referenced_until_they_are_published(
        self, both: TestSite, key: str
    ) -> None:
        put(both, reserve(both, WHEEL, key), WHEEL[1])

        with both.database.read() as connection:
            [digest] = connection.execute(select(UploadFile.sha256)).scalars()
            sizes = {row.sha256: row.size for row in connection.execute(select(Blob))}

        assert digest == hashlib.sha256(WHEEL[1]).hexdigest()
        assert sizes == {digest: len(WHEEL[1])}


class TestAtOnce:
    """Two requests about one place: the first is stopped while it holds its locks."""

    @pytest.fixture
    def gate(self, both: TestSite, monkeypatch: pytest.MonkeyPatch) -> Gate:
        gate, publisher = Gate(), both.service(Publisher)
        touch = publisher.touch

        def stop_first(session: Session, sizes: Mapping[str, int]) -> None:
            if current_thread().name == FIRST:
                gate.stop_here()
            touch(session, sizes)

        monkeypatch.setattr(publisher, "touch", stop_first)
        return gate

    def test_u74_to_finalize_twice_at_once_succeeds_twice(
        self, both: TestSite, key: str, gate: Gate
    ) -> None:
        put(both, reserve(both, WHEEL, key), WHEEL[1])
        first = start(FIRST, lambda: announce(both, "finalize", WHEEL, key))
        gate.wait()
        with statements_of(both, SECOND) as sent:
            second = start(SECOND, lambda: announce(both, "finalize", WHEEL, key))
            wait_until_blocked(both, sent)

        gate.open()

        assert first.result().status_int == second.result().status_int == 200
        assert inventory(both)[0]["files"] == 1

    def test_to_put_while_it_is_finalized_locks_nobody_out(
        self, both: TestSite, key: str, gate: Gate
    ) -> None:
        url = reserve(both, WHEEL, key)
        put(both, url, WHEEL[1])
        first = start(FIRST, lambda: announce(both, "finalize", WHEEL, key))
        gate.wait()
        with statements_of(both, SECOND) as sent:
            second = start(SECOND, lambda: put(both, url, WHEEL[1], 404))
            wait_until_blocked(both, sent)

        gate.open()

        assert first.result().status_int == 200
        second.result()

    def test_of_two_places_for_one_file_the_one_with_the_bytes_is_taken(
        self, both: TestSite, key: str
    ) -> None:
        url = reserve(both, WHEEL, key)
        with both.database.transaction() as session:
            session.execute(update(UploadSession).values(expires_at=datetime.now(UTC)))
        reserve(both, WHEEL, key)
        with both.database.transaction() as session:
            later = datetime.now(UTC) + timedelta(hours=1)
            session.execute(update(UploadSession).values(expires_at=later))

        put(both, url, WHEEL[1])

        announce(both, "finalize", WHEEL, key)

    def test_others_may_write_while_bytes_are_received(
        self, both: TestSite, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url, gate = reserve(both, WHEEL, key), Gate()

        def slowly(environ: dict[str, Any], file: ReceivedFile) -> None:
            gate.stop_here()
            read_raw(environ, file)

        monkeypatch.setattr(direct, "read_raw", slowly)
        first = start(FIRST, lambda: put(both, url, WHEEL[1]))
        gate.wait()

        Worker(lambda: both.create_workspace("other")).result()

        gate.open()
        first.result()
