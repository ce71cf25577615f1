from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

class JSON:
    def __init__(
        self,
        serializer: Callable[..., str] = ...,
        adapters: Any = (),
        **kw: Any,
    ) -> None: ...
    def add_adapter(self, type_or_iface: type, adapter: Callable[[Any, Request], Any]) -> None: ...

def render(
    renderer_name: str, value: Any, request: Request | None = None, package: Any = None
) -> str: ...
def render_to_response(
    renderer_name: str,
    value: Any,
    request: Request | None = None,
    package: Any = None,
    response: Response | None = None,
) -> Response: ...
