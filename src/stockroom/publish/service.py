"""Publishing: from checked files to rows and blobs, all visible together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from packaging.utils import canonicalize_version
from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import Session
from transaction import TransactionManager

from stockroom.db import Database, insert_if_absent, insert_or_touch
from stockroom.errors import Forbidden
from stockroom.feed import emit
from stockroom.models import Blob, File, Package, Release
from stockroom.plugins import Plugins
from stockroom.publish import queries
from stockroom.publish.admission import Admission, Verdict, over_quota
from stockroom.publish.body import Received, ReceivedFile
from stockroom.publish.checks import (
    CONTENT_CHECKS,
    REQUEST_CHECKS,
    Upload,
    check_filename,
    examine,
    examine_announcement,
    violations,
)
from stockroom.publish.files import Candidate, CheckedFile, StagedFile, kind_of
from stockroom.publish.form import UploadForm, read_form
from stockroom.publish.problems import FileExists, UploadRefused
from stockroom.publish.queries import PackageState
from stockroom.publish.staging import BlobTransaction
from stockroom.publish.target import Target
from stockroom.spi import Storage, Violation

# Without the ORM, and made once: to build such a statement takes longer than to run it.
NEW_RELEASE = insert(Release).returning(Release.id)


@dataclass(frozen=True, slots=True)
class Draft:
    """The files of one release on their way in: one for a legacy upload (U-208)."""

    target: Target
    files: Sequence[CheckedFile]


class Publisher:
    """Checks uploads, and commits drafts in the transaction that its caller runs."""

    def __init__(
        self,
        storage: Storage,
        plugins: Plugins,
        database: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._storage = storage
        self._plugins = plugins
        self._database = database
        self._clock = clock
        self._admission = Admission(clock)

    def staging(self, manager: TransactionManager) -> BlobTransaction:
        """Where the bytes of an upload go until the transaction of ``manager`` ends."""
        return BlobTransaction(manager, self._storage)

    def admit(self, target: Target) -> None:
        """Turn an upload away before its bytes are read, if nothing in them could help it.

        :raises Forbidden: the registry is a mirror.
        :raises TooManyUploads: there were too many in the last minute.
        """
        if target.registry.kind != "hosted":
            raise Forbidden(f"{target.name} mirrors another index; upload to a hosted registry")
        if target.policy.uploads_per_minute or target.team_policy.uploads_per_minute:
            with self._database.read() as connection:
                self._admission.check_rate(connection, target)

    def check(self, received: Received, form: UploadForm, target: Target) -> StagedFile | None:
        """Look at everything in an upload; None if this very file is published already (U-74).

        :raises UploadRefused: with every rule that it breaks.
        :raises FileExists: it breaks none, and its name is taken by other bytes.
        """
        upload = examine(received, form, target, self._plugins)
        of_request = violations(upload, REQUEST_CHECKS)
        found = [*of_request, *violations(upload, CONTENT_CHECKS)]
        if not found:
            return _staged(upload)
        candidate = _candidate(upload)
        # What is wrong with the request comes first (U-12), and costs no query.
        if of_request or candidate is None:
            raise UploadRefused(found)
        verdict = self._judge_unlocked(target, candidate, found)
        if not verdict.new:
            return None
        raise UploadRefused([*found, *verdict.violations])

    def inspect(self, received: ReceivedFile, target: Target) -> StagedFile | list[Violation]:
        """Look into a file that has come without a form."""
        upload = examine(Received(file=received), read_form({}), target, self._plugins)
        found = violations(upload, (check_filename, *CONTENT_CHECKS))
        return found or _staged(upload)

    def judge_name(
        self, target: Target, filename: str, package: str, canonical_version: str
    ) -> Sequence[Violation]:
        """What stands against a file of this name in that release."""
        upload = examine_announcement(read_form({"filename": (filename,)}), target, self._plugins)
        parsed = upload.filename
        if parsed is None:
            return violations(upload, (check_filename,))
        if (parsed.name, canonicalize_version(parsed.version)) == (package, canonical_version):
            return []
        message = f"{filename} is a file of {parsed.name} {parsed.version}, not of this release"
        return [Violation("filename", "wrong-release", message)]

    def judge_release(self, target: Target, name: str) -> None:
        """Make sure that files of the package ``name`` may be published at all.

        :raises UploadRefused: a new package must not have that name.
        :raises PackageClosed: the package takes no files.
        :raises Forbidden: the caller may not create the package.
        """
        with self._database.read() as connection:
            package = queries.package_state(connection, target.registry.id, name)
            found = self._admission.judge_package(connection, target, name, package)
        if found:
            raise UploadRefused(found)

    def judge_room(
        self, connection: Connection, target: Target, name: str, sizes: Sequence[int]
    ) -> list[Violation]:
        """Whether files of these sizes, in bytes, may still come to a package (U-72)."""
        package = queries.package_state(connection, target.registry.id, name)
        return list(over_quota(connection, target, sizes, package))

    def judge(self, target: Target, file: Candidate) -> Verdict:
        """What would be said of this file now; see :meth:`Admission.judge`."""
        with self._database.read() as connection:
            package = queries.package_state(connection, target.registry.id, file.package)
            return self._admission.judge(connection, target, [file], package)

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

    def _judge_unlocked(
        self, target: Target, candidate: Candidate, found: Sequence[Violation]
    ) -> Verdict:
        try:
            return self.judge(target, candidate)
        except FileExists:
            # What is wrong with the file itself has to be mended in any case.
            raise UploadRefused(found) from None

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
            package.display_name = file.display_name
            self._emit("package.renamed", draft, package, session)
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
    def _emit(kind: str, draft: Draft, package: Package, session: Session, **data: str) -> None:
        emit(
            session,
            kind,
            draft.target.actor,
            registry_id=draft.target.registry.id,
            package=package.name,
            **data,
        )


def _staged(upload: Upload) -> StagedFile:
    read = upload.read
    assert read is not None  # noqa: S101 - or there would be violations
    return StagedFile(read.checked(), read.received.staged, read.metadata_file)


def _blobs_of(files: Iterable[CheckedFile]) -> dict[str, int]:
    return {sha256: size for file in files for sha256, size in file.blobs.items()}


def _candidate(upload: Upload) -> Candidate | None:
    """What the rules about the registry's state can judge, however wrong the rest is."""
    if upload.file is None or upload.filename is None:
        return None
    return Candidate(
        filename=upload.filename.filename,
        kind=kind_of(upload.filename),
        package=upload.filename.name,
        version=str(upload.filename.version),
        sha256=upload.file.sha256,
        blake2b_256=upload.file.blake2b_256,
        size=upload.file.size,
    )
