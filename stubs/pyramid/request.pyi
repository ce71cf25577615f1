from collections.abc import Callable
from types import TracebackType
from typing import Any, ClassVar, Generic, TypeVar

from pyramid.registry import Registry
from pyramid.response import Response
from pyramid.security import SecurityAPIMixin
from pyramid.url import URLMethodsMixin
from pyramid.urldispatch import Route
from pyramid.view import ViewMethodsMixin
from webob.request import BaseRequest

_T = TypeVar("_T")

class CallbackMethodsMixin:
    def add_response_callback(self, callback: Callable[[Any, Response], object]) -> None: ...
    def add_finished_callback(self, callback: Callable[[Any], object]) -> None: ...

class Request(
    BaseRequest,
    URLMethodsMixin,
    CallbackMethodsMixin,
    SecurityAPIMixin,
    ViewMethodsMixin,
):
    exception: Exception | None
    exc_info: tuple[type[BaseException], BaseException, TracebackType] | None
    # None until a route has matched.
    matchdict: dict[str, Any] | None
    matched_route: Route | None
    registry: Registry
    # What traversal found; a view states the class of its own context.
    context: Any
    root: Any
    view_name: str
    subpath: tuple[str, ...]
    traversed: tuple[str, ...]
    virtual_root: Any
    virtual_root_path: tuple[str, ...]
    @property
    def response(self) -> Response: ...
    @property
    def session(self) -> Any: ...
    def is_response(self, ob: object) -> bool: ...

class RequestLocalCache(Generic[_T]):
    NO_VALUE: ClassVar[Any]
    def __init__(self, creator: Callable[[Any], _T] | None = None) -> None: ...
    def get_or_create(self, request: Request, creator: Callable[[Any], _T] | None = None) -> _T: ...
    def get(self, request: Request, default: Any = ...) -> Any: ...
    def set(self, request: Request, value: _T) -> None: ...
    def clear(self, request: Request) -> Any: ...

def apply_request_extensions(request: Request, extensions: Any = None) -> None: ...
