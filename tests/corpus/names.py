"""Distributions whose filenames are of an old kind, or name an unusual platform."""

from __future__ import annotations

from collections.abc import Callable

from tests.archives import make_gzip, make_metadata, make_sdist, make_tar, make_wheel, make_zip
from tests.corpus.cases import Case
from tests.corpus.zip_builder import DEFLATED, Entry, build_zip

_BOMB = 65 * 1024 * 1024
_TOP = "Foo.Bar-1.0"
_METADATA = make_metadata("Foo.Bar")


def _platform(tag: str, *warned: str) -> Case:
    full = f"cp311-cp311-{tag}"
    return Case(
        "U-87", tag, f"sample-1.0-{full}.whl", lambda: make_wheel(tag=full)[1], warned=warned
    )


def _old(name: str, filename: str, build: Callable[[], bytes], *codes: str) -> Case:
    return Case("U-85", name, filename, build, codes=codes, legacy=True)


def _tar(name: str, filename: str, *tops: str, codes: tuple[str, ...] = ()) -> Case:
    """An old tar, with PKG-INFO in the first of its top directories."""
    files = {
        f"{top}/{'setup.py' if at else 'PKG-INFO'}": make_metadata("Foo.Bar")
        for at, top in enumerate(tops)
    }
    return _old(name, filename, lambda: make_gzip(make_tar(files)), *codes)


def _zipped(
    name: str, *odd: Entry, codes: tuple[str, ...] = (), metadata: bytes = _METADATA
) -> Case:
    """An old sdist in a zip file, with odd members."""
    entries = [
        Entry(name=f"{_TOP}/setup.py", data=b"print()" * 20, method=DEFLATED),
        Entry(name=f"{_TOP}/PKG-INFO", data=metadata),
        *odd,
    ]
    return _old(name, f"{_TOP}.zip", lambda: build_zip(entries), *codes)


NAMES = [
    _platform("manylinux_2_17_x86_64"),
    _platform("macosx_99_0_arm64"),
    _platform("linux_x86_64", "wheel-platform-tag"),
    _tar("tar-in-upper-case", "Foo.Bar-1.0.tar.gz", "Foo.Bar-1.0"),
    _tar("tar-with-hyphens", "foo-bar-1.0.tar.gz", "foo-bar-1.0"),
    _tar("tar-of-another-spelling-inside", "foo_bar-1.0.tar.gz", "Foo-Bar-1.0.0"),
    _tar(
        "tar-of-another-release-inside",
        "Foo.Bar-1.0.tar.gz",
        "Foo.Bar-1.1",
        codes=("sdist-top-directory", "sdist-pkg-info-missing"),
    ),
    _tar(
        "tar-of-two-spellings-inside",
        "Foo.Bar-1.0.tar.gz",
        "Foo.Bar-1.0",
        "foo_bar-1.0",
        codes=("sdist-top-directory",),
    ),
    _zipped("zip"),
    _zipped("zip-with-directories", Entry(name=f"{_TOP}/"), Entry(name=f"{_TOP}/a/")),
    _zipped("zip-with-another-top", Entry(name="a"), codes=("sdist-top-directory",)),
    _zipped(
        "zip-with-a-hidden-member",
        Entry(name=f"{_TOP}/a", listed=False),
        codes=("zip-unlisted-member",),
    ),
    _zipped("zip-with-a-parent", Entry(name=f"{_TOP}/../a"), codes=("zip-member-path",)),
    _zipped(
        "zip-with-a-damaged-file",
        Entry(name=f"{_TOP}/a", data=b"a", local={"crc": 1}, central={"crc": 1}),
        codes=("zip-damaged",),
    ),
    _zipped(
        "zip-with-bzip2",
        Entry(name=f"{_TOP}/a", data=b"a", method=12),
        codes=("zip-compression-method",),
    ),
    _zipped(
        "zip-with-damaged-extras",
        Entry(name=f"{_TOP}/a", local={"extra": b"\x99"}),
        codes=("zip-extra-truncated",),
    ),
    _zipped(
        "zip-bomb",
        Entry(name=f"{_TOP}/a", data=bytes(_BOMB), method=DEFLATED),
        codes=("archive-unpacks-too-large",),
    ),
    _zipped(
        "zip-with-large-metadata",
        metadata=bytes(8 * 1024 * 1024 + 1),
        codes=("metadata-too-large",),
    ),
    _zipped(
        "zip-without-its-license",
        metadata=make_metadata(
            "Foo.Bar", metadata_version="2.4", extra_headers=[("License-File", "L")]
        ),
        codes=("license-file-missing",),
    ),
    _old(
        "zip-without-pkg-info",
        f"{_TOP}.zip",
        lambda: make_zip({f"{_TOP}/a": ""}),
        "sdist-pkg-info-missing",
    ),
    _old("zip-without-anything", f"{_TOP}.zip", lambda: make_zip({}), "sdist-pkg-info-missing"),
    _old("zip-that-is-none", f"{_TOP}.zip", lambda: make_sdist()[1], "zip-invalid"),
    Case(
        "U-86",
        "wheel-in-upper-case",
        "Foo.Bar-1.0-py3-none-any.whl",
        lambda: make_wheel("Foo.Bar", dist_info="Foo.Bar-1.0.dist-info")[1],
        legacy=True,
    ),
    Case(
        "U-86",
        "wheel-in-upper-case-with-a-directory-of-today",
        "Foo.Bar-1.0-py3-none-any.whl",
        lambda: make_wheel("Foo.Bar")[1],
        remarks=1,
        legacy=True,
    ),
    Case(
        "U-86",
        "wheel-in-upper-case-of-another-project",
        "Foo.Baz-1.0-py3-none-any.whl",
        lambda: make_wheel("Foo.Bar")[1],
        codes=("wheel-dist-info-differs",),
        legacy=True,
    ),
]
