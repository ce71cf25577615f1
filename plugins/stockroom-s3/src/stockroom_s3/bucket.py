"""One bucket: objects below a prefix, put in pieces, proved to be right, read in chunks."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import ClientError

from stockroom.spi import CHUNK
from stockroom_s3.checksums import Sums, unquoted
from stockroom_s3.client import FAILURES, BytesAltered, Connection, code_of, is_missing
from stockroom_s3.location import Location
from stockroom_s3.presigning import MEDIA_TYPE
from stockroom_s3.settings import S3Settings

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3.type_defs import CompletedPartTypeDef

log = logging.getLogger(__name__)

PART = 8 * 1024 * 1024
"""Bytes of a part, and of the largest object that is put at once: the memory of an upload."""
MAX_PARTS = 10_000


class ObjectMissing(LookupError):
    """There is no object of that key."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The body of an object, from ``start`` on if the store has understood a range.

    ``length`` in bytes is what the store announces, if it does: no more than that can be read.
    """

    body: StreamingBody
    etag: str
    length: int | None


class Bucket:
    """The operations that the storage is made of; keys are given without the prefix."""

    def __init__(self, connection: Connection, location: Location, settings: S3Settings) -> None:
        self._client = connection.client
        self._name = location.bucket
        self._prefix = location.prefix
        self._with_sha256 = settings.checksum == "sha256" or (
            settings.checksum == "auto" and not location.endpoint
        )
        self.encryption_headers = _encryption_headers(settings)
        """What a client must send that puts an object by itself."""
        self._kept: dict[str, Any] = {"ContentType": MEDIA_TYPE}
        if settings.encryption != "bucket":
            self._kept["ServerSideEncryption"] = settings.encryption
        if settings.kms_key:
            self._kept["SSEKMSKeyId"] = settings.kms_key
        if settings.storage_class:
            self._kept["StorageClass"] = settings.storage_class

    def put(self, key: str, file: BinaryIO, sha256: str) -> None:
        """Put a whole file, and prove that the store has got every byte of it.

        :raises ValueError: the bytes of ``file`` have another digest.
        :raises BytesAltered: the store has other bytes; they were removed.
        """
        size = file.seek(0, 2)
        file.seek(0)
        put = self._put_once if size <= PART else self._put_in_parts
        if put(key, file, sha256) or self._reads_as(key, sha256):
            return
        self.remove(key)
        raise BytesAltered(f"the store had other bytes at {key} than were put there")

    def _put_once(self, key: str, file: BinaryIO, sha256: str) -> bool:
        data = file.read()
        _compare(hashlib.sha256(data).hexdigest(), sha256)
        sums = Sums(data, with_sha256=self._with_sha256)
        answer = self._client.put_object(
            **self._at(key), Body=data, **self._kept, **sums.parameters
        )
        return sums.proved_by(answer)

    def _put_in_parts(self, key: str, file: BinaryIO, sha256: str) -> bool:
        at = self._at(key)
        algorithm: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"} if self._with_sha256 else {}
        upload = self._client.create_multipart_upload(**at, **self._kept, **algorithm)["UploadId"]
        try:
            return self._put_parts({**at, "UploadId": upload}, file, sha256)
        except BaseException:
            with suppress(*FAILURES):
                self._client.abort_multipart_upload(**at, UploadId=upload)
            raise

    def _put_parts(self, upload: dict[str, Any], file: BinaryIO, sha256: str) -> bool:
        length = max(PART, -(-file.seek(0, 2) // MAX_PARTS))
        file.seek(0)
        parts: list[CompletedPartTypeDef] = []
        whole, md5s, proved = hashlib.sha256(), b"", True
        while data := file.read(length):
            whole.update(data)
            sums = Sums(data, with_sha256=self._with_sha256)
            number = len(parts) + 1
            answer = self._client.upload_part(
                **upload, PartNumber=number, Body=data, **sums.parameters
            )
            proved = proved and sums.proved_by(answer)
            md5s += sums.md5
            parts.append(sums.part(number, answer))
        _compare(whole.hexdigest(), sha256)
        done = self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        joined = f"{hashlib.md5(md5s, usedforsecurity=False).hexdigest()}-{len(parts)}"
        # Without an ETag made of the parts' own, only parts that are proved prove the whole.
        return unquoted(done["ETag"]) == joined or (proved and self._with_sha256)

    def _reads_as(self, key: str, sha256: str) -> bool:
        """Read an object back, as the store gives no other proof of what it has."""
        found = hashlib.sha256()
        for chunk in self.open(key).body.iter_chunks(CHUNK):
            found.update(chunk)
        return found.hexdigest() == sha256

    def copy(self, source: str, key: str, *, etag: str, md5: str) -> bool:
        """Copy an object that has this ETag within the store; tells whether that is proved."""
        try:
            answer = self._client.copy_object(
                **self._at(key),
                CopySource={"Bucket": self._name, "Key": self._prefix + source},
                CopySourceIfMatch=etag,
                MetadataDirective="REPLACE",
                **self._kept,
            )
        except ClientError as error:
            log.info("%s is not copied to %s: %s", source, key, error)
            return False
        return unquoted(answer["CopyObjectResult"].get("ETag", "")) == md5

    def compares_before_copying(self, source: str, scratch: str) -> bool | None:
        """Whether the store refuses to copy an object that has another ETag than is asked for.

        None if it refuses for another reason.
        """
        try:
            self._client.copy_object(
                **self._at(scratch),
                CopySource={"Bucket": self._name, "Key": self._prefix + source},
                CopySourceIfMatch=f'"{"0" * 32}"',
            )
        except ClientError as error:
            return True if code_of(error) in ("PreconditionFailed", "412") else None
        self.remove(scratch)
        return False

    def open(self, key: str, start: int = 0, length: int | None = None) -> Opened:
        """Read an object from ``start`` on; ``length`` is at least 1, and a hint.

        :raises ObjectMissing: there is none.
        :raises EOFError: it ends before ``start``.
        """
        at = self._at(key)
        if start or length is not None:
            at["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        try:
            answer = self._client.get_object(**at)
        except ClientError as error:
            if is_missing(error):
                raise ObjectMissing(key) from None
            if code_of(error) in ("InvalidRange", "416"):
                raise EOFError(key) from None
            raise
        body = answer["Body"]
        if start and not answer.get("ContentRange"):
            _skip(body, start)
        return Opened(body, answer["ETag"], answer.get("ContentLength"))

    def size(self, key: str) -> int | None:
        """The size of an object in bytes; None if there is none."""
        found = self.look(key)
        return None if found is None else found[0]

    def look(self, key: str) -> tuple[int, float] | None:
        """Size and time of last change (seconds since 1970) of an object; None if there is none."""
        try:
            found = self._client.head_object(**self._at(key))
            return found["ContentLength"], found["LastModified"].timestamp()
        except ClientError as error:
            if is_missing(error):
                return None
            raise

    def remove(self, key: str) -> None:
        """Remove an object, if there is one."""
        try:
            self._client.delete_object(**self._at(key))
        except ClientError as error:
            if not is_missing(error):
                raise

    def objects(self, folder: str) -> Iterator[tuple[str, int, float]]:
        """Key, size and time of last change (seconds since 1970) of every object in a folder."""
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._name, Prefix=self._prefix + folder):
            for found in page.get("Contents", ()):
                key = found["Key"].removeprefix(self._prefix)
                yield key, found["Size"], found["LastModified"].timestamp()

    def uploads(self) -> Iterator[tuple[str, str, float]]:
        """Key, id and time of start of every upload in parts that was not completed."""
        pages = self._client.get_paginator("list_multipart_uploads")
        try:
            for page in pages.paginate(Bucket=self._name, Prefix=self._prefix):
                for found in page.get("Uploads", ()):
                    key = found["Key"].removeprefix(self._prefix)
                    yield key, found["UploadId"], found["Initiated"].timestamp()
        except ClientError as error:
            # Some stores cannot list them, or say in this way that there are none.
            if code_of(error) not in ("NotImplemented", "MethodNotAllowed", "NoSuchUpload"):
                raise

    def abort(self, key: str, upload: str) -> None:
        """Forget the parts of an upload, if there is one."""
        try:
            self._client.abort_multipart_upload(**self._at(key), UploadId=upload)
        except ClientError as error:
            if not is_missing(error) and code_of(error) != "NoSuchUpload":
                raise

    def _at(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._name, "Key": self._prefix + key}


def _encryption_headers(settings: S3Settings) -> dict[str, str]:
    found = {}
    if settings.encryption != "bucket":
        found["x-amz-server-side-encryption"] = settings.encryption
    if settings.kms_key:
        found["x-amz-server-side-encryption-aws-kms-key-id"] = settings.kms_key
    return found


def _compare(found: str, wanted: str) -> None:
    if found != wanted:
        raise ValueError(f"the bytes have the digest {found}, not {wanted}")


def _skip(body: StreamingBody, length: int) -> None:
    while length > 0:
        chunk = body.read(min(CHUNK, length))
        if not chunk:
            raise EOFError
        length -= len(chunk)
