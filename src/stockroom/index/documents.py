"""The four forms of a project page and of the project list, as bytes (S-20 to S-51)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Literal
from urllib.parse import quote

import msgspec
from packaging.version import Version

from stockroom.dists import strict_constraint
from stockroom.index.negotiation import Representation
from stockroom.resolution import FileDetail, PackageDetail

API_VERSION = "1.4"
HTML_VERSION = "1.4"  # frozen for ever by PEP 833
PYX_API_VERSION = "1.1"

_json = msgspec.json.Encoder()
_msgpack = msgspec.msgpack.Encoder()


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str


class _File(msgspec.Struct, rename="kebab"):
    """A file on the JSON pages; what is UNSET is left out, since uv takes no nulls there."""

    filename: str
    url: str
    hashes: dict[str, str]
    requires_python: str | msgspec.UnsetType
    size: int
    upload_time: str
    yanked: bool | str | msgspec.UnsetType
    core_metadata: bool | dict[str, str] | msgspec.UnsetType


class _Status(msgspec.Struct, rename="kebab"):
    status: str
    reason: str | msgspec.UnsetType


class _CoreMetadata(msgspec.Struct, rename="kebab"):
    requires_python: str | msgspec.UnsetType
    requires_dist: list[str]
    provides_extra: list[str]


class _JsonPage(msgspec.Struct, rename="kebab"):
    meta: _Meta
    name: str
    project_status: _Status
    versions: list[str]
    files: list[_File]


class _PyxPage(msgspec.Struct, rename="kebab"):
    meta: _Meta
    name: str
    project_status: _Status
    versions: list[str]
    files: list[_File]
    core_metadata: dict[str, _CoreMetadata]


def project_page(detail: PackageDetail, representation: Representation, prefix: str) -> bytes:
    """The page of one package; ``prefix`` is what file URLs begin with, up to ``/-/``."""
    base = f"{prefix}-/{quote(detail.name)}/"
    match representation:
        case Representation.JSON:
            return _json.encode(_json_page(detail, base))
        case Representation.PYX_JSON:
            return _json.encode(_pyx_page(detail, base))
        case Representation.PYX_MSGPACK:
            return _msgpack.encode(_pyx_page(detail, base))
    return _html_page(detail, base).encode()


def project_list(names: Sequence[tuple[str, str]], representation: Representation) -> bytes:
    """The project list of (normalised, display) names (S-23, S-41)."""
    if representation in (Representation.HTML, Representation.TEXT_HTML):
        anchors = "\n".join(
            f'<a href="{escape(name)}/">{escape(display)}</a><br>' for name, display in names
        )
        return _html("Simple index", "", anchors).encode()
    document = {
        "meta": {"api-version": API_VERSION},
        "projects": [{"name": display} for _, display in names],
    }
    encode = _msgpack.encode if representation is Representation.PYX_MSGPACK else _json.encode
    return encode(document)


def _json_page(detail: PackageDetail, base: str) -> _JsonPage:
    order = _version_order(detail.files)
    files = sorted(detail.files, key=lambda file: (order[file.version], file.filename))
    return _JsonPage(
        _Meta(API_VERSION),
        detail.name,
        _status(detail),
        list(order),
        [_file(file, base, otherwise=False) for file in files],
    )


def _pyx_page(detail: PackageDetail, base: str) -> _PyxPage:
    # uv keeps this order in its lock file, and sorts all other forms by name itself.
    files = sorted(detail.files, key=lambda file: file.filename.encode())
    return _PyxPage(
        _Meta(PYX_API_VERSION),
        detail.name,
        _status(detail),
        list(_version_order(detail.files)),
        [_file(file, base, otherwise=msgspec.UNSET) for file in files],
        _core_metadata(detail.files),
    )


def _file(file: FileDetail, base: str, *, otherwise: Literal[False] | msgspec.UnsetType) -> _File:
    """One entry; ``otherwise`` stands for what is not yanked, and has no metadata file."""
    return _File(
        file.filename,
        _url(base, file),
        {"sha256": file.sha256},
        file.requires_python or msgspec.UNSET,
        file.size,
        _instant(file),
        _yanked(file) or otherwise,
        {"sha256": file.metadata_sha256} if file.announces_metadata else otherwise,
    )


def _core_metadata(files: Sequence[FileDetail]) -> dict[str, _CoreMetadata]:
    """The metadata of every version about which all its files agree (uv-client.md 4.3).

    An sdist whose metadata a build may change has no say beside a wheel, and cannot speak for a
    version alone. A wheel whose metadata not every resolver can read leaves its version in doubt.
    """
    static: dict[str, set[tuple[str | None, str, str]]] = defaultdict(set)
    doubtful = set()
    for file in files:
        if file.metadata_static:
            static[file.version].add(
                (file.requires_python, file.requires_dist, file.provides_extra)
            )
        elif file.kind == "wheel":
            doubtful.add(file.version)
    found = {}
    parsed: dict[str, list[str]] = {}
    for version, variants in static.items():
        if len(variants) > 1 or version in doubtful:
            continue
        [(requires_python, requires_dist, provides_extra)] = variants
        for text in (requires_dist, provides_extra):
            if text not in parsed:
                parsed[text] = json.loads(text)
        found[version] = _CoreMetadata(
            _constraint(requires_python), parsed[requires_dist], parsed[provides_extra]
        )
    return found


@lru_cache(maxsize=1024)
def _constraint(text: str | None) -> str | msgspec.UnsetType:
    # uv drops the whole page for one that it cannot read, such as ">=3.8,".
    return (strict_constraint(text) if text else None) or msgspec.UNSET


def _html_page(detail: PackageDetail, base: str) -> str:
    order = _version_order(detail.files)
    files = sorted(detail.files, key=lambda file: (order[file.version], file.filename))
    head = f'<meta name="pypi:project-status" content="{escape(detail.status)}">\n'
    if detail.status_reason:
        reason = _one_line(detail.status_reason)
        head += f'<meta name="pypi:project-status-reason" content="{reason}">\n'
    body = "\n".join(_anchor(file, base) for file in files)
    return _html(f"Links for {escape(detail.name)}", head, body)


def _anchor(file: FileDetail, base: str) -> str:
    attributes = [f'href="{escape(_url(base, file))}#sha256={file.sha256}"']
    if file.requires_python:
        attributes.append(f'data-requires-python="{_one_line(file.requires_python)}"')
    if file.announces_metadata:
        # PEP 714: the second name is for pip before 23.2, and only HTML may carry it.
        digest = f'"sha256={file.metadata_sha256}"'
        attributes.append(f"data-core-metadata={digest} data-dist-info-metadata={digest}")
    if file.yanked:
        attributes.append(f'data-yanked="{_one_line(file.yanked_reason or "")}"')
    return f"<a {' '.join(attributes)}>{escape(file.filename)}</a><br>"


def _html(title: str, head: str, body: str) -> str:
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="pypi:repository-version" content="{HTML_VERSION}">\n'
        f"{head}<title>{title}</title>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n"
        "</body>\n</html>\n"
    )


def _one_line(text: str) -> str:
    # Consumers that read pages line by line exist (S-20).
    return escape(" ".join(text.split()))


def _status(detail: PackageDetail) -> _Status:
    return _Status(detail.status, detail.status_reason or msgspec.UNSET)


def _version_order(files: Sequence[FileDetail]) -> dict[str, Version]:
    """The versions that have a file, in ascending order (S-43)."""
    versions = {version: Version(version) for version in {file.version for file in files}}
    return dict(sorted(versions.items(), key=lambda item: item[1]))


def _url(base: str, file: FileDetail) -> str:
    return f"{base}{file.sha256}/{quote(file.filename)}"


def _yanked(file: FileDetail) -> bool | str:
    return (file.yanked_reason or True) if file.yanked else False


def _instant(file: FileDetail) -> str:
    return file.uploaded_at.isoformat().removesuffix("+00:00") + "Z"
