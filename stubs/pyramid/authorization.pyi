from collections.abc import Collection, Container, Iterator
from typing import Any

from pyramid.security import Allowed, Denied

Everyone: str
Authenticated: str
Allow: str
Deny: str

class AllPermissionsList(Container[str]):
    def __iter__(self) -> Iterator[str]: ...
    def __contains__(self, other: object) -> bool: ...

ALL_PERMISSIONS: AllPermissionsList
DENY_ALL: tuple[str, str, AllPermissionsList]

class ACLDenied(Denied):
    permission: str
    ace: Any
    acl: Any
    principals: Collection[str]
    context: Any

class ACLAllowed(Allowed):
    permission: str
    ace: Any
    acl: Any
    principals: Collection[str]
    context: Any

class ACLHelper:
    def permits(
        self, context: object, principals: Collection[str], permission: str
    ) -> ACLAllowed | ACLDenied: ...
    def principals_allowed_by_permission(self, context: object, permission: str) -> set[str]: ...
