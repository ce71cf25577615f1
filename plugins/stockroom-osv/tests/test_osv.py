"""OSV records: from where they come, what they mean, and what a filter reads of them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockroom.insight.service import Facts
from stockroom.spi import Advisory, FactDocument, FilterField, FilterPackage, FilterRelease
from stockroom.spi.advisories import Affected, Span, affects
from stockroom.testing import FilterFieldContract
from stockroom_osv import files
from stockroom_osv import source as sources
from stockroom_osv.fields import FIELDS
from stockroom_osv.settings import OsvSettings
from stockroom_osv.source import Osv
from stockroom_osv.steps import Scored, document_of, score_of
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.facts import FakeRun
from tests.support.fake_server import fake_server

V2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"
V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V3_LOW = "CVSS:3.0/AV:L/AC:H/PR:L/UI:R/S:U/C:N/I:N/A:L"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
BEFORE_2 = [{"introduced": "0"}, {"fixed": "2.0"}]


def record(
    key: str = "A-1", name: str = "demo", *, events: Any = None, vector: str = "", **more: Any
) -> dict[str, Any]:
    part: dict[str, Any] = {"package": {"ecosystem": "PyPI", "name": name}}
    part["ranges"] = [{"type": "ECOSYSTEM", "events": events or BEFORE_2}]
    told = {"id": key, "modified": "2026-01-01T00:00:00Z", "affected": [part], **more}
    if vector:
        told["severity"] = [{"type": "CVSS_V3", "score": vector}]
    return told


def write(folder: Path, *records: Any) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for number, told in enumerate(records):
        text = told if isinstance(told, bytes) else json.dumps(told).encode()
        (folder / f"{number}.json").write_bytes(text)
    return str(folder)


def zipped(**content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(f"{name}.json", data)
    return file.getvalue()


def ask(
    place: str | Path, run: FakeRun | None = None
) -> tuple[dict[str, Any], dict[str, Any], FakeRun]:
    """The documents and the advisories that are told."""
    run = run or FakeRun()
    told = list(Osv(OsvSettings(records=str(place))).refresh(run))
    documents = {one.package: one.document for one in told if isinstance(one, FactDocument)}
    advisories = {one.id: one.record for one in told if isinstance(one, Advisory)}
    return documents, advisories, run


def scores(tmp_path: Path, *records: Any, name: str = "demo") -> tuple[float, Any]:
    """The score of a package and of its version 1.0."""
    documents, _, _ = ask(write(tmp_path / "osv", *records))
    return documents[name]["score"], score_of(documents[name], ["1.0"])[0]


class TestScores:
    @pytest.mark.parametrize(
        ("vector", "score"), [(V2, 7.5), (V3, 9.8), (V3_LOW, 2.2), (V4, 9.3), ("CVSS:3.1/x", 10.0)]
    )
    def test_vectors_are_scored_by_their_version(
        self, tmp_path: Path, vector: str, score: float
    ) -> None:
        assert scores(tmp_path, record(vector=vector)) == (score, score)

    def test_the_highest_counts_of_all_vectors(self, tmp_path: Path) -> None:
        told = record(vector=V3_LOW)
        told["severity"].append({"type": "CVSS_V2", "score": V2})
        told["affected"][0]["severity"] = [{"type": "CVSS_V3", "score": V3}]

        assert scores(tmp_path, told) == (9.8, 9.8)

    @pytest.mark.parametrize(
        ("word", "score"),
        [
            ("LOW", 3.9),
            ("moderate", 6.9),
            ("HIGH", 8.9),
            ("CRITICAL", 10.0),
            ("?", 10.0),
            (7, 10.0),
        ],
    )
    def test_without_a_vector_a_word_counts_and_without_both_the_worst(
        self, tmp_path: Path, word: object, score: float
    ) -> None:
        told = record(database_specific={"severity": word})

        assert scores(tmp_path, told) == (score, score)

    def test_an_alias_says_how_bad_it_is(self, tmp_path: Path) -> None:
        told = record("PYSEC-1", aliases=["CVE-1"]), record("GHSA-1", "other", vector=V3_LOW)
        told[1]["aliases"] = ["CVE-1"]

        assert scores(tmp_path, *told) == (2.2, 2.2)

    def test_malicious_packages_are_the_worst(self, tmp_path: Path) -> None:
        told = record("MAL-1", database_specific={"severity": "LOW"}, aliases=["A-1"])

        assert scores(tmp_path, told, record("A-1", "other", vector=V3_LOW)) == (10.0, 10.0)

    @pytest.mark.parametrize("vector", ["CVSS:3.1/" + "A" * 600, "AV:\u0660", "CVSS:4.0/\ud800"])
    def test_vectors_may_be_anything(self, tmp_path: Path, vector: str) -> None:
        assert scores(tmp_path, record(vector=vector)) == (10.0, 10.0)


class TestRecords:
    def test_versions_that_are_fixed_have_no_score(self, tmp_path: Path) -> None:
        documents, advisories, _ = ask(write(tmp_path, record(vector=V3)))

        assert score_of(documents["demo"], ["1.0", "2.0", "99.0", "1.0+cu118", "?"]) == [
            9.8,
            0.0,
            0.0,
            9.8,
            None,
        ]
        assert advisories == {"A-1": record(vector=V3)}

    def test_withdrawn_ones_count_for_nothing(self, tmp_path: Path) -> None:
        gone = record("A-2", "gone", withdrawn="2026-01-02T00:00:00Z")

        documents, advisories, run = ask(write(tmp_path, record(), gone))

        assert ([*documents], [*advisories], run.notes) == (["demo"], ["A-1"], [])

    def test_what_is_not_told_any_more_is_forgotten(self, tmp_path: Path) -> None:
        run = FakeRun(known={"demo", "gone"}, advisories={"A-1", "A-0"})

        documents, advisories, _ = ask(write(tmp_path, record()), run)

        assert documents["gone"] is None
        assert advisories["A-0"] is None

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "is no JSON"),
            (b"[1]", "is no record"),
            (b'{"id": NaN}', "is no JSON"),
            (b'{"id": 1e999}', "is no JSON"),
            (b'{"a":' * 50_000, "is no JSON"),
            (b" " * (files.MAX_RECORD + 1), "has more than 1,000,000 bytes"),
            ('{"id": "' + "ü" * 400_000 + '"}', "has more than 1,000,000 bytes"),
            (b"\xff", "is no JSON"),
            (b"{}", "has no id"),
            (b'{"id": "a b"}', "has no id"),
            (b'{"id": "A-2"}', "does not say when it was modified"),
            (b'{"id": "A-2", "modified": "9999-12-31T23:59:59-23:00"}', "does not say when"),
        ],
        ids=range(12),
    )
    def test_a_file_that_is_no_record_is_left_out_by_name(
        self, tmp_path: Path, content: bytes | str, reason: str
    ) -> None:
        data = content if isinstance(content, bytes) else content.encode()

        documents, _, run = ask(write(tmp_path, record(), data))

        assert [*documents] == ["demo"]
        assert run.notes[0].startswith(f"1.json {reason}")

    def test_half_a_character_is_replaced(self, tmp_path: Path) -> None:
        """Else who asks for the advisory could not be answered."""
        halves, whole = record("A-1", details="\ud800"), record("B-1", details="\U0001f600")

        _, advisories, run = ask(write(tmp_path / "osv", halves, whole))

        assert advisories == {"A-1": {**halves, "details": "?"}, "B-1": whole}
        assert run.notes == []

    def test_what_cannot_be_understood_in_a_record_is_told(self, tmp_path: Path) -> None:
        told = record(events=[{"introduced": "0"}, {"fixed": "oops"}])
        told["affected"] += record(name="no name")["affected"]

        _, _, run = ask(write(tmp_path, told, record()))

        assert run.notes == [
            "A-1: fixed: 'oops' is no version.",
            "A-1: 'no name' is no name of a package.",
            "1.json is left out: another file has the id A-1, too.",
        ]

    def test_a_package_with_too_much_to_tell_has_the_highest_score_everywhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sources, "MAX_DOCUMENT", 10)

        documents, _, run = ask(write(tmp_path, record(vector=V3)))

        assert score_of(documents["demo"], ["99"]) == [9.8]
        assert run.notes[0].startswith("demo: there is too much to tell")


class TestPlaces:
    def test_a_folder_that_has_not_changed_is_not_read_again(self, tmp_path: Path) -> None:
        place = write(tmp_path / "osv", record())
        _, _, run = ask(place)

        again, _, _ = ask(place, run)
        write(tmp_path / "osv" / "more", record("A-2", "other"))
        after, _, _ = ask(place, run)

        assert again == {}
        assert sorted(after) == ["demo", "other"]

    def test_an_archive_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "all.zip"
        path.write_bytes(zipped(a=json.dumps(record()).encode(), b=b"x"))

        documents, _, run = ask(path)

        assert [*documents] == ["demo"]
        assert run.notes == ["b.json is no JSON."]

    def test_a_bomb_is_left_out_by_name(self, tmp_path: Path) -> None:
        path = tmp_path / "all.zip"
        path.write_bytes(zipped(a=json.dumps(record()).encode(), bomb=b" " * 50_000_000))

        documents, _, run = ask(path)

        assert [*documents] == ["demo"]
        assert run.notes == ["bomb.json has more than 1,000,000 bytes."]

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_what_would_be_unpacked_without_a_bound_is_left_out(
        self, tmp_path: Path, method: int
    ) -> None:
        with zipfile.ZipFile(tmp_path / "all.zip", "w", method) as archive:
            archive.writestr("a.json", json.dumps(record()))
            archive.writestr("b.json", json.dumps(record("B-1")), zipfile.ZIP_DEFLATED)

        _, advisories, run = ask(tmp_path / "all.zip")

        assert list(advisories) == ["B-1"]
        assert run.notes == ["a.json is packed in a way that is not read."]

    def test_a_broken_member_is_left_out_by_name(self, tmp_path: Path) -> None:
        content = bytearray(zipped(a=json.dumps(record()).encode(), b=b"[1, 2, 3, 4, 5, 6]"))
        content[content.rindex(b"b.json", 0, content.index(b"PK\x01\x02")) + 8] ^= 0xFF
        path = tmp_path / "all.zip"
        path.write_bytes(content)

        documents, _, run = ask(path)

        assert [*documents] == ["demo"]
        assert run.notes == ["b.json cannot be unpacked."]

    @pytest.mark.parametrize(
        ("limit", "value", "reason"),
        [("MAX_FILES", 1, "has more than 1 files"), ("MAX_CONTENT", 10, "unpacks to more than")],
    )
    def test_too_much_of_everything_ends_the_refresh(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        limit: str,
        value: int,
        reason: str,
    ) -> None:
        monkeypatch.setattr(files, limit, value)
        path = tmp_path / "all.zip"
        path.write_bytes(zipped(a=json.dumps(record()).encode(), b=b"{}"))

        with pytest.raises(files.Unreadable, match=reason):
            ask(path)

    def test_a_place_without_records_ends_the_refresh(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "text.zip").write_bytes(b"no zip")

        for name, reason in {
            "empty": "^there is no OSV record where they should be; nothing was changed.$",
            "text.zip": "^text.zip is no zip archive.$",
            "none": "^none cannot be read: No such file or directory.$",
        }.items():
            with pytest.raises(ValueError, match=reason):
                ask(tmp_path / name)

    def test_a_url_is_asked_with_the_etag_of_the_last_time(self) -> None:
        content = zipped(a=json.dumps(record()).encode())
        with fake_server(200, content, ETag='"1"') as (url, server):
            documents, _, run = ask(url)
            server.answer = 304, b"", {}
            again, _, _ = ask(url, run)

        assert [*documents] == ["demo"]
        assert again == {}
        assert run.state == {"url": url, "etag": '"1"'}

    def test_a_server_that_refuses_ends_the_refresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with (
            fake_server(302, b"", Location="http://127.0.0.1:1/") as (url, _),
            pytest.raises(files.Unreadable, match="the records answers 302"),
        ):
            ask(url)
        with pytest.raises(files.Unreadable, match="the records cannot be got"):
            ask(url)
        monkeypatch.setattr(files, "MAX_ARCHIVE", 10)
        with (
            fake_server(200, b"x" * 11) as (url, _),
            pytest.raises(files.Unreadable, match="more than 10 bytes"),
        ):
            ask(url)


LINE = ["0.5", "1.0a1", "1.0", "1.0+local", "1.5", "2.0", "3.0"]
SPANS = st.tuples(
    st.none() | st.sampled_from(LINE), st.none() | st.sampled_from(LINE), st.booleans()
).map(lambda one: Span(one[0], one[1], one[2] and one[1] is not None))
SCORED = st.builds(
    Scored,
    st.builds(Affected, st.lists(SPANS, max_size=3), st.lists(st.sampled_from(["1", "2"]))),
    st.sampled_from([0.0, 2.5, 7.5, 9.8]),
)


@settings(max_examples=100)
@given(scored=st.lists(SCORED, max_size=6))
def test_steps_give_the_highest_score_of_all_that_affect_a_version(scored: list[Scored]) -> None:
    document = document_of(scored)

    # A document is read from JSON.
    found = score_of(json.loads(json.dumps(document)), LINE)

    assert found == [
        max((one.score for one in scored if affects(one.affected, version)), default=0.0)
        for version in LINE
    ]


class TestFields(FilterFieldContract):
    @pytest.fixture
    def fields(self) -> Sequence[FilterField]:
        return FIELDS

    @pytest.fixture
    def documents(self) -> Sequence[Mapping[str, Mapping[str, Any]]]:
        spans = Affected([Span("1.0", "1.1", True)], ["2rc1"])
        return [{"osv": document_of([Scored(spans, 7.5)])}]


def values(name: str, documents: dict[str, Any]) -> list[Any]:
    [one] = [field for field in FIELDS if field.name == name]
    package = FilterPackage("demo", None, documents)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    items = [FilterRelease("1.0", at), FilterRelease("2.0", at)]
    assert one.values is not None
    return list(one.values(package, [package] if name.startswith("package.") else items))


def test_fields_read_the_document() -> None:
    documents = {"osv": document_of([Scored(Affected([Span(None, "2.0")], []), 7.5)])}

    assert values("package.cve_max_score", documents) == [7.5]
    assert values("release.cve_max_score", documents) == [7.5, 0.0]
    for name, number in {"package.cve_max_score": 1, "release.cve_max_score": 2}.items():
        assert values(name, {"osv": {}}) == [0.0] * number
        assert values(name, {}) == [None] * number


def test_a_server_with_the_plugin_knows_the_scores(
    make_site: MakeSite, sqlite_url: str, tmp_path: Path
) -> None:
    settings = {
        "stockroom.plugins": "osv",
        "stockroom.jobs": "separate",
        "plugin.osv.records": write(tmp_path / "osv", record(vector=V3)),
    }
    facts = make_site(sqlite_url, **settings).service(Facts)

    assert facts.refresh_now("osv", lambda run: None) is None

    assert facts.status("osv").packages == 1


def test_a_view_leaves_out_what_is_vulnerable_as_soon_as_that_is_known(
    make_site: MakeSite, sqlite_url: str, tmp_path: Path
) -> None:
    settings = {
        "stockroom.plugins": "osv",
        "stockroom.jobs": "separate",
        "plugin.osv.records": write(tmp_path / "osv", record("A-0", "other")),
    }
    site = make_site(sqlite_url, **settings)
    site.create_workspace(visibility="public")
    writer = site.create_key()
    for version in ("1.0", "2.0"):
        site.upload(*make_wheel("demo", version), writer)
    site.create_view("acme/safe", "acme/main[release.cve_max_score < 7]")
    facts = site.service(Facts)

    def shown() -> list[str]:
        page = site.page("demo", None, index="acme/safe")
        return [file["filename"].split("-")[1] for file in page["files"]]

    before_the_first = shown()
    facts.refresh_now("osv", lambda run: None)
    without_any = shown()
    write(tmp_path / "osv" / "new", record(vector=V3))
    facts.refresh_now("osv", lambda run: None)
    with_one = shown()
    site.upload(*make_wheel("demo", "1.5"), writer)

    assert before_the_first == []
    assert without_any == ["1.0", "2.0"]
    assert with_one == ["2.0"]
    # It is affected by the range, though nobody has looked since it was published.
    assert shown() == ["2.0"]
