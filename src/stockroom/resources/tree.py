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
    TeamRow,
    ViewRow,
    WorkspaceRow,
)
from stockroom.resources.packages import BurntFilenames, Packages
from stockroom.resources.resource import Missing, Resource
from stockroom.security.acl import Acl, capability_acl, package_acl, server_acl
from stockroom.security.permissions import Permission


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

    def __init__(self, directory: Directory) -> None:
        super().__init__(None, "")
        self.snapshot = directory.snapshot()

    def __getitem__(self, name: str) -> Resource:
        """The fixed containers."""
        match name:
            case "workspaces":
                return Workspaces(self, self.snapshot)
            case "incoming":
                return Capabilities(self, name, IncomingResource)
            case "stages":
                return Capabilities(self, name, StageResource)
            case "teams":
                return Teams(self, self.snapshot)
        raise Missing(name)


class Teams(Resource):
    """Container of all teams."""

    def __init__(self, parent: Resource, snapshot: Snapshot) -> None:
        super().__init__(parent, "teams")
        self._snapshot = snapshot

    def __getitem__(self, name: str) -> TeamResource:
        """A team by its exact name."""
        try:
            row = self._snapshot.teams[name]
        except KeyError:
            raise Missing(name) from None
        return TeamResource(self, row)


class TeamResource(Resource):
    """A team."""

    def __init__(self, parent: Resource, row: TeamRow) -> None:
        super().__init__(parent, row.name)
        self.row = row
        self.__acl__ = row.acl


class Capabilities(Resource):
    """Container of what has an unguessable name: who knows it needs no other credential."""

    def __init__(self, parent: Resource, name: str, kind: type[Resource]) -> None:
        super().__init__(parent, name)
        self._kind = kind

    def __getitem__(self, name: str) -> Resource:
        """Whatever has that name; whether it exists is found out by its view."""
        return self._kind(self, name)


class IncomingResource(Resource):
    """The place of a reserved file; ``__name__`` is its token."""

    __acl__ = capability_acl(Permission.INCOMING_PUT)


class StageResource(Resource):
    """A stage that is not published yet; ``__name__`` is its token."""

    __acl__ = capability_acl(Permission.STAGE_READ)


class Workspaces(Resource):
    """Container of all workspaces."""

    def __init__(self, parent: Resource, snapshot: Snapshot) -> None:
        super().__init__(parent, "workspaces")
        self._snapshot = snapshot

    def __getitem__(self, name: str) -> WorkspaceResource:
        """A workspace by its exact name."""
        try:
            row = self._snapshot.workspaces[name]
        except KeyError:
            raise Missing(name) from None
        return WorkspaceResource(self, row)


class WorkspaceResource(Resource):
    """A workspace."""

    def __init__(self, parent: Resource, row: WorkspaceRow) -> None:
        super().__init__(parent, row.name)
        self.row = row
        self.__acl__ = row.acl

    def __getitem__(self, name: str) -> Resource:
        """The fixed containers."""
        match name:
            case "views":
                return Views(self, self.row)
            case "registries":
                return Registries(self, self.row)
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

    def __getitem__(self, name: str) -> Resource:
        """The fixed containers."""
        match name:
            case "packages":
                return Packages(self, self)
            case "burnt-filenames":
                return BurntFilenames(self, self)
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


class ViewResource(Resource):
    """A view, to install from."""

    def __init__(self, parent: Resource, row: ViewRow, workspace: WorkspaceRow) -> None:
        super().__init__(parent, row.name)
        self.row = row
        self.workspace = workspace
        self.__acl__ = row.acl

    def __getitem__(self, name: str) -> Resource:
        """The fixed container of packages."""
        if name == "packages":
            return SeenPackages(self, self)
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
