from collections.abc import Callable, Iterable
from types import ModuleType, TracebackType
from typing import Any, Literal, Self, TypeAlias

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.router import Router

_Dotted: TypeAlias = str
_View: TypeAlias = Callable[..., Any] | _Dotted
_Names: TypeAlias = str | Iterable[str]

class Configurator:
    registry: Registry
    package: ModuleType
    package_name: str
    route_prefix: str | None
    def __init__(
        self,
        registry: Registry | None = None,
        package: Any = None,
        settings: dict[str, Any] | None = None,
        root_factory: Callable[[Any], Any] | _Dotted | None = None,
        security_policy: Any = None,
        authentication_policy: Any = None,
        authorization_policy: Any = None,
        renderers: Any = None,
        debug_logger: Any = None,
        locale_negotiator: Any = None,
        request_factory: type[Request] | Callable[..., Request] | _Dotted | None = None,
        response_factory: Callable[[Any], Response] | _Dotted | None = None,
        default_permission: str | None = None,
        session_factory: Any = None,
        default_view_mapper: Any = None,
        autocommit: bool = False,
        exceptionresponse_view: Callable[..., Any] | None = ...,
        route_prefix: str | None = None,
        introspection: bool = True,
        root_package: Any = None,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None: ...
    def begin(self, request: Request | None = ...) -> None: ...
    def end(self) -> Any: ...
    def include(
        self,
        callable: Callable[[Configurator], object] | ModuleType | _Dotted,
        route_prefix: str | None = None,
    ) -> None: ...
    def scan(
        self,
        package: ModuleType | _Dotted | None = None,
        categories: Iterable[str] | None = ("pyramid",),
        onerror: Callable[[str], object] | None = None,
        ignore: str | Callable[[str], bool] | Iterable[str | Callable[[str], bool]] | None = None,
        **kw: Any,
    ) -> None: ...
    def commit(self) -> None: ...
    def make_wsgi_app(self) -> Router: ...
    def get_settings(self) -> dict[str, Any]: ...
    def add_settings(self, settings: dict[str, Any] | None = None, **kw: Any) -> None: ...
    def add_directive(
        self,
        name: str,
        directive: Callable[..., Any] | _Dotted,
        action_wrap: bool = True,
    ) -> None: ...
    def action(
        self,
        discriminator: Any,
        callable: Callable[..., Any] | None = None,
        args: tuple[Any, ...] = (),
        kw: dict[str, Any] | None = None,
        order: int = 0,
        introspectables: Iterable[Any] = (),
        **extra: Any,
    ) -> None: ...
    def maybe_dotted(self, dotted: Any) -> Any: ...
    def with_package(self, package: Any) -> Configurator: ...
    def add_route(
        self,
        name: str,
        pattern: str | None = None,
        factory: Callable[[Any], Any] | _Dotted | None = None,
        for_: Any = None,
        header: _Names | None = None,
        xhr: bool | None = None,
        accept: _Names | None = None,
        path_info: str | None = None,
        request_method: _Names | None = None,
        request_param: _Names | None = None,
        traverse: str | None = None,
        custom_predicates: Iterable[Any] = (),
        use_global_views: bool = False,
        path: str | None = None,
        pregenerator: Callable[..., Any] | None = None,
        static: bool = False,
        inherit_slash: bool | None = None,
        **predicates: Any,
    ) -> None: ...
    def add_view(
        self,
        view: _View | None = None,
        name: str = "",
        for_: Any = None,
        permission: str | None = None,
        request_type: Any = None,
        route_name: str | None = None,
        request_method: _Names | None = None,
        request_param: _Names | None = None,
        containment: Any = None,
        attr: str | None = None,
        renderer: Any = None,
        wrapper: str | None = None,
        xhr: bool | None = None,
        accept: str | None = None,
        header: _Names | None = None,
        path_info: str | None = None,
        custom_predicates: Iterable[Any] = (),
        context: Any = None,
        decorator: Any = None,
        mapper: Any = None,
        http_cache: Any = None,
        match_param: _Names | None = None,
        require_csrf: bool | None = None,
        exception_only: bool = False,
        **view_options: Any,
    ) -> None: ...
    def add_exception_view(
        self, view: _View | None = None, context: Any = None, **view_options: Any
    ) -> None: ...
    def add_notfound_view(
        self,
        view: _View | None = None,
        *,
        append_slash: bool | type[Response] = False,
        **view_options: Any,
    ) -> None: ...
    def add_forbidden_view(self, view: _View | None = None, **view_options: Any) -> None: ...
    def add_static_view(self, name: str, path: str, **kw: Any) -> None: ...
    def add_view_deriver(
        self,
        deriver: Callable[..., Any] | _Dotted,
        name: str | None = None,
        under: _Names | None = None,
        over: _Names | None = None,
    ) -> None: ...
    def add_view_predicate(
        self,
        name: str,
        factory: Any,
        weighs_more_than: _Names | None = None,
        weighs_less_than: _Names | None = None,
    ) -> None: ...
    def add_route_predicate(
        self,
        name: str,
        factory: Any,
        weighs_more_than: _Names | None = None,
        weighs_less_than: _Names | None = None,
    ) -> None: ...
    def add_accept_view_order(
        self,
        value: str,
        weighs_more_than: _Names | None = None,
        weighs_less_than: _Names | None = None,
    ) -> None: ...
    # A tween is named, because its factory is imported when the application is made.
    def add_tween(
        self,
        tween_factory: _Dotted,
        under: _Names | None = None,
        over: _Names | None = None,
    ) -> None: ...
    def add_renderer(self, name: str | None, factory: Any) -> None: ...
    def add_response_adapter(
        self, adapter: Callable[[Any], Response], type_or_iface: Any
    ) -> None: ...
    def add_request_method(
        self,
        callable: Callable[..., Any] | _Dotted | None = None,
        name: str | None = None,
        property: bool = False,
        reify: bool = False,
    ) -> None: ...
    def add_subscriber(
        self,
        subscriber: Callable[..., Any] | _Dotted,
        iface: Any = None,
        **predicates: Any,
    ) -> Callable[..., Any]: ...
    def set_security_policy(self, policy: Any) -> None: ...
    def set_view_mapper(self, mapper: Any) -> None: ...
    def set_default_permission(self, permission: str) -> None: ...
    def set_default_csrf_options(
        self,
        require_csrf: bool = True,
        token: str | None = "csrf_token",
        header: str | None = "X-CSRF-Token",
        safe_methods: Iterable[str] = ("GET", "HEAD", "OPTIONS", "TRACE"),
        check_origin: bool = True,
        allow_no_origin: bool = False,
        callback: Callable[[Any], bool] | None = None,
    ) -> None: ...
    def set_csrf_storage_policy(self, policy: Any) -> None: ...
    def set_root_factory(self, factory: Callable[[Any], Any] | _Dotted) -> None: ...
    def set_session_factory(self, factory: Any) -> None: ...
    def set_request_factory(
        self, factory: type[Request] | Callable[..., Request] | _Dotted
    ) -> None: ...
    def set_response_factory(self, factory: Callable[[Any], Response] | _Dotted) -> None: ...
    def set_execution_policy(self, policy: Any) -> None: ...

PHASE0_CONFIG: Literal[-30]
PHASE1_CONFIG: Literal[-20]
PHASE2_CONFIG: Literal[-10]
PHASE3_CONFIG: Literal[0]
