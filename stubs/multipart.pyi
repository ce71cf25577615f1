from collections.abc import Callable, Generator
from types import TracebackType
from typing import Self, TypeAlias

_ParserEvent: TypeAlias = MultipartSegment | bytes | None

class MultipartError(ValueError):
    http_status: int

class ParserError(MultipartError): ...
class StrictParserError(ParserError): ...
class ParserLimitReached(MultipartError): ...
class ParserStateError(MultipartError): ...

def parse_options_header(
    header: str,
    options: dict[str, str] | None = None,
    unquote: Callable[[str, bool], str] = ...,
) -> tuple[str, dict[str, str]]: ...

class PushMultipartParser:
    boundary: bytes
    content_length: int
    closed: bool
    error: MultipartError | None
    def __init__(
        self,
        boundary: str | bytes | bytearray,
        content_length: int = -1,
        max_header_size: int = 4224,
        max_header_count: int = 8,
        max_segment_size: float = ...,
        max_segment_count: float = ...,
        header_charset: str = "utf8",
        strict: bool = False,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None: ...
    def parse(self, chunk: bytes | bytearray) -> Generator[_ParserEvent]: ...
    def parse_blocking(
        self, read: Callable[[int], bytes | bytearray], chunk_size: int = 65536
    ) -> Generator[_ParserEvent]: ...
    def close(self, check_complete: bool = True) -> None: ...

class MultipartSegment:
    headerlist: list[tuple[str, str]]
    disposition: str | None
    name: str | None
    filename: str | None
    content_type: str | None
    charset: str | None
    bytes_received: int
    complete: bool
    @property
    def size(self) -> int: ...
    def header(self, name: str, default: str | None = None) -> str | None: ...
    def __getitem__(self, name: str) -> str: ...
