"""Builders of wheels and sdists for tests: small, real, and the same bytes every time.

What they build is acceptable unless a test asks for something else; ``make_zip`` and ``make_tar``
build archives of any content, for tests that need a broken distribution.
"""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping

Members = Mapping[str, str | bytes] | Iterable[tuple[str, str | bytes]]


def make_metadata(
    name: str = "sample",
    version: str = "1.0",
    *,
    requires: Iterable[str] = (),
    requires_python: str | None = None,
    metadata_version: str = "2.1",
    extra_headers: Iterable[tuple[str, str]] = (),
    description: str = "",
) -> bytes:
    """The text of a METADATA or PKG-INFO file."""
    headers = [("Metadata-Version", metadata_version), ("Name", name), ("Version", version)]
    if requires_python is not None:
        headers.append(("Requires-Python", requires_python))
    headers.extend(("Requires-Dist", requirement) for requirement in requires)
    headers.extend(extra_headers)
    text = "".join(f"{header}: {value}\n" for header, value in headers)
    return (f"{text}\n{description}" if description else text).encode()


def make_wheel(
    name: str = "sample",
    version: str = "1.0",
    *,
    requires: Iterable[str] = (),
    requires_python: str | None = None,
    tag: str = "py3-none-any",
    build: str | None = None,
    files: Mapping[str, str | bytes] | None = None,
    metadata_version: str = "2.1",
    metadata: bytes | None = None,
    wheel: bytes | None = None,
    record: bytes | None = None,
    extra_headers: Iterable[tuple[str, str]] = (),
    description: str = "",
    filename: str | None = None,
    dist_info: str | None = None,
    compress: bool = True,
) -> tuple[str, bytes]:
    """Build a wheel; returns its filename and its bytes.

    ``files`` are its modules (one small one by default). ``metadata``, ``wheel`` and ``record``
    replace the content of METADATA, WHEEL and RECORD, ``dist_info`` the directory they are in.
    """
    stem = f"{_escaped(name)}-{version}"
    directory = dist_info or f"{stem}.dist-info"
    tagged = [stem, *([build] if build else []), tag]
    members: dict[str, str | bytes] = dict(
        files if files is not None else {f"{_escaped(name)}.py": "ANSWER = 42\n"}
    )
    if metadata is None:
        metadata = make_metadata(
            name,
            version,
            requires=requires,
            requires_python=requires_python,
            metadata_version=metadata_version,
            extra_headers=extra_headers,
            description=description,
        )
    members[f"{directory}/METADATA"] = metadata
    members[f"{directory}/WHEEL"] = make_wheel_file(tag, build) if wheel is None else wheel
    members[f"{directory}/RECORD"] = make_record(members, directory) if record is None else record
    return filename or f"{'-'.join(tagged)}.whl", make_zip(members, compress=compress)


def make_sdist(
    name: str = "sample",
    version: str = "1.0",
    *,
    requires: Iterable[str] = (),
    requires_python: str | None = None,
    files: Mapping[str, str | bytes] | None = None,
    metadata_version: str = "2.2",
    metadata: bytes | None = None,
    extra_headers: Iterable[tuple[str, str]] = (),
    description: str = "",
    filename: str | None = None,
    top: str | None = None,
    tar_format: int = tarfile.PAX_FORMAT,
) -> tuple[str, bytes]:
    """Build an sdist; returns its filename and its bytes.

    ``files`` lie below the top directory (a pyproject.toml and a module by default). ``metadata``
    replaces the content of PKG-INFO, ``top`` the name of the top directory.
    """
    stem = f"{_escaped(name)}-{version}"
    directory = top or stem
    content: dict[str, str | bytes] = dict(
        files
        if files is not None
        else {
            "pyproject.toml": f'[project]\nname = "{name}"\nversion = "{version}"\n',
            f"src/{_escaped(name)}.py": "ANSWER = 42\n",
        }
    )
    if metadata is None:
        metadata = make_metadata(
            name,
            version,
            requires=requires,
            requires_python=requires_python,
            metadata_version=metadata_version,
            extra_headers=extra_headers,
            description=description,
        )
    content["PKG-INFO"] = metadata
    members = {f"{directory}/{path}": data for path, data in content.items()}
    return filename or f"{stem}.tar.gz", make_gzip(make_tar(members, tar_format=tar_format))


def make_wheel_file(tag: str = "py3-none-any", build: str | None = None) -> bytes:
    """The content of a WHEEL file, with one Tag line for each tag that ``tag`` stands for."""
    pythons, abis, platforms = (part.split(".") for part in tag.split("-"))
    lines = ["Wheel-Version: 1.0", "Generator: stockroom-tests", "Root-Is-Purelib: true"]
    lines += [f"Tag: {p}-{a}-{f}" for p in pythons for a in abis for f in platforms]
    lines += [f"Build: {build}"] if build else []
    return "".join(f"{line}\n" for line in lines).encode()


def make_record(members: Mapping[str, str | bytes], dist_info: str) -> bytes:
    """The content of a RECORD file that lists ``members`` and itself."""
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\n")
    for path, content in members.items():
        data = _bytes(content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.writerow([path, f"sha256={digest}", len(data)])
    rows.writerow([f"{dist_info}/RECORD", "", ""])
    return lines.getvalue().encode("utf-8", "surrogateescape")


def make_zip(members: Members, *, compress: bool = True) -> bytes:
    """Build a zip archive; a path that ends in ``/`` becomes a directory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in _pairs(members):
            info = zipfile.ZipInfo(path, date_time=(2024, 1, 1, 0, 0, 0))
            info.external_attr = (0o40755 << 16 | 0x10) if path.endswith("/") else 0o100644 << 16
            method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
            archive.writestr(info, _bytes(content), compress_type=method)
    return buffer.getvalue()


def make_tar(
    members: Members,
    *,
    links: Iterable[tarfile.TarInfo] = (),
    tar_format: int = tarfile.PAX_FORMAT,
) -> bytes:
    """Build an uncompressed tar of files, followed by the entries ``links`` as they are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tar_format) as archive:
        for path, content in _pairs(members):
            info = tarfile.TarInfo(path)
            if path.endswith("/"):
                info.type = tarfile.DIRTYPE
            info.size = len(_bytes(content))
            archive.addfile(info, io.BytesIO(_bytes(content)))
        for link in links:
            archive.addfile(link)
    return buffer.getvalue()


def make_gzip(data: bytes, level: int = 6) -> bytes:
    """Compress ``data`` as gzip, without a time stamp."""
    return gzip.compress(data, compresslevel=level, mtime=0)


def _escaped(name: str) -> str:
    """Normalise a name the way filenames spell it (PEP 503 with ``_``)."""
    normal = name.lower().replace("_", "-").replace(".", "-")
    while "--" in normal:
        normal = normal.replace("--", "-")
    return normal.replace("-", "_")


def _pairs(members: Members) -> Iterable[tuple[str, str | bytes]]:
    return members.items() if isinstance(members, Mapping) else members


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
