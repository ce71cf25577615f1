"""The one resource tree: every door ends here, and access is decided on what it leads to."""

from stockroom.resources.directory import Directory, RegistryRow, TeamRow, ViewRow, WorkspaceRow
from stockroom.resources.packages import (
    BurntFilenameResource,
    FileResource,
    PackageResource,
    ReleaseResource,
)
from stockroom.resources.resource import Missing, Resource
from stockroom.resources.tree import (
    IncomingResource,
    RegistryResource,
    Root,
    SeenPackage,
    StageResource,
    TeamResource,
    ViewResource,
    WorkspaceResource,
)

__all__ = [
    "BurntFilenameResource",
    "Directory",
    "FileResource",
    "IncomingResource",
    "Missing",
    "PackageResource",
    "RegistryResource",
    "RegistryRow",
    "ReleaseResource",
    "Resource",
    "Root",
    "SeenPackage",
    "StageResource",
    "TeamResource",
    "TeamRow",
    "ViewResource",
    "ViewRow",
    "WorkspaceResource",
    "WorkspaceRow",
]
