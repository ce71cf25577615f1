"""What a registry holds, as resources: names only, since a look-up comes after the access rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockroom.dists import is_valid_name, normalize, parse_version
from stockroom.resources.people import MAX_NAME, GrantResource, Items
from stockroom.resources.resource import Missing, Resource
from stockroom.security.acl import Acl, package_acl
from stockroom.security.scopes import Scope

if TYPE_CHECKING:
    from stockroom.resources.tree import RegistryResource


class Packages(Resource):
    """Container of a registry's packages."""

    def __init__(self, parent: Resource, registry: RegistryResource) -> None:
        super().__init__(parent, "packages")
        self._registry = registry

    def __getitem__(self, name: str) -> PackageResource:
        """A package by a valid name; as with SeenPackages, whether it exists is found out later."""
        if not is_valid_name(name):
            raise Missing(name)
        return PackageResource(self, name, self._registry)


class PackageResource(Resource):
    """A package of a registry; ``__name__`` is what the URL said, not normalised."""

    def __init__(self, parent: Resource, name: str, registry: RegistryResource) -> None:
        super().__init__(parent, name)
        self.registry = registry

    @property
    def __acl__(self) -> Acl:  # type: ignore[override]
        """Grants on this package alone."""
        registry = self.registry
        name = normalize(self.__name__)
        return package_acl(registry.row.id, name, registry.workspace.visibility)

    @property
    def address(self) -> tuple[str, str, str]:
        """The names of its workspace and its registry, and its own."""
        return *self.registry.address, self.__name__

    @property
    def scope(self) -> Scope:
        """Where roles on it alone are held."""
        return Scope("package", self.registry.row.id, normalize(self.__name__))

    def __getitem__(self, name: str) -> Resource:
        """The fixed containers."""
        match name:
            case "releases":
                return Releases(self, self)
            case "files":
                return Files(self, self)
            case "grants":
                return Items(self, name, GrantResource)
        raise Missing(name)


class Releases(Resource):
    """Container of a package's releases."""

    def __init__(self, parent: Resource, package: PackageResource) -> None:
        super().__init__(parent, "releases")
        self._package = package

    def __getitem__(self, name: str) -> ReleaseResource:
        """A release by a version in any spelling."""
        if len(name) > MAX_NAME or parse_version(name) is None:
            raise Missing(name)
        return ReleaseResource(self, name, self._package)


class ReleaseResource(Resource):
    """A release of a package; ``__name__`` is the version as the URL said it."""

    def __init__(self, parent: Resource, name: str, package: PackageResource) -> None:
        super().__init__(parent, name)
        self.package = package


class Files(Resource):
    """Container of a package's files."""

    def __init__(self, parent: Resource, package: PackageResource) -> None:
        super().__init__(parent, "files")
        self._package = package

    def __getitem__(self, name: str) -> FileResource:
        """A file by a name that one can have."""
        if not _can_be_filename(name):
            raise Missing(name)
        return FileResource(self, name, self._package)


class FileResource(Resource):
    """A file of a package."""

    def __init__(self, parent: Resource, name: str, package: PackageResource) -> None:
        super().__init__(parent, name)
        self.package = package


class BurntFilenames(Resource):
    """Container of the names of a registry's deleted files."""

    def __init__(self, parent: Resource, registry: RegistryResource) -> None:
        super().__init__(parent, "burnt-filenames")
        self._registry = registry

    def __getitem__(self, name: str) -> BurntFilenameResource:
        """A name that a file can have had."""
        if not _can_be_filename(name):
            raise Missing(name)
        return BurntFilenameResource(self, name, self._registry)


class BurntFilenameResource(Resource):
    """The name of a deleted file."""

    def __init__(self, parent: Resource, name: str, registry: RegistryResource) -> None:
        super().__init__(parent, name)
        self.registry = registry


def _can_be_filename(name: str) -> bool:
    return len(name) <= MAX_NAME and name.isprintable()
