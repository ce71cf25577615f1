from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.router import Router

class NewRequest:
    request: Request
    def __init__(self, request: Request) -> None: ...

class NewResponse:
    request: Request
    response: Response
    def __init__(self, request: Request, response: Response) -> None: ...

class BeforeTraversal:
    request: Request
    def __init__(self, request: Request) -> None: ...

class ContextFound:
    request: Request
    def __init__(self, request: Request) -> None: ...

class ApplicationCreated:
    app: Router
    def __init__(self, app: Router) -> None: ...

class BeforeRender(dict[str, Any]):
    rendering_val: Any
