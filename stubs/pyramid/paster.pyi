from collections.abc import Mapping
from typing import Any

from pyramid.request import Request
from pyramid.router import Router

def setup_logging(config_uri: str, global_conf: Mapping[str, str] | None = None) -> None: ...
def get_app(
    config_uri: str, name: str | None = None, options: Mapping[str, str] | None = None
) -> Router: ...
def get_appsettings(
    config_uri: str, name: str | None = None, options: Mapping[str, str] | None = None
) -> dict[str, str]: ...
def bootstrap(
    config_uri: str,
    request: Request | None = None,
    options: Mapping[str, str] | None = None,
) -> dict[str, Any]: ...
