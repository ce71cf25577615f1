"""URLs for clients: stable for a while, valid for longer, for one thing only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest

from s3_support.store import Store
from stockroom.spi import DOWNLOAD_SECONDS, StorageUnavailable
from stockroom.testing.blobs import DIGEST
from stockroom_s3.location import parse_location
from stockroom_s3.settings import S3Settings
from stockroom_s3.storage import S3Storage

WHEEL = "demo_pkg-1.0-py3-none-any.whl"
NOON = 1_700_006_400 - 1_700_006_400 % 3600
AMAZON = "s3://wheels/prefix?region=eu-central-1"


def open_at(
    now: float, url: str = AMAZON, token: str | None = None, key: str = "KEY", **settings: Any
) -> S3Storage:
    """A storage whose clock stands still."""
    session = boto3.session.Session(key, "secret", token)
    return S3Storage(parse_location(urlsplit(url)), S3Settings(**settings), lambda: now, session)


def signed(storage: S3Storage, filename: str = WHEEL) -> str:
    url = storage.download_url(DIGEST, filename)
    assert url is not None
    return url


def query(url: str) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}


def test_a_url_is_the_same_text_until_half_of_its_lifetime_is_over() -> None:
    first = signed(open_at(NOON))

    last = signed(open_at(NOON + 3599.9))
    next_one = signed(open_at(NOON + 3600))

    assert first == last != next_one


@pytest.mark.parametrize("seconds", [2 * DOWNLOAD_SECONDS, 5000, 7 * 24 * 3600])
@pytest.mark.parametrize("later", [0, 1, 899, 900, 3600, 100_000])
def test_a_url_is_valid_for_half_of_its_lifetime_at_least(seconds: int, later: int) -> None:
    values = query(signed(open_at(NOON + later, presign_seconds=seconds)))

    begin = datetime.strptime(values["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    end = begin + timedelta(seconds=int(values["X-Amz-Expires"]))
    now = datetime.fromtimestamp(NOON + later, UTC)
    assert begin <= now <= end - timedelta(seconds=max(DOWNLOAD_SECONDS, seconds // 2))


def test_a_url_asks_for_headers_that_suit_a_file_that_never_changes() -> None:
    values = query(signed(open_at(NOON)))

    assert values["response-cache-control"] == "private, max-age=31536000, immutable"
    assert values["response-content-type"] == "application/octet-stream"
    assert values["response-content-disposition"] == f"attachment; filename*=UTF-8''{WHEEL}"


def test_a_file_name_cannot_leave_its_place() -> None:
    name = 'a";\r\nX: y&X-Amz-Expires=1/é'

    values = query(signed(open_at(NOON), name))

    disposition = values["response-content-disposition"]
    assert unquote(disposition.partition("''")[2]) == name
    assert not set(disposition.partition("''")[2]) & set('";\r\n /')
    assert values["X-Amz-Expires"] == "7200"


@pytest.mark.parametrize(
    ("url", "settings", "base"),
    [
        (AMAZON, {}, "https://wheels.s3.eu-central-1.amazonaws.com/prefix/sha256/"),
        (
            AMAZON,
            {"addressing": "path"},
            "https://s3.eu-central-1.amazonaws.com/wheels/prefix/sha256/",
        ),
        (
            "s3://wheels?endpoint=https://store.example:9000",
            {},
            "https://store.example:9000/wheels/sha256/",
        ),
        (
            "s3://wheels?endpoint=https://store.example",
            {"addressing": "virtual"},
            "https://wheels.store.example/sha256/",
        ),
        (
            "s3://wheels?endpoint=http://10.0.0.1:9000",
            {"public_endpoint": "https://files.example"},
            "https://files.example/wheels/sha256/",
        ),
    ],
)
def test_a_url_leads_to_where_clients_find_the_store(
    url: str, settings: dict[str, Any], base: str
) -> None:
    assert signed(open_at(NOON, url, **settings)).startswith(base)


def test_the_token_of_a_role_is_part_of_the_url() -> None:
    assert (
        query(signed(open_at(NOON, token="of the role")))["X-Amz-Security-Token"] == "of the role"
    )


def test_the_secret_is_no_part_of_the_url() -> None:
    assert "secret" not in signed(open_at(NOON))


def test_uploads_are_signed_with_length_checksum_and_encryption() -> None:
    storage = open_at(NOON, encryption="aws:kms", kms_key="alias/wheels")

    upload = storage.direct_upload("0" * 32, sha256=DIGEST, size=24, seconds=900)

    assert upload is not None
    values = query(upload.url)
    assert values["X-Amz-SignedHeaders"] == (
        "content-length;host;x-amz-checksum-sha256;x-amz-server-side-encryption;"
        "x-amz-server-side-encryption-aws-kms-key-id"
    )
    assert values["X-Amz-Expires"] == "900"
    assert set(upload.headers) == {
        "x-amz-checksum-sha256",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
    }


def test_what_is_too_large_for_one_request_is_not_put_by_clients() -> None:
    storage = open_at(NOON)

    largest = storage.direct_upload("0" * 32, sha256=DIGEST, size=5 * 1024**3, seconds=900)
    larger = storage.direct_upload("0" * 32, sha256=DIGEST, size=5 * 1024**3 + 1, seconds=900)

    assert largest is not None
    assert larger is None


def test_an_upload_may_take_a_week_at_most() -> None:
    upload = open_at(NOON).direct_upload("0" * 32, sha256=DIGEST, size=24, seconds=10**7)

    assert upload is not None
    assert query(upload.url)["X-Amz-Expires"] == "604800"


def test_clients_are_not_sent_to_a_store_that_they_cannot_reach() -> None:
    storage = open_at(NOON, redirect=False)

    assert storage.download_url(DIGEST, WHEEL) is None
    assert storage.direct_upload("0" * 32, sha256=DIGEST, size=24, seconds=900) is None


def test_credentials_that_are_gone_are_a_problem_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    for name in store.environment:
        if name.startswith(("AWS_ACCESS", "AWS_SECRET")):
            monkeypatch.delenv(name)
    storage = S3Storage(parse_location(urlsplit(AMAZON)), S3Settings())

    with pytest.raises(StorageUnavailable):
        storage.download_url(DIGEST, WHEEL)
