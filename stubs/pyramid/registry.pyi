from typing import Any

# It also is zope.interface's component registry, of which only this is used.
class Registry(dict[Any, Any]):
    settings: dict[str, Any]
    introspector: Introspector
    def __init__(self, package_name: str = ..., *args: Any, **kw: Any) -> None: ...
    @property
    def package_name(self) -> str: ...
    def notify(self, *events: object) -> None: ...
    def queryUtility(self, provided: Any, name: str = "", default: Any = None) -> Any: ...
    def getUtility(self, provided: Any, name: str = "") -> Any: ...
    def registerUtility(
        self, component: Any = None, provided: Any = None, name: str = ""
    ) -> None: ...

class Introspectable(dict[str, Any]):
    category_name: str
    discriminator: Any
    title: str
    type_name: str

class Introspector:
    def get(
        self, category_name: str, discriminator: Any, default: Any = None
    ) -> Introspectable | None: ...
    def get_category(
        self, category_name: str, default: Any = None, sort_key: Any = None
    ) -> list[dict[str, Any]]: ...
    def categories(self) -> list[str]: ...
