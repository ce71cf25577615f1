"""What plugins see of an upload before it is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class RegistryInfo:
    """The registry that is published to, and to whom it belongs."""

    workspace: str
    registry: str
    team: str


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file whose name and metadata could be read; it may break other rules all the same.

    ``package`` is normalised, ``version`` in PEP 440's normal form, ``kind`` ``wheel`` or
    ``sdist``, ``size`` in bytes, ``metadata`` the METADATA or PKG-INFO byte for byte. ``file`` is
    open for reading and may stand anywhere; it must not be written to or closed.
    """

    registry: RegistryInfo
    actor: str
    filename: str
    package: str
    version: str
    kind: str
    sha256: str
    size: int
    metadata: bytes
    file: BinaryIO
