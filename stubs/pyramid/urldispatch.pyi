from collections.abc import Callable
from typing import Any

class Route:
    name: str
    pattern: str
    path: str
    factory: Callable[[Any], Any] | None
    predicates: tuple[Any, ...]
    def match(self, path: str) -> dict[str, Any] | None: ...
    def generate(self, kw: dict[str, Any]) -> str: ...
