"""Speaking to the store: boto3's client, and what its failures mean to people."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from urllib3.exceptions import HTTPError

from stockroom.spi import StorageUnavailable
from stockroom_s3.location import Location
from stockroom_s3.settings import S3Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

log = logging.getLogger(__name__)


class BytesAltered(Exception):
    """The store has other bytes than were put there."""


FAILURES = (BotoCoreError, ClientError, HTTPError, BytesAltered)
"""Everything that goes wrong between here and the store; HTTPError while a body is read."""
TOLD = "the storage of files does not answer as it should; try again later"
DEFAULT_REGION = "us-east-1"
CONNECTIONS = 32


class Connection:
    """The client, and the base of URLs that clients are given."""

    def __init__(
        self, location: Location, settings: S3Settings, session: boto3.session.Session
    ) -> None:
        style = settings.addressing
        if style == "auto":
            style = "path" if location.endpoint else "virtual"
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if style == "path" else "virtual"},
            # The newer trailing checksums are unknown to most stores; ours are sent as headers.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"mode": "standard", "total_max_attempts": 3},
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=CONNECTIONS,
        )
        self.region = location.region or session.region_name or DEFAULT_REGION
        self.client: S3Client = session.client(
            "s3", endpoint_url=location.endpoint, region_name=self.region, config=config
        )
        self.credentials = session.get_credentials()
        unsigned: S3Client = session.client(
            "s3",
            endpoint_url=settings.public_endpoint or location.endpoint,
            region_name=self.region,
            config=config.merge(Config(signature_version=UNSIGNED)),
        )
        example = unsigned.generate_presigned_url(
            "get_object", Params={"Bucket": location.bucket, "Key": "k"}
        )
        self.public_base = example.removesuffix("k")
        """What comes before a key in a URL for clients."""


@contextmanager
def store_errors(doing: str) -> Iterator[None]:
    """Turn failures of the store into a problem for the client and a line in the log.

    :raises StorageUnavailable: in place of whatever boto3 or urllib3 raise.
    """
    try:
        yield
    except FAILURES as error:
        log.error("%s failed: %s: %s", doing, type(error).__name__, error)
        raise StorageUnavailable(TOLD) from error


def is_missing(error: ClientError) -> bool:
    """Whether there is no such object. A HEAD has no body to say so, only a status."""
    return code_of(error) in ("404", "NoSuchKey", "NotFound")


def code_of(error: ClientError) -> str:
    """The store's own word for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def explain(error: Exception, location: Location) -> str:
    """What an operator has to know of a failure at the start, as the rest of a sentence."""
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return (
            "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give "
            "the machine a role"
        )
    if isinstance(error, (EndpointConnectionError, HTTPClientError)):
        return f"the store cannot be reached: {error}"
    if not isinstance(error, ClientError):
        return f"the store cannot be used: {error}"
    code = code_of(error)
    if code in ("NoSuchBucket", "InvalidBucketName"):
        return f"there is no bucket {location.bucket}; make it first"
    if code in ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"):
        return f"the store does not accept the credentials ({code})"
    if code in ("AccessDenied", "403"):
        return (
            f"the credentials may not do everything in the bucket {location.bucket}: they need to "
            f"list it, and to get, put and delete objects ({error})"
        )
    if code in ("PermanentRedirect", "AuthorizationHeaderMalformed", "301"):
        return f"the bucket {location.bucket} is in another region; name it by ?region="
    return f"the store refuses: {error}"
