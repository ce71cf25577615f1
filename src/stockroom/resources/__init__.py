"""The one resource tree: every door ends here, and access is decided on what it leads to."""

from stockroom.resources.directory import Directory, RegistryRow, ViewRow, WorkspaceRow
from stockroom.resources.tree import (
    IncomingResource,
    Missing,
    RegistryResource,
    Resource,
    Root,
    SeenPackage,
    StageResource,
    ViewResource,
    WorkspaceResource,
)

__all__ = [
    "Directory",
    "IncomingResource",
    "Missing",
    "RegistryResource",
    "RegistryRow",
    "Resource",
    "Root",
    "SeenPackage",
    "StageResource",
    "ViewResource",
    "ViewRow",
    "WorkspaceResource",
    "WorkspaceRow",
]
