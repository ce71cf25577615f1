from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request

# At run time it only looks like a Request.
class DummyRequest(Request):
    def __init__(
        self,
        params: Mapping[str, Any] | None = None,
        environ: dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        path: str = "/",
        cookies: Mapping[str, str] | None = None,
        post: Any = None,
        accept: str | None = None,
        **kw: Any,
    ) -> None: ...

class DummyResource:
    __name__: str | None
    __parent__: Any
    def __init__(
        self,
        __name__: str | None = None,
        __parent__: Any = None,
        __provides__: Any = None,
        **kw: Any,
    ) -> None: ...

def setUp(
    registry: Registry | None = None,
    request: Request | None = None,
    hook_zca: bool = True,
    autocommit: bool = True,
    settings: dict[str, Any] | None = None,
    package: Any = None,
) -> Configurator: ...
def tearDown(unhook_zca: bool = True) -> None: ...
def testConfig(
    registry: Registry | None = None,
    request: Request | None = None,
    hook_zca: bool = True,
    autocommit: bool = True,
    settings: dict[str, Any] | None = None,
) -> AbstractContextManager[Configurator]: ...
