"""Publishing: from checked files to rows and blobs, all visible together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from transaction import TransactionManager

from stockroom.db import insert_if_absent, insert_or_touch
from stockroom.feed import emit
from stockroom.models import Blob, File, Package, Release
from stockroom.publish.admission import Admission, Verdict
from stockroom.publish.files import CheckedFile, StagedFile
from stockroom.publish.problems import UploadRefused
from stockroom.publish.queries import PackageState
from stockroom.publish.staging import BlobTransaction
from stockroom.publish.target import Target
from stockroom.spi import Storage

# Without the ORM, and made once: to build such a statement takes longer than to run it.
NEW_RELEASE = insert(Release).returning(Release.id)


@dataclass(frozen=True, slots=True)
class Draft:
    """The files of one release on their way in: one for a legacy upload (U-208)."""

    target: Target
    files: Sequence[CheckedFile]


class Publisher:
    """Commits drafts in the transaction that its caller runs."""

    def __init__(
        self,
        storage: Storage,
        admission: Admission,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._storage = storage
        self._admission = admission
        self._clock = clock

    def staging(self, manager: TransactionManager) -> BlobTransaction:
        """Where the bytes of an upload go until the transaction of ``manager`` ends."""
        return BlobTransaction(manager, self._storage)

    def keep(self, file: StagedFile, blobs: BlobTransaction) -> None:
        """Make the bytes of a file durable, before the transaction takes its first lock.

        The disk is slow, and others wait for locks.
        """
        blobs.keep(file.staged, file.checked.sha256)
        # Even if the storage has it: the sweeper may be about to delete what nobody references.
        staged = blobs.stage()
        staged.write(file.metadata_file)
        blobs.keep(staged, file.checked.metadata_sha256)

    def commit(self, draft: Draft, session: Session) -> None:
        """Write the rows of a draft; its blobs become visible with them.

        A file that is there already, with the same bytes, changes nothing (U-74).

        :raises UploadRefused: with every rule that the registry's state makes it break.
        :raises FileExists: a file name is taken by other bytes.
        :raises PackageClosed: the package takes no files.
        :raises Forbidden: the caller may not create the package.
        """
        package, verdict = self._admit(draft, session)
        files = {file.filename: file for file in draft.files}
        # All at once, because the order holds within one call only.
        self.touch(session, _blobs_of(files[candidate.filename] for candidate, _ in verdict.new))
        releases: dict[str, int] = {}
        for candidate, state in verdict.new:
            file = files[candidate.filename]
            canonical = file.canonical_version
            if canonical not in releases:
                releases[canonical] = state.id if state else self._release(package, file, session)
            self._add(draft, package, releases[canonical], file, session)

    def touch(self, session: Session, sizes: Mapping[str, int]) -> None:
        """Write the blobs' rows and lock them, so that the sweeper lets them live.

        ``sizes`` are in bytes, by digest.
        """
        now = self._clock()
        # In one order for all, so that two uploads with the same contents cannot lock each other.
        rows = [
            {"sha256": key, "size": sizes[key], "created_at": now, "touched_at": now}
            for key in sorted(sizes)
        ]
        if rows:
            insert_or_touch(session, Blob, "touched_at", *rows)

    def _admit(self, draft: Draft, session: Session) -> tuple[Package, Verdict]:
        """Lock the package, made if need be, and judge; others who publish to it wait from here.

        What must not be is found before the package is made, and again if somebody else makes it
        at the same moment.
        """
        target, first = draft.target, draft.files[0]
        package = self._lock_package(draft, session)
        if package is not None:
            return package, self._judge(draft, package, session)
        verdict = self._judge(draft, None, session)
        row = {
            "registry_id": target.registry.id,
            "name": first.package,
            "display_name": first.display_name,
            "created_at": self._clock(),
        }
        created = insert_if_absent(session, Package, row)
        package = self._lock_package(draft, session)
        if package is None:
            # Somebody else has made it at the same moment, and deleted it.
            return self._admit(draft, session)
        if not created:
            return package, self._judge(draft, package, session)
        self._emit("package.created", draft, package, session)
        return package, verdict

    def _judge(self, draft: Draft, package: Package | None, session: Session) -> Verdict:
        state = None
        if package is not None:
            state = PackageState(
                package.id, package.name, package.status, package.status_reason, package.size
            )
        verdict = self._admission.judge(session.connection(), draft.target, draft.files, state)
        if verdict.violations:
            raise UploadRefused(verdict.violations)
        return verdict

    @staticmethod
    def _lock_package(draft: Draft, session: Session) -> Package | None:
        query = (
            select(Package)
            .where(
                Package.registry_id == draft.target.registry.id,
                Package.name == draft.files[0].package,
            )
            .with_for_update()
        )
        return session.execute(query).scalar_one_or_none()

    def _release(self, package: Package, file: CheckedFile, session: Session) -> int:
        """The id of a new release; nobody else can make it while the package is locked."""
        row = {
            "package_id": package.id,
            "version": file.version,
            "canonical_version": file.canonical_version,
            "created_at": self._clock(),
        }
        return int(session.connection().execute(NEW_RELEASE, row).scalar_one())

    def _add(
        self, draft: Draft, package: Package, release_id: int, file: CheckedFile, session: Session
    ) -> None:
        session.add(self._row(draft, package, release_id, file))
        if package.display_name != file.display_name:
            before, package.display_name = package.display_name, file.display_name
            after = file.display_name
            self._emit("package.renamed", draft, package, session, before=before, after=after)
        package.serial += 1
        package.size += file.size
        self._emit(
            "file.published",
            draft,
            package,
            session,
            filename=file.filename,
            sha256=file.sha256,
            version=file.version,
        )

    def _row(self, draft: Draft, package: Package, release_id: int, file: CheckedFile) -> File:
        return File(
            registry_id=draft.target.registry.id,
            package_id=package.id,
            release_id=release_id,
            filename=file.filename,
            kind=file.kind,
            sha256=file.sha256,
            blake2b_256=file.blake2b_256,
            size=file.size,
            metadata_sha256=file.metadata_sha256,
            metadata_static=file.metadata_static,
            requires_python=file.requires_python,
            requires_dist=list(file.requires_dist),
            provides_extra=list(file.provides_extra),
            uploaded_at=self._clock(),
            uploaded_by=draft.target.actor,
            warnings=list(file.warnings),
        )

    @staticmethod
    def _emit(kind: str, draft: Draft, package: Package, session: Session, **data: Any) -> None:
        emit(
            session,
            kind,
            draft.target.actor,
            team_id=draft.target.registry.team.id,
            registry_id=draft.target.registry.id,
            package=package.name,
            **data,
        )


def _blobs_of(files: Iterable[CheckedFile]) -> dict[str, int]:
    return {sha256: size for file in files for sha256, size in file.blobs.items()}
