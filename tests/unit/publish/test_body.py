"""Reading a multipart body, however its bytes arrive (U-06, U-07)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockroom.errors import BadRequest, ContentTooLarge
from stockroom.publish.body import MAX_FIELD_BYTES, MOST_SHOWN, Received, read_upload
from tests.support.uploads import FORM, Part, encode, file_part

CONTENT = b"\r\n--not the boundary\r\n" * 20
PARTS = [
    Part("name", b"demo"),
    Part("classifiers", b"A :: B"),
    file_part("demo.whl", CONTENT),
    Part("classifiers", "\u00e9".encode()),
    Part("description", b"several\r\nlines\r\n"),
]
BODY = encode(PARTS)


class StagedInMemory:
    """A staged blob that is only looked at."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self.sizes: list[int] = []

    @property
    def file(self) -> BinaryIO:
        return self._file

    def write(self, data: bytes | bytearray) -> None:
        self.sizes.append(len(data))
        self._file.write(data)

    def prepare(self, sha256: str) -> None:
        raise AssertionError("reading a body prepares nothing")

    def publish(self) -> None:
        raise AssertionError("reading a body publishes nothing")

    def discard(self) -> None:
        raise AssertionError("reading a body discards nothing")


class Trickle:
    """A stream that gives the body in pieces of the given sizes, in turn."""

    def __init__(self, body: bytes, sizes: Sequence[int]) -> None:
        self._body = io.BytesIO(body)
        self._sizes = self._endless(sizes)

    def read(self, size: int) -> bytes:
        return self._body.read(min(size, next(self._sizes)))

    @staticmethod
    def _endless(sizes: Sequence[int]) -> Iterator[int]:
        while True:
            yield from sizes


def read(body: bytes, *, sizes: Sequence[int] = (1 << 20,), length: int | None = -1) -> Received:
    environ: dict[str, Any] = {"CONTENT_TYPE": FORM, "wsgi.input": Trickle(body, sizes)}
    if length is not None:
        environ["CONTENT_LENGTH"] = str(len(body) if length < 0 else length)
    return read_upload(environ, StagedInMemory)


def assert_whole(received: Received) -> None:
    assert received.fields == {
        "name": ["demo"],
        "classifiers": ["A :: B", "\u00e9"],
        "description": ["several\r\nlines\r\n"],
    }
    assert received.file is not None
    staged = received.file.staged
    assert isinstance(staged, StagedInMemory)
    staged.file.seek(0)
    assert staged.file.read() == CONTENT
    assert (received.file.filename, received.file.size) == ("demo.whl", len(CONTENT))
    assert received.violations == []


@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 200), min_size=1, max_size=8))
def test_u06_a_body_may_arrive_in_pieces_of_any_size(sizes: list[int]) -> None:
    assert_whole(read(BODY, sizes=sizes))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_u06_a_body_may_arrive_byte_by_byte(size: int) -> None:
    assert_whole(read(BODY, sizes=[size]))


def test_u07_without_a_length_the_end_of_the_stream_is_the_end() -> None:
    assert_whole(read(BODY, length=None))


def test_u07_what_follows_the_announced_length_is_not_read() -> None:
    stream = Trickle(BODY + b"the next request", [1 << 20])

    read_upload(
        {"CONTENT_TYPE": FORM, "CONTENT_LENGTH": str(len(BODY)), "wsgi.input": stream},
        StagedInMemory,
    )

    assert stream.read(100) == b"the next request"


@pytest.mark.parametrize("missing", [3, 4, len(BODY) // 2, len(BODY)])
@pytest.mark.parametrize("announced", [True, False])
def test_u07_a_body_that_stops_is_refused(missing: int, announced: bool) -> None:
    length = len(BODY) if announced else None

    with pytest.raises(BadRequest, match="ends too early"):
        read(BODY[: len(BODY) - missing], length=length)


def test_u73_every_digest_is_of_the_file_alone() -> None:
    received = read(BODY)

    assert received.file is not None
    file = received.file
    assert {name: file.digest(name) for name in ("sha256", "blake2_256", "md5", "sha512")} == {
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "blake2_256": hashlib.blake2b(CONTENT, digest_size=32).hexdigest(),
        "md5": hashlib.md5(CONTENT).hexdigest(),
        "sha512": hashlib.sha512(CONTENT).hexdigest(),
    }


def test_u06_an_empty_file_has_digests_too() -> None:
    received = read(encode([file_part("demo.whl", b"")]))

    assert received.file is not None
    assert received.file.sha256 == hashlib.sha256(b"").hexdigest()


def test_u06_the_file_is_written_in_pieces() -> None:
    received = read(encode([file_part("demo.whl", bytes(3_000_000))]))

    assert received.file is not None
    staged = received.file.staged
    assert isinstance(staged, StagedInMemory)
    assert max(staged.sizes) <= 300_000


def test_u06_the_bound_is_noticed_before_the_whole_field_is_read() -> None:
    stream = Trickle(encode([Part("description", bytes(2 * MAX_FIELD_BYTES))]), [1 << 20])

    with pytest.raises(ContentTooLarge):
        read_upload({"CONTENT_TYPE": FORM, "wsgi.input": stream}, StagedInMemory)

    assert len(stream.read(1 << 20)) == 1 << 20


def test_u25_only_some_of_many_wrong_parts_are_told() -> None:
    received = read(encode([Part(f"field{number}", b"", "file") for number in range(100)]))

    assert len(received.violations) == MOST_SHOWN


def test_u30_a_wrong_part_is_told_by_a_readable_name() -> None:
    received = read(encode([Part("a%0D%0Ab\x1b", b"", "file")]))

    assert received.violations[0].message == r"the field 'a\r\nb\x1b' must be text, not a file"
