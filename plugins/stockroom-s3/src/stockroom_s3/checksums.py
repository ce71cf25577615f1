"""What is sent along so that the store can tell whether it has got what was put, and vice versa."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef


class Sums:
    """The checksums of what is put in one request."""

    def __init__(self, data: bytes, *, with_sha256: bool) -> None:
        # MD5 only finds accidents here; what the bytes are, the SHA-256 of the whole says.
        self.md5 = hashlib.md5(data, usedforsecurity=False).digest()
        self.sha256 = as_base64(hashlib.sha256(data).digest()) if with_sha256 else None

    @property
    def parameters(self) -> dict[str, Any]:
        """The checksums as boto3's calls take them."""
        found = {"ContentMD5": as_base64(self.md5)}
        return found if self.sha256 is None else {**found, "ChecksumSHA256": self.sha256}

    def part(self, number: int, answer: Any) -> CompletedPartTypeDef:
        """How a part is named when all are put together."""
        part: CompletedPartTypeDef = {"PartNumber": number, "ETag": answer["ETag"]}
        if self.sha256 is not None:
            part["ChecksumSHA256"] = self.sha256
        return part

    def proved_by(self, answer: Any) -> bool:
        """Whether the store says what it has got: by the checksum, or by an ETag that is the MD5.

        The ETag of an object that is encrypted by a key of KMS is none.
        """
        if self.sha256 is not None and answer.get("ChecksumSHA256") == self.sha256:
            return True
        return unquoted(answer["ETag"]) == self.md5.hex()


def as_base64(data: bytes) -> str:
    """Bytes as the headers of S3 have them."""
    return base64.b64encode(data).decode()


def unquoted(etag: str) -> str:
    """An ETag without its quotes."""
    return etag.strip('"')
