"""How objects are kept and handed out; where they are kept is for the URL to say."""

from __future__ import annotations

from dataclasses import dataclass

from stockroom.spi import DOWNLOAD_SECONDS, setting
from stockroom.spi.settings import boolean, choice, integer, line, url

WEEK = 7 * 24 * 3600
"""The longest time for which a signature of version 4 can be valid."""


@dataclass(frozen=True, kw_only=True)
class S3Settings:
    """``plugin.s3.*``."""

    addressing: str = setting(
        parse=choice("auto", "path", "virtual"),
        default="auto",
        help="Where the bucket stands in URLs: path with an endpoint, else virtual, if auto.",
    )
    encryption: str = setting(
        parse=choice("bucket", "AES256", "aws:kms"),
        default="bucket",
        help="Encryption at rest to ask for; bucket leaves it to the bucket's own default.",
    )
    kms_key: str | None = setting(
        parse=line, default=None, help="Key of aws:kms, by id or ARN; without it the account's own."
    )
    storage_class: str | None = setting(
        parse=line, default=None, help="Storage class of new objects, such as STANDARD_IA."
    )
    checksum: str = setting(
        parse=choice("auto", "md5", "sha256"),
        default="auto",
        help="Checksum sent with uploads: md5 with an endpoint, else sha256, if auto.",
    )
    redirect: bool = setting(
        parse=boolean,
        default=True,
        help="Let clients fetch from and upload to the store by signed URLs.",
    )
    presign_seconds: int = setting(
        parse=integer(minimum=2 * DOWNLOAD_SECONDS, maximum=WEEK),
        default=2 * 3600,
        help="Seconds for which the signed URL of a download is valid; it changes twice in them.",
    )
    public_endpoint: str | None = setting(
        parse=url("http", "https"),
        default=None,
        help="Address at which clients reach the store, if it is not the endpoint.",
    )
