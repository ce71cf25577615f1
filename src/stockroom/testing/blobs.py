"""What tests of a storage do with blobs, as the server and its clients would."""

from __future__ import annotations

import hashlib
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator

from stockroom.spi import BlobMissing, DirectUpload, StagedBlob, Storage

CONTENT = b"all the bytes of a wheel"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def stage(storage: Storage, content: bytes) -> StagedBlob:
    """Stage ``content``."""
    staged = storage.stage()
    staged.write(content)
    return staged


def publish(storage: Storage, content: bytes) -> str:
    """Publish ``content``, and return its digest."""
    digest = hashlib.sha256(content).hexdigest()
    staged = stage(storage, content)
    try:
        staged.prepare(digest)
        staged.publish()
    finally:
        staged.discard()
    return digest


def read(storage: Storage, sha256: str, start: int = 0, length: int | None = None) -> bytes:
    """Read a range of a blob."""
    reader = storage.open(sha256, start, length)
    try:
        return b"".join(reader)
    finally:
        reader.close()


def digest_of(storage: Storage, sha256: str) -> str:
    """Read a blob without keeping it, and return its digest."""
    known = hashlib.sha256()
    reader = storage.open(sha256)
    for chunk in reader:
        known.update(chunk)
    reader.close()
    return known.hexdigest()


def bring(
    storage: Storage, content: bytes, name: str | None = None, *, instead: bytes | None = None
) -> str:
    """Do what a client does that may upload ``content``; it puts other bytes ``instead``.

    Returns the name of the incoming object, which there is none of if the storage takes nothing
    from clients, or has looked at the bytes at once.
    """
    name = name or secrets.token_hex(16)
    digest = hashlib.sha256(content).hexdigest()
    upload = storage.direct_upload(name, sha256=digest, size=len(content), seconds=60)
    if upload is not None:
        try:
            put(upload, content if instead is None else instead)
        except urllib.error.HTTPError as error:
            error.close()
            if instead is None:
                raise
    return name


def put(upload: DirectUpload, content: bytes) -> None:
    """PUT bytes as a client does."""
    headers = {"Content-Type": "application/octet-stream", **upload.headers}
    request = urllib.request.Request(  # noqa: S310 - the storage under test has made the URL
        upload.url, data=content, method="PUT", headers=headers
    )
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        pass


def incoming(storage: Storage, name: str) -> Iterator[StagedBlob]:
    """What was brought as ``name``, if anything was."""
    try:
        staged = storage.incoming(name)
    except BlobMissing:
        return
    yield staged


def fetch(url: str) -> bytes:
    """GET a URL as a client does that has no credential."""
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310
        content: bytes = answer.read()
        return content
