"""The draft Upload 2.0 API: files that become visible together (PEP 694, U-200 to U-207)."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from stockroom.models import UploadSession
from stockroom.publish import queries, stage_files
from stockroom.publish.body import ReceivedFile, read_raw
from tests.archives import make_sdist, make_wheel
from tests.conftest import ON_SQLITE, MakeSite
from tests.support.site import JSON, TestSite, bearer
from tests.support.uploads import inventory
from tests.support.waiting import Gate, Worker

ROOT = "/v1/upload2/acme/main"
TYPE = "application/vnd.pypi.upload.v2+json"
META = {"api-version": "2.0"}
WHEEL = make_wheel("demo-pkg", "1.0")
OTHER = make_wheel("demo-pkg", "1.0", files={"other.py": "OTHER = 1\n"})
SDIST = make_sdist("demo-pkg", "1.0")
BROKEN = (WHEEL[0], b"not an archive")


class Client:
    """A client of the API with one key."""

    def __init__(self, site: TestSite, key: str | None) -> None:
        self.site = site
        self.key = key

    def ask(self, method: str, url: str, body: Any = None, status: int = 200) -> Any:
        """One request with a JSON body, or with bytes."""
        parts = urlsplit(url)
        headers = {**bearer(self.key), "Accept": TYPE, "Content-Type": TYPE}
        call = getattr(self.site.app, f"{method}_json" if method == "post" else method)
        if isinstance(body, bytes):
            call = self.site.app.post
        if url.endswith("/bytes"):
            headers["Content-Type"] = "application/octet-stream"
        options = {} if body is None else {"params": cast(Any, body)}
        if method == "post" and body is None:
            options = {"params": {"meta": META}}
        return call(parts.path, headers=headers, status=status, **options)

    def create(self, name: str = "demo-pkg", version: str = "1.0", status: int = 201) -> Any:
        body = {"meta": META, "name": name, "version": version}
        return self.ask("post", ROOT, body, status)

    def announce(
        self, session: Any, file: tuple[str, bytes], status: int = 202, **changes: Any
    ) -> Any:
        filename, content = file
        body = {
            "meta": META,
            "filename": filename,
            "size": len(content),
            "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            "mechanism": "http-post-bytes",
            **changes,
        }
        return self.ask("post", session["links"]["upload"], body, status)

    def send(self, session: Any, *files: tuple[str, bytes]) -> None:
        """Announce, send and complete files."""
        for file in files:
            answer = self.announce(session, file).json
            self.ask("post", answer["mechanism"]["file_url"], file[1], 204)
            self.ask("post", answer["links"]["complete"], status=201)

    def status(self, session: Any) -> Any:
        return self.ask("get", session["links"]["session"]).json


@pytest.fixture
def both(make_site: MakeSite, database_url: str) -> TestSite:
    made = make_site(database_url, **{"stockroom.upload2": "on"})
    made.create_workspace()
    return made


@pytest.fixture
def client(both: TestSite) -> Client:
    return Client(both, both.create_key())


@pytest.fixture
def session(client: Client) -> Any:
    return client.create().json


def sources(answer: Any) -> list[str]:
    return [error["source"] for error in answer.json["errors"]]


def expire(site: TestSite) -> None:
    with site.database.transaction() as database:
        database.execute(
            update(UploadSession).values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )


def test_it_is_off_unless_the_setting_is_on(site: TestSite) -> None:
    Client(site, site.create_key()).create(status=404)
    site.get("/stage/x/", status=404)


class TestSessions:
    def test_u201_a_session_tells_what_a_client_needs(self, client: Client) -> None:
        answer = client.create()

        document = answer.json
        assert answer.headers["Content-Type"] == TYPE
        assert answer.headers["Location"] == document["links"]["session"]
        assert document["links"].keys() == {"session", "upload", "publish", "extend", "stage"}
        assert all(link.startswith("http://localhost/") for link in document["links"].values())
        assert document["mechanisms"] == ["http-post-bytes"]
        assert (document["status"], document["files"]) == ("open", {})
        assert document["meta"] == META
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["expires-at"])
        assert client.status(document) == document

    def test_u201_a_new_project_stays_invisible(self, client: Client, session: Any) -> None:
        client.send(session, WHEEL)

        client.site.get("/simple/acme/main/demo-pkg/", client.key, status=404)
        assert client.site.get("/simple/acme/main/", client.key, accept=JSON).json["projects"] == []

    @pytest.mark.parametrize("version", ["1.0", "1.0.0", "v1.0"])
    def test_u201_a_release_has_one_live_session(
        self, client: Client, session: Any, version: str
    ) -> None:
        answer = client.create("Demo.Pkg", version, 409)

        assert answer.headers["Location"] == session["links"]["session"]
        assert answer.json["meta"] == META

    def test_u201_a_session_that_ends_at_that_moment_makes_room(
        self, client: Client, session: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        look = queries.live_stage

        def too_late(*args: Any) -> Any:
            client.ask("delete", session["links"]["session"], status=204)
            return look(*args)

        monkeypatch.setattr(queries, "live_stage", too_late)

        assert client.create().json["session-token"] != session["session-token"]

    @ON_SQLITE
    def test_u201_who_may_not_publish_learns_of_no_session(
        self, client: Client, session: Any
    ) -> None:
        for key, status in ((client.site.create_key("reader"), 403), (None, 401)):
            other = Client(client.site, key)
            other.create(status=status)
            other.ask("get", session["links"]["session"], status=status)

    @ON_SQLITE
    def test_u200_sessions_belong_to_the_registry_not_to_a_key(
        self, client: Client, session: Any
    ) -> None:
        other = Client(client.site, client.site.create_key())

        other.send(session, WHEEL)

        other.ask("post", session["links"]["publish"], status=201)

    def test_a_session_of_another_registry_is_not_there(self, client: Client, session: Any) -> None:
        client.site.create_workspace("other")
        url = session["links"]["session"].replace("/acme/", "/other/")

        Client(client.site, client.site.create_key(scope="other")).ask("get", url, status=404)

    @pytest.mark.parametrize(
        ("name", "version", "expected"),
        [("-x-", "1.0", ["name"]), ("x", "one", ["version"]), ("", "", ["version", "name"])],
    )
    @ON_SQLITE
    def test_u201_invalid_names_are_refused(
        self, client: Client, name: str, version: str, expected: list[str]
    ) -> None:
        answer = client.create(name, version, 400)

        assert answer.headers["Content-Type"] == "application/problem+json"
        assert sorted(sources(answer)) == sorted(expected)

    @ON_SQLITE
    def test_u66_names_that_the_registry_refuses_are_refused_at_once(self, client: Client) -> None:
        client.site.set_policy(prohibited_names="demo-pkg")

        assert sources(client.create(status=400)) == ["name"]

    def test_u202_canceling_forgets_the_files(self, client: Client, session: Any) -> None:
        client.send(session, WHEEL)

        client.ask("delete", session["links"]["session"], status=204)

        found = client.status(session)
        assert (found["status"], found["files"]) == ("canceled", {})
        client.ask("post", session["links"]["publish"], status=409)
        client.announce(session, WHEEL, 409)
        client.create()

    def test_u207_extending_never_shortens(self, client: Client, session: Any) -> None:
        extend = session["links"]["extend"]

        shorter = client.ask("post", extend, {"meta": META, "extend-for": 1}).json
        longer = client.ask("post", extend, {"meta": META, "extend-for": 20 * 86400}).json
        longest = client.ask("post", extend, {"meta": META, "extend-for": 900 * 86400}).json

        assert shorter["expires-at"] == session["expires-at"]
        assert session["expires-at"] < longer["expires-at"] < longest["expires-at"]

    def test_u207_to_extend_beyond_all_dates_is_to_extend_as_far_as_possible(
        self, client: Client, session: Any
    ) -> None:
        extend = session["links"]["extend"]
        longest = client.ask("post", extend, {"meta": META, "extend-for": 900 * 86400}).json

        for_ever = client.ask("post", extend, {"meta": META, "extend-for": 2**64}).json

        assert for_ever["expires-at"] == longest["expires-at"]

    @pytest.mark.parametrize("version", ["1" * 300, "1." * 200 + "1", "1+" + "a" * 300])
    @ON_SQLITE
    def test_u70_a_version_that_fits_into_no_filename_is_refused(
        self, client: Client, version: str
    ) -> None:
        assert sources(client.create(version=version, status=400)) == ["version"]

    @pytest.mark.parametrize("token", ["%00", "..", "%2F", "x"])
    def test_a_token_that_cannot_be_is_not_there(
        self, client: Client, session: Any, token: str
    ) -> None:
        wrong = f"{ROOT}/{token}"
        client.ask("get", wrong, status=404)
        client.ask("delete", wrong, status=404)
        client.ask("post", f"{wrong}/files/{token}/complete", status=404)
        client.ask("get", f"{session['links']['session']}/files/{token}", status=404)

    def test_an_expired_session_makes_room(self, client: Client, session: Any) -> None:
        expire(client.site)

        client.ask("get", session["links"]["session"], status=404)
        client.create()

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b'{"name": "x", "version": "1"}', b"\xff", b"[" * 10_000],
    )
    @ON_SQLITE
    def test_u200_anything_else_is_refused(self, client: Client, body: bytes) -> None:
        answer = client.ask("post", ROOT, body, 400)

        assert answer.json["meta"] == META

    @ON_SQLITE
    def test_u200_another_version_of_the_api_is_refused(self, client: Client) -> None:
        body = {"meta": {"api-version": "3.0"}, "name": "x", "version": "1"}

        client.ask("post", ROOT, body, 400)


class TestFiles:
    @ON_SQLITE
    def test_u203_a_file_tells_how_to_send_it(self, client: Client, session: Any) -> None:
        answer = client.announce(session, WHEEL)

        document = answer.json
        assert "Retry-After" in answer.headers
        assert document["status"] == "pending"
        assert document["mechanism"]["identifier"] == "http-post-bytes"
        assert document["links"].keys() == {"file-upload-session", "complete"}
        shown = client.ask("get", document["links"]["file-upload-session"]).json
        assert shown == document

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"filename": "demo_pkg.txt"}, 400),
            ({"filename": "other-1.0-py3-none-any.whl"}, 400),
            ({"filename": "demo_pkg-2.0-py3-none-any.whl"}, 400),
            ({"filename": "../demo_pkg-1.0-py3-none-any.whl"}, 400),
            ({"size": -1}, 400),
            ({"size": "many"}, 400),
            ({"size": 2**63}, 400),
            ({"size": 10**30}, 400),
            ({"hashes": {}}, 400),
            ({"hashes": {"md5": "0" * 32}}, 400),
            ({"hashes": {"sha256": "xyz"}}, 400),
            ({"hashes": {"sha256": "0" * 64, "crc32": "0"}}, 400),
            ({"mechanism": "vnd-acme-pigeon"}, 422),
        ],
    )
    @ON_SQLITE
    def test_u203_bad_announcements_are_refused(
        self, client: Client, session: Any, changes: dict[str, Any], status: int
    ) -> None:
        client.announce(session, WHEEL, status, **changes)

        assert client.status(session)["files"] == {}

    def test_u203_a_published_name_is_taken(self, client: Client, session: Any) -> None:
        client.site.upload(*WHEEL, client.key)

        client.announce(session, OTHER, 409)

    def test_u204_a_name_stands_once_until_it_is_deleted(
        self, client: Client, session: Any
    ) -> None:
        link = client.announce(session, OTHER).json["links"]["file-upload-session"]
        client.announce(session, WHEEL, 409)

        client.ask("delete", link, status=204)

        client.send(session, WHEEL)
        client.ask("get", link, status=404)

    @pytest.mark.parametrize("content", [OTHER[1], WHEEL[1][:-1], WHEEL[1] + b"x", b""])
    @ON_SQLITE
    def test_u205_other_bytes_are_refused(
        self, client: Client, session: Any, content: bytes
    ) -> None:
        answer = client.announce(session, WHEEL).json

        client.ask("post", answer["mechanism"]["file_url"], content, 400)

        client.ask("post", answer["links"]["complete"], status=409)
        client.ask("post", answer["mechanism"]["file_url"], WHEEL[1], 204)

    @pytest.mark.parametrize("algorithm", ["sha512", "blake2b", "sha3_256"])
    @ON_SQLITE
    def test_u203_every_announced_digest_must_match(
        self, client: Client, session: Any, algorithm: str
    ) -> None:
        right = hashlib.new(algorithm, WHEEL[1]).hexdigest()
        wrong = hashlib.new(algorithm, b"").hexdigest()
        answer = client.announce(session, WHEEL, hashes={algorithm: wrong}).json
        client.ask("post", answer["mechanism"]["file_url"], WHEEL[1], 400)
        client.ask("delete", answer["links"]["file-upload-session"], status=204)

        answer = client.announce(session, WHEEL, hashes={algorithm: right}).json

        client.ask("post", answer["mechanism"]["file_url"], WHEEL[1], 204)

    def test_others_may_write_while_bytes_are_received(
        self, client: Client, session: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer, gate = client.announce(session, WHEEL).json, Gate()

        def slowly(environ: dict[str, Any], file: ReceivedFile) -> None:
            gate.stop_here()
            read_raw(environ, file)

        monkeypatch.setattr(stage_files, "read_raw", slowly)
        url = answer["mechanism"]["file_url"]
        sending = Worker(lambda: client.ask("post", url, WHEEL[1], 204))
        gate.wait()

        Worker(lambda: client.site.create_workspace("other")).result()

        gate.open()
        sending.result()

    def test_bytes_of_a_file_that_was_deleted_meanwhile_are_refused(
        self, client: Client, session: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = client.announce(session, WHEEL).json

        def too_late(environ: dict[str, Any], file: ReceivedFile) -> None:
            client.ask("delete", answer["links"]["file-upload-session"], status=204)
            read_raw(environ, file)

        monkeypatch.setattr(stage_files, "read_raw", too_late)
        before = inventory(client.site)

        client.ask("post", answer["mechanism"]["file_url"], WHEEL[1], 404)

        assert inventory(client.site) == before

    def test_u204_a_broken_archive_ends_in_error(self, client: Client, session: Any) -> None:
        answer = client.announce(session, BROKEN).json
        client.ask("post", answer["mechanism"]["file_url"], BROKEN[1], 204)

        refusal = client.ask("post", answer["links"]["complete"], status=400)

        assert sources(refusal) == ["content"]
        assert client.status(session)["files"][WHEEL[0]]["status"] == "error"
        client.ask("post", answer["links"]["complete"], status=409)
        client.ask("post", session["links"]["publish"], status=409)
        client.ask("delete", answer["links"]["file-upload-session"], status=204)
        client.send(session, WHEEL)
        client.ask("post", session["links"]["publish"], status=201)


class TestBounds:
    def test_u72_a_stage_takes_no_more_than_the_registry_will(
        self, client: Client, session: Any
    ) -> None:
        client.site.set_policy(max_package_mb="2")
        half = 1 << 20
        client.announce(session, WHEEL, size=half)
        client.announce(session, SDIST, size=half)
        third = make_wheel("demo-pkg", "1.0", tag="py2-none-any")

        answer = client.announce(session, third, 400, size=1)

        assert "Project size too large" in answer.json["detail"]

    @ON_SQLITE
    def test_a_stage_holds_a_thousand_files(
        self, client: Client, session: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stage_files, "MOST_FILES", 1)
        client.announce(session, WHEEL)

        answer = client.announce(session, SDIST, 400)

        assert "at most" in answer.json["detail"]

    def test_looking_at_a_stage_waits_for_nobody(self, client: Client, session: Any) -> None:
        link = client.announce(session, WHEEL).json["links"]["file-upload-session"]

        with client.site.database.transaction() as database:
            database.execute(update(UploadSession).values(display_name="being-changed"))

            client.status(session)
            client.ask("get", link)


class TestPublishing:
    def test_u206_all_files_become_visible_together(self, client: Client, session: Any) -> None:
        client.send(session, WHEEL, SDIST)
        before = inventory(client.site)[0]["files"]

        answer = client.ask("post", session["links"]["publish"], status=201)

        files = {file["filename"] for file in client.site.page("demo-pkg", client.key)["files"]}
        assert (before, files) == (0, {WHEEL[0], SDIST[0]})
        assert answer.json["status"] == client.status(session)["status"] == "published"
        path = client.site.file_url("demo-pkg", WHEEL[0], client.key or "")
        assert client.site.get(path, client.key).body == WHEEL[1]

    def test_u206_or_none_of_them(self, client: Client, session: Any) -> None:
        client.send(session, WHEEL, SDIST)
        client.site.upload(*OTHER, client.key)

        answer = client.ask("post", session["links"]["publish"], status=409)

        assert answer.json["detail"].startswith("File already exists")
        assert client.status(session)["status"] == "error"
        assert len(client.site.page("demo-pkg", client.key)["files"]) == 1

    def test_u93_all_blobs_are_locked_in_one_order(self, client: Client, session: Any) -> None:
        """Or two publications that share some, as of one release to two registries, deadlock."""
        client.send(session, WHEEL, SDIST)

        with client.site.count_queries() as statements:
            client.ask("post", session["links"]["publish"], status=201)

        assert len([text for text in statements if text.startswith("INSERT INTO blobs")]) == 1

    def test_the_release_is_looked_up_once_however_many_files_there_are(
        self, client: Client, session: Any
    ) -> None:
        client.site.upload(*SDIST, client.key)
        client.send(session, *(make_wheel("demo-pkg", "1.0", build=str(n)) for n in range(1, 4)))

        with client.site.count_queries() as statements:
            client.ask("post", session["links"]["publish"], status=201)

        assert len([text for text in statements if "FROM releases" in text]) == 1

    def test_u202_what_is_in_error_can_be_mended(self, client: Client, session: Any) -> None:
        client.send(session, WHEEL, SDIST)
        client.site.upload(*OTHER, client.key)
        client.ask("post", session["links"]["publish"], status=409)
        link = client.status(session)["files"][WHEEL[0]]["link"]

        client.ask("delete", link, status=204)
        client.ask("post", session["links"]["publish"], status=201)

        assert len(client.site.page("demo-pkg", client.key)["files"]) == 2

    def test_u202_every_file_must_be_completed(self, client: Client, session: Any) -> None:
        client.send(session, SDIST)
        client.announce(session, WHEEL)

        answer = client.ask("post", session["links"]["publish"], status=409)

        assert WHEEL[0] in answer.json["detail"]
        assert SDIST[0] not in answer.json["detail"]
        assert client.status(session)["status"] == "open"

    @ON_SQLITE
    def test_an_empty_session_is_not_published(self, client: Client, session: Any) -> None:
        client.ask("post", session["links"]["publish"], status=409)

    def test_u202_what_is_published_cannot_be_changed(self, client: Client, session: Any) -> None:
        client.send(session, WHEEL)
        client.ask("post", session["links"]["publish"], status=201)

        client.ask("post", session["links"]["publish"], status=409)
        client.ask("delete", session["links"]["session"], status=409)
        client.announce(session, SDIST, 409)

    @ON_SQLITE
    def test_u95_a_closed_package_takes_no_release(self, client: Client, session: Any) -> None:
        client.send(session, SDIST)
        client.site.set_policy(prohibited_names="demo-pkg")

        answer = client.ask("post", session["links"]["publish"], status=400)

        assert sources(answer) == ["name"]


class TestStage:
    @pytest.fixture
    def stage(self, client: Client, session: Any) -> str:
        client.send(session, WHEEL)
        return urlsplit(session["links"]["stage"]).path

    def test_u207_a_stage_is_an_index(self, client: Client, stage: str) -> None:
        listing = client.site.get(stage, accept=JSON).json
        page = client.site.get(f"{stage}demo-pkg/", accept=JSON).json
        file = page["files"][0]

        assert [project["name"] for project in listing["projects"]] == ["demo-pkg"]
        assert file["hashes"]["sha256"] == hashlib.sha256(WHEEL[1]).hexdigest()
        url = f"{stage}{file['url'].removeprefix('../')}"
        assert client.site.get(url).body == WHEEL[1]
        metadata = client.site.get(f"{url}.metadata").body
        assert hashlib.sha256(metadata).hexdigest() == file["core-metadata"]["sha256"]

    @ON_SQLITE
    def test_u207_it_is_readable_as_html(self, client: Client, stage: str) -> None:
        answer = client.site.get(f"{stage}demo-pkg/", accept="text/html")

        assert WHEEL[0] in answer.text
        assert answer.headers["Cache-Control"] == "private, no-store"

    def test_u207_only_completed_files_are_there(
        self, client: Client, session: Any, stage: str
    ) -> None:
        client.announce(session, SDIST)

        page = client.site.get(f"{stage}demo-pkg/", accept=JSON).json

        assert [file["filename"] for file in page["files"]] == [WHEEL[0]]

    @pytest.mark.parametrize(
        "path", ["other/", "-/demo-pkg/" + "0" * 64 + "/" + WHEEL[0], "-/demo-pkg/x/y"]
    )
    @ON_SQLITE
    def test_there_is_nothing_else(self, client: Client, stage: str, path: str) -> None:
        client.site.get(stage + path, status=404)

    @pytest.mark.parametrize("token", ["%00", "x", "0" * 64])
    def test_what_is_no_stage_is_not_there(self, client: Client, token: str) -> None:
        client.site.get(f"/stage/{token}/", status=404)
        client.site.get(f"/stage/{token}/demo-pkg/", status=404)

    @ON_SQLITE
    def test_another_spelling_is_redirected(self, client: Client, stage: str) -> None:
        answer = client.site.get(f"{stage}Demo.Pkg/", status=301)

        assert answer.headers["Location"] == "../demo-pkg/"

    @pytest.mark.parametrize("token", ["x", "0" * 64, ".."])
    @ON_SQLITE
    def test_u207_nobody_guesses_a_stage(self, client: Client, token: str) -> None:
        client.site.get(f"/stage/{token}/demo-pkg/", status=404)

    def test_u207_it_ends_with_the_publication(
        self, client: Client, session: Any, stage: str
    ) -> None:
        client.ask("post", session["links"]["publish"], status=201)

        client.site.get(f"{stage}demo-pkg/", status=404)

    def test_u207_it_ends_with_the_session(self, client: Client, stage: str) -> None:
        expire(client.site)

        client.site.get(stage, status=404)
