"""What stops a server at its start, each in a sentence that says what to do."""

from __future__ import annotations

import pytest

from s3_support.recorder import Exchange, Recorder
from s3_support.store import Store, free_port
from stockroom.errors import ConfigurationInvalid
from stockroom.plugins import Plugins
from stockroom.settings import read_settings
from stockroom.spi import Storage
from stockroom_s3.storage import S3Storage


def open_storage(url: str, **settings: str) -> Storage:
    """Open a storage as the server does at its start."""
    values = {
        "sqlalchemy.url": "sqlite:////unused.db",
        "stockroom.storage": url,
        "stockroom.plugins": "s3",
        **{f"plugin.s3.{name}": value for name, value in settings.items()},
    }
    return Plugins(read_settings(values)).storage(url)


def complaint(url: str, **settings: str) -> str:
    with pytest.raises(ConfigurationInvalid) as caught:
        open_storage(url, **settings)
    [message] = caught.value.messages
    return message


def test_a_bucket_that_can_be_used_is_used_and_nothing_is_left_in_it(
    store: Store, prefix: str
) -> None:
    storage = open_storage(store.url(prefix), storage_class="STANDARD_IA")

    assert isinstance(storage, S3Storage)
    assert store.keys(prefix) == []


def test_a_bucket_that_is_not_there_is_named(store: Store) -> None:
    message = complaint(f"s3://nobodys-bucket?endpoint={store.endpoint}")

    assert message == (
        f"stockroom.storage = s3://nobodys-bucket?endpoint={store.endpoint}: there is no bucket "
        "nobodys-bucket; make it first"
    )


def test_credentials_that_are_missing_are_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    assert "there are no credentials: set AWS_ACCESS_KEY_ID" in complaint(store.url("x"))


def test_credentials_in_the_url_are_refused_and_not_shown() -> None:
    message = complaint("s3://KEY:hush@wheels")

    assert "hush" not in message
    assert "takes no credentials: boto3 looks for them in AWS_ACCESS_KEY_ID" in message


def test_a_store_that_does_not_answer_is_named() -> None:
    port = free_port()

    message = complaint(f"s3://wheels?endpoint=http://127.0.0.1:{port}")

    assert "the store cannot be reached" in message
    assert f"127.0.0.1:{port}" in message


@pytest.mark.parametrize(
    ("method", "code", "message"),
    [
        ("PUT", "AccessDenied", "need to list it, and to get, put and delete objects"),
        ("GET", "AccessDenied", "need to list it, and to get, put and delete objects"),
        ("DELETE", "AccessDenied", "need to list it, and to get, put and delete objects"),
        ("PUT", "ExpiredToken", "does not accept the credentials (ExpiredToken)"),
        ("PUT", "PermanentRedirect", "is in another region; name it by ?region="),
        ("PUT", "InvalidStorageClass", "the store refuses: "),
    ],
)
def test_what_the_store_refuses_is_told(
    store: Store, prefix: str, recorder: Recorder, method: str, code: str, message: str
) -> None:
    def refuse(exchange: Exchange) -> None:
        if exchange.method == method:
            exchange.refuse(403, code)

    recorder.on_request = refuse

    assert message in complaint(store.url(prefix, recorder.base))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("presign_seconds", "1799", "must be at least 1800 and at most 604800"),
        ("addressing", "dns", "must be one of auto, path, virtual"),
        ("encryption", "yes", "must be one of bucket, AES256, aws:kms"),
        ("public_endpoint", "files.example", "must be a URL"),
        ("acces_key", "hush", "plugin.s3.acces_key is not a setting"),
    ],
)
def test_a_wrong_setting_is_told(store: Store, name: str, value: str, message: str) -> None:
    assert message in complaint(store.url("x"), **{name: value})


def test_a_key_without_its_encryption_is_told(store: Store) -> None:
    assert "plugin.s3.kms_key needs plugin.s3.encryption = aws:kms" in complaint(
        store.url("x"), kms_key="alias/wheels"
    )
