"""Filenames of distributions: what may be uploaded, and what its name says (U-70, U-85 to U-94).

A filename is read strictly, because clients derive the project and the version from it: it must
have exactly one reading, and the project must be spelt in the one normalised way. Where files of
the past are imported, their old spellings are read too, if there is no doubt about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from packaging.tags import Tag, parse_tag
from packaging.utils import NormalizedName
from packaging.version import Version

from stockroom.dists.names import is_valid_name, normalize
from stockroom.dists.quoting import quoted
from stockroom.dists.refusals import FilenameRefused
from stockroom.dists.versions import parse_version
from stockroom.spi.violations import Violation

MAX_FILENAME_BYTES = 255
"""Longest filename in bytes of UTF-8: the limit of the usual file systems (U-70)."""

MAX_TAGS = 1000
"""How many tags one wheel filename may stand for; the names of real wheels expand to dozens."""

FIELD = "filename"
"""The field of every violation found here."""

_TAR = ".tar.gz"
_ZIP = ".zip"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BUILD = re.compile(r"[0-9][A-Za-z0-9_.]*\Z")
_TAG = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*\Z")

# U-94: each was a distribution once, so that its owner deserves to hear what became of it.
_RETIRED = {
    ".egg": "Eggs are no longer accepted; build a wheel",
    ".exe": "Windows installers are no longer accepted; build a wheel",
    ".msi": "Windows installers are no longer accepted; build a wheel",
    ".rpm": "RPM packages are not Python distributions; build a wheel",
    ".deb": "Debian packages are not Python distributions; build a wheel",
    ".dmg": "macOS disk images are not Python distributions; build a wheel",
    ".tar.bz2": "An sdist is compressed with gzip only; build a .tar.gz",
    ".tgz": "An sdist is named in full; rebuild it as .tar.gz",
    ".zip": "Zipped sdists are no longer accepted; build a .tar.gz",
}


@dataclass(frozen=True, slots=True)
class WheelFilename:
    """What the filename of a wheel says.

    ``name_part`` and ``version_part`` are the text in the filename; the dist-info directory is
    found by them (U-82). ``build`` is the build tag, None if there is none. ``python_tag``,
    ``abi_tag`` and ``platform_tag`` are the text of the three parts, ``tags`` what they expand to.
    """

    filename: str
    name: NormalizedName
    version: Version
    name_part: str
    version_part: str
    build: str | None
    python_tag: str
    abi_tag: str
    platform_tag: str
    tags: frozenset[Tag]


@dataclass(frozen=True, slots=True)
class SdistFilename:
    """What the filename of an sdist says: ``{name with _}-{version}.tar.gz``.

    With ``legacy`` it may be an old spelling of that, or end in ``.zip``.
    """

    filename: str
    name: NormalizedName
    version: Version
    legacy: bool = False

    @property
    def stem(self) -> str:
        """The filename without its extension: the name of the top directory (U-81)."""
        return _stem(self.filename)

    @property
    def is_zip(self) -> bool:
        """Whether it is a zip file, as old ones may be."""
        return self.filename.endswith(_ZIP)


def parse_filename(filename: str, legacy: bool = False) -> WheelFilename | SdistFilename:
    """Read the filename of a wheel or an sdist; raises FilenameRefused with the first reason.

    With ``legacy`` names are read too that were good before PEP 625 and the present format of
    wheels: sdists in zip files and with names that are not normalised (U-85), and wheels with
    upper case or dots in their name (U-86).
    """
    _check_text(filename)
    if filename.endswith(".whl"):
        return _parse_wheel(filename, legacy)
    if legacy and filename.endswith((_TAR, _ZIP)):
        return _parse_legacy_sdist(filename)
    if not filename.endswith(_TAR):
        _refuse_extension(filename)
    return _parse_sdist(filename)


def _refuse(code: str, message: str) -> NoReturn:
    raise FilenameRefused(Violation(FIELD, code, message))


def _check_text(filename: str) -> None:
    """Refuse what is unfit to be a filename anywhere (U-70)."""
    # A file part may bring bytes that were no UTF-8 as lone surrogates.
    if len(filename.encode("utf-8", "surrogatepass")) > MAX_FILENAME_BYTES:
        _refuse(
            "filename-too-long",
            f"The filename {quoted(filename)} is too long; shorten it to at most"
            f" {MAX_FILENAME_BYTES} bytes.",
        )
    if _CONTROL.search(filename):
        _refuse(
            "filename-characters",
            f"The filename {quoted(filename)} holds control characters; rename the file.",
        )
    if "/" in filename or "\\" in filename:
        _refuse(
            "filename-path",
            f"The filename {quoted(filename)} holds a path separator; send the name alone.",
        )
    if not filename or filename[0] in ".-":
        _refuse(
            "filename-start",
            f"The filename {quoted(filename)} must start with the name of the project.",
        )


def _refuse_extension(filename: str) -> NoReturn:
    lower = filename.lower()
    for extension in (".whl", ".tar.gz"):
        if lower.endswith(extension):
            _refuse(
                "filename-extension-case",
                f"The extension of {quoted(filename)} must be written in lower case: {extension}.",
            )
    for extension, advice in _RETIRED.items():
        if lower.endswith(extension):
            _refuse("filename-kind-retired", f"{advice} instead of {quoted(filename)}.")
    _refuse(
        "filename-extension",
        f"{quoted(filename)} is not a distribution; upload a wheel (.whl) or an sdist (.tar.gz).",
    )


def _parse_sdist(filename: str) -> SdistFilename:
    """Read the filename of an sdist; PEP 625 leaves one spelling (U-85)."""
    # A version in a filename has no hyphen, so the last one is where it starts.
    name_part, hyphen, version_part = filename.removesuffix(_TAR).rpartition("-")
    version = parse_version(version_part)
    if not hyphen or version is None or not is_valid_name(name_part):
        _refuse(
            "sdist-filename",
            f"The filename {quoted(filename)} must be the name of the project, a hyphen, a valid"
            " version and .tar.gz.",
        )
    name = normalize(name_part)
    expected = f"{_escaped(name)}-{version}.tar.gz"
    if filename != expected:
        _refuse(
            "sdist-filename",
            f"The filename {quoted(filename)} is not normalised; it must be {quoted(expected)}."
            " Rebuild the sdist with a current build backend.",
        )
    return SdistFilename(filename=filename, name=name, version=version)


def _parse_legacy_sdist(filename: str) -> SdistFilename:
    """Read the filename of an sdist as tools have written it: both parts may have hyphens."""
    readings = list(releases(_stem(filename)))
    if len(readings) != 1:
        fault = "can be read in several ways" if readings else "is not a name and a version"
        _refuse(
            "sdist-filename",
            f"The filename {quoted(filename)} {fault}; it must be the name of the project, a"
            " hyphen, a valid version and .tar.gz or .zip.",
        )
    name, version = readings[0]
    # The normal form of an old spelling may be longer, and is kept where a filename is.
    if len(str(version)) > MAX_FILENAME_BYTES:
        _refuse(
            "filename-too-long",
            f"The version in the filename {quoted(filename)} is too long; shorten it.",
        )
    return SdistFilename(filename, name, version, legacy=True)


def releases(stem: str) -> Iterator[tuple[NormalizedName, Version]]:
    """Read ``{name}-{version}`` in every way that there is."""
    for hyphen in re.finditer("-", stem):
        name, version = stem[: hyphen.start()], parse_version(stem[hyphen.end() :])
        if version is not None and is_valid_name(name):
            yield normalize(name), version


def _parse_wheel(filename: str, legacy: bool) -> WheelFilename:
    """Read the filename of a wheel by the binary distribution format (U-86)."""
    parts = filename.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        _refuse(
            "wheel-filename",
            f"The filename {quoted(filename)} must have five parts, or six with a build tag:"
            " name-version[-build]-python-abi-platform.whl; hyphens in a part are written _.",
        )
    name_part, version_part, *builds, python_tag, abi_tag, platform_tag = parts
    name = _wheel_name(filename, name_part, legacy)
    version = parse_version(version_part)
    if version is None:
        _refuse(
            "wheel-filename-version",
            f"{quoted(version_part)} in the filename {quoted(filename)} is not a valid version"
            " (PEP 440); correct the version and rebuild the wheel.",
        )
    if builds and not _BUILD.match(builds[0]):
        _refuse(
            "wheel-filename-build",
            f"The build tag {quoted(builds[0])} in the filename {quoted(filename)} must start with"
            " a digit and hold only ASCII letters, digits, . and _.",
        )
    return WheelFilename(
        filename=filename,
        name=name,
        version=version,
        name_part=name_part,
        version_part=version_part,
        build=builds[0] if builds else None,
        python_tag=python_tag,
        abi_tag=abi_tag,
        platform_tag=platform_tag,
        tags=_wheel_tags(filename, (python_tag, abi_tag, platform_tag)),
    )


def _wheel_name(filename: str, name_part: str, legacy: bool) -> NormalizedName:
    name = normalize(name_part)
    if not is_valid_name(name_part):
        _refuse(
            "wheel-filename-name",
            f"{quoted(name_part)} in the filename {quoted(filename)} is not a valid project name;"
            " it must start and end with a letter or digit and hold only ASCII letters, digits,"
            " . and _.",
        )
    if not legacy and name_part != _escaped(name):
        rest = filename.removeprefix(name_part)
        _refuse(
            "wheel-filename-name",
            f"The filename {quoted(filename)} is not normalised; it must be"
            f" {quoted(_escaped(name) + rest)}. Rebuild the wheel with a current build backend.",
        )
    return name


def _wheel_tags(filename: str, parts: tuple[str, str, str]) -> frozenset[Tag]:
    count = 1
    for part in parts:
        count *= part.count(".") + 1
    if all(map(_TAG.match, parts)) and count <= MAX_TAGS:
        try:
            return parse_tag("-".join(parts))
        except ValueError:  # the tag of an interpreter starts with a letter
            pass
    _refuse(
        "wheel-filename-tags",
        f"The tags {quoted('-'.join(parts))} of {quoted(filename)} are not valid; they must be"
        f" python-abi-platform, at most {MAX_TAGS} when expanded. Rebuild the wheel.",
    )


def _stem(filename: str) -> str:
    return filename.removesuffix(_ZIP if filename.endswith(_ZIP) else _TAR)


def _escaped(name: NormalizedName) -> str:
    """Write a normalised name the way filenames do."""
    return name.replace("-", "_")
