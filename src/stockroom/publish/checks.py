"""The checks of an upload: small functions that yield violations; all of them are reported.

A check sees the whole upload and yields nothing when what it looks at is not there: the check
whose business that is tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from stockroom.publish.body import Received, ReceivedFile
from stockroom.publish.form import KINDS, UploadForm, check_form
from stockroom.settings import Settings
from stockroom.spi import Violation


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as the checks see it; a part that could not be read is None."""

    received: Received
    form: UploadForm
    filename: WheelFilename | SdistFilename | None
    filename_violation: Violation | None
    inspection: Inspection | None
    settings: Settings

    @property
    def file(self) -> ReceivedFile | None:
        """The file part."""
        return self.received.file


def examine(received: Received, form: UploadForm, settings: Settings) -> Upload:
    """Read the file's name and, when that is right, look into the archive."""
    filename, refusal, inspection = None, None, None
    if received.file is not None:
        try:
            filename = parse_filename(received.file.filename)
        except FilenameRefused as error:
            refusal = error.violation
        else:
            inspection = inspect(received.file.staged.file, filename)
    return Upload(received, form, filename, refusal, inspection, settings)


def check_parts(upload: Upload) -> Iterator[Violation]:
    """Parts of the wrong kind, and no file at all (U-30, U-31)."""
    yield from upload.received.violations
    if upload.file is None:
        yield Violation("content", "missing-field", "the form holds no file: send it as content")


def check_shape(upload: Upload) -> Iterator[Violation]:
    """The form's own rules (U-31 to U-33)."""
    yield from check_form(upload.form, md5_alone=upload.settings.md5_alone)


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
        if digest != upload.file.digests[algorithm]:
            message = (
                f"the {algorithm} digest of the file received is {upload.file.digests[algorithm]}, "
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


CHECKS: tuple[Callable[[Upload], Iterator[Violation]], ...] = (
    check_parts,
    check_shape,
    check_filename,
    check_kind,
    check_digests,
    check_agreement,
    check_archive,
)


def violations(upload: Upload) -> list[Violation]:
    """Everything that is wrong with the upload."""
    return [violation for check in CHECKS for violation in check(upload)]


def kind_of(filename: WheelFilename | SdistFilename) -> str:
    """What a file of this name is: ``wheel`` or ``sdist``."""
    return "wheel" if isinstance(filename, WheelFilename) else "sdist"
