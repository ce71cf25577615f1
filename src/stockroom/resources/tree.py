"""The tree's resources: small objects around the directory's rows, made anew for each request.

Containers hold children that users name and have no views of their own; items have fixed children
and views. A package called ``settings`` can therefore never stand in the way of a page.
"""

from __future__ import annotations

from stockroom.dists import is_valid_name, normalize
from stockroom.resources.directory import (
    Directory,
    RegistryRow,
    Snapshot,
    ViewRow,
    WorkspaceRow,
)
from stockroom.resources.packages import BurntFilenames, Packages
from stockroom.resources.people import (
    GrantResource,
    Items,
    Me,
    Own,
    Teams,
    UserResource,
)
from stockroom.resources.resource import Missing, Resource
from stockroom.security.acl import Acl, capability_acl, package_acl, server_acl
from stockroom.security.permissions import Permission
from stockroom.security.scopes import SERVER, Scope


class Nowhere(Resource):
    """Stands for what a URL asked for and did not find, below the deepest resource it found."""

    @property
    def detail(self) -> str:
        """What is missing, and what to do; for those only who may read where it would be."""
        match self.__parent__:
            case Registries() as registries:
                name = f"{registries.workspace.name}/{self.__name__}"
                return f"there is no registry {name}; `stockroom registry create {name}` makes it"
            case Views() as views:
                return f"there is no registry or view {views.workspace.name}/{self.__name__}"
        return f"there is nothing called {self.__name__} here"


class Root(Resource):
    """The server."""

    __acl__ = server_acl()
    scope = SERVER

    def __init__(self, directory: Directory) -> None:
        super().__init__(None, "")
        self.snapshot = directory.snapshot()

    def __getitem__(self, name: str) -> Resource:
        """The fixed containers."""
        match name:
            case "workspaces":
                return Workspaces(self, self.snapshot)
            case "incoming":
                return Items(self, name, IncomingResource)
            case "stages":
                return Items(self, name, StageResource)
            case "teams":
                return Teams(self, self.snapshot)
            case "me":
                return Me(self, name)
            case "users":
                return Items(self, name, UserResource)
            case "grants":
                return Items(self, name, GrantResource)
            case "facts":
                return Items(self, name, FactSourceResource)
        raise Missing(name)


class FactSourceResource(Resource):
    """A fact source; ``__name__`` is its own."""


class IncomingResource(Resource):
    """The place of a reserved file; ``__name__`` is its token."""

    __acl__ = capability_acl(Permission.INCOMING_PUT)


class StageResource(Resource):
    """A stage that is not published yet; ``__name__`` is its token."""

    __acl__ = capability_acl(Permission.STAGE_READ)


class Workspaces(Own):
    """Container of all workspaces."""

    def __init__(self, parent: Resource, snapshot: Snapshot) -> None:
        super().__init__(parent, "workspaces")
        self.snapshot = snapshot

    def __getitem__(self, name: str) -> WorkspaceResource:
        """A workspace by its exact name."""
        try:
            row = self.snapshot.workspaces[name]
        except KeyError:
            raise Missing(name) from None
        return WorkspaceResource(self, row)


class WorkspaceResource(Resource):
    """A workspace."""

    def __init__(self, parent: Resource, row: WorkspaceRow) -> None:
        super().__init__(parent, row.name)
        self.row = row
        self.__acl__ = row.acl

    @property
    def scope(self) -> Scope:
        """Where roles on it are held."""
        return Scope("workspace", self.row.id)

    def __getitem__(self, name: str) -> Resource:
        """The fixed containers."""
        match name:
            case "indexes":
                return Indexes(self, self.row)
            case "views":
                return Views(self, self.row)
            case "registries":
                return Registries(self, self.row)
            case "grants":
                return Items(self, name, GrantResource)
        raise Missing(name)


class Registries(Resource):
    """Container of a workspace's registries."""

    def __init__(self, parent: Resource, workspace: WorkspaceRow) -> None:
        super().__init__(parent, "registries")
        self.workspace = workspace

    def __getitem__(self, name: str) -> RegistryResource:
        """A registry by its exact name."""
        try:
            row = self.workspace.registries[name]
        except KeyError:
            raise Missing(name) from None
        return RegistryResource(self, row, self.workspace)


class RegistryResource(Resource):
    """A registry, to publish to and to administer."""

    def __init__(self, parent: Resource, row: RegistryRow, workspace: WorkspaceRow) -> None:
        super().__init__(parent, row.name)
        self.row = row
        self.workspace = workspace
        self.__acl__ = row.acl

    @property
    def address(self) -> tuple[str, str]:
        """Its workspace's name and its own."""
        return self.workspace.name, self.row.name

    @property
    def scope(self) -> Scope:
        """Where roles on it are held."""
        return Scope("registry", self.row.id)

    def __getitem__(self, name: str) -> Resource:
        """The fixed containers."""
        match name:
            case "packages":
                return Packages(self, self)
            case "burnt-filenames":
                return BurntFilenames(self, self)
            case "grants":
                return Items(self, name, GrantResource)
        raise Missing(name)


class Views(Resource):
    """Container of a workspace's views."""

    def __init__(self, parent: Resource, workspace: WorkspaceRow) -> None:
        super().__init__(parent, "views")
        self.workspace = workspace

    def __getitem__(self, name: str) -> ViewResource:
        """A view by its exact name."""
        try:
            row = self.workspace.views[name]
        except KeyError:
            raise Missing(name) from None
        return ViewResource(self, row, self.workspace)


class Indexes(Views):
    """The same views, to install from; ``VIEW@INSTANT`` is one as of an instant."""

    def __getitem__(self, name: str) -> ViewResource:
        """A view by its exact name; what the instant means is for the page to say."""
        view, is_past, instant = name.partition("@")
        found = super().__getitem__(view)
        if is_past:
            found.__name__, found.instant = name, instant
        return found


class ViewResource(Resource):
    """A view, to install from."""

    instant: str | None = None
    """As of when it is looked at, as the URL says it."""

    def __init__(self, parent: Resource, row: ViewRow, workspace: WorkspaceRow) -> None:
        super().__init__(parent, row.name)
        self.row = row
        self.workspace = workspace
        self.members = row.foreign
        self.__acl__ = row.acl

    @property
    def scope(self) -> Scope:
        """Where roles on it are held."""
        return Scope("view", self.row.id)

    def __getitem__(self, name: str) -> Resource:
        """The fixed containers."""
        match name:
            case "packages":
                return SeenPackages(self, self)
            case "grants":
                return Items(self, name, GrantResource)
        raise Missing(name)


class SeenPackages(Resource):
    """Container of the packages that a view shows."""

    def __init__(self, parent: Resource, view: ViewResource) -> None:
        super().__init__(parent, "packages")
        self._view = view

    def __getitem__(self, name: str) -> SeenPackage:
        """A package by a valid name.

        Whether it exists is found out by the page itself: a caller who may not read the view must
        not be able to make the server look, or learn anything by the time that takes.
        """
        if not is_valid_name(name):
            raise Missing(name)
        return SeenPackage(self, name, self._view)


class SeenPackage(Resource):
    """A package as seen through a view; ``__name__`` is what the URL said, not normalised."""

    def __init__(self, parent: Resource, name: str, view: ViewResource) -> None:
        super().__init__(parent, name)
        self.view = view

    @property
    def __acl__(self) -> Acl:  # type: ignore[override]
        """Grants on this package alone, where no other registry can add to what it shows."""
        registry_id = self.view.row.only_registry
        if registry_id is None:
            return ()
        return package_acl(registry_id, normalize(self.__name__), self.view.workspace.visibility)
