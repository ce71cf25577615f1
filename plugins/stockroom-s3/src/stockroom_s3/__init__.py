"""Keeps the files of Stockroom in an S3 bucket: ``stockroom.storage = s3://BUCKET/PREFIX``."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult

from stockroom.hookspecs import hookimpl
from stockroom.spi import PluginSettings, Storage, StorageFactory
from stockroom_s3.location import parse_location
from stockroom_s3.settings import S3Settings
from stockroom_s3.storage import S3Storage

__version__ = "0.1.0"


@hookimpl
def stockroom_settings() -> type:
    """Say how objects are kept and handed out."""
    return S3Settings


@hookimpl
def stockroom_storage_backends(settings: PluginSettings) -> Mapping[str, StorageFactory]:
    """Offer ``s3://BUCKET/PREFIX?region=&endpoint=``."""

    def from_url(url: SplitResult) -> Storage:
        options = settings.of(S3Settings)
        if options.kms_key and options.encryption != "aws:kms":
            raise ValueError("plugin.s3.kms_key needs plugin.s3.encryption = aws:kms")
        storage = S3Storage(parse_location(url), options)
        storage.try_out()
        return storage

    return {"s3": from_url}
