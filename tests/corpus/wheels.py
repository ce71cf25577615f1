"""Wheels: a case for each row of the rules about ZIP framing and about the files of a wheel."""

from __future__ import annotations

import bz2
import struct
from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.archives import make_metadata, make_record, make_wheel_file
from tests.corpus.cases import Case
from tests.corpus.zip_builder import (
    DATA_DESCRIPTOR,
    DEFLATED,
    FULL32,
    STORED,
    UNICODE_PATH,
    UTF_8,
    ZIP64,
    Entry,
    Fields,
    build_zip,
    extra,
    unicode_path,
    zip64,
)

FILENAME = "sample-1.0-py3-none-any.whl"
DIST_INFO = "sample-1.0.dist-info"
TEXT = b"ANSWER = 42\n" * 10
CRC = 0x12345678
_MODULE = "sample.py"


def wheel_entries(
    *odd: Entry,
    first: Entry | None = None,
    metadata: bytes | None = None,
    wheel: bytes | None = None,
    record: bytes | None = None,
    left_out: Iterable[str] = (),
    method: int = STORED,
) -> list[Entry]:
    """The members of a good wheel with odd ones after the first; RECORD lists them all."""
    entries = [
        first or Entry(name=_MODULE, data=TEXT, method=method),
        *odd,
        Entry(name=f"{DIST_INFO}/METADATA", data=metadata or make_metadata(), method=method),
        Entry(name=f"{DIST_INFO}/WHEEL", data=wheel or make_wheel_file(), method=method),
    ]
    listed = {e.name: e.data for e in entries if e.listed and not e.name.endswith("/")}
    content = make_record(listed, DIST_INFO) if record is None else record
    entries.append(Entry(name=f"{DIST_INFO}/RECORD", data=content, method=method))
    return [entry for entry in entries if entry.name not in left_out]


def _of(*odd: Entry) -> Callable[[], bytes]:
    """A wheel with odd members."""
    return lambda: build_zip(wheel_entries(*odd))


def _refused(rule: str, name: str, code: str, build: Callable[[], bytes]) -> Case:
    return Case(rule, name, FILENAME, build, codes=(code,))


def _odd(rule: str, name: str, code: str, *odd: Entry) -> Case:
    return _refused(rule, name, code, _of(*odd))


def _end(name: str, code: str = "zip-end-record", **said: int) -> Case:
    return _refused("U-106", name, code, lambda: build_zip(wheel_entries(), end=said))


def _end64(name: str, *, locator: bool = True, **said: int) -> Case:
    def build() -> bytes:
        return build_zip(wheel_entries(), end64=said, locator=locator)

    return _refused("U-106", name, "zip-end-record", build)


def _named(rule: str, name: str, code: str, member: str) -> Case:
    return _odd(rule, name, code, Entry(name=member, data=TEXT))


def _flagged(name: str, flags: int) -> Case:
    return _odd("U-108", name, "zip-encrypted", Entry(name="a", data=TEXT, flags=flags))


def _kind(name: str, code: str, mode: int) -> Case:
    odd = Entry(name="a", data=TEXT, central={"attributes": mode << 16})
    return _odd("U-108", name, code, odd)


def _extra(name: str, code: str, field: bytes, **changes: int) -> list[Case]:
    """An extra field that is refused in either header."""
    fields: Fields = {"extra": field, **changes}
    return [
        _odd("U-104", f"{name}-in-front", code, Entry(name="a", data=TEXT, local=fields)),
        _odd("U-104", f"{name}-in-the-directory", code, Entry(name="a", data=TEXT, central=fields)),
    ]


def _descriptor(signature: bytes, data: bytes) -> bytes:
    return signature + struct.pack("<3L", CRC, len(data), len(data))


_STREAMED = {"packed": 0, "unpacked": 0, "crc": 0, "flags": UTF_8 | DATA_DESCRIPTOR}
_SIZE = len(TEXT)

FRAMING_REFUSED = [
    _odd(
        "U-100",
        "data-descriptor",
        "zip-data-descriptor",
        Entry(
            name="a",
            data=TEXT,
            flags=UTF_8 | DATA_DESCRIPTOR,
            local=_STREAMED,
            after=_descriptor(b"PK\x07\x08", TEXT),
        ),
    ),
    _odd(
        "U-100",
        "data-descriptor-without-signature",
        "zip-data-descriptor",
        Entry(
            name="a",
            data=TEXT,
            flags=UTF_8 | DATA_DESCRIPTOR,
            local=_STREAMED,
            after=_descriptor(b"", TEXT),
        ),
    ),
    _odd(
        "U-100",
        "data-descriptor-announced-but-absent",
        "zip-data-descriptor",
        Entry(name="a", data=TEXT, flags=UTF_8 | DATA_DESCRIPTOR),
    ),
    _odd(
        "U-100",
        "data-descriptor-of-an-empty-directory",
        "zip-data-descriptor",
        Entry(name="a/", flags=UTF_8 | DATA_DESCRIPTOR),
    ),
    _odd(
        "U-101",
        "name-twice",
        "zip-duplicate-name",
        Entry(name="a", data=TEXT),
        Entry(name="a", data=TEXT),
    ),
    _odd(
        "U-101",
        "name-twice-in-local-headers",
        "zip-unlisted-member",
        Entry(name="a", data=b"hidden", listed=False),
        Entry(name="a", data=TEXT),
    ),
    Case(
        "U-101",
        "name-twice-in-the-directory",
        FILENAME,
        lambda: build_zip(
            wheel_entries(
                Entry(name="a", data=TEXT),
                Entry(name="a", data=TEXT, stored=False, central={"offset": _offset_of_second()}),
            )
        ),
        codes=("zip-duplicate-name", "zip-members-overlap"),
    ),
    _odd(
        "U-101",
        "unlisted-member",
        "zip-unlisted-member",
        Entry(name="hidden.py", data=TEXT, listed=False),
    ),
    _refused(
        "U-101",
        "unlisted-member-first",
        "zip-unlisted-member",
        lambda: build_zip(
            [Entry(name="hidden.py", data=TEXT, listed=False), *wheel_entries()],
        ),
    ),
    _refused(
        "U-101",
        "unlisted-member-last",
        "zip-unlisted-member",
        lambda: build_zip(
            [*wheel_entries(), Entry(name="hidden.py", data=TEXT, listed=False)],
        ),
    ),
    _refused(
        "U-101",
        "member-that-is-not-there",
        "zip-member-missing",
        lambda: build_zip(
            [*wheel_entries(record=_record_with("a")), Entry(name="a", data=TEXT, stored=False)]
        ),
    ),
    _odd(
        "U-101",
        "other-name-in-the-local-header",
        "zip-names-differ",
        Entry(name="a", data=TEXT, local={"name": b"b"}),
    ),
    _odd(
        "U-101",
        "longer-name-in-the-local-header",
        "zip-names-differ",
        Entry(name="a", data=TEXT, local={"name": b"aa"}),
    ),
    _odd(
        "U-101",
        "members-that-overlap",
        "zip-members-overlap",
        Entry(name="a", data=b"A" * 100, local={"packed": 200}, central={"packed": 200}),
    ),
    _odd(
        "U-102",
        "other-packed-size",
        "zip-sizes-differ",
        Entry(name="a", data=TEXT, local={"packed": _SIZE - 1}),
    ),
    _odd(
        "U-102",
        "other-unpacked-size",
        "zip-sizes-differ",
        Entry(name="a", data=TEXT, method=DEFLATED, local={"unpacked": _SIZE - 1}),
    ),
    _odd(
        "U-102",
        "sizes-left-out",
        "zip-sizes-differ",
        Entry(name="a", data=TEXT, local={"packed": 0, "unpacked": 0}),
    ),
    _odd(
        "U-102",
        "other-size-in-zip64",
        "zip-sizes-differ",
        Entry(
            name="a",
            data=TEXT,
            local={"packed": FULL32, "unpacked": FULL32, "extra": zip64(_SIZE, _SIZE + 2**32)},
        ),
    ),
    _odd(
        "U-102",
        "other-checksum",
        "zip-headers-differ",
        Entry(name="a", data=TEXT, local={"crc": CRC}),
    ),
    _odd(
        "U-102",
        "other-method",
        "zip-headers-differ",
        Entry(name="a", data=TEXT, local={"method": DEFLATED}),
    ),
    _odd(
        "U-102",
        "other-charset",
        "zip-headers-differ",
        Entry(name="\u00fc", data=TEXT, local={"flags": 0}),
    ),
    *(
        _named("U-103", f"control-character-{ord(char):02x}", "zip-name-characters", f"a{char}b")
        for char in "\0\x01\t\n\x1f\x7f"
    ),
    Case(
        "U-103",
        "name-not-in-utf-8",
        FILENAME,
        _of(Entry(name="caf\udce9", data=TEXT, flags=0)),
        codes=("zip-name-characters", "wheel-record-invalid"),
        warned=("zip-name-charset",),
    ),
    *(
        _odd(
            "U-103",
            f"unicode-path-{name}",
            "zip-unicode-path",
            Entry(name="a", data=TEXT, local={"extra": unicode_path(path, b"a")}),
        )
        for name, path in (("elsewhere", b"b"), ("with-a-nul", b"a\0"), ("not-in-utf-8", b"a\xff"))
    ),
    _odd(
        "U-103",
        "unicode-path-in-the-directory",
        "zip-unicode-path",
        Entry(name="a", data=TEXT, central={"extra": unicode_path(b"b", b"a")}),
    ),
    _odd(
        "U-103",
        "unicode-path-cut-off",
        "zip-unicode-path",
        Entry(name="a", data=TEXT, local={"extra": extra((UNICODE_PATH, b"\x01"))}),
    ),
    *_extra("zip64-twice", "zip-extra-duplicate", zip64(_SIZE, _SIZE) * 2),
    *_extra("unicode-path-twice", "zip-extra-duplicate", unicode_path(b"a", b"a") * 2),
    *_extra("half-a-header", "zip-extra-truncated", b"\x99"),
    *_extra("zero-padding", "zip-extra-truncated", extra((0x7777, b"ab")) + bytes(3)),
    *_extra("content-cut-off", "zip-extra-truncated", extra((0x7777, b"abcd"))[:-1]),
    *_extra("too-many", "zip-extra-fields", extra((0x7777, b"")) * 33),
    *(
        case
        for length in (1, 4, 12, 20, 23, 25, 32)
        for case in _extra(
            f"zip64-of-{length}-bytes", "zip-zip64-extra", extra((ZIP64, bytes(length)))
        )
    ),
    *_extra("zip64-empty-but-needed", "zip-zip64-extra", extra((ZIP64, b"")), unpacked=FULL32),
    *_extra("zip64-missing", "zip-zip64-extra", b"", packed=FULL32),
    *_extra("zip64-contradicts-a-size", "zip-zip64-extra", zip64(_SIZE + 1, _SIZE)),
    *_extra("zip64-read-in-two-ways", "zip-zip64-extra", zip64(_SIZE + 1, _SIZE), packed=FULL32),
    *_extra("zip64-on-another-disk", "zip-zip64-extra", zip64(_SIZE, _SIZE, 0, disk=b"\1\0\0\0")),
    _odd(
        "U-104",
        "zip64-of-one-size-for-two",
        "zip-zip64-extra",
        Entry(
            name="a",
            data=TEXT,
            method=DEFLATED,
            local={"unpacked": FULL32, "packed": FULL32, "extra": zip64(_SIZE)},
        ),
    ),
    _odd(
        "U-105",
        "comment-of-a-member",
        "zip-member-comment",
        Entry(name="a", data=TEXT, central={"comment": b"PK\x05\x06"}),
    ),
    _end("fewer-members", here=3, count=3),
    _end("more-members", here=5, count=5),
    _end("other-count-on-this-disk", here=3),
    _end("larger-directory", size=10_000),
    _end("smaller-directory", size=10),
    _end("other-offset", start=0),
    _end("offset-outside", start=FULL32 - 1),
    _end("second-disk", disk=1),
    _end("directory-on-second-disk", directory_disk=1),
    _refused(
        "U-106",
        "bytes-between-directory-and-end",
        "zip-end-record",
        lambda: build_zip(wheel_entries(), before_end=b"PK\x05\x05\0\0"),
    ),
    _end64("zip64-with-extensible-data", length=64, extension=20),
    _end64("zip64-with-another-length", length=45),
    _end64("zip64-without-its-locator", locator=False),
    _end64("zip64-locator-elsewhere", at=0),
    _end64("zip64-of-two-disks", disks=2),
    _end64("zip64-on-second-disk", disk=1),
    _end64("zip64-with-other-count", here=5, count=5),
    _end64("zip64-with-other-size", size=1),
    _refused(
        "U-106",
        "two-end-records-that-differ",
        "zip-end-record",
        lambda: build_zip(wheel_entries(), end={"count": 3, "here": 3}, end64={}),
    ),
    _refused(
        "U-107",
        "bytes-before",
        "zip-leading-bytes",
        lambda: b"#!/bin/sh\n" + build_zip(wheel_entries()),
    ),
    _refused(
        "U-107",
        "bytes-before-that-the-offsets-count",
        "zip-leading-bytes",
        lambda: build_zip(wheel_entries(), prefix=b"#!/bin/sh\n"),
    ),
    _refused(
        "U-107",
        "end-record-before",
        "zip-unknown-record",
        lambda: build_zip(wheel_entries(), prefix=build_zip([])),
    ),
    _odd(
        "U-107",
        "bytes-between-members",
        "zip-unknown-record",
        Entry(name="a", data=TEXT, before=bytes(12)),
    ),
    _odd(
        "U-107",
        "encryption-header",
        "zip-unknown-record",
        Entry(name="a", data=TEXT, after=b"PK\x06\x08" + bytes(8)),
    ),
    _refused(
        "U-107",
        "archive-extra-data",
        "zip-unknown-record",
        lambda: build_zip(
            wheel_entries(), before_directory=b"PK\x06\x08" + struct.pack("<L", 4) + b"data"
        ),
    ),
    _refused(
        "U-107",
        "second-directory",
        "zip-unknown-record",
        lambda: build_zip(wheel_entries(), before_directory=build_zip([Entry(name="a")])[31:]),
    ),
    _refused(
        "U-107",
        "bytes-after",
        "zip-trailing-bytes",
        lambda: build_zip(wheel_entries(), suffix=b"\0"),
    ),
    _refused(
        "U-107",
        "archive-after",
        "zip-end-record",
        lambda: build_zip(wheel_entries()) + build_zip(wheel_entries()),
    ),
    _refused(
        "U-107",
        "archive-in-the-comment",
        "zip-end-record",
        lambda: build_zip(wheel_entries(), comment=build_zip(wheel_entries())),
    ),
    _refused(
        "U-107",
        "comment-of-another-length",
        "zip-trailing-bytes",
        lambda: build_zip(wheel_entries(), comment=b"comment", end={"comment_length": 6}),
    ),
    *(
        _named("U-108", name, "zip-member-path", path)
        for name, path in (
            ("absolute", "/etc/passwd"),
            ("absolute-for-windows", "\\etc\\passwd"),
            ("drive", "C:/a"),
            ("relative-to-a-drive", "c:a"),
            ("parent", "../a"),
            ("parent-inside", "a/../../b"),
            ("parent-at-the-end", "a/.."),
            ("backslash", "a\\b"),
            ("parent-with-backslashes", "..\\a"),
            ("share", "//server/share/a"),
            ("empty-part", "a//b"),
            ("part-that-is-a-dot", "a/./b"),
            ("leading-dot", "./a"),
            ("empty", ""),
        )
    ),
    _named("U-108", "long-part", "zip-name-too-long", f"a/{'b' * 256}/c"),
    _kind("symlink", "zip-symlink", 0o120777),
    _kind("device", "zip-member-kind", 0o020666),
    _kind("pipe", "zip-member-kind", 0o010666),
    _odd(
        "U-108", "directory-with-content", "zip-directory-content", Entry(name="a/", data=b"hidden")
    ),
    _flagged("encrypted", UTF_8 | 0x0001),
    _flagged("strongly-encrypted", UTF_8 | 0x0040),
    _flagged("with-masked-headers", UTF_8 | 0x2000),
    _odd(
        "U-108",
        "of-a-newer-format",
        "zip-version",
        Entry(name="a", data=TEXT, local={"version": 64}, central={"version": 64}),
    ),
    _odd("U-108", "patch", "zip-patch-data", Entry(name="a", data=TEXT, flags=UTF_8 | 0x0020)),
    _odd(
        "U-108",
        "file-used-as-directory",
        "zip-path-conflict",
        Entry(name="a", data=TEXT),
        Entry(name="a-b", data=TEXT),
        Entry(name="a/b", data=TEXT),
    ),
    _odd(
        "U-108",
        "file-and-directory",
        "zip-path-conflict",
        Entry(name="a/"),
        Entry(name="a", data=TEXT),
    ),
]


def _offset_of_second() -> int:
    """Where the member after the first one begins."""
    return len(build_zip(wheel_entries()[:1])) - len(build_zip([])) - 46 - len(_MODULE)


def _record_with(name: str) -> bytes:
    entries = wheel_entries()[:-1]
    return make_record({e.name: e.data for e in entries} | {name: TEXT}, DIST_INFO)


def _accepted(rule: str, name: str, build: Callable[[], bytes], *warned: str) -> Case:
    return Case(rule, name, FILENAME, build, warned=warned)


def _taken(name: str, *odd: Entry) -> Case:
    return _accepted("U-109", name, _of(*odd))


FRAMING_ACCEPTED = [
    Case(
        "U-109",
        "empty-archive",
        FILENAME,
        lambda: build_zip([]),
        codes=("wheel-dist-info-missing",),
    ),
    _taken("stored"),
    _accepted("U-109", "deflated", lambda: build_zip(wheel_entries(method=DEFLATED))),
    _taken("empty-file", Entry(name="a")),
    _taken("empty-deflated-file", Entry(name="a", method=DEFLATED)),
    _taken("directory", Entry(name="a/"), Entry(name="a/b/"), Entry(name="a/b/c", data=TEXT)),
    _taken("deflated-directory", Entry(name="a/", method=DEFLATED)),
    _taken("name-in-utf-8", Entry(name="\u00fcml\u00e4ut/\u6587.py", data=TEXT)),
    _taken("levels-of-compression", Entry(name="a", data=TEXT, method=DEFLATED, flags=UTF_8 | 6)),
    _accepted("U-109", "comment", lambda: build_zip(wheel_entries(), comment=b"c" * 0xFFFF)),
    _accepted("U-109", "zip64-end-record", lambda: build_zip(wheel_entries(), end64={})),
    _accepted(
        "U-109",
        "zip64-end-record-and-comment",
        lambda: build_zip(wheel_entries(), end64={}, comment=b"comment"),
    ),
    _taken(
        "zip64-sizes",
        Entry(
            name="a",
            data=TEXT,
            local={"packed": FULL32, "unpacked": FULL32, "extra": zip64(_SIZE, _SIZE)},
            central={"packed": FULL32, "unpacked": FULL32, "extra": zip64(_SIZE, _SIZE)},
        ),
    ),
    _taken(
        "zip64-sizes-in-the-local-header",
        Entry(
            name="a",
            data=TEXT,
            local={"packed": FULL32, "unpacked": FULL32, "extra": zip64(_SIZE, _SIZE)},
        ),
    ),
    _taken(
        "short-sizes-with-zip64", Entry(name="a", data=TEXT, local={"extra": zip64(_SIZE, _SIZE)})
    ),
    _taken(
        "short-sizes-with-zip64-in-both-headers",
        Entry(
            name="a",
            data=TEXT,
            local={"extra": zip64(_SIZE, _SIZE)},
            central={"extra": zip64(_SIZE, _SIZE)},
        ),
    ),
    _taken(
        "one-zip64-size-of-stored-data",
        Entry(
            name="a",
            data=TEXT,
            local={"packed": FULL32, "unpacked": FULL32, "extra": zip64(_SIZE)},
        ),
    ),
    _taken("empty-zip64", Entry(name="a", data=TEXT, local={"extra": zip64()})),
    _taken(
        "zip64-with-an-offset", Entry(name="a", data=TEXT, local={"extra": zip64(_SIZE, _SIZE, 7)})
    ),
    _taken(
        "zip64-with-a-disk",
        Entry(name="a", data=TEXT, local={"extra": zip64(_SIZE, _SIZE, 7, disk=bytes(4))}),
    ),
    _taken(
        "other-extras",
        Entry(
            name="a",
            data=TEXT,
            local={"extra": extra((0x5455, b"\x03" + bytes(8)), (0x7875, bytes(11)))},
            central={"extra": extra((0x5455, b"\x03" + bytes(4)), (0x7875, bytes(11)))},
        ),
    ),
    _taken(
        "unicode-path",
        Entry(
            name="a",
            data=TEXT,
            local={"extra": unicode_path(b"a", b"a")},
            central={"extra": unicode_path(b"a", b"a")},
        ),
    ),
    _accepted(
        "U-109",
        "directory-in-another-order",
        lambda: build_zip(_reordered()),
    ),
    _accepted(
        "U-103",
        "name-in-utf-8-that-does-not-say-so",
        _of(Entry(name="caf\u00e9", data=TEXT, flags=0)),
        "zip-name-charset",
    ),
    _accepted(
        "U-108",
        "names-equal-but-for-case",
        _of(Entry(name="readme", data=TEXT), Entry(name="README", data=TEXT)),
        "zip-names-collide",
    ),
    _accepted(
        "U-108",
        "names-equal-but-for-composition",
        _of(Entry(name="\u00fc", data=TEXT), Entry(name="u\u0308", data=TEXT)),
        "zip-names-collide",
    ),
    *(
        _accepted("U-108", f"harmless-{name}", _of(Entry(name=path, data=TEXT)))
        for name, path in (
            ("dots", "a/..b"),
            ("three-dots", "a/.../b"),
            ("hidden", ".a"),
            ("space", "a b"),
            ("colon", "a/b:c"),
            ("long-part", "b" * 255),
        )
    ),
]


def _reordered() -> list[Entry]:
    """The directory lists the last member first."""
    entries = wheel_entries()
    offset = 0
    offsets = []
    for entry in entries:
        offsets.append(offset)
        offset += 30 + len(entry.name.encode()) + len(entry.packed)
    last = entries[-1]
    listed_first = Entry(
        name=last.name, data=last.data, stored=False, central={"offset": offsets[-1]}
    )
    stored_last = Entry(name=last.name, data=last.data, listed=False)
    return [listed_first, *entries[:-1], stored_last]


def _described(rule: str, name: str, *headers: str, code: str | None = None) -> Case:
    """A wheel with certain lines in its metadata."""
    pairs = [(name, value) for name, _, value in (header.partition(": ") for header in headers)]

    def build() -> bytes:
        metadata = make_metadata(metadata_version="2.4", extra_headers=pairs)
        return build_zip(wheel_entries(Entry(name=_LICENSE, data=b"MIT"), metadata=metadata))

    return Case(rule, name, FILENAME, build, codes=(code,) if code else ())


_LICENSE = f"{DIST_INFO}/licenses/LICENSE"


def _with_file(
    rule: str, name: str, file: str, content: bytes, code: str | None = None, *warned: str
) -> Case:
    odd = Entry(name=f"{DIST_INFO}/{file}", data=content)
    return Case(rule, name, FILENAME, _of(odd), codes=(code,) if code else (), warned=warned)


def _wheel_file(name: str, content: bytes, code: str | None = None, *warned: str) -> Case:
    def build() -> bytes:
        return build_zip(wheel_entries(wheel=content))

    return Case("U-91", name, FILENAME, build, codes=(code,) if code else (), warned=warned)


def _record(name: str, change: Callable[[bytes], bytes], code: str = "", *warned: str) -> Case:
    def build() -> bytes:
        good = wheel_entries()[-1].data
        return build_zip(wheel_entries(record=change(good)))

    return Case("U-88", name, FILENAME, build, codes=(code,) if code else (), warned=warned)


def _without(rule: str, name: str, code: str) -> Case:
    return _refused(
        rule,
        f"without-{name.lower()}",
        code,
        lambda: build_zip(wheel_entries(left_out=[f"{DIST_INFO}/{name}"])),
    )


def _polyglot() -> bytes:
    """A zip whose first 512 bytes are the header of a member of a tar as well."""
    unsigned = Entry(name=_MODULE, data=bytes(600), local={"crc": 0}, central={"crc": 0})
    block = build_zip(wheel_entries(first=unsigned))[:512]
    checksum = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 8 * 0x20)
    at = 148 - 30 - len(_MODULE)
    data = bytes(at) + checksum + bytes(600 - at - len(checksum))
    return build_zip(wheel_entries(first=replace(unsigned, data=data)))


CONTENT = [
    _described("U-53", "license-file", "License-File: LICENSE"),
    _described("U-53", "license-file-missing", "License-File: NOTICE", code="license-file-missing"),
    _described(
        "U-53", "license-file-outside", "License-File: ../LICENSE", code="license-file-path"
    ),
    _refused(
        "U-80",
        "bzip2",
        "zip-compression-method",
        lambda: build_zip(
            wheel_entries(Entry(name="a", data=bz2.compress(TEXT), method=12)),
        ),
    ),
    _without("U-82", "WHEEL", "wheel-wheel-file-missing"),
    _without("U-90", "METADATA", "wheel-metadata-file-missing"),
    _without("U-88", "RECORD", "wheel-record-file-missing"),
    _odd(
        "U-82",
        "second-dist-info",
        "wheel-dist-info-ambiguous",
        Entry(name="other-1.0.dist-info/METADATA", data=TEXT),
    ),
    _record("record-is-binary", lambda _: b"\xff\xfe", "wheel-record-invalid"),
    _record("record-is-no-csv", lambda good: good + b'"a"b,,\n', "wheel-record-invalid"),
    _record("record-is-unfinished", lambda good: good + b'"a,,\n', "wheel-record-invalid"),
    _record("record-with-a-huge-field", lambda _: b"a" * 200_000, "wheel-record-invalid"),
    _record(
        "unlisted-file",
        lambda good: good.replace(b"sample.py,", b"other.py,"),
        "wheel-record-mismatch",
    ),
    _record("listed-file-missing", lambda good: good + b"absent.py,,\n", "wheel-record-mismatch"),
    _record("record-is-empty", lambda _: b"", "wheel-record-mismatch"),
    _record("record-of-itself-left-out", lambda good: good.rpartition(b"sample-1.0")[0]),
    _record("record-with-crlf", lambda good: good.replace(b"\n", b"\r\n")),
    _record("record-with-empty-lines", lambda good: good.replace(b"\n", b"\n\n")),
    _record(
        "record-with-backslashes",
        lambda good: good.replace(b"dist-info/", b"dist-info\\"),
    ),
    _record("record-with-directories", lambda good: good + b"sample/,,\n"),
    _record("signatures-listed", lambda good: good + f"{DIST_INFO}/RECORD.jws,,\n".encode()),
    _with_file("U-88", "signature-unlisted", "RECORD.p7s", b"signature"),
    _record(
        "other-hash",
        lambda good: good.replace(b"sample.py,sha256=", b"sample.py,sha256=AAAA"),
        "",
        "wheel-record-hash-differs",
    ),
    _record(
        "hash-that-is-none",
        lambda good: good.replace(b"sample.py,sha256=", b"sample.py,sha256=\xc3\xbc"),
        "",
        "wheel-record-hash-differs",
    ),
    _record(
        "weak-hash",
        lambda good: good.replace(b"sample.py,sha256=", b"sample.py,md5="),
        "",
        "wheel-record-hash-missing",
    ),
    _record(
        "no-hash-and-size",
        lambda good: b"sample.py\n" + good.partition(b"\n")[2],
        "",
        "wheel-record-hash-missing",
    ),
    _record(
        "other-size",
        lambda good: good.replace(b",120\n", b",121\n"),
        "",
        "wheel-record-size-differs",
    ),
    _refused(
        "U-88",
        "content-with-another-checksum",
        "zip-damaged",
        lambda: build_zip(
            wheel_entries(Entry(name="a", data=TEXT, local={"crc": CRC}, central={"crc": CRC}))
        ),
    ),
    _refused(
        "U-88",
        "content-with-another-size",
        "zip-damaged",
        lambda: build_zip(
            wheel_entries(
                Entry(
                    name="a",
                    data=TEXT,
                    method=DEFLATED,
                    local={"unpacked": _SIZE + 1},
                    central={"unpacked": _SIZE + 1},
                )
            )
        ),
    ),
    _with_file(
        "U-89",
        "entry-points",
        "entry_points.txt",
        b"# commands\n[console_scripts]\nrun.me-now = sample:run [extra]\n\n"
        b"[sample.plugins]\nany thing at all = sample\n",
    ),
    _with_file(
        "U-89",
        "indented-entry-points",
        "entry_points.txt",
        b"\n  [console_scripts]\n  run = sample:run\n  stop =\n    sample:stop\n",
    ),
    *(
        _with_file("U-89", name, "entry_points.txt", content, "entry-points-invalid")
        for name, content in (
            ("entry-points-not-in-utf-8", b"[console_scripts]\n\xff = sample:run\n"),
            ("entry-point-without-section", b"run = sample:run\n"),
            ("entry-point-without-value", b"[console_scripts]\nrun\n"),
            ("entry-point-with-a-colon", b"[console_scripts]\nrun: sample\n"),
            ("entry-point-without-name", b"[console_scripts]\n= sample:run\n"),
            ("entry-point-twice", b"[a]\nrun = sample\nrun = sample\n"),
            ("section-twice", b"[a]\n[b]\n[a]\n"),
            ("section-without-name", b"[]\n"),
            ("section-unfinished", b"[console_scripts\nrun = sample:run\n"),
        )
    ),
    *(
        _with_file(
            "U-89",
            f"command-{name}",
            "entry_points.txt",
            f"[{group}]\n{command} = sample:run\n".encode(),
            "entry-point-name",
        )
        for name, group, command in (
            ("that-is-a-path", "console_scripts", "../run"),
            ("with-a-space", "console_scripts", "run me"),
            ("with-a-backslash", "gui_scripts", "a\\b"),
        )
    ),
    _wheel_file("wheel-without-version", b"Tag: py3-none-any\n", "wheel-version-invalid"),
    _wheel_file(
        "wheel-with-two-versions",
        b"Wheel-Version: 1.0\nWheel-Version: 1.1\nTag: py3-none-any\n",
        "wheel-version-invalid",
    ),
    _wheel_file(
        "wheel-with-odd-version",
        b"Wheel-Version: one\nTag: py3-none-any\n",
        "wheel-version-invalid",
    ),
    _wheel_file(
        "wheel-of-version-2",
        b"Wheel-Version: 2.0\nTag: py3-none-any\n",
        "wheel-version-unsupported",
    ),
    _wheel_file("wheel-of-version-1.9", b"Wheel-Version: 1.9\r\nTag: py3-none-any\r\n"),
    _wheel_file(
        "other-tags", b"Wheel-Version: 1.0\nTag: py2-none-any\n", None, "wheel-tags-differ"
    ),
    _wheel_file(
        "odd-lines",
        b"Wheel-Version: 1.0\nTag: any\nnonsense\n",
        None,
        "wheel-tags-differ",
    ),
    _wheel_file("no-tags", b"Wheel-Version: 1.0\n", None, "wheel-tags-differ"),
    _wheel_file(
        "build-that-the-filename-lacks",
        b"Wheel-Version: 1.0\nBuild: 1\nTag: py3-none-any\n",
        None,
        "wheel-build-differs",
    ),
    Case(
        "U-91",
        "build-that-only-the-filename-has",
        "sample-1.0-1-py3-none-any.whl",
        lambda: build_zip(wheel_entries()),
        warned=("wheel-build-differs",),
    ),
    Case(
        "U-91",
        "compressed-tags",
        "sample-1.0-py2.py3-none-any.whl",
        lambda: build_zip(wheel_entries(wheel=b"Wheel-Version: 1.0\nTag: py2.py3-none-any\n")),
    ),
    Case(
        "U-78",
        "zip-that-is-a-tar",
        FILENAME,
        _polyglot,
        codes=("archive-ambiguous",),
    ),
]


WHEELS = [*FRAMING_REFUSED, *FRAMING_ACCEPTED, *CONTENT]
