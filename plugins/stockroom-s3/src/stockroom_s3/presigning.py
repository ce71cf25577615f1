"""URLs that carry a signature, so that clients need no credential of the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from stockroom.spi import DirectUpload
from stockroom_s3.checksums import as_base64
from stockroom_s3.client import Connection

CACHE_CONTROL = "private, max-age=31536000, immutable"
MEDIA_TYPE = "application/octet-stream"
ATTR_CHARS = "!#$&+-.^_`|~"
"""What RFC 8187 leaves unquoted besides letters and digits."""


class SignedAt(S3SigV4QueryAuth):
    """botocore's signature, as of a given second instead of now."""

    def __init__(self, connection: Connection, credentials: Any, *, at: float, valid: int) -> None:
        super().__init__(credentials, "s3", connection.region, expires=valid)
        self._at = datetime.fromtimestamp(at, UTC).strftime(SIGV4_TIMESTAMP)

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        # The first thing that is done once the time was taken; everything after it uses this.
        request.context["timestamp"] = self._at
        super()._modify_request_before_signing(request)  # type: ignore[misc] # left out of the stubs


class Presigner:
    """Signs URLs below ``connection.public_base``."""

    def __init__(self, connection: Connection, seconds: int) -> None:
        self._connection = connection
        self._seconds = seconds

    def download(self, key: str, filename: str, now: float) -> str:
        """The URL to GET an object; the same text for half of its lifetime.

        It is signed as of the last round multiple of that half, so that it is valid for another
        half at least. ``now`` in seconds since 1970.
        """
        window = self._seconds // 2
        begin = int(now) // window * window
        params = {
            "response-cache-control": CACHE_CONTROL,
            "response-content-disposition": _disposition(filename),
            "response-content-type": MEDIA_TYPE,
        }
        request = AWSRequest("GET", url=self._connection.public_base + key, params=params)
        return self._sign(request, begin, self._seconds)

    def upload(
        self,
        key: str,
        now: float,
        *,
        sha256: str,
        size: int | None,
        seconds: int,
        headers: Mapping[str, str],
    ) -> DirectUpload:
        """The URL to PUT ``size`` bytes of that digest, within so many ``seconds``.

        Every store checks the length, which is signed if it is known, while not every one looks at
        the checksum.
        """
        sent = {**headers, "x-amz-checksum-sha256": as_base64(bytes.fromhex(sha256))}
        signed = sent if size is None else {**sent, "content-length": str(size)}
        request = AWSRequest("PUT", url=self._connection.public_base + key, headers=signed)
        return DirectUpload(self._sign(request, now, seconds), sent)

    def _sign(self, request: AWSRequest, at: float, valid: int) -> str:
        credentials = self._connection.credentials
        # Credentials of a role may be replaced at any time, but not while they are used.
        frozen = credentials.get_frozen_credentials() if credentials else None
        SignedAt(self._connection, frozen, at=at, valid=valid).add_auth(request)
        return str(request.url)


def _disposition(filename: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(filename, safe=ATTR_CHARS)}"
