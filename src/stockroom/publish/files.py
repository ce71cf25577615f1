"""A file that broke no rule of its own: all that its rows will say, as plain data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
from packaging.utils import canonicalize_version

from stockroom.dists import CoreMetadata, SdistFilename, WheelFilename, resolver_metadata
from stockroom.publish.body import ReceivedFile
from stockroom.spi import StagedBlob


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A file as its announcement describes it, before anybody has seen its bytes.

    ``package`` is normalised, ``version`` in PEP 440's normal form, ``kind`` ``wheel`` or
    ``sdist``; digests are lower-case hex. ``blake2b_256`` and ``size`` (in bytes) are None where
    the announcement does not tell them.
    """

    filename: str
    kind: str
    package: str
    version: str
    sha256: str
    blake2b_256: str | None
    size: int | None

    @property
    def canonical_version(self) -> str:
        """The version without the zeros at its end: what tells releases apart."""
        return canonicalize_version(self.version)


class CheckedFile(Candidate, frozen=True, kw_only=True):
    """A checked file. A session keeps it as JSON until it is published.

    ``display_name`` is the package's name as the archive spells it.
    """

    display_name: str
    blake2b_256: str
    size: int
    metadata_sha256: str
    metadata_size: int
    metadata_static: bool
    requires_python: str | None
    requires_dist: tuple[str, ...]
    provides_extra: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def blobs(self) -> dict[str, int]:
        """The sizes of its two blobs by their digests."""
        return {self.sha256: self.size, self.metadata_sha256: self.metadata_size}

    def facts(self) -> dict[str, Any]:
        """As JSON values."""
        facts: dict[str, Any] = msgspec.to_builtins(self)
        return facts

    @classmethod
    def of_facts(cls, facts: dict[str, Any]) -> CheckedFile:
        """The file whose :meth:`facts` these are."""
        return msgspec.convert(facts, cls)


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A checked file with its bytes, which are not in the storage yet."""

    checked: CheckedFile
    staged: StagedBlob
    metadata_file: bytes


def kind_of(filename: WheelFilename | SdistFilename) -> str:
    """What a file of this name is: ``wheel`` or ``sdist``."""
    return "wheel" if isinstance(filename, WheelFilename) else "sdist"


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file whose name and metadata could be read."""

    filename: WheelFilename | SdistFilename
    received: ReceivedFile
    metadata: CoreMetadata
    metadata_file: bytes
    warnings: tuple[str, ...]

    def checked(self) -> CheckedFile:
        """All that its rows will say, provided that no rule is broken."""
        resolved, metadata = resolver_metadata(self.metadata), self.metadata
        is_wheel = isinstance(self.filename, WheelFilename)
        return CheckedFile(
            filename=self.filename.filename,
            kind=kind_of(self.filename),
            package=self.filename.name,
            display_name=metadata.name,
            version=str(self.filename.version),
            sha256=self.received.sha256,
            blake2b_256=self.received.blake2b_256,
            size=self.received.size,
            metadata_sha256=hashlib.sha256(self.metadata_file).hexdigest(),
            metadata_size=len(self.metadata_file),
            metadata_static=resolved is not None and (is_wheel or metadata.is_static_for_resolver),
            requires_python=metadata.requires_python or None,
            requires_dist=tuple(resolved.requires_dist) if resolved else (),
            provides_extra=tuple(resolved.provides_extra) if resolved else (),
            warnings=self.warnings,
        )
