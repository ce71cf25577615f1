"""What every place in the tree is."""

from __future__ import annotations

from stockroom.security.acl import Acl


class Missing(KeyError):
    """There is no such child; any other KeyError is a defect and becomes a 500."""


class Resource:
    """A place in the tree. Grants on a place hold for everything below it."""

    __acl__: Acl = ()
    members: tuple[tuple[int, frozenset[str]], ...] = ()
    """What is elsewhere and is read through here: ids of registries, with who may read each."""

    def __init__(self, parent: Resource | None, name: str) -> None:
        self.__parent__ = parent
        self.__name__ = name

    def __getitem__(self, name: str) -> Resource:
        """The child of that name; raises Missing."""
        raise Missing(name)
