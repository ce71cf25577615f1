"""The checks of an upload: small functions that yield violations; all of them are reported.

A check sees the whole upload and yields nothing when what it looks at is not there: the check
whose business that is tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from stockroom.dists import (
    FilenameRefused,
    Inspection,
    SdistFilename,
    WheelFilename,
    inspect,
    normalize,
    parse_filename,
    parse_version,
)
from stockroom.dists.quoting import quoted
from stockroom.plugins import Plugins
from stockroom.publish.body import Received, ReceivedFile
from stockroom.publish.files import ReadFile, kind_of
from stockroom.publish.form import KINDS, UploadForm, check_form
from stockroom.publish.target import Target
from stockroom.spi import UploadedFile, Violation


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as the checks see it; a part that could not be read is None.

    An announcement is one whose bytes are still to come: it has a form and a filename.
    """

    received: Received
    form: UploadForm
    filename: WheelFilename | SdistFilename | None
    filename_violation: Violation | None
    inspection: Inspection | None
    target: Target
    plugins: Plugins

    @property
    def file(self) -> ReceivedFile | None:
        """The file part."""
        return self.received.file

    @property
    def read(self) -> ReadFile | None:
        """The file, if its name and metadata could be read."""
        file, filename, inspection = self.file, self.filename, self.inspection
        if (
            file is None
            or filename is None
            or inspection is None
            or inspection.metadata is None
            or inspection.metadata_file is None
        ):
            return None
        return ReadFile(
            filename, file, inspection.metadata, inspection.metadata_file, inspection.warnings
        )


def examine(received: Received, form: UploadForm, target: Target, plugins: Plugins) -> Upload:
    """Read the file's name and, when that is right, look into the archive."""
    filename, refusal, inspection = None, None, None
    if received.file is not None:
        filename, refusal = _read_filename(received.file.filename, target)
        if filename is not None:
            found = inspect(received.file.staged.file, filename)
            inspection = found.judged(target.policy.decisions)
    return Upload(received, form, filename, refusal, inspection, target, plugins)


def examine_announcement(form: UploadForm, target: Target, plugins: Plugins) -> Upload:
    """Read the name of a file that is only announced (uv-client.md 7.2)."""
    filename, refusal = _read_filename(form.filename, target)
    return Upload(Received(), form, filename, refusal, None, target, plugins)


def check_parts(upload: Upload) -> Iterator[Violation]:
    """Parts of the wrong kind, and no file at all (U-30, U-31)."""
    yield from upload.received.violations
    if upload.file is None:
        yield Violation("content", "missing-field", "the form holds no file: send it as content")


def check_shape(upload: Upload) -> Iterator[Violation]:
    """The form's own rules (U-31 to U-33)."""
    yield from check_form(upload.form, md5_alone=upload.target.policy.md5_alone)


def check_filename(upload: Upload) -> Iterator[Violation]:
    """The name of the file (U-70, U-85, U-86)."""
    if upload.filename_violation is not None:
        yield upload.filename_violation


def check_kind(upload: Upload) -> Iterator[Violation]:
    """The form's filetype is that of the file's name (U-70)."""
    kind = KINDS.get(upload.form.filetype)
    if upload.filename is not None and kind is not None and kind != kind_of(upload.filename):
        message = f"{upload.filename.filename} is a {kind_of(upload.filename)}, not a {kind}"
        yield Violation("filetype", "wrong-filetype", message)


def check_digests(upload: Upload) -> Iterator[Violation]:
    """Every given digest is that of the bytes received (U-73)."""
    if upload.file is None:
        return
    for algorithm, digest in upload.form.digests.items():
        actual = upload.file.digest(algorithm)
        if digest != actual:
            message = (
                f"the {algorithm} digest of the file received is {actual}, "
                "not the one in the form; upload the file again"
            )
            yield Violation(f"{algorithm}_digest", "digest-mismatch", message)


def check_agreement(upload: Upload) -> Iterator[Violation]:
    """Name and version are the same in the form and in the file's name (U-60).

    That the archive's metadata agrees with the file's name is part of its inspection.
    """
    filename, form = upload.filename, upload.form
    if filename is None:
        return
    if form.name and normalize(form.name) != filename.name:
        message = f"the form is for the project {quoted(form.name)}, the file for {filename.name}"
        yield Violation("name", "name-mismatch", message)
    if form.version:
        version = parse_version(form.version)
        if version is None:
            message = f"{quoted(form.version)} is not a valid version (PEP 440)"
            yield Violation("version", "invalid-version", message)
        elif version != filename.version:
            said = quoted(form.version)
            message = f"the form is for version {said}, the file for {filename.version}"
            yield Violation("version", "version-mismatch", message)


def check_archive(upload: Upload) -> Iterator[Violation]:
    """What the inspection of the archive found (U-80 to U-82, U-90)."""
    if upload.inspection is not None:
        yield from upload.inspection.violations


def check_plugins(upload: Upload) -> Iterator[Violation]:
    """What plugins vote (U-83), once there is something to vote about."""
    read = upload.read
    if read is None:
        return
    filename, file, registry = read.filename, read.received, upload.target.info
    if read.metadata.classifiers:
        yield from upload.plugins.classifier_violations(read.metadata.classifiers, registry)
    yield from upload.plugins.upload_violations(
        UploadedFile(
            registry=registry,
            actor=upload.target.actor,
            filename=filename.filename,
            package=filename.name,
            version=str(filename.version),
            kind=kind_of(filename),
            sha256=file.sha256,
            size=file.size,
            metadata=read.metadata_file,
            file=file.staged.file,
        )
    )


Check = Callable[[Upload], Iterator[Violation]]

REQUEST_CHECKS: tuple[Check, ...] = (
    check_parts,
    check_shape,
    check_filename,
    check_kind,
    check_digests,
    check_agreement,
)
"""What can be wrong with the request."""
CONTENT_CHECKS: tuple[Check, ...] = (check_archive, check_plugins)
"""What can be wrong with the file; the rules, and who judges, may change after it is published."""
ANNOUNCEMENT_CHECKS: tuple[Check, ...] = (
    check_shape,
    check_filename,
    check_kind,
    check_agreement,
)
"""What can be said of a file before its bytes are there."""


def violations(upload: Upload, checks: Sequence[Check]) -> list[Violation]:
    """Everything that ``checks`` find wrong with the upload."""
    return [violation for check in checks for violation in check(upload)]


def _read_filename(
    text: str, target: Target
) -> tuple[WheelFilename | SdistFilename | None, Violation | None]:
    try:
        return parse_filename(text, target.policy.legacy_filenames), None
    except FilenameRefused as error:
        return None, error.violation
