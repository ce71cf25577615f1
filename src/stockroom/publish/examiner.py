"""Everything that is said of an upload before anything of it is locked or written."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.utils import canonicalize_version
from sqlalchemy import Connection

from stockroom.db import Database
from stockroom.errors import Forbidden
from stockroom.plugins import Plugins
from stockroom.publish import queries
from stockroom.publish.admission import Admission, Verdict, over_quota
from stockroom.publish.body import Received, ReceivedFile
from stockroom.publish.checks import (
    ANNOUNCEMENT_CHECKS,
    CONTENT_CHECKS,
    REQUEST_CHECKS,
    Upload,
    check_filename,
    examine,
    examine_announcement,
    violations,
)
from stockroom.publish.files import Candidate, StagedFile, kind_of
from stockroom.publish.form import UploadForm, read_form
from stockroom.publish.problems import FileExists, UploadRefused
from stockroom.publish.target import Target
from stockroom.spi import Violation


class Examiner:
    """Checks uploads and announcements: the files themselves, and as things stand."""

    def __init__(self, plugins: Plugins, database: Database, admission: Admission) -> None:
        self._plugins = plugins
        self._database = database
        self._admission = admission

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

    def announced(self, form: UploadForm, target: Target) -> Candidate:
        """The file that a form announces without its bytes (uv-client.md 7.2).

        :raises UploadRefused: with every rule that it will break, as far as the form tells.
        """
        upload = examine_announcement(form, target, self._plugins)
        found = violations(upload, ANNOUNCEMENT_CHECKS)
        if "sha256" not in form.digests and form.digests:
            message = "the form must hold the sha256_digest of the file"
            found.append(Violation("sha256_digest", "missing-field", message))
        if found or upload.filename is None:
            raise UploadRefused(found)
        return Candidate(
            filename=upload.filename.filename,
            kind=kind_of(upload.filename),
            package=upload.filename.name,
            version=str(upload.filename.version),
            sha256=form.digests["sha256"],
            blake2b_256=form.digests.get("blake2_256"),
            size=None,
        )

    def judge(self, target: Target, file: Candidate) -> Verdict:
        """What would be said of this file now; see :meth:`Admission.judge`."""
        with self._database.read() as connection:
            package = queries.package_state(connection, target.registry.id, file.package)
            return self._admission.judge(connection, target, [file], package)

    def _judge_unlocked(
        self, target: Target, candidate: Candidate, found: Sequence[Violation]
    ) -> Verdict:
        try:
            return self.judge(target, candidate)
        except FileExists:
            # What is wrong with the file itself has to be mended in any case.
            raise UploadRefused(found) from None


def _staged(upload: Upload) -> StagedFile:
    read = upload.read
    assert read is not None  # noqa: S101 - or there would be violations
    return StagedFile(read.checked(), read.received.staged, read.metadata_file)


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
