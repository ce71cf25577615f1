"""Sdists: a case for each rule about tar archives."""

from __future__ import annotations

import tarfile
from collections.abc import Callable

from tests.archives import make_gzip, make_metadata, make_sdist, make_tar, make_zip
from tests.corpus.cases import Case

FILENAME = "sample-1.0.tar.gz"
TOP = "sample-1.0"
GOOD: dict[str, str | bytes] = {f"{TOP}/PKG-INFO": make_metadata(), f"{TOP}/sample.py": ""}
_BOMB = 65 * 1024 * 1024


def _refused(rule: str, name: str, code: str, build: Callable[[], bytes]) -> Case:
    return Case(rule, name, FILENAME, build, codes=(code,))


def _accepted(rule: str, name: str, build: Callable[[], bytes]) -> Case:
    return Case(rule, name, FILENAME, build)


def _with(*odd: tarfile.TarInfo, tar_format: int = tarfile.PAX_FORMAT) -> Callable[[], bytes]:
    return lambda: make_gzip(make_tar(GOOD, links=odd, tar_format=tar_format))


def _of(*paths: str) -> Callable[[], bytes]:
    return lambda: make_gzip(make_tar(GOOD | dict.fromkeys(paths, "")))


def _entry(path: str, kind: bytes, target: str = "", **pax: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"{TOP}/{path}")
    info.type, info.linkname, info.pax_headers = kind, target, pax
    return info


def _licensed(path: str) -> Callable[[], bytes]:
    metadata = make_metadata(metadata_version="2.4", extra_headers=[("License-File", path)])
    return lambda: make_sdist(metadata=metadata, files={"LICENSE": "MIT", "doc/NOTICE": "MIT"})[1]


def _in(tar_format: int) -> Callable[[], bytes]:
    return lambda: make_sdist(tar_format=tar_format)[1]


def _damaged(change: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    return lambda: make_gzip(change(make_tar(GOOD)))


SDISTS = [
    _accepted("U-53", "license-file-of-the-sdist", _licensed("LICENSE")),
    _accepted("U-53", "license-file-in-a-directory", _licensed("doc/NOTICE")),
    _refused("U-53", "license-file-not-in-the-sdist", "license-file-missing", _licensed("NOTICE")),
    _refused("U-53", "license-file-pattern", "license-file-path", _licensed("LICEN*")),
    _refused("U-53", "license-file-absolute", "license-file-path", _licensed("/LICENSE")),
    Case(
        "U-78",
        "tar-that-is-a-zip",
        FILENAME,
        lambda: make_gzip(make_tar(GOOD)) + make_zip({"a": ""}),
        codes=("archive-ambiguous", "gzip-damaged"),
    ),
    _refused(
        "U-79",
        "bomb",
        "archive-unpacks-too-large",
        lambda: make_sdist(files={"zeros": bytes(_BOMB)})[1],
    ),
    _refused("U-81", "not-compressed", "gzip-invalid", lambda: make_tar(GOOD)),
    _refused("U-81", "cut-off", "gzip-damaged", lambda: make_gzip(make_tar(GOOD))[:-9]),
    _refused("U-81", "second-stream", "gzip-damaged", lambda: make_gzip(make_tar(GOOD)) * 2),
    _refused("U-81", "data-after-the-end", "tar-damaged", _damaged(lambda tar: tar + tar)),
    _refused("U-81", "cut-off-below-gzip", "tar-damaged", _damaged(lambda tar: tar[:600])),
    _refused("U-81", "wrong-checksum", "tar-damaged", _damaged(lambda tar: b"S" + tar[1:])),
    _refused(
        "U-81",
        "without-pkg-info",
        "sdist-pkg-info-missing",
        lambda: make_gzip(make_tar({f"{TOP}/sample.py": ""})),
    ),
    _refused(
        "U-81",
        "pkg-info-twice",
        "sdist-pkg-info-ambiguous",
        lambda: make_gzip(make_tar([*GOOD.items(), *GOOD.items()])),
    ),
    _refused("U-81", "two-top-directories", "sdist-top-directory", _of("other/a")),
    _refused("U-81", "file-at-the-top", "sdist-top-directory", _of("setup.py")),
    _refused("U-81", "parent", "sdist-member-path", _of(f"{TOP}/../../a")),
    Case(
        "U-81",
        "absolute-path",
        FILENAME,
        _of("/etc/passwd"),
        codes=("sdist-top-directory", "sdist-member-path"),
    ),
    _refused(
        "U-81",
        "sparse-file-of-gnu",
        "tar-sparse-member",
        _with(_entry("a", tarfile.GNUTYPE_SPARSE), tar_format=tarfile.GNU_FORMAT),
    ),
    _refused(
        "U-81",
        "sparse-file-of-pax",
        "tar-sparse-member",
        _with(_entry("a", tarfile.REGTYPE, **{"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})),
    ),
    _refused("U-81", "device", "sdist-member-kind", _with(_entry("a", tarfile.CHRTYPE))),
    _refused("U-81", "pipe", "sdist-member-kind", _with(_entry("a", tarfile.FIFOTYPE))),
    _refused(
        "U-81", "symlink-out", "sdist-link-target", _with(_entry("a", tarfile.SYMTYPE, "../../b"))
    ),
    _refused(
        "U-81", "symlink-absolute", "sdist-link-target", _with(_entry("a", tarfile.SYMTYPE, "/b"))
    ),
    _refused(
        "U-81", "hardlink-out", "sdist-link-target", _with(_entry("a", tarfile.LNKTYPE, "/etc/b"))
    ),
    _refused(
        "U-81",
        "member-below-a-link",
        "sdist-member-below-link",
        _with(_entry("a", tarfile.SYMTYPE, "."), _entry("a/b", tarfile.REGTYPE)),
    ),
    _refused(
        "U-81",
        "link-where-a-directory-was",
        "sdist-member-below-link",
        _with(_entry("a/b", tarfile.REGTYPE), _entry("a", tarfile.SYMTYPE, ".")),
    ),
    _accepted("U-81", "directories", _of(f"{TOP}/", f"{TOP}/a/")),
    _accepted("U-81", "symlink-within", _with(_entry("a", tarfile.SYMTYPE, "sample.py"))),
    _accepted("U-81", "hardlink-within", _with(_entry("a", tarfile.LNKTYPE, f"{TOP}/sample.py"))),
    _accepted("U-81", "format-ustar", _in(tarfile.USTAR_FORMAT)),
    _accepted("U-81", "format-gnu", _in(tarfile.GNU_FORMAT)),
    _accepted("U-81", "format-pax", _in(tarfile.PAX_FORMAT)),
]
