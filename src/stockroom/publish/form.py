"""The legacy upload form: cleaned, and checked for its shape (U-30 to U-37)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stockroom.dists import is_valid_name
from stockroom.dists.quoting import quoted
from stockroom.errors import BadRequest
from stockroom.publish.problems import UploadGone
from stockroom.spi import Violation

GONE_ACTIONS = frozenset({"submit", "submit_pkg_info", "doc_upload"})
KINDS = {"bdist_wheel": "wheel", "sdist": "sdist"}
HEX_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)

SINGLE = frozenset(
    [
        ":action",
        "protocol_version",
        "filetype",
        "pyversion",
        "md5_digest",
        "sha256_digest",
        "blake2_256_digest",
        "metadata_version",
        "name",
        "version",
        "summary",
        "description",
        "description_content_type",
        "keywords",
        "home_page",
        "download_url",
        "author",
        "author_email",
        "maintainer",
        "maintainer_email",
        "license",
        "license_expression",
        "requires_python",
        "comment",
        "filename",
    ]
)
# uv and Poetry write the plural of these two, PyPI the singular of all five (U-35).
SPELLINGS = {
    "platforms": "platform",
    "supported_platforms": "supported_platform",
    "license_files": "license_file",
    "import_names": "import_name",
    "import_namespaces": "import_namespace",
}


@dataclass(frozen=True, slots=True)
class UploadForm:
    """The cleaned fields; what is absent is "". ``repeated`` holds every value of every field.

    ``filename`` stands in announcements only (U-36).
    """

    name: str
    version: str
    filetype: str
    pyversion: str
    metadata_version: str
    filename: str
    digests: Mapping[str, str]
    repeated: Mapping[str, tuple[str, ...]]


def clean(fields: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Apply PyPI's cleaning (U-30) and unify the spellings (U-35)."""
    cleaned: dict[str, list[str]] = {}
    for name, values in fields.items():
        kept = [value.replace("\x00", "\\x00") for value in values if value.strip() != "UNKNOWN"]
        if kept not in ([], [""]):
            cleaned.setdefault(SPELLINGS.get(name, name), []).extend(kept)
    return {name: tuple(values) for name, values in cleaned.items()}


def check_action(action: str) -> None:
    """Make sure that the form is about a file (U-04).

    :raises UploadGone: for actions that the old API had.
    :raises BadRequest: for everything else.
    """
    if action in GONE_ACTIONS:
        raise UploadGone(f"the action {action} is not supported any more; upload files instead")
    if action != "file_upload":
        raise BadRequest("the form must say :action=file_upload")


def read_form(fields: Mapping[str, tuple[str, ...]]) -> UploadForm:
    """Pick what the upload itself needs; :func:`check_form` says whether it is right."""

    def single(name: str) -> str:
        return fields.get(name, ("",))[0].strip()

    return UploadForm(
        name=single("name"),
        version=single("version"),
        filetype=single("filetype"),
        pyversion=single("pyversion"),
        metadata_version=single("metadata_version"),
        filename=single("filename"),
        digests={
            algorithm: single(f"{algorithm}_digest").lower()
            for algorithm in ("sha256", "blake2_256", "md5")
            if single(f"{algorithm}_digest")
        },
        repeated=fields,
    )


def check_form(form: UploadForm, *, md5_alone: bool) -> Iterator[Violation]:
    """Every violation of the form's shape (U-03, U-31 to U-33)."""
    yield from _check_protocol(form)
    yield from _check_repetition(form)
    yield from _check_names(form)
    yield from _check_type(form)
    yield from _check_digests(form, md5_alone=md5_alone)


def _check_protocol(form: UploadForm) -> Iterator[Violation]:
    if form.repeated.get("protocol_version", ("1",))[0] != "1":
        message = "protocol_version must be 1"
        yield Violation("protocol_version", "unknown-protocol", message)


def _check_repetition(form: UploadForm) -> Iterator[Violation]:
    for name in sorted(SINGLE & form.repeated.keys()):
        if len(form.repeated[name]) > 1:
            yield Violation(name, "repeated-field", f"the field {name} may stand only once")


def _check_names(form: UploadForm) -> Iterator[Violation]:
    if not form.metadata_version:
        yield _missing("metadata_version")
    if not form.name:
        yield _missing("name")
    elif not is_valid_name(form.name):
        message = (
            f"{quoted(form.name)} is not a valid project name: use ASCII letters, digits, '.', '-' "
            "and '_', beginning and ending with a letter or digit"
        )
        yield Violation("name", "invalid-name", message)
    if not form.version:
        yield _missing("version")


def _check_type(form: UploadForm) -> Iterator[Violation]:
    if not form.filetype:
        yield _missing("filetype")
    elif form.filetype not in KINDS:
        message = f"filetype {quoted(form.filetype)} is not accepted; upload a wheel or an sdist"
        yield Violation("filetype", "unknown-filetype", message)
    elif form.filetype == "sdist" and form.pyversion not in ("", "source"):
        yield Violation("pyversion", "invalid-pyversion", "pyversion of an sdist must be source")
    elif form.filetype == "bdist_wheel" and not form.pyversion:
        yield _missing("pyversion")


def _check_digests(form: UploadForm, *, md5_alone: bool) -> Iterator[Violation]:
    if not form.digests:
        message = "the form holds no digest of the file; send sha256_digest"
        yield Violation("sha256_digest", "missing-field", message)
    elif not md5_alone and form.digests.keys() == {"md5"}:
        message = "md5_digest alone proves nothing; send sha256_digest"
        yield Violation("md5_digest", "weak-digest", message)
    for algorithm in ("sha256", "blake2_256"):
        digest = form.digests.get(algorithm)
        if digest is not None and not HEX_DIGEST.fullmatch(digest):
            message = f"{algorithm}_digest must be 64 hexadecimal digits"
            yield Violation(f"{algorithm}_digest", "invalid-digest", message)


def _missing(name: str) -> Violation:
    return Violation(name, "missing-field", f"the field {name} is missing")
