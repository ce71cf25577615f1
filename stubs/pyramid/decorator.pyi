from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

_T = TypeVar("_T")

class reify(Generic[_T]):
    def __init__(self, wrapped: Callable[[Any], _T]) -> None: ...
    @overload
    def __get__(self, inst: None, objtype: type | None = None) -> reify[_T]: ...
    @overload
    def __get__(self, inst: object, objtype: type | None = None) -> _T: ...
