"""Publishing: from checked files to rows and blobs, all visible together or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from packaging.utils import canonicalize_version
from sqlalchemy import select
from sqlalchemy.orm import Session
from transaction import TransactionManager

from stockroom.db import insert_if_absent, insert_or_touch
from stockroom.dists import (
    CoreMetadata,
    SdistFilename,
    WheelFilename,
    resolver_metadata,
)
from stockroom.errors import Forbidden
from stockroom.feed import emit
from stockroom.models import Blob, File, Package, Release
from stockroom.publish.body import Received, ReceivedFile
from stockroom.publish.checks import Upload, examine, kind_of, violations
from stockroom.publish.form import UploadForm
from stockroom.publish.problems import FileExists, PackageClosed, UploadRefused
from stockroom.publish.staging import BlobTransaction
from stockroom.resources import RegistryRow
from stockroom.settings import Settings
from stockroom.spi import Storage

CLOSED = frozenset({"archived", "quarantined"})


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that broke no rule, with what its archive says."""

    received: ReceivedFile
    filename: WheelFilename | SdistFilename
    metadata: CoreMetadata
    metadata_file: bytes
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """The files of one release on their way in: one for a legacy upload (U-208)."""

    registry: RegistryRow
    actor: str
    files: Sequence[CheckedFile]


class Publisher:
    """Checks uploads, and commits drafts in the transaction that its caller runs."""

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._clock = clock

    def staging(self, manager: TransactionManager) -> BlobTransaction:
        """Where the bytes of an upload go until the transaction of ``manager`` ends."""
        return BlobTransaction(manager, self._storage)

    def check(self, received: Received, form: UploadForm) -> CheckedFile:
        """Look at everything in an upload.

        :raises UploadRefused: with every rule that it breaks.
        """
        upload = examine(received, form, self._settings)
        found = violations(upload)
        if found:
            raise UploadRefused(found)
        return _checked(upload)

    def commit(self, draft: Draft, blobs: BlobTransaction, session: Session) -> None:
        """Write the rows of a draft; its blobs become visible with them.

        A file that is there already, with the same bytes, changes nothing (U-74).

        :raises FileExists: a file name is taken by other bytes.
        :raises PackageClosed: the package takes no files.
        :raises Forbidden: the registry is a mirror.
        """
        if draft.registry.kind != "hosted":
            raise Forbidden(
                f"{draft.registry.name} mirrors another index; upload to a hosted registry"
            )
        # Before the transaction takes its first lock: the disk is slow, and others wait.
        for file in draft.files:
            _keep(file, blobs)
        package = self._lock_package(draft, session)
        if package.status in CLOSED:
            reason = f": {package.status_reason}" if package.status_reason else ""
            raise PackageClosed(f"the package {package.name} is {package.status}{reason}")
        for file in draft.files:
            if not _is_there(draft, file, session):
                self._add(draft, package, file, session)

    def _lock_package(self, draft: Draft, session: Session) -> Package:
        """The package's row, made if need be; others who publish to it wait from here on."""
        package = self._find_package(draft, session)
        if package is not None:
            return package
        first = draft.files[0]
        row = {
            "registry_id": draft.registry.id,
            "name": first.filename.name,
            "display_name": first.metadata.name,
            "created_at": self._clock(),
        }
        created = insert_if_absent(session, Package, row)
        package = self._find_package(draft, session)
        assert package is not None  # noqa: S101 - it was inserted just now, here or elsewhere
        if created:
            self._emit("package.created", draft, package, session)
        return package

    @staticmethod
    def _find_package(draft: Draft, session: Session) -> Package | None:
        name = draft.files[0].filename.name
        query = (
            select(Package)
            .where(Package.registry_id == draft.registry.id, Package.name == name)
            .with_for_update()
        )
        return session.execute(query).scalar_one_or_none()

    def _release_id(self, package: Package, file: CheckedFile, session: Session) -> int:
        """The id of the file's release, which is made if need be."""
        canonical = canonicalize_version(file.filename.version)
        query = select(Release.id).where(
            Release.package_id == package.id, Release.canonical_version == canonical
        )
        found = session.execute(query).scalar()
        if found is None:
            row = {
                "package_id": package.id,
                "version": str(file.filename.version),
                "canonical_version": canonical,
                "created_at": self._clock(),
            }
            insert_if_absent(session, Release, row)
            found = session.execute(query).scalar_one()
        return found

    def _add(self, draft: Draft, package: Package, file: CheckedFile, session: Session) -> None:
        release_id = self._release_id(package, file, session)
        metadata_sha256 = hashlib.sha256(file.metadata_file).hexdigest()
        sizes = {
            file.received.digests["sha256"]: file.received.size,
            metadata_sha256: len(file.metadata_file),
        }
        now = self._clock()
        # In one order for all, so that two uploads with the same contents cannot lock each other.
        blobs = [
            {"sha256": key, "size": sizes[key], "created_at": now, "touched_at": now}
            for key in sorted(sizes)
        ]
        insert_or_touch(session, Blob, "touched_at", *blobs)
        session.add(self._row(draft, package, release_id, metadata_sha256, file))
        if package.display_name != file.metadata.name:
            package.display_name = file.metadata.name
            self._emit("package.renamed", draft, package, session)
        package.serial += 1
        package.size += file.received.size
        self._emit(
            "file.published",
            draft,
            package,
            session,
            filename=file.filename.filename,
            sha256=file.received.digests["sha256"],
            version=str(file.filename.version),
        )

    def _row(
        self,
        draft: Draft,
        package: Package,
        release_id: int,
        metadata_sha256: str,
        file: CheckedFile,
    ) -> File:
        resolved = resolver_metadata(file.metadata)
        is_wheel = isinstance(file.filename, WheelFilename)
        return File(
            registry_id=draft.registry.id,
            package_id=package.id,
            release_id=release_id,
            filename=file.filename.filename,
            kind=kind_of(file.filename),
            sha256=file.received.digests["sha256"],
            blake2b_256=file.received.digests["blake2_256"],
            size=file.received.size,
            metadata_sha256=metadata_sha256,
            metadata_static=resolved is not None
            and (is_wheel or file.metadata.is_static_for_resolver),
            requires_python=file.metadata.requires_python or None,
            requires_dist=list(resolved.requires_dist) if resolved else [],
            provides_extra=list(resolved.provides_extra) if resolved else [],
            uploaded_at=self._clock(),
            uploaded_by=draft.actor,
            warnings=list(file.warnings),
        )

    def _emit(
        self, kind: str, draft: Draft, package: Package, session: Session, **data: str
    ) -> None:
        emit(
            session,
            kind,
            draft.actor,
            registry_id=draft.registry.id,
            package=package.name,
            **data,
        )


def _checked(upload: Upload) -> CheckedFile:
    inspection = upload.inspection
    if (
        upload.file is None
        or upload.filename is None
        or inspection is None
        or inspection.metadata is None
        or inspection.metadata_file is None
    ):
        raise AssertionError("an upload without violations has all its parts")
    return CheckedFile(
        upload.file,
        upload.filename,
        inspection.metadata,
        inspection.metadata_file,
        inspection.warnings,
    )


def _keep(file: CheckedFile, blobs: BlobTransaction) -> None:
    blobs.keep(file.received.staged, file.received.digests["sha256"])
    sha256 = hashlib.sha256(file.metadata_file).hexdigest()
    # Even if the storage has it: the sweeper may be about to delete what nobody references.
    staged = blobs.stage()
    staged.write(file.metadata_file)
    blobs.keep(staged, sha256)


def _is_there(draft: Draft, file: CheckedFile, session: Session) -> bool:
    """Whether this very file is published already; see :meth:`Publisher.commit`."""
    digests = file.received.digests
    found = session.execute(
        select(File.sha256, File.blake2b_256).where(
            File.registry_id == draft.registry.id, File.filename == file.filename.filename
        )
    ).one_or_none()
    if found is None:
        return False
    if tuple(found) != (digests["sha256"], digests["blake2_256"]):
        raise FileExists(
            f"File already exists: {file.filename.filename} is published with other content; "
            "a published file never changes, so release a new version"
        )
    return True
