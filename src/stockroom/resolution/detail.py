"""The read model: what a view shows of a package, wherever it came from."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class FileDetail(Struct, frozen=True):
    """A distribution file; ``requires_dist`` and ``provides_extra`` are JSON texts of lists."""

    filename: str
    version: str
    kind: str
    sha256: str
    size: int
    metadata_sha256: str
    metadata_static: bool
    requires_python: str | None
    requires_dist: str
    provides_extra: str
    yanked: bool
    yanked_reason: str | None
    uploaded_at: datetime
    id: int | None
    """Of its row, under which its downloads are noted; None if it is not published yet."""

    @property
    def announces_metadata(self) -> bool:
        """Whether ``.metadata`` is offered beside it (S-56)."""
        return self.kind == "wheel"


class PackageDetail(Struct, frozen=True):
    """A package as one view shows it; ``files`` are in no particular order."""

    name: str
    status: str = "active"
    status_reason: str | None = None
    files: list[FileDetail] = []
