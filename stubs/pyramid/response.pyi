from collections.abc import Iterator
from os import PathLike

from _typeshed import SupportsRead
from pyramid.request import Request
from webob import Response as _Response

class Response(_Response): ...

class FileResponse(Response):
    def __init__(
        self,
        path: str | PathLike[str],
        request: Request | None = None,
        cache_max_age: int | None = None,
        content_type: str | None = None,
        content_encoding: str | None = None,
    ) -> None: ...

class FileIter(Iterator[bytes]):
    def __init__(self, file: SupportsRead[bytes], block_size: int = 262144) -> None: ...
    def __next__(self) -> bytes: ...
    def close(self) -> None: ...
