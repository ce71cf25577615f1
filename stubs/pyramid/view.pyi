from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from pyramid.response import Response

_F = TypeVar("_F", bound=Callable[..., Any])
_C = TypeVar("_C", bound=type)

class _ViewDecorator:
    def __call__(self, wrapped: _F) -> _F: ...

class view_config(_ViewDecorator):
    def __init__(
        self,
        *,
        name: str = ...,
        route_name: str = ...,
        context: Any = ...,
        permission: str = ...,
        request_method: str | tuple[str, ...] = ...,
        request_param: str | tuple[str, ...] = ...,
        renderer: str | None = ...,
        accept: str = ...,
        attr: str = ...,
        decorator: Any = ...,
        http_cache: Any = ...,
        require_csrf: bool = ...,
        **settings: Any,
    ) -> None: ...

class notfound_view_config(_ViewDecorator):
    def __init__(self, **settings: Any) -> None: ...

class forbidden_view_config(_ViewDecorator):
    def __init__(self, **settings: Any) -> None: ...

class exception_view_config(_ViewDecorator):
    def __init__(self, *args: Any, **settings: Any) -> None: ...

def view_defaults(**settings: Any) -> Callable[[_C], _C]: ...
def render_view_to_response(
    context: object, request: Any, name: str = "", secure: bool = True
) -> Response | None: ...

class ViewMethodsMixin:
    def invoke_exception_view(
        self,
        exc_info: tuple[type[BaseException], BaseException, TracebackType] | None = None,
        request: Any = None,
        secure: bool = True,
        reraise: bool = False,
    ) -> Response: ...
